"""BG/NBD: customers buy at their own steady rate and may leave after any repeat purchase.

Here: parameters, likelihood with its derivatives, fit. Not here: what it says of a customer (bg_nbd_forecast.py).
Source: Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.value import nbd
from pipelines.value.cells import PurchaseCells
from pipelines.value.grouping import Distinct
from pipelines.value.newton import maximise
from pipelines.value.report import FitStatus
from pipelines.value.special import digamma_rise, log_rising, trigamma

Floats = NDArray[np.float64]

MIN_CUSTOMERS = 100  # under this a fit of four parameters says more about chance than about customers
_START = np.log([0.5, 0.5, 0.5, 1.5])  # r, alpha over the mean age, a, b: middling in every respect
# Beyond the box nothing changes that could be seen: a shape of 10,000 is customers who differ by 1 %.
_LOWER = np.log([1e-4, 1e-6, 1e-4, 1e-4])
_UPPER = np.log([1e4, 1e8, 1e4, 1e4])
_LEAST_GAIN = 1e-2  # log-likelihood that dropout must add to count as found (a test at 5 % would ask for 1.35)


@dataclass(frozen=True)
class BgNbd:
    """Parameters: rates are gamma(r, alpha), dropout after each repeat purchase is beta(a, b).

    alpha is in the unit of time of the cells.
    """

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class PurchaseFit:
    """A fitted purchase model.

    Attributes:
        status: How it ended.
        model: BgNbd if fitted, Nbd if no dropout was found, else None.
        log_likelihood: Of `model`, summed over customers.
    """

    status: FitStatus
    model: BgNbd | nbd.Nbd | None
    log_likelihood: float | None


def log_likelihood(parameters: BgNbd, cells: PurchaseCells) -> float:
    """Weighted log-likelihood (equation 6 of the paper), summed over customers."""
    value, _, _ = _Likelihood(cells, 1.0).at(np.log(_as_array(parameters)))
    return float(value * cells.n_customers)


def gradient(parameters: BgNbd, cells: PurchaseCells) -> Floats:
    """Derivatives of `log_likelihood` by (r, alpha, a, b), shape (4,)."""
    natural = _as_array(parameters)
    _, by_log, _ = _Likelihood(cells, 1.0).at(np.log(natural))
    return by_log / natural * cells.n_customers


def hessian(parameters: BgNbd, cells: PurchaseCells) -> Floats:
    """Second derivatives of `log_likelihood` by (r, alpha, a, b), shape (4, 4)."""
    natural = _as_array(parameters)
    _, by_log, by_log_log = _Likelihood(cells, 1.0).at(np.log(natural))
    return (by_log_log - np.diag(by_log)) / np.outer(natural, natural) * cells.n_customers


def fit(cells: PurchaseCells) -> PurchaseFit:
    """Maximum likelihood; where no dropout is found, the plain NBD.

    The NBD is the edge at which dropout is 0: dropout is found only if it explains more than the NBD does.
    """
    if cells.n_customers < MIN_CUSTOMERS:
        return PurchaseFit(FitStatus.TOO_FEW_CUSTOMERS, None, None)
    scale = nbd.mean_age(cells)
    if scale <= 0 or not cells.repeats.any():
        return PurchaseFit(FitStatus.NOT_CONVERGED, None, None)
    found = maximise(_Likelihood(cells, scale).at, _START, _LOWER, _UPPER)
    value = found.value * cells.n_customers
    plain, is_maximum = nbd.fit(cells)
    plain_value = nbd.log_likelihood(plain, cells)
    if is_maximum and value - plain_value < _LEAST_GAIN:
        return PurchaseFit(FitStatus.NO_DROPOUT_FOUND, plain, plain_value)
    if not found.is_converged:
        return PurchaseFit(FitStatus.NOT_CONVERGED, None, None)
    r, alpha, a, b = (float(each) for each in np.exp(found.at))
    return PurchaseFit(FitStatus.FITTED, BgNbd(r, alpha * scale, a, b), value)


def _as_array(parameters: BgNbd) -> Floats:
    return np.array([parameters.r, parameters.alpha, parameters.a, parameters.b])


class _Likelihood:
    """The mean log-likelihood in (log r, log alpha, log a, log b), alpha in units of `scale`, with both derivatives.

    A customer's likelihood is a common factor times [stayed + left], with stayed = (alpha + T)^-(r+x) and
    left = a / (b + x - 1) (alpha + t_x)^-(r+x) for x > 0. `odds` below is log(left / stayed).
    """

    def __init__(self, cells: PurchaseCells, scale: float) -> None:
        self.weights = cells.customers / cells.n_customers
        self.repeats = Distinct.of(cells.repeats)
        self.recencies = Distinct.of(cells.recency)
        self.ages = Distinct.of(cells.age)
        self.x = cells.repeats
        self.recency = self.recencies.values / scale
        self.age = self.ages.values / scale
        self.per_repeats = self.repeats.total(self.weights)
        self.per_age = self.ages.total(self.weights)
        self.repeats_per_age = self.ages.total(self.weights * self.x)
        self.weighted_repeats = self.weights * self.x
        # A density per unit of time: the constant makes values comparable whatever the scale.
        self.constant = -float(self.weights @ self.x) * np.log(scale)

    def at(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient (4,) and Hessian (4, 4)."""
        r, alpha, a, b = natural = np.exp(theta)
        x, came_back = self.repeats.values, self.repeats.values > 0
        log_age, log_recency = np.log(alpha + self.age), np.log(alpha + self.recency)
        inverse_age, inverse_recency = 1 / (alpha + self.age), 1 / (alpha + self.recency)
        # For x = 0 nobody can have left: log odds minus infinity.
        past = np.where(came_back, b + x - 1, 1.0)
        lead = np.where(came_back, np.log(a / past), -np.inf)

        events = r + self.x
        log_ratio = self.ages.spread(log_age) - self.recencies.spread(log_recency)
        odds = self.repeats.spread(lead) + events * log_ratio
        small = np.exp(-np.abs(odds))
        left = np.where(odds >= 0, 1.0, small) / (1 + small)
        softplus = np.maximum(odds, 0.0) + np.log1p(small)

        weighted_left = self.weights * left
        left_per_repeats = self.repeats.total(weighted_left)
        past_per_repeats = left_per_repeats / past
        inverse_gap = self.recencies.spread(inverse_recency) - self.ages.spread(inverse_age)
        left_events_gap = float((weighted_left * events) @ inverse_gap)
        left_gap = float(weighted_left @ inverse_gap)
        squared_gap = inverse_gap * (self.recencies.spread(inverse_recency) + self.ages.spread(inverse_age))
        age_events = r * self.per_age + self.repeats_per_age

        value = (
            self.per_repeats @ (log_rising(r, x) + log_rising(b, x) - log_rising(a + b, x))
            + r * np.log(alpha)
            - age_events @ log_age
            + self.weights @ softplus
        )
        both_rise = self.per_repeats @ digamma_rise(a + b, x)
        by = np.array(
            [
                self.per_repeats @ digamma_rise(r, x)
                + np.log(alpha)
                - self.per_age @ log_age
                + weighted_left @ log_ratio,
                r / alpha - age_events @ inverse_age - left_events_gap,
                -both_rise + left_per_repeats.sum() / a,
                -both_rise + self.per_repeats @ digamma_rise(b, x) - past_per_repeats.sum(),
            ]
        )
        second = np.zeros((4, 4))
        second[0, 0] = self.per_repeats @ (trigamma(r + x) - trigamma(r))
        second[0, 1] = second[1, 0] = 1 / alpha - self.per_age @ inverse_age - left_gap
        second[1, 1] = -r / alpha**2 + age_events @ inverse_age**2 + float((weighted_left * events) @ squared_gap)
        both_bend = self.per_repeats @ (trigamma(a + b) - trigamma(a + b + x))
        second[2:, 2:] = both_bend
        second[2, 2] -= left_per_repeats.sum() / a**2
        second[3, 3] += self.per_repeats @ (trigamma(b + x) - trigamma(b)) + (past_per_repeats / past).sum()
        # How the log odds move with each parameter; their spread is the last part of the Hessian.
        slopes = np.stack(
            [log_ratio, -events * inverse_gap, np.full(events.shape, 1 / a), self.repeats.spread(-1 / past)]
        )
        second += (slopes * (weighted_left * (1 - left))) @ slopes.T
        by_log = natural * by
        return float(value) + self.constant, by_log, np.outer(natural, natural) * second + np.diag(by_log)
