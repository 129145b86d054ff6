"""The optimiser of all models: Newton's method within bounds.

Here: maximisation of a smooth function of a few parameters with known gradient and Hessian. Not here: any model.

With exact second derivatives every fit ends at rounding error, so eight digits of a parameter depend on the data only
and not on the optimiser. If a parameter tends to infinity, it ends at a bound, which a model can recognise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats, Floats]]

_MAX_ITERATIONS = 200
_MAX_STEP = 2.0  # in log parameters: a factor of e^2 per step
_HALVINGS = 40
_SUFFICIENT = 1e-4  # a step must bring at least this share of the gain that the gradient predicts (Armijo)
_TINY_GAIN = 1e-13  # relative: smaller gains are rounding noise, and Newton's step is better than any line search
_ROUNDING = 1e-9  # relative: if not even a short step gains anything, a remaining gain up to this is rounding
_POLISH = 2  # steps taken once the gain is tiny; each squares the error


@dataclass(frozen=True)
class Maximum:
    """The result of a maximisation.

    Attributes:
        at: Parameters, shape (k,).
        value: The objective there.
        is_converged: Whether the gradient is zero in every direction that the bounds leave free.
        iterations: Newton steps taken.
    """

    at: Floats
    value: float
    is_converged: bool
    iterations: int


def maximise(objective: Objective, start: Floats, lower: Floats, upper: Floats) -> Maximum:
    """Find a maximum within [lower, upper], beginning at `start`. Deterministic.

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
        step = _step_inside(at, gradient, hessian, lower, upper)
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
            trial = np.clip(at + step, lower, upper)  # only rounding can move the step outside
            found = objective(trial)
            if found[0] > value + _SUFFICIENT * float(gradient @ step):
                break
            step = step / 2
        else:
            return Maximum(at, value, gain <= _ROUNDING * (1 + abs(value)), iteration)
        at, (value, gradient, hessian) = trial, found
    return Maximum(at, value, False, _MAX_ITERATIONS)


def _step_inside(at: Floats, gradient: Floats, hessian: Floats, lower: Floats, upper: Floats) -> Floats:
    """Newton's step in the directions that the bounds leave free, shortened so that it stays within the bounds."""
    free = ~(((at <= lower) & (gradient <= 0)) | ((at >= upper) & (gradient >= 0)))
    step = np.zeros_like(at)
    while free.any():
        step[:] = 0.0
        step[free] = _ascent(gradient[free], hessian[np.ix_(free, free)])
        outward = free & (((at <= lower) & (step < 0)) | ((at >= upper) & (step > 0)))
        if not outward.any():
            break
        free &= ~outward
    else:
        return np.zeros_like(at)
    room = np.where(step > 0, upper - at, at - lower)
    moving = step != 0
    share = float(np.min(room[moving] / np.abs(step[moving]), initial=1.0))
    return step * share


def _ascent(gradient: Floats, hessian: Floats) -> Floats:
    """Newton's step, changed to go uphill if the function is not concave, and limited to the longest allowed step."""
    curvature, axes = np.linalg.eigh(-hessian)
    curvature = np.abs(curvature)
    curvature = np.maximum(curvature, max(1e-12 * float(curvature.max()), 1e-300))
    step: Floats = axes @ ((axes.T @ gradient) / curvature)
    longest = float(np.abs(step).max())
    return step * min(1.0, _MAX_STEP / longest) if longest > 0 else step
