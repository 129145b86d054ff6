"""What a fitted BG/NBD says of a customer: is he still one, and how often will he buy.

Here: P(alive) and expected purchases. Not here: the likelihood and the fit (bg_nbd.py).
Source: Fader, Hardie & Lee 2005, equations 9 and 10; P(alive) from Fader, Hardie & Lee 2008, "Computing P(alive) Using
the BG/NBD Model". The paper's 2F1 is turned by Euler's transformation into a form that does not overflow.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipelines.value.bg_nbd import BgNbd
from pipelines.value.bg_nbd_integral import expected_by_integral
from pipelines.value.grouping import Distinct

Floats = NDArray[np.float64]

_NEAR = 1e-3  # closer than this to a pole that cancels, the closed form loses more digits than the integral


def p_alive(parameters: BgNbd, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Probability that a customer has not left by age T; 1 without a repeat purchase.

    Args:
        parameters: Fitted parameters.
        repeats: x, shape (n,).
        recency: t_x, shape (n,), unit of alpha.
        age: T, shape (n,), unit of alpha.

    Returns:
        Shape (n,), in [0, 1].
    """
    came_back = repeats > 0
    past = np.where(came_back, parameters.b + repeats - 1, 1.0)
    log_ratio = np.log1p((age - recency) / (parameters.alpha + recency))
    odds = np.log(parameters.a / past) + (parameters.r + repeats) * log_ratio
    return np.where(came_back, special.expit(-odds), 1.0)


def expected_purchases(parameters: BgNbd, horizon: float) -> float:
    """E[X(t)]: repeat purchases of a new customer in the first `horizon` (equation 9)."""
    zero = np.zeros(1)
    return float(expected_while_alive(parameters, zero, zero, horizon)[0])


def expected_purchases_given(
    parameters: BgNbd, repeats: Floats, recency: Floats, age: Floats, horizon: float
) -> Floats:
    """E[Y(t) | x, t_x, T]: purchases in the `horizon` after age T (equation 10), shape (n,)."""
    alive = p_alive(parameters, repeats, recency, age)
    # Special functions once per distinct (x, T), not once per cell.
    counts, ages = Distinct.of(repeats), Distinct.of(age)
    pairs, index = np.unique(counts.index * ages.values.size + ages.index, return_inverse=True)
    which_count, which_age = np.divmod(pairs, ages.values.size)
    return alive * expected_while_alive(parameters, counts.values[which_count], ages.values[which_age], horizon)[index]


def expected_while_alive(parameters: BgNbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """Purchases in the `horizon` after age T of a customer known to be one at T, shape (n,).

    With z = t / (alpha + T + t) and c = a + b + x - 1 this is
    c / (a - 1) [1 - (1 - z)^(a - 1) 2F1(a + b - 1 - r, a - 1; c; z)]. At a = 1 and at c = 0 (x = 0, a + b = 1) it is a
    limit; there, and where 2F1 fails, the mean over the dropout probability is integrated instead.
    """
    r, a, b = parameters.r, parameters.a, parameters.b
    reach = horizon / (parameters.alpha + age)
    z = reach / (1 + reach)
    c = a + b + repeats - 1
    if abs(a - 1) < _NEAR:
        return expected_by_integral(r + repeats, a, b + repeats, reach)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        decay = np.exp(-(a - 1) * np.log1p(reach))
        expected = c / (a - 1) * (1 - decay * special.hyp2f1(a + b - 1 - r, a - 1, c, z))
    ceiling = (r + repeats) * reach
    failed = ~((expected >= 0) & (expected <= ceiling * (1 + 1e-9))) | (np.abs(c) < _NEAR)
    if failed.any():
        expected[failed] = expected_by_integral(r + repeats[failed], a, b + repeats[failed], reach[failed])
    return expected
