"""The likelihood of BG/NBD and MBG/NBD with both derivatives, computed once per distinct value if possible.

Here: the sums over cells. Not here: fitting, and the meaning of the parameters (bg_nbd.py).

A customer has c chances to leave: x in BG/NBD, and x + 1 in MBG/NBD, which includes the first purchase. The likelihood
is a common factor times [stayed + left], with stayed = (alpha + T)^-(r + x) and, for c > 0,
left = a / (b + c - 1) (alpha + t_x)^-(r + x). Below, `odds` is log(left / stayed), and `left` is the probability of
having left that follows from it. D and G are the derivatives of the odds by r and by -alpha.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.value.cells import PurchaseCells
from pipelines.value.grouping import Distinct
from pipelines.value.special import digamma_rise, log_rising, trigamma

Floats = NDArray[np.float64]

_BLOCK = 8192  # cells at a time, so that the data of a block fit into the processor's cache


@dataclass
class _Sums:
    """Weighted sums over all cells, and per distinct x (shape (k,)); D, G and left as in the module's docstring."""

    softplus: float
    left_d: float
    left_g: float
    left_gap: float
    left_bend: float
    spread: Floats
    left_by_x: Floats
    spread_by_x: Floats


class Likelihood:
    """The mean log-likelihood in (log r, log alpha, log a, log b), alpha in units of `scale`."""

    def __init__(self, cells: PurchaseCells, scale: float, first_chance: int) -> None:
        self._first_chance = first_chance
        self._weights = cells.customers / cells.n_customers
        self._repeats = Distinct.of(cells.repeats)
        self._recencies = Distinct.of(cells.recency)
        self._ages = Distinct.of(cells.age)
        self._x = cells.repeats
        self._recency = self._recencies.values / scale
        self._age = self._ages.values / scale
        self._per_repeats = self._repeats.total(self._weights)
        self._per_age = self._ages.total(self._weights)
        self._repeats_per_age = self._ages.total(self._weights * self._x)
        # The likelihood is a density per unit of time: the constant makes values comparable for any scale.
        self._constant = -float(self._weights @ self._x) * np.log(scale)

    def at(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient (4,) and Hessian (4, 4) at log parameters."""
        r, alpha, a, b = natural = np.exp(theta)
        x = self._repeats.values
        chances = x + self._first_chance
        past = np.where(chances > 0, b + chances - 1, 1.0)
        # Without a chance to leave, the log odds are minus infinity.
        sums = self._sums(r, alpha, np.where(chances > 0, np.log(a / past), -np.inf))
        log_age, inverse_age = np.log(alpha + self._age), 1 / (alpha + self._age)
        events = r * self._per_age + self._repeats_per_age
        left, by_past = sums.left_by_x.sum(), sums.left_by_x / past

        rises = log_rising(r, x) + log_rising(b, chances) - log_rising(a + b, chances)
        value = self._per_repeats @ rises + r * np.log(alpha) - events @ log_age + sums.softplus
        both = self._per_repeats @ digamma_rise(a + b, chances)
        by = np.array(
            [
                self._per_repeats @ digamma_rise(r, x) + np.log(alpha) - self._per_age @ log_age + sums.left_d,
                r / alpha - events @ inverse_age - sums.left_g,
                left / a - both,
                self._per_repeats @ digamma_rise(b, chances) - by_past.sum() - both,
            ]
        )
        second = self._odds_spread(sums, a, past)
        second[0, 0] += self._per_repeats @ (trigamma(r + x) - trigamma(r))
        second[0, 1] += 1 / alpha - self._per_age @ inverse_age - sums.left_gap
        second[1, 1] += events @ inverse_age**2 + sums.left_bend - r / alpha**2
        both = self._per_repeats @ (trigamma(a + b) - trigamma(a + b + chances))
        second[2, 2] += both - left / a**2
        second[2, 3] += both
        second[3, 3] += both + self._per_repeats @ (trigamma(b + chances) - trigamma(b)) + (by_past / past).sum()
        second += np.triu(second, 1).T
        by_log = natural * by
        return float(value + self._constant), by_log, np.outer(natural, natural) * second + np.diag(by_log)

    def _odds_spread(self, sums: _Sums, a: float, past: Floats) -> Floats:
        """Upper half of the sum of left (1 - left) times the squared derivatives of the odds (D, -G, 1/a, -1/past)."""
        one, d, g = sums.spread_by_x
        upper = np.zeros((4, 4))
        upper[0] = sums.spread[0], -sums.spread[1], d.sum() / a, -(d / past).sum()
        upper[1, 1:] = sums.spread[2], -g.sum() / a, (g / past).sum()
        upper[2, 2:] = one.sum() / a**2, -(one / past).sum() / a
        upper[3, 3] = (one / past**2).sum()
        return upper

    def _sums(self, r: float, alpha: float, lead: Floats) -> _Sums:
        """The sums that need every single cell."""
        log_age, log_recency = np.log(alpha + self._age), np.log(alpha + self._recency)
        inverse_age, inverse_recency = 1 / (alpha + self._age), 1 / (alpha + self._recency)
        size = lead.size
        sums = _Sums(0.0, 0.0, 0.0, 0.0, 0.0, np.zeros(3), np.zeros(size), np.zeros((3, size)))
        for block in self._blocks():
            at_x, at_recency, at_age = (each.index[block] for each in (self._repeats, self._recencies, self._ages))
            weights, events = self._weights[block], r + self._x[block]
            d = log_age[at_age] - log_recency[at_recency]
            odds = lead[at_x] + events * d
            small = np.exp(-np.abs(odds))
            left = np.exp(np.minimum(odds, 0.0)) / (1 + small)
            gap = inverse_recency[at_recency] - inverse_age[at_age]
            g = events * gap

            sums.softplus += float(weights @ (np.maximum(odds, 0.0) + np.log1p(small)))
            spread = weights * left
            starts = np.flatnonzero(np.diff(at_x, prepend=-1))  # cells are sorted by x
            here = at_x[starts]
            sums.left_by_x[here] += np.add.reduceat(spread, starts)
            sums.left_d += float(spread @ d)
            sums.left_g += float(spread @ g)
            sums.left_gap += float(spread @ gap)
            sums.left_bend += float((spread * g) @ (inverse_recency[at_recency] + inverse_age[at_age]))
            spread *= 1 - left
            spread_d, spread_g = spread * d, spread * g
            sums.spread += spread_d @ d, spread_d @ g, spread_g @ g
            for row, values in enumerate((spread, spread_d, spread_g)):
                sums.spread_by_x[row, here] += np.add.reduceat(values, starts)
        return sums

    def _blocks(self) -> Iterator[slice]:
        return (slice(start, start + _BLOCK) for start in range(0, self._x.size, _BLOCK))
