"""Integrals by brute force, to hold quadratures against: 8,000 points in a variable that no model uses.

Data only; what must hold of it is said by the tests.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_DEEP = 60.0  # e^-60 of the time, and of the integrand's height, is nothing


def log_integral(log_integrand: Callable[[Floats], Floats], start: float, end: float) -> float:
    """Log of the integral over y from start to end of a positive function with one peak, by log(y - start)."""

    def by_log(z: Floats) -> Floats:
        return log_integrand(start + np.exp(z)) + z

    grid = np.linspace(np.log(end - start) - _DEEP, np.log(end - start), 6001)
    heights = by_log(grid)
    seen = grid[heights > heights.max() - _DEEP]
    edges = np.linspace(max(seen[0] - 0.01, grid[0]), min(seen[-1] + 0.01, grid[-1]), 401)
    half = np.diff(edges)[:, None] / 2
    points = edges[:-1, None] + half * (_NODES + 1)
    return float(heights.max() + np.log((_WEIGHTS * half * np.exp(by_log(points) - heights.max())).sum()))
