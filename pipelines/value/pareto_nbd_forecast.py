"""Forecasts of a fitted Pareto/NBD for customers: are they still active, and how often will they buy.

Here: P(alive), expected purchases and their variance, probabilities of purchases. Not here: the likelihood and the fit
(pareto_nbd.py).

If a customer has not left by T, their purchase rate is gamma(r + x, alpha + T), given their past. Their dropout rate is
gamma(s, beta + T), independent of it. Everything except P(alive) follows from this.
Sources: Schmittlein, Morrison & Colombo 1987 (P(alive), expected purchases); Fader & Hardie 2005, "A Note on Deriving
the Pareto/NBD Model and Related Expressions".
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipelines.value.pareto_nbd import ParetoNbd
from pipelines.value.pareto_nbd_integral import Range, integrate
from pipelines.value.pareto_nbd_likelihood import Leaving

Floats = NDArray[np.float64]

_BLOCK = 8192  # customers at a time, so that memory is bounded
_NODES, _WEIGHTS = (each[:, None] for each in np.polynomial.legendre.leggauss(24))
_PANELS = 16
_DROP = 40.0  # the range ends where an integrand has fallen by e^40


def p_alive(parameters: ParetoNbd, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Probability that a customer has not left by age T.

    Args:
        parameters: Fitted parameters.
        repeats: x, shape (n,).
        recency: t_x, shape (n,), unit of alpha and beta.
        age: T, shape (n,), same unit.

    Returns:
        Shape (n,), in [0, 1].
    """
    natural = np.array([parameters.r, parameters.alpha, parameters.s, parameters.beta])
    return _in_blocks(lambda *block: special.expit(-Leaving.of(natural, *block).odds), repeats, recency, age)


def expected_purchases(parameters: ParetoNbd, horizon: float) -> float:
    """E[X(t)]: repeat purchases of a new customer in the first `horizon`."""
    zero = np.zeros(1)
    return float(expected_while_alive(parameters, zero, zero, horizon)[0])


def expected_purchases_given(
    parameters: ParetoNbd, repeats: Floats, recency: Floats, age: Floats, horizon: float
) -> Floats:
    """E[Y(t) | x, t_x, T]: purchases in the `horizon` after age T, shape (n,)."""
    return p_alive(parameters, repeats, recency, age) * expected_while_alive(parameters, repeats, age, horizon)


