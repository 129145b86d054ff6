"""Fits every purchase model with dropout by maximum likelihood, and compares it with the NBD, which has no dropout.

Here: the steps that the models share, and their result. Not here: a model's likelihood or its parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.value import nbd
from pipelines.value.cells import PurchaseCells
from pipelines.value.newton import Objective, maximise
from pipelines.value.report import FitStatus

Floats = NDArray[np.float64]
Model = TypeVar("Model")

MIN_CUSTOMERS = 100  # with fewer customers, four fitted parameters describe chance more than customers
# Dropout counts as found if it adds at least this to the log-likelihood. It is the likelihood ratio test at 5 % of a
# parameter at the edge of its range: half of 2.71, which half a chi-square of one degree exceeds in 5 % of cases. At
# the edge itself the gain is 0.
_LEAST_GAIN = 1.353


@dataclass(frozen=True)
class PurchaseFit(Generic[Model]):
    """A fitted purchase model.

    Attributes:
        status: How the fit ended.
        model: The requested model if it was fitted, Nbd if no dropout was found, else None.
        log_likelihood: Of `model`, summed over customers.
    """

    status: FitStatus
    model: Model | nbd.Nbd | None
    log_likelihood: float | None


@dataclass(frozen=True)
class Box:
    """The start and the bounds of a fit, in log parameters with times over the customers' mean age; shapes (k,)."""

    start: Floats
    lower: Floats
    upper: Floats


def fit_with_dropout(
    cells: PurchaseCells, box: Box, likelihood: Callable[[float], Objective], model: Callable[[Floats, float], Model]
) -> PurchaseFit[Model]:
    """Maximum likelihood; the plain NBD if no dropout is found.

    The NBD is the edge case without dropout. Dropout is found only if it explains more than the NBD, and by more
    than chance. Near the edge its parameters are not determined, and P(alive) would be noise.

    Args:
        cells: Customers.
        box: Of the log parameters.
        likelihood: The mean log-likelihood in the log parameters, for a unit of time.
        model: The model of parameters, shape (k,), in that unit of time.
    """
    if cells.n_customers < MIN_CUSTOMERS:
        return PurchaseFit(FitStatus.TOO_FEW_CUSTOMERS, None, None)
    scale = nbd.mean_age(cells)
    if scale <= 0 or not cells.repeats.any():
        return PurchaseFit(FitStatus.NOT_CONVERGED, None, None)
    found = maximise(likelihood(scale), box.start, box.lower, box.upper)
    value = found.value * cells.n_customers
    without = nbd.fit(cells)
    if without is not None and value - without[1] < _LEAST_GAIN:
        return PurchaseFit(FitStatus.NO_DROPOUT_FOUND, *without)
    if not found.is_converged:
        return PurchaseFit(FitStatus.NOT_CONVERGED, None, None)
    return PurchaseFit(FitStatus.FITTED, model(np.exp(found.at), scale), value)
