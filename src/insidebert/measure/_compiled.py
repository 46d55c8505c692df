"""Functions that numba compiles once an installation, where there is a place to keep them."""

from collections.abc import Callable

import numba


def compiled(**options) -> Callable[[Callable], Callable]:
    """`numba.njit` that keeps what it compiled; without a place to write it compiles every time."""

    def decorate(function: Callable) -> Callable:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:
            return numba.njit(**options)(function)

    return decorate
