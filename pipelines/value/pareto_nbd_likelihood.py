"""The likelihood of the Pareto/NBD with both derivatives.

Here: the sums over cells. Not here: the integral (pareto_nbd_integral.py), fitting, what the parameters mean
(pareto_nbd.py).

A customer's likelihood is Gamma(r + x) / Gamma(r) alpha^r beta^s times [stayed + left], with
stayed = (alpha + T)^-(r + x) (beta + T)^-s and left = s times the integral of (alpha + y)^-(r + x) (beta + y)^-(s + 1)
over the time y of leaving, from t_x to T. Below, `odds` is log(left / stayed); a slope is how the log of the integrand
at y moves with a parameter, less how log(stayed) moves. The log-likelihood's second derivatives are means of second
derivatives and a covariance of slopes, over "stayed" and all times of leaving.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.value.cells import PurchaseCells
from pipelines.value.grouping import Distinct
from pipelines.value.pareto_nbd_integral import Nodes, Range, integrate
from pipelines.value.special import digamma_rise, log_rising, trigamma

Floats = NDArray[np.float64]

_BLOCK = 2048  # cells at a time: with some 10 nodes each, what a block needs stays in the processor's cache


@dataclass(frozen=True)
class Leaving:
    """Leaving between t_x and T, for cells of shape (n,), seen from the smaller and the larger of alpha and beta.

    Attributes:
        is_alpha_near: Whether alpha is the smaller.
        near: The smaller, with its shape's power in `stayed` and in the integrand.
        far: The larger, with the same two.
        width: log((near + T) / (near + t_x)).
        far_width: log((far + T) / (far + t_x)).
        nodes: The integral from t_x to T.
        odds: log(left / stayed), minus infinity where T = t_x.
    """

    is_alpha_near: bool
    near: tuple[float, Floats, Floats]
    far: tuple[float, Floats, Floats]
    width: Floats
    far_width: Floats
    nodes: Nodes
    odds: Floats

    @classmethod
    def of(cls, natural: Floats, repeats: Floats, recency: Floats, age: Floats) -> "Leaving":
        """At parameters (r, alpha, s, beta), shape (4,); x, t_x and T of shape (n,)."""
        r, alpha, s, beta = natural
        buying = alpha, r + repeats, r + repeats
        dropping = beta, np.full(1, s), np.full(1, s + 1)
        is_alpha_near = bool(alpha < beta)
        near, far = (buying, dropping) if is_alpha_near else (dropping, buying)
        near_start, far_start, silence = near[0] + recency, far[0] + recency, age - recency
        width, far_width = np.log1p(silence / near_start), np.log1p(silence / far_start)
        ratio = near_start / far_start
        nodes = integrate(Range(near[2], far[2], ratio, (far[0] - near[0]) / far_start, width))
        odds = np.log(s) + near[1] * width + far[1] * far_width + nodes.log_integral
        if is_alpha_near:
            odds += np.log(ratio)
        return cls(is_alpha_near, near, far, width, far_width, nodes, odds)


class Likelihood:
    """The mean log-likelihood in (log r, log alpha, log s, log beta), alpha and beta in units of `scale`."""

    def __init__(self, cells: PurchaseCells, scale: float) -> None:
        # Cells with like integrals stand together, so that a block takes no more nodes than its cells need.
        silence = np.log1p((cells.age - cells.recency) / (scale / 4 + cells.recency))
        order = np.argsort((1 + cells.repeats) * silence, kind="stable")
        self._x, recency, age = cells.repeats[order], cells.recency[order], cells.age[order]
        self._recency, self._age = recency / scale, age / scale
        self._weights = cells.customers[order] / cells.n_customers
        self._repeats, self._ages = Distinct.of(self._x), Distinct.of(age)
        self._per_repeats = self._repeats.total(self._weights)
        self._per_age = self._ages.total(self._weights)
        self._repeats_per_age = self._ages.total(self._weights * self._x)
        self._scaled_ages = self._ages.values / scale
        # A density per unit of time: the constant makes values comparable whatever the scale.
        self._constant = -float(self._weights @ self._x) * np.log(scale)

    def at(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient (4,) and Hessian (4, 4) at log parameters."""
        natural = np.exp(theta)
        value, by, second = self._stayed(natural)
        for block in self._blocks():
            leaving = Leaving.of(natural, self._x[block], self._recency[block], self._age[block])
            value += _add_left(leaving, natural[2], self._weights[block], self._age[block], by, second)
        by_log = natural * by
        return float(value + self._constant), by_log, np.outer(natural, natural) * second + np.diag(by_log)

    def _stayed(self, natural: Floats) -> tuple[float, Floats, Floats]:
        """Gamma(r + x) / Gamma(r) alpha^r beta^s times `stayed`, which is the NBD's likelihood and a survival."""
        r, alpha, s, beta = natural
        x, age = self._repeats.values, self._scaled_ages
        events = r * self._per_age + self._repeats_per_age
        by_alpha, by_beta = 1 / (alpha + age), 1 / (beta + age)
        log_alpha, log_beta = np.log1p(age / alpha), np.log1p(age / beta)
        value = self._per_repeats @ log_rising(r, x) - events @ log_alpha - s * (self._per_age @ log_beta)
        value -= self._repeats_per_age.sum() * np.log(alpha)
        aged = self._per_age * age
        by = np.array(
            [
                self._per_repeats @ digamma_rise(r, x) - self._per_age @ log_alpha,
                (r * (aged @ by_alpha) / alpha) - self._repeats_per_age @ by_alpha,
                -(self._per_age @ log_beta),
                s * (aged @ by_beta) / beta,
            ]
        )
        second = np.zeros((4, 4))
        second[0, 0] = self._per_repeats @ (trigamma(r + x) - trigamma(r))
        second[0, 1] = second[1, 0] = aged @ by_alpha / alpha
        second[1, 1] = events @ by_alpha**2 - r / alpha**2
        second[2, 3] = second[3, 2] = aged @ by_beta / beta
        second[3, 3] = s * (self._per_age @ by_beta**2 - 1 / beta**2)
        return float(value), by, second

    def _blocks(self) -> Iterator[slice]:
        return (slice(start, start + _BLOCK) for start in range(0, self._x.size, _BLOCK))


