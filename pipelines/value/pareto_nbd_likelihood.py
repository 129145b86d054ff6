"""The likelihood of the Pareto/NBD with both derivatives.

Here: the sums over cells. Not here: the integral (pareto_nbd_integral.py), fitting, the meaning of the parameters
(pareto_nbd.py).

A customer's likelihood is Gamma(r + x) / Gamma(r) alpha^r beta^s times [stayed + left], with
stayed = (alpha + T)^-(r + x) (beta + T)^-s and left = s times the integral of (alpha + y)^-(r + x) (beta + y)^-(s + 1)
over the time y of leaving, from t_x to T. Below, `odds` is log(left / stayed). A slope is the derivative of the log of
the integrand at y by a parameter, minus the derivative of log(stayed). The log-likelihood's second derivatives are
means of second derivatives and a covariance of slopes, over "stayed" and all times of leaving.
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

_BLOCK = 2048  # cells at a time: with about 10 nodes each, the data of a block fit into the processor's cache


@dataclass(frozen=True)
class Side:
    """One factor of the integrand, (offset + y)^-power, for cells of shape (n,).

    Attributes:
        power: r + x with alpha, s + 1 with beta.
        stayed_power: The same in `stayed`: r + x, s.
        per_start: 1 / (offset + t_x).
        per_end: 1 / (offset + T).
        width: log((offset + T) / (offset + t_x)).
    """

    power: Floats
    stayed_power: Floats
    per_start: Floats
    per_end: Floats
    width: Floats

    @classmethod
    def of(cls, offset: float, stayed_power: Floats, power: Floats, recency: Floats, age: Floats) -> "Side":
        """At t_x and T."""
        per_start = 1 / (offset + recency)
        return cls(power, stayed_power, per_start, 1 / (offset + age), np.log1p((age - recency) * per_start))


@dataclass(frozen=True)
class Leaving:
    """Leaving between t_x and T, for cells of shape (n,).

    Attributes:
        is_alpha_near: Whether alpha is the smaller of alpha and beta.
        near: The side with the smaller.
        far: The side with the larger.
        nodes: The integral from t_x to T.
        odds: log(left / stayed); minus infinity if T = t_x.
    """

    is_alpha_near: bool
    near: Side
    far: Side
    nodes: Nodes
    odds: Floats

    @classmethod
    def of(cls, natural: Floats, repeats: Floats, recency: Floats, age: Floats) -> "Leaving":
        """At parameters (r, alpha, s, beta), shape (4,); x, t_x and T of shape (n,)."""
        r, alpha, s, beta = natural
        buying = Side.of(alpha, r + repeats, r + repeats, recency, age)
        dropping = Side.of(beta, np.full(1, s), np.full(1, s + 1), recency, age)
        is_alpha_near = bool(alpha < beta)
        near, far = (buying, dropping) if is_alpha_near else (dropping, buying)
        ratio, rest = far.per_start / near.per_start, abs(alpha - beta) * far.per_start
        nodes = integrate(Range(near.power, far.power, ratio, rest, near.width, far.width))
        odds = np.log(s) + near.stayed_power * near.width + far.stayed_power * far.width + nodes.log_integral
        return cls(is_alpha_near, near, far, nodes, odds + np.log(ratio) if is_alpha_near else odds)


class Likelihood:
    """The mean log-likelihood in (log r, log alpha, log s, log beta), alpha and beta in units of `scale`."""

    def __init__(self, cells: PurchaseCells, scale: float) -> None:
        # Cells with similar integrals are sorted together, so that a block uses no more nodes than its cells need.
        inactivity = np.log1p((cells.age - cells.recency) / (scale / 4 + cells.recency))
        order = np.argsort(np.maximum(1.0, (1 + cells.repeats) / 6) * inactivity, kind="stable")
        self._x, recency, age = cells.repeats[order], cells.recency[order], cells.age[order]
        self._recency, self._age = recency / scale, age / scale
        self._weights = cells.customers[order] / cells.n_customers
        self._repeats, self._ages = Distinct.of(self._x), Distinct.of(age)
        self._per_repeats = self._repeats.total(self._weights)
        self._per_age = self._ages.total(self._weights)
        self._repeats_per_age = self._ages.total(self._weights * self._x)
        self._scaled_ages = self._ages.values / scale
        # The likelihood is a density per unit of time: the constant makes values comparable for any scale.
        self._constant = -float(self._weights @ self._x) * np.log(scale)

    def at(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient (4,) and Hessian (4, 4) at log parameters."""
        natural = np.exp(theta)
        value, by, second = self._stayed(natural)
        for block in self._blocks():
            leaving = Leaving.of(natural, self._x[block], self._recency[block], self._age[block])
            value += _add_left(leaving, natural[2], self._weights[block], by, second)
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


def _add_left(leaving: Leaving, s: float, weights: Floats, by: Floats, second: Floats) -> float:
    """Add the contribution of leaving to the derivatives, in place; returns its part of the log-likelihood."""
    nodes, odds = leaving.nodes, leaving.odds
    small = np.exp(-np.abs(odds))
    share = np.exp(np.minimum(odds, 0.0)) / (1 + small)
    left = weights * share

    # The slopes by (near's shape, near's offset, far's shape, far's offset) are constants minus factors times columns.
    sides = leaving.near, leaving.near, leaving.far, leaving.far
    columns = nodes.v, 1 / nodes.near, nodes.log_far, 1 / nodes.far
    factors = [np.ones(1) if i % 2 == 0 else side.power * side.per_start for i, side in enumerate(sides)]
    place = np.array([0, 1, 2, 3] if leaving.is_alpha_near else [2, 3, 0, 1])  # in (r, alpha, s, beta)
    slopes, means, bend = np.empty((4, left.size)), np.empty((4, left.size)), np.zeros((4, 4))
    for i, side in enumerate(sides):
        weighted = columns[i] * nodes.mass
        means[i] = factors[i] * (weighted.sum(axis=0) / nodes.total)
        slopes[i] = (side.width if i % 2 == 0 else side.stayed_power * side.per_end) - means[i]
        scale = left / nodes.total * factors[i]
        for j in range(i, 4):
            moment = np.einsum("kn,kn->n", weighted, columns[j])
            bend[i, j] += (scale * factors[j]) @ moment
            if i == j and i % 2:
                bend[i, i] += (scale * side.per_start) @ moment - left @ (side.stayed_power * side.per_end**2)
        if i % 2:
            bend[i - 1, i] += left @ (side.per_end - means[i] / side.power)
    bend += np.triu(bend, 1).T
    at_s = int(np.flatnonzero(place == 2)[0])
    slopes[at_s] += 1 / s
    bend[at_s, at_s] -= left.sum() / s**2
    bend += (slopes * (left * (1 - share))) @ slopes.T - (means * left) @ means.T
    by[place] += slopes @ left
    second[np.ix_(place, place)] += bend
    return float(weights @ (np.maximum(odds, 0.0) + np.log1p(small)))
