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
_SUFFICIENT = 1e-4  # share of the gain promised by the gradient that a step must bring (Armijo)
_TINY_GAIN = 1e-13  # relative: below it the value is rounding noise, and Newton's step is better than any line search
_ROUNDING = 1e-9  # relative: where not even a short step uphill gains, this much may be left to rounding
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
            trial = np.clip(at + step, lower, upper)  # the step ends inside but for rounding
            found = objective(trial)
            if found[0] > value + _SUFFICIENT * float(gradient @ step):
                break
            step = step / 2
        else:
            return Maximum(at, value, gain <= _ROUNDING * (1 + abs(value)), iteration)
        at, (value, gradient, hessian) = trial, found
    return Maximum(at, value, False, _MAX_ITERATIONS)


def _step_inside(at: Floats, gradient: Floats, hessian: Floats, lower: Floats, upper: Floats) -> Floats:
    """Newton's step among the directions that the box leaves free, cut where it would first leave the box."""
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
    """Newton's step, bent uphill where the function is not concave, and cut to the longest step allowed."""
    curvature, axes = np.linalg.eigh(-hessian)
    curvature = np.abs(curvature)
    curvature = np.maximum(curvature, max(1e-12 * float(curvature.max()), 1e-300))
    step: Floats = axes @ ((axes.T @ gradient) / curvature)
    longest = float(np.abs(step).max())
    return step * min(1.0, _MAX_STEP / longest) if longest > 0 else step
