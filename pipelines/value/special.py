"""Special functions in forms that lose no digits.

Here: differences that textbooks compute between two large numbers, and rounding. Not here: any model.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

_STIRLING_FROM = 40.0  # from here five terms of Stirling's series are exact to rounding


def log_rising(z: float | Floats, n: float | Floats) -> Floats:
    """log(Gamma(z + n) / Gamma(z)), to rounding error even if both are huge.

    Args:
        z: Positive, any shape.
        n: Not negative, broadcast against z.

    Returns:
        The logarithm of the rising factorial, broadcast shape.
    """
    z, n = np.broadcast_arrays(np.asarray(z, dtype=np.float64), np.asarray(n, dtype=np.float64))
    direct = special.gammaln(z + n) - special.gammaln(z)
    large = np.maximum(z, _STIRLING_FROM)
    series = (
        (large - 0.5) * np.log1p(n / large)
        + n * (np.log(large + n) - 1)
        + _stirling_rest(large + n)
        - _stirling_rest(large)
    )
    return np.where(z < _STIRLING_FROM, direct, series)


def _stirling_rest(z: Floats) -> Floats:
    """The remainder of Stirling's formula for log Gamma(z)."""
    square = 1 / (z * z)
    return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / z


def digamma_rise(z: float | Floats, n: float | Floats) -> Floats:
    """psi(z + n) - psi(z): the derivative of `log_rising` by z."""
    return np.asarray(special.digamma(np.add(z, n)) - special.digamma(z), dtype=np.float64)


def trigamma(z: float | Floats) -> Floats:
    """psi'(z) for positive z."""
    return np.asarray(special.zeta(2.0, z), dtype=np.float64)


def round_significant(value: float, digits: int) -> float:
    """Round to `digits` significant digits, in decimal, so that the same number is printed everywhere."""
    return float(f"{value:.{digits - 1}e}")
