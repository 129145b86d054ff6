"""BG/NBD and MBG/NBD: customers buy at their own steady rate and may leave for good right after a purchase.

Here: parameters, likelihood, fit. Not here: how the likelihood is computed fast (bg_nbd_likelihood.py), what the models
say of a customer (bg_nbd_forecast.py).
Sources: Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model";
Batislam, Denizel & Filiztekin 2007, "Empirical Validation and Comparison of Models for Customer Base Analysis".
"""

from dataclasses import astuple, dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.value import nbd
from pipelines.value.bg_nbd_likelihood import Likelihood
from pipelines.value.cells import PurchaseCells
from pipelines.value.newton import maximise
from pipelines.value.report import FitStatus

Floats = NDArray[np.float64]

MIN_CUSTOMERS = 100  # under this a fit of four parameters says more about chance than about customers
_START = np.log([0.5, 0.5, 0.5, 1.5])  # r, alpha over the mean age, a, b: middling in every respect
# Beyond the box nothing changes that could be seen: a shape of 10,000 is customers who differ by 1 %.
_LOWER = np.log([1e-4, 1e-6, 1e-4, 1e-4])
_UPPER = np.log([1e4, 1e8, 1e4, 1e4])
# Log-likelihood that dropout must add to count as found: the likelihood ratio test of a parameter at its edge, at 5 %
# (half of 2.71, the point that half a chi-square of one degree passes in 5 %). At the edge itself the gain is 0.
LEAST_GAIN = 1.353


@dataclass(frozen=True)
class BgNbd:
    """Parameters: rates are gamma(r, alpha), dropout after each repeat purchase is beta(a, b).

    alpha is in the unit of time of the cells.
    """

    first_chance: ClassVar[int] = 0  # chances to leave that come with the first purchase

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class MbgNbd(BgNbd):
    """As BG/NBD, but a customer may also leave after the first purchase."""

    first_chance: ClassVar[int] = 1


@dataclass(frozen=True)
class PurchaseFit:
    """A fitted purchase model.

    Attributes:
        status: How it ended.
        model: The model asked for if fitted, Nbd if no dropout was found, else None.
        log_likelihood: Of `model`, summed over customers.
    """

    status: FitStatus
    model: BgNbd | nbd.Nbd | None
    log_likelihood: float | None


def log_likelihood(parameters: BgNbd, cells: PurchaseCells) -> float:
    """Weighted log-likelihood (equation 6 of the paper), summed over customers."""
    value, _, _ = _at(parameters, cells)
    return float(value * cells.n_customers)


def gradient(parameters: BgNbd, cells: PurchaseCells) -> Floats:
    """Derivatives of `log_likelihood` by (r, alpha, a, b), shape (4,)."""
    _, by_log, _ = _at(parameters, cells)
    return np.asarray(by_log / astuple(parameters) * cells.n_customers, dtype=np.float64)


def hessian(parameters: BgNbd, cells: PurchaseCells) -> Floats:
    """Second derivatives of `log_likelihood` by (r, alpha, a, b), shape (4, 4)."""
    natural = np.array(astuple(parameters))
    _, by_log, by_log_log = _at(parameters, cells)
    return (by_log_log - np.diag(by_log)) / np.outer(natural, natural) * cells.n_customers


def fit(cells: PurchaseCells, kind: type[BgNbd] = BgNbd) -> PurchaseFit:
    """Maximum likelihood; where no dropout is found, the plain NBD.

    The NBD is the edge at which nobody leaves. Dropout is found only if it explains more than the NBD by more than
    chance would: near the edge a and b are not determined, and P(alive) would be a number made of noise.

    Args:
        cells: Customers.
        kind: BgNbd or MbgNbd.
    """
    if cells.n_customers < MIN_CUSTOMERS:
        return PurchaseFit(FitStatus.TOO_FEW_CUSTOMERS, None, None)
    scale = nbd.mean_age(cells)
    if scale <= 0 or not cells.repeats.any():
        return PurchaseFit(FitStatus.NOT_CONVERGED, None, None)
    found = maximise(Likelihood(cells, scale, kind.first_chance).at, _START, _LOWER, _UPPER)
    value = found.value * cells.n_customers
    without = nbd.fit(cells)
    if without is not None and value - without[1] < LEAST_GAIN:
        return PurchaseFit(FitStatus.NO_DROPOUT_FOUND, *without)
    if not found.is_converged:
        return PurchaseFit(FitStatus.NOT_CONVERGED, None, None)
    r, alpha, a, b = (float(each) for each in np.exp(found.at))
    return PurchaseFit(FitStatus.FITTED, kind(r, alpha * scale, a, b), value)


def _at(parameters: BgNbd, cells: PurchaseCells) -> tuple[float, Floats, Floats]:
    """The mean log-likelihood and its derivatives by the log parameters."""
    return Likelihood(cells, 1.0, parameters.first_chance).at(np.log(astuple(parameters)))
