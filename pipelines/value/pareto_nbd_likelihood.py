"""The likelihood of the Pareto/NBD with both derivatives.

Here: the sums over cells. Not here: the integral (pareto_nbd_integral.py), fitting, what the parameters mean
(pareto_nbd.py).

A customer's likelihood is Gamma(r + x) / Gamma(r) alpha^r beta^s times [stayed + left], with
stayed = (alpha + T)^-(r + x) (beta + T)^-s and left = s times the integral of (alpha + y)^-(r + x) (beta + y)^-(s + 1) over
the time y of leaving, from t_x to T. Below, `odds` is log(left / stayed); a slope is how the log of the integrand at y
moves with a parameter, less how log(stayed) moves. The likelihood's second derivatives are means of second derivatives and
a covariance of slopes, over "stayed" and all times of leaving.
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

_BLOCK = 1024  # cells at a time: with 24 nodes each, what a block needs stays in the processor's cache


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
        odds = np.log(s) + near[1] * width + far[1] * far_width + nodes.log_total
        if is_alpha_near:
            odds += np.log(ratio)
        return cls(is_alpha_near, near, far, width, far_width, nodes, odds)


class Likelihood:
    """The mean log-likelihood in (log r, log alpha, log s, log beta), alpha and beta in units of `scale`."""

    def __init__(self, cells: PurchaseCells, scale: float) -> None:
        self._weights = cells.customers / cells.n_customers
        self._repeats = Distinct.of(cells.repeats)
        self._ages = Distinct.of(cells.age)
        self._x, self._recency, self._age = cells.repeats, cells.recency / scale, cells.age / scale
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
            share = _add_left(leaving, natural[2], self._weights[block], self._age[block], by, second)
            value += share
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
    nodes, odds = leaving.nodes, leaving.odds
    small = np.exp(-np.abs(odds))
    left = weights * np.exp(np.minimum(odds, 0.0)) / (1 + small)

    order = [0, 1, 2, 3] if leaving.is_alpha_near else [2, 3, 0, 1]  # where (near, far) stand in (r, alpha, s, beta)
    slopes = np.empty((4, *nodes.v.shape))
    sides = (leaving.near, leaving.width, nodes.v, nodes.near), (leaving.far, leaving.far_width, nodes.log_far, nodes.far)
    ends, starts = [], []
    for row, ((offset, stayed_power, power), width, log_grown, grown) in zip((0, 2), sides, strict=True):
        end = 1 / (offset + age)
        start = end * np.exp(width)
        np.subtract(width, log_grown, out=slopes[row])
        np.divide(-power * start, grown, out=slopes[row + 1])
        slopes[row + 1] += stayed_power * end
        ends.append(end)
        starts.append(start)
    slopes[order.index(2)] += 1 / s

    weighted = slopes * (nodes.mass * left)
    first = weighted.sum(axis=1)
    covariance = weighted.reshape(4, -1) @ slopes.reshape(4, -1).T - (first / weights) @ first.T
    for row, ((_, stayed_power, power), _, _, grown) in zip((0, 2), sides, strict=True):
        end, start = ends[row // 2], starts[row // 2]
        inverse = (left * stayed_power * end - first[row + 1]) / power  # left times the mean of 1 / (offset + y)
        cross = float((left * end - inverse).sum())
        covariance[row, row + 1] += cross
        covariance[row + 1, row] += cross
        squares = np.einsum("kn,kn,kn->n", nodes.mass, 1 / grown, 1 / grown) * start**2
        covariance[row + 1, row + 1] += float((left * (power * squares - stayed_power * end**2)).sum())
    covariance[order.index(2), order.index(2)] -= left.sum() / s**2
    by += first.sum(axis=1)[np.argsort(order)]
    second += covariance[np.ix_(np.argsort(order), np.argsort(order))]
    return float(weights @ (np.maximum(odds, 0.0) + np.log1p(small)))
