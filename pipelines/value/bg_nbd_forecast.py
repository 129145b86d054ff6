"""What a fitted BG/NBD says of a customer: is he still one, and how often will he buy.

Here: P(alive) and expected purchases. Not here: the likelihood and the fit (bg_nbd.py).
Source: Fader, Hardie & Lee 2005, equations 9 and 10; P(alive) from Fader, Hardie & Lee 2008, "Computing P(alive) Using
the BG/NBD Model". The paper's 2F1 is turned by Euler's transformation into a form that does not overflow.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipelines.value.bg_nbd import BgNbd

Floats = NDArray[np.float64]

_NEAR = 1e-3  # closer than this to a pole that cancels, the closed form loses more digits than the integral
_NODES = 241
_REACH = 6.5


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
    pairs, index = np.unique(np.stack([repeats, age]), axis=1, return_inverse=True)
    return alive * expected_while_alive(parameters, pairs[0], pairs[1], horizon)[index.reshape(-1)]


def expected_while_alive(parameters: BgNbd, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """Purchases in the `horizon` after age T of a customer known to be one at T, shape (n,).

    With z = t / (alpha + T + t) and c = a + b + x - 1 this is
    c / (a - 1) [1 - (1 - z)^(a - 1) 2F1(a + b - 1 - r, a - 1; c; z)]. At a = 1 and at c = 0 (x = 0, a + b = 1) it is a
    limit; there, and where 2F1 fails, the mean over the dropout probability is integrated instead.
    """
    r, a, b = parameters.r, parameters.a, parameters.b
    reach = horizon / (parameters.alpha + age)
    ceiling = (r + repeats) * reach
    z = reach / (1 + reach)
    c = a + b + repeats - 1
    if abs(a - 1) < _NEAR:
        return _integrated(parameters, repeats, reach)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        decay = np.exp(-(a - 1) * np.log1p(reach))
        closed = c / (a - 1) * (1 - decay * special.hyp2f1(a + b - 1 - r, a - 1, c, z))
    doubtful = ~(np.isfinite(closed) & (closed >= 0) & (closed <= ceiling)) | (np.abs(c) < _NEAR)
    if doubtful.any():
        closed[doubtful] = _integrated(parameters, repeats[doubtful], reach[doubtful])
    return closed


def _integrated(parameters: BgNbd, repeats: Floats, reach: Floats) -> Floats:
    """Mean of (1 - (1 + p reach)^-(r + x)) / p over p ~ beta(a, b + x), shape (n,).

    Trapezoids in u with logit p = centre + spread sinh(u): the integrand dies doubly exponentially at both ends.
    """
    a, b = parameters.a, parameters.b
    total = np.zeros(repeats.shape)
    stay = b + repeats
    centre = special.digamma(a) - special.digamma(stay)
    spread = np.sqrt(special.polygamma(1, a) + special.polygamma(1, stay))
    log_norm = special.betaln(a, stay)
    step = 2 * _REACH / (_NODES - 1)
    for u in np.linspace(-_REACH, _REACH, _NODES):
        logit = centre + spread * np.sinh(u)
        log_p, log_q = special.log_expit(logit), special.log_expit(-logit)
        density = np.exp(a * log_p + stay * log_q - log_norm) * spread * np.cosh(u) * step
        scaled = np.exp(log_p) * reach
        p = np.maximum(np.exp(log_p), 1e-300)
        gain = -np.expm1(-(parameters.r + repeats) * np.log1p(scaled)) / p
        total += density * np.where(log_p > -600, gain, (parameters.r + repeats) * reach)
    return total
