"""One maximiser for all the models: Newton's method in a box.

Here: climbing a smooth function of a few parameters whose gradient and Hessian are known. Not here: any model.

Exact second derivatives let every fit end at rounding error, so that eight digits of a parameter are the data's and not
the optimiser's; the box turns "runs to infinity" into a bound that a model can recognise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats, Floats]]

_MAX_ITERATIONS = 200
_MAX_STEP = 2.0  # in log parameters: a factor of e^2 a step
_HALVINGS = 40
_TINY_GAIN = 1e-13  # relative: below it the value is rounding noise, and Newton's step is better than any line search
_POLISH = 2  # steps taken once the gain is tiny; each squares the error


@dataclass(frozen=True)
class Maximum:
    """Where the climb ended.

    Attributes:
        at: Parameters, shape (k,).
        value: The objective there.
        is_converged: Whether the gradient vanished in every direction that the box leaves free.
        iterations: Newton steps taken.
    """

    at: Floats
    value: float
    is_converged: bool
    iterations: int


def maximise(objective: Objective, start: Floats, lower: Floats, upper: Floats) -> Maximum:
    """Climb from `start` to a maximum within [lower, upper]. Deterministic.

    Args:
        objective: Value, gradient (k,) and Hessian (k, k) at a point; should be of order 1 (a mean, not a sum).
        start: Starting point, shape (k,).
        lower: Lower bounds, shape (k,).
        upper: Upper bounds, shape (k,).

    Returns:
        The last point reached, and whether it is a maximum.
    """
    at = np.clip(start, lower, upper)
    value, gradient, hessian = objective(at)
    polished = 0
    for iteration in range(_MAX_ITERATIONS):
        if not (np.isfinite(value) and np.isfinite(gradient).all() and np.isfinite(hessian).all()):
            return Maximum(at, value, False, iteration)
        free = ~(((at <= lower) & (gradient <= 0)) | ((at >= upper) & (gradient >= 0)))
        if not free.any():
            return Maximum(at, value, True, iteration)
        step = np.zeros_like(at)
        step[free] = _ascent(gradient[free], hessian[np.ix_(free, free)])
        gain = float(gradient @ step)
        if gain <= _TINY_GAIN * (1 + abs(value)):
            if polished == _POLISH:
                return Maximum(at, value, True, iteration)
            polished += 1
            at = np.clip(at + step, lower, upper)
            value, gradient, hessian = objective(at)
            continue
        polished = 0
        for _ in range(_HALVINGS):
            trial = np.clip(at + step, lower, upper)
            found = objective(trial)
            if found[0] > value + 1e-4 * float(gradient @ (trial - at)):
                break
            step = step / 2
        else:
            return Maximum(at, value, False, iteration)
        at, (value, gradient, hessian) = trial, found
    return Maximum(at, value, False, _MAX_ITERATIONS)


def _ascent(gradient: Floats, hessian: Floats) -> Floats:
    """Newton's step, bent uphill where the function is not concave, and cut to the longest step allowed."""
    curvature, axes = np.linalg.eigh(-hessian)
    curvature = np.abs(curvature)
    curvature = np.maximum(curvature, max(1e-12 * float(curvature.max()), 1e-300))
    step: Floats = axes @ ((axes.T @ gradient) / curvature)
    longest = float(np.abs(step).max())
    return step * min(1.0, _MAX_STEP / longest) if longest > 0 else step
