"""The shifted-beta-geometric model: how long customers under contract stay.

Here: the model's figures, its fit, forecasts with their error, and the discounted residual lifetime, as pure functions.
Not here: which contracts and periods count (dbt_project), reading files (contracts.py).
Sources: Fader & Hardie 2007, "How to Project Customer Retention"; Fader & Hardie 2010, "Customer-Base Valuation in a
Contractual Setting: The Perils of Ignoring Heterogeneity" (residual lifetime).

At the end of each period a customer does not renew with a probability of their own. Over customers this probability
has a beta distribution (alpha, beta). So r(t), the share of the customers of period t who renew at its end, rises with
t although nobody changes: those who leave easily leave early.
"""

import math
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pipelines.value.newton import maximise
from pipelines.value.uncertainty import covariance

Floats = NDArray[np.float64]

_START = np.log([1.0, 1.0])
_LOWER = np.log([1e-4, 1e-4])
_UPPER = np.log([1e4, 1e4])
_EDGE = 0.99  # share of the largest parameter from which on customers are taken to be alike
_STEP = 1e-5  # relative, for the derivatives of a forecast


@dataclass(frozen=True)
class Sbg:
    """Parameters: the probability not to renew is beta distributed over customers (alpha, beta)."""

    alpha: float
    beta: float

    @property
    def is_alike(self) -> bool:
        """Whether the data show no differences between customers: a parameter is at its upper bound."""
        return max(self.alpha, self.beta) >= _EDGE * math.exp(_UPPER[0])


@dataclass(frozen=True)
class Renewals:
    """Renewals that were due, by period; arrays of shape (n,).

    Attributes:
        period: 1 for the first renewal, 2 for the second, …
        due: Contracts whose renewal at the end of this period was due.
        renewed: Those that were renewed.
    """

    period: Floats
    due: Floats
    renewed: Floats

    @classmethod
    def of(cls, period: ArrayLike, due: ArrayLike, renewed: ArrayLike) -> "Renewals":
        """Check, and add up the rows of a period.

        Raises:
            ValueError: Periods are not whole numbers from 1, or renewed is not between 0 and due.
        """
        periods, n, kept = (np.asarray(each, dtype=np.float64) for each in (period, due, renewed))
        if periods.ndim != 1 or not periods.shape == n.shape == kept.shape:
            raise ValueError("renewals must be one-dimensional and of one length")
        if np.any((periods < 1) | (periods != np.floor(periods))):
            raise ValueError("periods must be whole numbers from 1")
        if not (np.all(np.isfinite(n)) and np.all((kept >= 0) & (kept <= n))):
            raise ValueError("renewed contracts must be between 0 and those due")
        distinct, which = np.unique(periods, return_inverse=True)
        sums = (np.bincount(which, each).astype(np.float64) for each in (n, kept))
        return cls(distinct, *sums)

    @classmethod
    def of_survivors(cls, survivors: ArrayLike) -> "Renewals":
        """Of one cohort: the number of customers in period 1, 2, 3, …, as published tables show it."""
        alive = np.asarray(survivors, dtype=np.float64)
        return cls.of(np.arange(1, alive.size), alive[:-1], alive[1:])


@dataclass(frozen=True)
class SbgFit:
    """A fit.

    Attributes:
        model: The parameters at the maximum.
        covariance: Of the parameters, shape (2, 2); NaN if the likelihood does not determine it.
        log_likelihood: At the maximum.
    """

    model: Sbg
    covariance: Floats
    log_likelihood: float


def retention(model: Sbg, period: ArrayLike) -> Floats:
    """r(t): the share of the customers of period t who renew at its end; periods count from 1."""
    t = np.asarray(period, dtype=np.float64)
    return np.asarray((model.beta + t - 1) / (model.alpha + model.beta + t - 1), dtype=np.float64)


def survival(model: Sbg, renewals: ArrayLike) -> Floats:
    """S(t): the share of all customers who renew at least t times; 1 for t = 0."""
    t = np.asarray(renewals, dtype=np.float64)
    log_share = special.betaln(model.alpha, model.beta + t) - special.betaln(model.alpha, model.beta)
    return np.asarray(np.exp(log_share), dtype=np.float64)


def log_likelihood(model: Sbg, renewals: Renewals) -> float:
    """The log-likelihood of the renewals. For one cohort it is that of the paper: P(T = t) = r(1) r(2) … (1 - r(t))."""
    value, _, _ = _at(np.log(astuple(model)), renewals, 1.0)
    return value