def expected_while_alive(parameters: ParetoNbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """Purchases in the `horizon` after age T of a customer who has not left at T, shape (n,).

    The textbook's (1 - ((beta + T) / (beta + T + t))^(s - 1)) / (s - 1) is written so that s = 1 is not a special case.
    """
    offset = parameters.beta + age
    span = np.log1p(horizon / offset)
    time_as_customer = offset * span * special.exprel((1 - parameters.s) * span)
    return np.asarray((parameters.r + repeats) / (parameters.alpha + age) * time_as_customer, dtype=np.float64)


def purchases_variance_given(
    parameters: ParetoNbd, repeats: Floats, recency: Floats, age: Floats, horizon: float
) -> Floats:
    """Var[Y(t) | x, t_x, T]: of purchases in the `horizon` after age T, shape (n,); never below their mean.

    From E[Y (Y - 1) | alive] = E[rate^2] E[min(time to leaving, t)^2].
    """
    alive = p_alive(parameters, repeats, recency, age)
    mean = alive * expected_while_alive(parameters, repeats, age, horizon)
    shape = parameters.r + repeats
    square_rate = shape * (shape + 1) / (parameters.alpha + age) ** 2
    square_time = _in_blocks(lambda block: _square_time(parameters, block, horizon), age)
    return alive * square_rate * square_time + mean * (1 - mean)


def p_any_purchase_given(
    parameters: ParetoNbd, repeats: Floats, recency: Floats, age: Floats, horizon: float
) -> Floats:
    """P(Y(t) > 0 | x, t_x, T): at least one purchase in the `horizon` after age T, shape (n,), in [0, 1]."""
    alive = p_alive(parameters, repeats, recency, age)
    return alive * _in_blocks(lambda x, since: _p_any_while_alive(parameters, x, since, horizon), repeats, age)


def p_purchases(parameters: ParetoNbd, counts: Floats, horizon: float) -> Floats:
    """P(X(t) = x): the probability of x repeat purchases of a new customer in the first `horizon`.

    Args:
        parameters: Fitted parameters.
        counts: x, whole and not negative, shape (n,).
        horizon: t, above 0, unit of alpha and beta.

    Returns:
        Shape (n,): the NBD's probability if the customer stays until t, plus its mean over the time of leaving if not.
    """
    r, alpha, s, beta = parameters.r, parameters.alpha, parameters.s, parameters.beta
    shape = r + counts
    # Gamma(r + x) / (Gamma(r) x!) without the difference of large numbers
    ways = np.where(counts > 0, -np.log(np.maximum(counts, 1)) - special.betaln(r, np.maximum(counts, 1)), 0.0)

    def log_count(log_time: Floats) -> Floats:
        """Log of the NBD's probability of x by a time."""
        time = np.exp(log_time)
        return np.asarray(ways - r * np.log1p(time / alpha) - counts * np.log1p(alpha / time), dtype=np.float64)

    def log_leaving(log_time: Floats) -> Floats:
        """Log density of leaving with x purchases, by the log of time."""
        time = np.exp(log_time)
        hazard = np.log(s / beta) + log_time - (s + 1) * np.log1p(time / beta)
        return np.asarray(log_count(log_time) + hazard, dtype=np.float64)

    def rises(log_time: Floats) -> Floats:
        """Its slope, which always falls."""
        time = np.exp(log_time)
        return np.asarray(counts + 1 - shape * time / (alpha + time) - (s + 1) * time / (beta + time), dtype=np.float64)

    end = np.full(counts.shape, np.log(horizon))
    start = (
        np.minimum(end, np.log(min(alpha, beta)) - np.log(shape + s + 1)) - _DROP
    )  # here the integrand is negligible
    peak = _falls_below_zero(rises, start, end)
    level = log_leaving(peak) - _DROP
    low = _falls_below_zero(lambda at: level - log_leaving(at), start, peak)
    high = _falls_below_zero(lambda at: log_leaving(at) - level, peak, end)
    left = _panelled(log_leaving, low, peak) + _panelled(log_leaving, peak, high)
    return np.asarray(left + np.exp(log_count(end) - s * np.log1p(horizon / beta)), dtype=np.float64)


def _square_time(parameters: ParetoNbd, age: Floats, horizon: float) -> Floats:
    """E[min(time to leaving, t)^2] from age T on, shape (n,): the integral of 2 u P(still a customer at u).

    With u = (beta + T) (e^v - 1) the integrand is smooth, and s = 1 and s = 2 are not special cases.
    """
    offset = parameters.beta + age
    span = np.minimum(np.log1p(horizon / offset), _DROP / max(parameters.s - 2, 1e-300))
    v = span * (_NODES + 1) / 2
    inner = (_WEIGHTS * np.expm1(v) * np.exp((1 - parameters.s) * v)).sum(axis=0)
    return np.asarray(offset**2 * span * inner, dtype=np.float64)


def _p_any_while_alive(parameters: ParetoNbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """P(at least one purchase in the horizon | not left by T), integrated over the time of the first purchase."""
    shape, s = parameters.r + repeats, np.full(1, parameters.s)
    buying, dropping = (parameters.alpha, shape + 1), (parameters.beta, s)
    near, far = (buying, dropping) if parameters.alpha < parameters.beta else (dropping, buying)
    near_start, far_start = near[0] + age, far[0] + age
    over = Range(
        near_power=near[1],
        far_power=far[1],
        ratio=near_start / far_start,
        rest=(far[0] - near[0]) / far_start,
        width=np.log1p(horizon / near_start),
        far_width=np.log1p(horizon / far_start),
    )
    hazard = shape / (parameters.alpha + age)
    return np.minimum(hazard * near_start * np.exp(integrate(over).log_integral), 1.0)


def _falls_below_zero(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """The zero of a falling function in [low, high], by bisection; the nearer end if it has none there."""
    for _ in range(60):
        middle = (low + high) / 2
        is_above = function(middle) > 0
        low, high = np.where(is_above, middle, low), np.where(is_above, high, middle)
    return (low + high) / 2


def _panelled(log_integrand: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Integral of the exponential of a smooth function from low to high, shape (n,)."""
    width = (high - low) / _PANELS
    total = np.zeros(low.shape)
    for panel in range(_PANELS):
        total += (_WEIGHTS * np.exp(log_integrand(low + width * (panel + (_NODES + 1) / 2)))).sum(axis=0)
    return np.asarray(total * width / 2, dtype=np.float64)


def _in_blocks(function: Callable[..., Floats], *columns: Floats) -> Floats:
    """A function of columns of shape (n,), called for one block of rows at a time."""
    size = columns[0].size
    parts = [function(*(column[at : at + _BLOCK] for column in columns)) for at in range(0, size, _BLOCK)]
    return np.concatenate(parts) if parts else np.zeros(0)
