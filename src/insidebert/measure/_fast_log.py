"""x log2 x in a dozen instructions, for loops that numba compiles."""

import numba
import numpy as np


def _fitted(degree: int = 7) -> tuple[np.float32, ...]:
    """Coefficients of log2(1 + x) / x on [0, 1), lowest first; the error in log2 stays below 3e-7."""
    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(400) + 0.5) / 400)
    series = np.polynomial.Chebyshev.fit(nodes, np.log2(1 + nodes) / nodes, degree, domain=[0, 1])
    return tuple(series.convert(kind=np.polynomial.Polynomial).coef.astype(np.float32))


C0, C1, C2, C3, C4, C5, C6, C7 = _fitted()


@numba.njit(inline="always", fastmath=True)
def x_log2_x(x):
    """x log2 x of a positive, normal float32: its bits give the exponent, a polynomial the mantissa's part.

    A library's logarithm is called one number at a time; this runs 16 abreast.
    """
    bits = np.float32(x).view(np.int32)
    exponent = np.float32((bits >> np.int32(23)) - np.int32(127))
    f = np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F800000)).view(np.float32) - np.float32(1)
    series = ((((((C7 * f + C6) * f + C5) * f + C4) * f + C3) * f + C2) * f + C1) * f + C0
    return x * (exponent + series * f)
