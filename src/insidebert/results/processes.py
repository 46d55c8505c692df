"""What a process is told about its threads."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
"""What torch, numpy and numba ask, before they start, for the number of their threads."""


def threads_of(count: int) -> dict[str, str]:
    """Environment of a process beside others: so many threads, none of which keeps a processor while it waits."""
    return dict.fromkeys(THREADS, str(count)) | {"OMP_WAIT_POLICY": "PASSIVE"}
