"""How a check says what is wrong."""

from collections.abc import Mapping, Sequence

import numpy as np

TOLERANCE = 1e-3


def settle(
    name: str,
    answer,
    right,
    mistakes: Mapping[str, np.ndarray],
    places: str | Sequence[str] = (),
    tolerance: float = TOLERANCE,
    case: str = "",
) -> None:
    """Compare an answer with the right one and with what mistakes give.

    Args:
        mistakes: explanation -> the answer that it explains.
        places: what the axis is, or a name for each place on it.
        case: a small case with its right answer, for those whose mistake is not known.

    Raises:
        AssertionError: the answer is wrong.
    """
    given, right = numbers(name, answer), np.asarray(right, dtype=float)
    if close(given, right, tolerance):
        return
    for explanation, wrong in mistakes.items():
        if close(given, np.asarray(wrong, dtype=float), tolerance):
            raise AssertionError(f"{name}: {explanation}.")
    if given.shape != right.shape:
        axis = f", one for each of the {places}" if isinstance(places, str) and places else ""
        raise AssertionError(f"{name} has the shape {given.shape}; {right.shape} is asked for{axis}.")
    if any(close(given, np.round(right, digits), 1e-9) for digits in (0, 1, 2, 3)):
        raise AssertionError(f"{name}: rounded too early; keep all digits, and round what you print.")
    if not np.isfinite(given).all():
        raise AssertionError(f"{name} holds nan or infinity: something was divided by 0, or the logarithm of 0 taken.")
    off = np.flatnonzero(np.abs(given - right) > tolerance)
    named = not isinstance(places, str) and len(places) == right.size
    place = f" for {places[off[0]]}" if named else f" at place {off[0]}" if right.ndim else ""
    size = "large" if given.flat[off[0]] > right.flat[off[0]] else "small"
    raise AssertionError(
        f"{name}{place} is {given.flat[off[0]]:.4g}, which is too {size}. It is none of the usual mistakes "
        f"({right.size - len(off)} of {right.size} are right). {case or 'Work out one case by hand.'}"
    )


def numbers(name: str, answer) -> np.ndarray:
    """An answer as an array of any shape.

    Raises:
        AssertionError: it holds something that is no number; the message calls it `name`.
    """
    try:
        if answer is None or None in np.asarray(answer, dtype=object).ravel().tolist():
            raise TypeError  # numpy would make nan of it
        return np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise AssertionError(
            f"{name}: numbers are asked for, not {answer!r}. (A function gives None if it does not return.)"
        ) from None


def close(given: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    """Whether two arrays have one shape and differ nowhere by more than the tolerance; nan equals nan."""
    return given.shape == other.shape and np.allclose(given, other, rtol=0, atol=tolerance, equal_nan=True)


def praise(right: str, question: str) -> None:
    """Print what was right, and a question to think about."""
    print(f"Right: {right}\nThink: {question}")


def quotient(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """A quotient that may be nan or infinite: what a mistake gives need not be finite."""
    with np.errstate(all="ignore"):
        return above / below
