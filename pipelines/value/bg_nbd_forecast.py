"""Forecasts of a fitted BG/NBD or MBG/NBD for customers: are they still active, and how often will they buy.

Here: P(alive), expected purchases, their variance and distribution. Not here: the likelihood and the fit (bg_nbd.py).
Sources: Fader, Hardie & Lee 2005, equations 8 to 10; P(alive) from Fader, Hardie & Lee 2008, "Computing P(alive) Using
the BG/NBD Model"; Batislam, Denizel & Filiztekin 2007 for MBG/NBD. Euler's transformation brings the papers' 2F1 into a
form that does not overflow; docs/value-models.md derives the variance.

A customer who had c chances to leave and did not leave (c = x in BG/NBD, x + 1 in MBG/NBD) leaves after a purchase with
probability p ~ beta(a, b + c), and buys at a rate ~ gamma(r + x, alpha + T).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipelines.value.bg_nbd import BgNbd
from pipelines.value.bg_nbd_integral import expected_by_integral, pairs_by_integral
from pipelines.value.grouping import Distinct
from pipelines.value.special import log_rising

Floats = NDArray[np.float64]

_NEAR = 1e-3  # nearer than this to a removable pole, the closed form loses more digits than the integral


def p_alive(parameters: BgNbd, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Probability that a customer has not left by age T; in BG/NBD 1 without a repeat purchase.

    Args:
        parameters: Fitted parameters.
        repeats: x, shape (n,).
        recency: t_x, shape (n,), unit of alpha.
        age: T, shape (n,), unit of alpha.

    Returns:
        Shape (n,), in [0, 1].
    """
    chances = repeats + parameters.first_chance
    past = np.where(chances > 0, parameters.b + chances - 1, 1.0)
    log_ratio = np.log1p((age - recency) / (parameters.alpha + recency))
    odds = np.log(parameters.a / past) + (parameters.r + repeats) * log_ratio
    return np.where(chances > 0, special.expit(-odds), 1.0)


def expected_purchases(parameters: BgNbd, horizon: float) -> float:
    """E[X(t)]: repeat purchases of a new customer in the first `horizon` (equation 9)."""
    new = np.zeros(1)
    return float(expected_purchases_given(parameters, new, new, new, horizon)[0])


def expected_purchases_given(
    parameters: BgNbd, repeats: Floats, recency: Floats, age: Floats, horizon: float
) -> Floats:
    """E[Y(t) | x, t_x, T]: purchases in the `horizon` after age T (equation 10), shape (n,)."""
    alive = p_alive(parameters, repeats, recency, age)
    return alive * _by_pair(repeats, age, lambda x, t: expected_while_alive(parameters, x, t, horizon))


def purchases_variance_given(
    parameters: BgNbd, repeats: Floats, recency: Floats, age: Floats, horizon: float
) -> Floats:
    """Var[Y(t) | x, t_x, T], from both the unknown rates of the customer and chance, shape (n,)."""
    alive = p_alive(parameters, repeats, recency, age)
    mean = alive * _by_pair(repeats, age, lambda x, t: expected_while_alive(parameters, x, t, horizon))
    pairs = alive * _by_pair(repeats, age, lambda x, t: _pairs_while_alive(parameters, x, t, horizon))
    return pairs + mean - mean**2


def p_any_purchase_given(parameters: BgNbd, repeats: Floats, recency: Floats, age: Floats, horizon: float) -> Floats:
    """P(at least one purchase in the `horizon` after age T), shape (n,). Customers leave only after a purchase."""
    none = np.exp(-(parameters.r + repeats) * np.log1p(horizon / (parameters.alpha + age)))
    return np.asarray(p_alive(parameters, repeats, recency, age) * (1 - none), dtype=np.float64)


def p_purchases(parameters: BgNbd, counts: Floats, horizon: float) -> Floats:
    """P(X(t) = x) of a new customer (equation 8), for counts x of shape (n,)."""
    r, alpha, a, b = parameters.r, parameters.alpha, parameters.a, parameters.b
    chances = counts + parameters.first_chance
    bought = horizon / (alpha + horizon)
    stayed = np.exp(log_rising(b, chances) - log_rising(a + b, chances))
    log_count = log_rising(r, counts) - special.gammaln(counts + 1)
    exactly = np.exp(log_count + r * np.log(alpha / (alpha + horizon)) + special.xlogy(counts, bought))
    at_least = np.where(counts > 0, special.betainc(np.maximum(counts, 1), r, bought), 1.0)
    left = np.where(chances > 0, a / np.where(chances > 0, b + chances - 1, 1.0), 0.0)
    return np.asarray(stayed * (exactly + left * at_least), dtype=np.float64)


def expected_while_alive(parameters: BgNbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """Purchases in the `horizon` after age T of a customer who has not left at T, shape (n,).

    With z = t / (alpha + T + t) and k = a + b + c - 1 this is
    k / (a - 1) [1 - (1 - z)^(a - 1) 2F1(k - r - x, a - 1; k; z)]. At a = 1 and at k = 0 (c = 0, a + b = 1) it is a
    limit. In these cases, and if 2F1 fails, the mean over the dropout probability is integrated instead.
    """
    a, stay = parameters.a, parameters.b + parameters.first_chance + repeats
    shape, reach = parameters.r + repeats, horizon / (parameters.alpha + age)
    z = reach / (1 + reach)
    k = a + stay - 1
    if abs(a - 1) < _NEAR:
        return expected_by_integral(shape, a, stay, reach)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        decay = np.exp(-(a - 1) * np.log1p(reach))
        expected = k / (a - 1) * (1 - decay * special.hyp2f1(k - shape, a - 1, k, z))
    ceiling = shape * reach
    failed = ~((expected >= 0) & (expected <= ceiling * (1 + 1e-9))) | (np.abs(k) < _NEAR)
    if failed.any():
        expected[failed] = expected_by_integral(shape[failed], a, stay[failed], reach[failed])
    return expected


def _pairs_while_alive(parameters: BgNbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """E[Y (Y - 1)] of a customer who has not left at age T, shape (n,)."""
    stay = parameters.b + parameters.first_chance + repeats
    return pairs_by_integral(parameters.r + repeats, parameters.a, stay, horizon / (parameters.alpha + age))


def _by_pair(repeats: Floats, age: Floats, of: Callable[[Floats, Floats], Floats]) -> Floats:
    """A function of (x, T), evaluated once per distinct pair because special functions are slow; shape (n,)."""
    counts, ages = Distinct.of(repeats), Distinct.of(age)
    pairs, index = np.unique(counts.index * ages.values.size + ages.index, return_inverse=True)
    which_count, which_age = np.divmod(pairs, ages.values.size)
    return of(counts.values[which_count], ages.values[which_age])[index]