def _add_left(leaving: Leaving, s: float, weights: Floats, age: Floats, by: Floats, second: Floats) -> float:
    """Add what leaving contributes to the derivatives, in place; returns the log-likelihood that it adds."""
    odds = leaving.odds
    small = np.exp(-np.abs(odds))
    share = np.exp(np.minimum(odds, 0.0)) / (1 + small)
    left = weights * share

    # The slopes are constants less factors times (v, 1 / near, log far, 1 / far).
    (near, near_stayed, near_power), (far, far_stayed, far_power) = leaving.near, leaving.far
    near_end, far_end = 1 / (near + age), 1 / (far + age)
    near_start, far_start = near_end * np.exp(leaving.width), far_end * np.exp(leaving.far_width)
    one = np.ones(age.shape)
    factors = np.stack([one, near_power * near_start, one, far_power * far_start])
    constants = np.stack([leaving.width, near_stayed * near_end, leaving.far_width, far_stayed * far_end])
    place = np.array([0, 1, 2, 3] if leaving.is_alpha_near else [2, 3, 0, 1])  # in (r, alpha, s, beta)
    at_s = int(np.flatnonzero(place == 2)[0])
    constants[at_s] += 1 / s

    means, seconds = leaving.nodes.moments()
    slopes = constants - factors * means
    within = (seconds - means[:, None] * means) * factors[:, None] * factors
    bend = (slopes * (left * (1 - share))) @ slopes.T + within @ left
    for offset, start, end, stayed, power in (
        (1, near_start, near_end, near_stayed, near_power),
        (3, far_start, far_end, far_stayed, far_power),
    ):
        cross = left @ (end - start * means[offset])
        bend[offset - 1, offset] += cross
        bend[offset, offset - 1] += cross
        bend[offset, offset] += left @ (power * start**2 * seconds[offset, offset] - stayed * end**2)
    bend[at_s, at_s] -= left.sum() / s**2
    by[place] += slopes @ left
    second[np.ix_(place, place)] += bend
    return float(weights @ (np.maximum(odds, 0.0) + np.log1p(small)))
