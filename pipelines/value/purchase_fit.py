"""How every purchase model with dropout is fitted: by maximum likelihood, against the NBD, in which nobody leaves.

Here: the steps that the models share, and what comes of them. Not here: a model's likelihood or its parameters.
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

MIN_CUSTOMERS = 100  # under this a fit of four parameters says more about chance than about customers
# Log-likelihood that dropout must add to count as found: the likelihood ratio test of a parameter at its edge, at 5 %
# (half of 2.71, the point that half a chi-square of one degree passes in 5 %). At the edge itself the gain is 0.
_LEAST_GAIN = 1.353


@dataclass(frozen=True)
class PurchaseFit(Generic[Model]):
    """A fitted purchase model.

    Attributes:
        status: How it ended.
        model: The model asked for if fitted, Nbd if no dropout was found, else None.
        log_likelihood: Of `model`, summed over customers.
    """

    status: FitStatus
    model: Model | nbd.Nbd | None
    log_likelihood: float | None


@dataclass(frozen=True)
class Box:
    """Where a fit begins and how far it may go, in log parameters, times over the customers' mean age; shapes (k,)."""

    start: Floats
    lower: Floats
    upper: Floats


def fit_with_dropout(
    cells: PurchaseCells, box: Box, likelihood: Callable[[float], Objective], model: Callable[[Floats, float], Model]
) -> PurchaseFit[Model]:
    """Maximum likelihood; where no dropout is found, the plain NBD.

    The NBD is the edge at which nobody leaves. Dropout is found only if it explains more than the NBD by more than
    chance would: near the edge its parameters are not determined, and P(alive) would be a number made of noise.

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
