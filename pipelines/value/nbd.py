"""The plain NBD (Poisson-gamma): each customer buys at a constant rate and never leaves.

Here: its likelihood, fit and forecast. It is used if BG/NBD finds no dropout. Not here: dropout (bg_nbd.py).
Source: Ehrenberg 1959, "The Pattern of Consumer Purchases"; conditional forecast as in Schmittlein, Morrison & Colombo
1987. The likelihood is that of the purchase times, as in BG/NBD, so the two can be compared.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from pipelines.value.cells import PurchaseCells
from pipelines.value.grouping import Distinct
from pipelines.value.newton import maximise
from pipelines.value.special import digamma_rise, log_rising, trigamma

Floats = NDArray[np.float64]

_START = np.log([0.5, 0.5])
_LOWER = np.log([1e-4, 1e-6])
_UPPER = np.log([1e4, 1e8])


@dataclass(frozen=True)
class Nbd:
    """Parameters: rates are gamma with shape r and rate alpha (in the unit of time of the cells)."""

    r: float
    alpha: float


def log_likelihood(parameters: Nbd, cells: PurchaseCells) -> float:
    """Weighted log-likelihood of the purchase times; recency carries no information here."""
    value, _, _ = _Likelihood(cells, 1.0).at(np.log([parameters.r, parameters.alpha]))
    return float(value * cells.n_customers)


def fit(cells: PurchaseCells) -> tuple[Nbd, float] | None:
    """Maximum likelihood.

    Returns:
        Parameters in the cells' unit of time and their log-likelihood, or None if there is no maximum.
    """
    scale = mean_age(cells)
    if scale <= 0 or not cells.repeats.any():
        return None
    found = maximise(_Likelihood(cells, scale).at, _START, _LOWER, _UPPER)
    if not found.is_converged:
        return None
    r, alpha = np.exp(found.at)
    return Nbd(float(r), float(alpha) * scale), found.value * cells.n_customers


def expected_purchases(parameters: Nbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """Purchases expected in the next `horizon`, given x repeats by age T; any shape."""
    return (parameters.r + repeats) / (parameters.alpha + age) * horizon


def purchases_variance_given(parameters: Nbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """Variance of the purchases in the next `horizon`, given x repeats by age T; any shape."""
    reach = horizon / (parameters.alpha + age)
    return (parameters.r + repeats) * reach * (1 + reach)


def p_any_purchase_given(parameters: Nbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """P(at least one purchase in the next `horizon`), given x repeats by age T; any shape."""
    none = -(parameters.r + repeats) * np.log1p(horizon / (parameters.alpha + age))
    return np.asarray(-np.expm1(none), dtype=np.float64)


def p_purchases(parameters: Nbd, counts: Floats, horizon: float) -> Floats:
    """P(X(t) = x) of a new customer, for counts x of any shape."""
    r, alpha = parameters.r, parameters.alpha
    log_count = log_rising(r, counts) - gammaln(counts + 1)
    log_share = -r * np.log1p(horizon / alpha) + xlogy(counts, horizon / (alpha + horizon))
    return np.asarray(np.exp(log_count + log_share), dtype=np.float64)


def gradient(parameters: Nbd, cells: PurchaseCells) -> Floats:
    """Derivatives of `log_likelihood` by (r, alpha), shape (2,)."""
    natural = np.array([parameters.r, parameters.alpha])
    _, by_log, _ = _Likelihood(cells, 1.0).at(np.log(natural))
    return np.asarray(by_log / natural * cells.n_customers, dtype=np.float64)


def hessian(parameters: Nbd, cells: PurchaseCells) -> Floats:
    """Second derivatives of `log_likelihood` by (r, alpha), shape (2, 2)."""
    natural = np.array([parameters.r, parameters.alpha])
    _, by_log, by_log_log = _Likelihood(cells, 1.0).at(np.log(natural))
    return (by_log_log - np.diag(by_log)) / np.outer(natural, natural) * cells.n_customers


def mean_age(cells: PurchaseCells) -> float:
    """The customers' mean T. It is the unit of time of a fit, so that data in weeks and in days give the same fit."""
    return float(cells.age @ cells.customers) / cells.n_customers


class _Likelihood:
    """The mean log-likelihood in (log r, log alpha), alpha in units of `scale`, with both derivatives."""

    def __init__(self, cells: PurchaseCells, scale: float) -> None:
        self.weights = cells.customers / cells.n_customers
        self.repeats = Distinct.of(cells.repeats)
        self.ages = Distinct.of(cells.age)
        self.age = self.ages.values / scale
        self.scale = scale
        self.per_repeats = self.repeats.total(self.weights)
        self.per_age = self.ages.total(self.weights)
        self.repeats_per_age = self.ages.total(self.weights * cells.repeats)
        # The likelihood is a density per unit of time: the constant makes values comparable for any scale.
        self.constant = -float(self.weights @ cells.repeats) * np.log(scale)

    def at(self, theta: Floats) -> tuple[float, Floats, Floats]:
        r, alpha = np.exp(theta)
        x = self.repeats.values
        log_rate = np.log(alpha + self.age)
        inverse = 1 / (alpha + self.age)
        events = r * self.per_age + self.repeats_per_age
        value = self.per_repeats @ log_rising(r, x) + r * np.log(alpha) - events @ log_rate
        by_r = self.per_repeats @ digamma_rise(r, x) + np.log(alpha) - self.per_age @ log_rate
        by_alpha = r / alpha - events @ inverse
        by_r_r = self.per_repeats @ (trigamma(r + x) - trigamma(r))
        by_r_alpha = 1 / alpha - self.per_age @ inverse
        by_alpha_alpha = -r / alpha**2 + events @ inverse**2
        natural = np.array([r, alpha])
        gradient = natural * np.array([by_r, by_alpha])
        hessian = np.outer(natural, natural) * np.array([[by_r_r, by_r_alpha], [by_r_alpha, by_alpha_alpha]])
        return float(value + self.constant), gradient, hessian + np.diag(gradient)
