"""BG/NBD's forecasts as integrals over the dropout probability: slower than a closed form, but always accurate.

Here: the mean number of purchases, for cases in which the closed form has a limit or overflows; and the mean number of
pairs of purchases, which has no closed form. Not here: when to use them (bg_nbd_forecast.py).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

_LINEAR = 1e-6  # p so small that the integrand is linear in it
_LAST = 31.0  # logit p beyond which 1 - p is negligible
_DROP = 40.0  # the range ends where the integrand has fallen by e^40
_SEARCHES = 22  # the peak and the ends only limit the range: a precision of a thousandth is enough
_GOLDEN = (np.sqrt(5) - 1) / 2
_PANELS = 24
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def expected_by_integral(shape: Floats, a: float, stay: Floats, reach: Floats) -> Floats:
    """Mean of (1 - (1 + p reach)^-shape) / p over p ~ beta(a, stay).

    This is E[(1 - exp(-lambda p t)) / p] with lambda ~ gamma(shape, alpha + T) and reach = t / (alpha + T): purchases
    in t of a customer who buys at rate lambda and leaves with probability p after each purchase.

    Args:
        shape: r + x, shape (n,).
        a: First beta parameter.
        stay: b + c, shape (n,).
        reach: t / (alpha + T), shape (n,).

    Returns:
        Shape (n,), positive, to about 1e-10 relative.
    """
    edge = _edge(shape, reach)
    slope = (shape + 1) * reach / 2 * a / (a + stay)
    near_zero = shape * reach * (special.betainc(a, stay, edge) - slope * special.betainc(a + 1, stay, edge))
    near_one = -np.expm1(-shape * np.log1p(reach)) * special.betainc(stay, a, special.expit(-_LAST))

    def log_integrand(logit: Floats) -> Floats:
        log_p = special.log_expit(logit)
        gain = -np.expm1(-shape * np.log1p(np.exp(log_p) * reach))
        return (a - 1) * log_p + stay * special.log_expit(-logit) + np.log(np.maximum(gain, 1e-300))

    return near_zero + _integral(log_integrand, _logit(edge), _log_beta(a, stay)) + near_one


def pairs_by_integral(shape: Floats, a: float, stay: Floats, reach: Floats) -> Floats:
    """Mean of 2 (1 - p) / p^2 [1 - (1 + p reach)^-shape - shape p reach (1 + p reach)^-(shape + 1)], p ~ beta(a, stay).

    This is E[Y (Y - 1)] of the same customer as in `expected_by_integral`: twice the number of pairs of purchases in t.
    The bracket is the chance of at least two events in a negative binomial, an incomplete beta function.

    Args:
        shape: r + x, shape (n,).
        a: First beta parameter.
        stay: b + c, shape (n,).
        reach: t / (alpha + T), shape (n,).

    Returns:
        Shape (n,), positive, to about 1e-9 relative.
    """
    edge = _edge(shape, reach)
    slope = (2 / 3 * (shape + 2) * reach + 1) * a / (a + stay)
    most = shape * (shape + 1) * reach**2
    near_zero = most * (special.betainc(a, stay, edge) - slope * special.betainc(a + 1, stay, edge))

    def log_integrand(logit: Floats) -> Floats:
        log_p, log_rest = special.log_expit(logit), special.log_expit(-logit)
        step = np.exp(log_p) * reach
        gain = 2 * special.betainc(2, shape, step / (1 + step))
        return (a - 2) * log_p + (stay + 1) * log_rest + np.log(np.maximum(gain, 1e-300))

    return near_zero + _integral(log_integrand, _logit(edge), _log_beta(a, stay))


def _edge(shape: Floats, reach: Floats) -> Floats:
    """The dropout probability up to which both integrands are linear in it, shape (n,)."""
    return np.minimum(_LINEAR / ((shape + 1) * np.maximum(reach, 1e-300)), _LINEAR)


def _logit(p: Floats) -> Floats:
    return np.asarray(special.logit(p), dtype=np.float64)


def _log_beta(a: float, stay: Floats) -> Floats:
    return np.asarray(special.betaln(a, stay), dtype=np.float64)


def _integral(log_integrand: Callable[[Floats], Floats], low: Floats, log_norm: Floats) -> Floats:
    """The integral of a function with one peak over the logit of p from `low`, divided by exp(log_norm), shape (n,)."""
    high = np.full(low.shape, _LAST)
    peak = _peak(log_integrand, low, high)
    top = log_integrand(peak)
    low = _cut(log_integrand, peak, low, top - _DROP)
    high = _cut(log_integrand, peak, high, top - _DROP)
    width = (high - low) / _PANELS
    total = np.zeros(low.shape)
    for panel in range(_PANELS):
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            total += weight * np.exp(log_integrand(low + width * (panel + (node + 1) / 2)) - top)
    return np.asarray(total * width / 2 * np.exp(top - log_norm), dtype=np.float64)


def _peak(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """The position of the peak of a function with one peak in [low, high] (golden section), shape (n,)."""
    for _ in range(_SEARCHES):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        rises = function(left) < function(right)
        low, high = np.where(rises, left, low), np.where(rises, high, right)
    return (low + high) / 2


def _cut(function: Callable[[Floats], Floats], inside: Floats, outside: Floats, level: Floats) -> Floats:
    """The position at which a function that falls from `inside` to `outside` reaches `level`; else `outside`."""
    never = function(outside) >= level
    end = outside
    for _ in range(_SEARCHES):
        middle = (inside + outside) / 2
        is_above = function(middle) >= level
        inside, outside = np.where(is_above, middle, inside), np.where(is_above, outside, middle)
    return np.where(never, end, outside)
