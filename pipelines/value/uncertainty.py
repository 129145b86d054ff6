"""The uncertainty of the parameters, of one customer's purchases, and of the total of all customers.

Here: standard errors from a Hessian, intervals of a count, the error of a total. Not here: any model.
Sources: the delta method and observed information as in Davison 2003, "Statistical Models", chapter 4; the negative
binomial with a given mean and variance approximates the mixture of a model (docs/value-models.md).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

_STEP = 1e-4  # of each parameter, for derivatives of a total
_LEAST_CURVATURE = 1e-7  # relative to the largest possible; below this the sign is rounding
_LEAST_PROBABILITY = 1e-300
_NO_SPREAD = 1e-9  # relative: if the variance is this close to the mean, the count is Poisson


def covariance(hessian: Floats) -> Floats:
    """Covariance of maximum likelihood estimates from the log-likelihood's second derivatives there.

    Args:
        hessian: Shape (k, k), in the parameters themselves.

    Returns:
        Shape (k, k); all NaN unless the likelihood is curved downwards in every direction by more than rounding error.
    """
    scale = np.sqrt(np.abs(np.diag(hessian)))  # parameters differ in size by many orders
    if not (np.isfinite(hessian).all() and (scale > 0).all()):
        return np.full(hessian.shape, np.nan)
    curvature, axes = np.linalg.eigh(-hessian / np.outer(scale, scale))
    if curvature[0] <= _LEAST_CURVATURE:
        return np.full(hessian.shape, np.nan)
    return np.asarray((axes / curvature) @ axes.T / np.outer(scale, scale), dtype=np.float64)


def standard_errors(hessian: Floats) -> Floats:
    """Standard errors of the estimates, shape (k,); NaN if they have none."""
    return np.asarray(np.sqrt(np.diag(covariance(hessian))), dtype=np.float64)


def shifts(parameters: Floats, of_parameters: Floats, forecast: Callable[[Floats], Floats]) -> Floats:
    """How forecasts change with the uncertainty of the parameters: the delta method, by independent directions.

    The parameters give a sum of forecasts the variance sum_k (sum of its shifts in direction k)^2. So the variance of
    any group follows from the shifts of its members.

    Args:
        parameters: Estimates, shape (k,), above 0.
        of_parameters: Their covariance, shape (k, k).
        forecast: The forecasts, shape (n,), at given parameters.

    Returns:
        Shape (k, n): the forecasts' change by one standard deviation in each direction, by a small step forward.
    """
    scale = np.sqrt(np.diag(of_parameters))
    directions = (np.linalg.cholesky(of_parameters / np.outer(scale, scale)) * scale[:, None]).T
    here = forecast(parameters)
    found = np.empty((parameters.size, here.size))
    for at, direction in enumerate(directions):
        step = _STEP * min(1.0, 1 / float(np.max(np.abs(direction) / parameters)))
        found[at] = (forecast(parameters + step * direction) - here) / step
    return found


def count_interval(mean: Floats, variance: Floats, level: float, p_any: Floats | None = None) -> tuple[Floats, Floats]:
    """Central interval of a count with this mean and variance, as a negative binomial.

    If P(at least one) is given, 0 has the probability 1 - P(at least one), and otherwise the count is 1 plus a negative
    binomial with the mean and variance that remain. A customer who may have left for good buys nothing far more often
    than a single negative binomial predicts. If the variance is not above the mean, the count is Poisson. The interval
    contains at least `level` of the distribution, and in general more, because counts are whole numbers.

    Args:
        mean: Not negative, shape (n,).
        variance: Shape (n,).
        level: Share within, in (0, 1).
        p_any: P(count >= 1), shape (n,).

    Returns:
        Lower and upper ends, whole, each of shape (n,); NaN if the mean or the variance is NaN.
    """
    tail = (1 - level) / 2
    return count_quantile(mean, variance, tail, p_any), count_quantile(mean, variance, 1 - tail, p_any)


def share_within(mean: Floats, variance: Floats, low: Floats, high: Floats, p_any: Floats | None = None) -> Floats:
    """The probability of `low` to `high`, both included, in the same distribution; shape (n,).

    For a central interval it is at least the requested level, and in general more, because counts are whole numbers.
    """
    count = _Count.of(mean, variance, p_any)
    under = np.where(low > 0, count.below(np.maximum(low - 1, 0.0)), 0.0)
    return np.asarray(count.below(high) - under, dtype=np.float64)


def count_quantile(mean: Floats, variance: Floats, share: float, p_any: Floats | None = None) -> Floats:
    """The smallest whole k with P(count <= k) >= share, shape (n,); NaN if the mean or the variance is NaN."""
    known = np.isfinite(mean) & np.isfinite(variance)
    found = np.where(known, 0.0, np.nan)
    count = _Count.of(mean, variance, p_any)
    # all others have the quantile 0, as most customers do
    open_ = np.flatnonzero(known & (count.below(np.zeros(mean.shape)) < share))
    count = count.only(open_)
    low, high = np.zeros(open_.size), np.ceil(mean[open_] + 4 * np.sqrt(np.maximum(variance, mean)[open_])) + 1
    while (short := count.below(high) < share).any():
        low, high = np.where(short, high, low), np.where(short, 2 * high, high)
    while open_.size:
        is_found = high - low <= 1
        found[open_[is_found]] = high[is_found]
        open_, low, high, count = open_[~is_found], low[~is_found], high[~is_found], count.only(~is_found)
        middle = np.floor((low + high) / 2)
        is_above = count.below(middle) >= share
        low, high = np.where(is_above, low, middle), np.where(is_above, middle, high)
    return found


@dataclass(frozen=True)
class _Count:
    """A negative binomial; if `p_any` is not None, 0 or 1 plus a negative binomial. Arrays of shape (n,)."""

    mean: Floats
    variance: Floats
    p_any: Floats | None

    @classmethod
    def of(cls, mean: Floats, variance: Floats, p_any: Floats | None) -> "_Count":
        """From the mean and variance of the whole count, and the probability of at least one."""
        if p_any is None:
            return cls(mean, variance, None)
        some = np.clip(p_any, _LEAST_PROBABILITY, 1.0)
        given_one = np.maximum(mean / some, 1.0)
        beyond = np.maximum((variance + mean**2) / some - given_one**2, 0.0)
        return cls(given_one - 1, beyond, np.clip(p_any, 0.0, 1.0))

    def only(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> "_Count":
        """Some of them."""
        p_any = None if self.p_any is None else self.p_any[which]
        return _Count(self.mean[which], self.variance[which], p_any)

    def below(self, k: Floats) -> Floats:
        """P(count <= k), shape (n,)."""
        if self.p_any is None:
            return _below(k, self.mean, self.variance)
        more = _below(np.maximum(k - 1, 0.0), self.mean, self.variance)
        return 1 - self.p_any + self.p_any * np.where(k >= 1, more, 0.0)


def _below(k: Floats, mean: Floats, variance: Floats) -> Floats:
    """P(count <= k) of a negative binomial, shape (n,)."""
    excess = variance - mean
    is_mixed = excess > _NO_SPREAD * mean
    size = mean**2 / np.where(is_mixed, excess, 1.0)
    share = mean / np.where(variance > 0, variance, 1.0)
    mixed = special.betainc(np.where(size > 0, size, 1.0), k + 1, np.clip(share, 0.0, 1.0))
    plain = special.gammaincc(k + 1, mean)
    return np.where(mean > 0, np.where(is_mixed, mixed, plain), 1.0)


def total_variance(
    parameters: Floats, of_parameters: Floats, total: Callable[[Floats], float], of_customers: float
) -> float:
    """Variance of a total of independent customers, from chance and from the uncertainty of the parameters.

    Args:
        parameters: Estimates, shape (k,), above 0.
        of_parameters: Their covariance, shape (k, k).
        total: The expected total at given parameters.
        of_customers: The sum of the customers' own variances at the estimates.
    """
    slopes = np.empty(parameters.size)
    for each in range(parameters.size):
        step = np.zeros(parameters.size)
        step[each] = _STEP * parameters[each]
        slopes[each] = (total(parameters + step) - total(parameters - step)) / (2 * step[each])
    return float(of_customers + slopes @ of_parameters @ slopes)