def fit(renewals: Renewals) -> SbgFit | None:
    """Maximum likelihood.

    Returns:
        The fit; None if nobody or everybody renewed, or if only one period has renewals: then there is no maximum.
    """
    lost = float(renewals.due.sum() - renewals.renewed.sum())
    if lost <= 0 or renewals.renewed.sum() <= 0 or np.count_nonzero(renewals.due) < 2:
        return None
    total = float(renewals.due.sum())
    found = maximise(lambda at: _at(at, renewals, total), _START, _LOWER, _UPPER)
    if not found.is_converged:
        return None
    model = Sbg(*(float(each) for each in np.exp(found.at)))
    return SbgFit(model, covariance(_hessian(model, renewals)), log_likelihood(model, renewals))


def remaining_share(fitted: SbgFit, renewals: int, ahead: ArrayLike, customers: float) -> tuple[Floats, Floats]:
    """Of customers who have renewed a number of times, the share who also renew the next times.

    Args:
        fitted: The fit.
        renewals: How often they have renewed.
        ahead: Further renewals, shape (n,).
        customers: How many customers the share is of; chance is smaller for more of them.

    Returns:
        The expected share and its standard error, from chance and from the parameters (delta method); the error is of
        chance alone if the parameters have no covariance.
    """
    further = np.asarray(ahead, dtype=np.float64)

    def share(parameters: Floats) -> Floats:
        model = Sbg(float(parameters[0]), float(parameters[1]))
        return survival(model, renewals + further) / survival(model, renewals)

    at = np.array(astuple(fitted.model))
    expected = share(at)
    variance = expected * (1 - expected) / max(customers, 1.0)
    if np.isfinite(fitted.covariance).all():
        slopes = np.array([(share(at + step) - share(at - step)) / (2 * step.sum()) for step in np.diag(at * _STEP)])
        variance = variance + np.einsum("in,ij,jn->n", slopes, fitted.covariance, slopes)
    return expected, np.sqrt(np.maximum(variance, 0.0))


def residual_periods(model: Sbg, period: ArrayLike, rate: float) -> Floats:
    """The expected number of further periods, each discounted from its begin to the next renewal.

    It is the discounted expected residual lifetime just before the renewal at the end of the current period (Fader &
    Hardie 2010): the sum over k >= 0 of S(n + k) / S(n - 1) / (1 + rate)^k for a customer in period n.

    Args:
        model: The parameters.
        period: n, the current period, from 1; any shape.
        rate: Discount rate per period, above 0.

    Raises:
        ValueError: The rate is not finite and above 0: without discounting the sum can be infinite.
    """
    if not (np.isfinite(rate) and rate > 0):
        raise ValueError(f"a discount rate per period must be above 0, not {rate}")
    n = np.asarray(period, dtype=np.float64)
    series = special.hyp2f1(1.0, model.beta + n, model.alpha + model.beta + n, 1 / (1 + rate))
    return np.asarray(retention(model, n) * series, dtype=np.float64)


def _at(logs: Floats, renewals: Renewals, scale: float) -> tuple[float, Floats, Floats]:
    """Value, gradient and Hessian of the log-likelihood / scale in log parameters.

    With r(t) the likelihood is a product over renewals: sum of renewed log r(t) + lost log(1 - r(t)).
    """
    alpha, beta = np.exp(logs)
    value, gradient, hessian = _derivatives(alpha, beta, renewals)
    of_log = np.array([alpha, beta])
    in_logs = hessian * np.outer(of_log, of_log) + np.diag(gradient * of_log)
    return value / scale, gradient * of_log / scale, in_logs / scale


def _hessian(model: Sbg, renewals: Renewals) -> Floats:
    return _derivatives(model.alpha, model.beta, renewals)[2]


def _derivatives(alpha: float, beta: float, renewals: Renewals) -> tuple[float, Floats, Floats]:
    """The log-likelihood with its first and second derivatives by alpha and beta."""
    renewed, due = renewals.renewed, renewals.due
    lost = due - renewed
    of_renewed = beta + renewals.period - 1
    of_due = alpha + of_renewed
    value = float(renewed @ np.log(of_renewed) + lost.sum() * math.log(alpha) - due @ np.log(of_due))
    by_due, by_due_2 = float(due @ (1 / of_due)), float(due @ (1 / of_due**2))
    gradient = np.array([lost.sum() / alpha - by_due, renewed @ (1 / of_renewed) - by_due])
    hessian = np.array(
        [[by_due_2 - lost.sum() / alpha**2, by_due_2], [by_due_2, by_due_2 - renewed @ (1 / of_renewed**2)]]
    )
    return value, gradient, hessian
