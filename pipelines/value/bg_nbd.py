"""BG/NBD and MBG/NBD: each customer buys at a constant rate and may leave for good right after a purchase.

Here: parameters, likelihood, fit. Not here: the fast computation of the likelihood (bg_nbd_likelihood.py), forecasts
for customers (bg_nbd_forecast.py).
Sources: Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model";
Batislam, Denizel & Filiztekin 2007, "Empirical Validation and Comparison of Models for Customer Base Analysis".
"""

from dataclasses import astuple, dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.value.bg_nbd_likelihood import Likelihood
from pipelines.value.cells import PurchaseCells
from pipelines.value.purchase_fit import Box, PurchaseFit, fit_with_dropout

Floats = NDArray[np.float64]

_BOX = Box(
    start=np.log([0.5, 0.5, 0.5, 1.5]),  # r, alpha over the mean age, a, b: average values
    # Beyond these bounds nothing visible changes: at a shape of 10,000 customers differ by 1 %.
    lower=np.log([1e-4, 1e-6, 1e-4, 1e-4]),
    upper=np.log([1e4, 1e8, 1e4, 1e4]),
)


@dataclass(frozen=True)
class BgNbd:
    """Parameters: rates are gamma(r, alpha), dropout after each repeat purchase is beta(a, b).

    alpha is in the unit of time of the cells.
    """

    first_chance: ClassVar[int] = 0  # chances to leave after the first purchase

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class MbgNbd(BgNbd):
    """Like BG/NBD, but a customer may also leave after the first purchase."""

    first_chance: ClassVar[int] = 1


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


def fit(cells: PurchaseCells, kind: type[BgNbd] = BgNbd) -> PurchaseFit[BgNbd]:
    """Maximum likelihood; the plain NBD if no dropout is found (see purchase_fit.py).

    Args:
        cells: Customers.
        kind: BgNbd or MbgNbd.
    """

    def model(natural: Floats, scale: float) -> BgNbd:
        r, alpha, a, b = (float(each) for each in natural)
        return kind(r, alpha * scale, a, b)

    return fit_with_dropout(cells, _BOX, lambda scale: Likelihood(cells, scale, kind.first_chance).at, model)


def _at(parameters: BgNbd, cells: PurchaseCells) -> tuple[float, Floats, Floats]:
    """The mean log-likelihood and its derivatives by the log parameters."""
    return Likelihood(cells, 1.0, parameters.first_chance).at(np.log(astuple(parameters)))
