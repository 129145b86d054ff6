"""The return curve: how many customers with the same history and silence came back in this shop.

Here: the fit from counts, as a pure function. Not here: what is counted (dbt, int_return_cell), the files (returns.py),
or the level that follows from the curve (dbt, int_customer_level).

Rows are kinds of history (number of purchase days, and pace). Bands are ranges of silence in multiples of the
customer's own purchase gap, in ascending order. The fit is empirical Bayes: each row is shrunk towards the curve of all
rows. Neither a row nor the curve of all rows rises with silence, because a longer silence never makes a return more
likely (isotonic regression: Barlow et al. 1972, "Statistical Inference under Order Restrictions").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, isotonic_regression
from scipy.special import expit, logit

from pipelines.config.model_level import LevelModel

Floats = NDArray[np.float64]
DAYS_A_MONTH = 30.4
_USUAL = LevelModel()


@dataclass(frozen=True)
class ReturnCounts:
    """What happened at past month ends, arrays of shape (n_rows, n_bands).

    Attributes:
        observed: Customers at month ends.
        returned: Those of them who bought within the horizon.
    """

    observed: Floats
    returned: Floats

    @classmethod
    def of(cls, observed: ArrayLike, returned: ArrayLike) -> "ReturnCounts":
        """Check the counts.

        Raises:
            ValueError: The shapes differ, or a count is negative, not finite, or above the customers of its cell.
        """
        all_of, some = np.asarray(observed, dtype=np.float64), np.asarray(returned, dtype=np.float64)
        if all_of.ndim != 2 or all_of.shape != some.shape:
            raise ValueError(f"counts must be tables of one shape, not {all_of.shape} and {some.shape}")
        if not (np.isfinite(all_of).all() and np.isfinite(some).all()):
            raise ValueError("counts must be finite")
        if (some < 0).any() or (some > all_of).any():
            raise ValueError("the customers who came back must be between 0 and all customers of the cell")
        return cls(all_of, some)


@dataclass(frozen=True)
class ReturnCurve:
    """The fit.

    Attributes:
        share: p, the share that comes back within the horizon, shape (n_rows, n_bands). It does not rise with silence.
        start_share: What p is relative to, shape (n_rows,): the share of the row at the lowest silence.
        active_share: The share that came back of customers who were silent for less than one own gap.
        is_churn_proven: Whether so few came back, in this band and all later ones of the row, that they may be called
            churned; shape (n_rows, n_bands). It also holds for all bands after the first one for which it does.
    """

    share: Floats
    start_share: Floats
    active_share: float
    is_churn_proven: NDArray[np.bool_]

    @property
    def relative_share(self) -> Floats:
        """q, the share relative to that of the row at the lowest silence, shape (n_rows, n_bands)."""
        return self.share / self.start_share[:, np.newaxis]


def fit_return_curve(
    counts: ReturnCounts, is_active_band: ArrayLike, horizon_days: int, rules: LevelModel = _USUAL
) -> ReturnCurve:
    """Fit the curve.

    Args:
        counts: At least one customer.
        is_active_band: Whether a band is below one own gap, shape (n_bands,).
        horizon_days: The number of days within which a customer comes back.
        rules: The numbers of the level.

    Raises:
        ValueError: There are no customers.
    """
    observed, returned = counts.observed, counts.returned
    total = observed.sum()
    if total <= 0:
        raise ValueError("a return curve needs at least one customer at a past month end")
    edge = 0.5 / (total + 1)
    overall = returned.sum() / total
    pooled = _pooled(observed.sum(axis=0), returned.sum(axis=0), edge)
    prior = np.vstack(
        [_shifted(pooled, n, _row_target(n, k, overall, edge, rules)) for n, k in zip(observed, returned, strict=True)]
    )
    weight = observed + rules.prior_observations
    cell = (returned + rules.prior_observations * prior) / weight
    share = np.vstack([_falling(one, w) for one, w in zip(cell, weight, strict=True)])
    start = np.array([_start_share(p, n, rules) for p, n in zip(share, observed, strict=True)])
    is_active = np.asarray(is_active_band, dtype=np.bool_)
    n_active = observed[:, is_active].sum()
    active = float(returned[:, is_active].sum() / n_active) if n_active else float(overall)
    return ReturnCurve(share, start, active, _churn_proven(counts, share, horizon_days, rules))


def season_shift(share: Floats, season: ReturnCounts, years: int) -> float:
    """By how much the logit of a share is moved because of the season; 0 without an earlier year.

    It is the constant that reproduces what happened at the same month end of earlier years, times
    years / (years + 1): one year alone counts half.

    Args:
        share: p of each cell, shape (n_rows, n_bands).
        season: The counts of the same month end in earlier years, same shape.
        years: In how many earlier years this month end has an outcome.
    """
    total = season.observed.sum()
    if years < 1 or total <= 0:
        return 0.0
    edge = 0.5 / (total + 1)
    target = float(np.clip(season.returned.sum() / total, edge, 1 - edge))
    return years / (years + 1) * _constant(share, season.observed, target)


def shifted_share(share: Floats, shift: float) -> Floats:
    """p with its logit moved by a constant, same shape."""
    moved: Floats = expit(logit(share) + shift)
    return moved


def _pooled(observed: Floats, returned: Floats, edge: float) -> Floats:
    """The falling curve of all rows together; a band without customers has the value of the band before it."""
    is_known = observed > 0
    known = _falling(returned[is_known] / observed[is_known], observed[is_known])
    position = np.maximum(np.cumsum(is_known) - 1, 0)
    curve: Floats = np.clip(known[position], edge, 1 - edge)
    return curve


def _row_target(observed: Floats, returned: Floats, overall: float, edge: float, rules: LevelModel) -> float:
    """The share of a row, shrunk towards that of all rows."""
    prior = rules.prior_observations
    share = (returned.sum() + prior * overall) / (observed.sum() + prior)
    return float(np.clip(share, edge, 1 - edge))


def _shifted(pooled: Floats, observed: Floats, target: float) -> Floats:
    """The curve of all rows, moved in the logit so that a row's customers come back as often as they did."""
    if not observed.sum():
        return pooled
    return shifted_share(pooled, _constant(pooled, observed, target))


def _constant(share: Floats, observed: Floats, target: float) -> float:
    """The c with mean(expit(logit(share) + c)) = target, weighted by the customers of each cell."""
    is_known = observed > 0
    logits, weights = logit(share[is_known]), observed[is_known] / observed.sum()

    def excess(constant: float) -> float:
        return float(weights @ expit(logits + constant)) - target

    middle = float(logit(target))
    return float(brentq(excess, middle - logits.max() - 1, middle - logits.min() + 1, xtol=1e-12))


def _falling(values: Floats, weights: Floats) -> Floats:
    """The closest values, by weighted squares, that do not rise."""
    fitted: Floats = isotonic_regression(values, weights=weights, increasing=False).x
    return fitted


def _start_share(share: Floats, observed: Floats, rules: LevelModel) -> float:
    """The mean share from the lowest silence upward, until enough customers are reached."""
    if not observed.sum():
        return float(share[0])
    is_reached = np.cumsum(observed) >= rules.start_observations
    last = int(np.argmax(is_reached)) if is_reached.any() else share.size - 1
    return float(np.average(share[: last + 1], weights=observed[: last + 1]))


def _churn_proven(counts: ReturnCounts, share: Floats, horizon_days: int, rules: LevelModel) -> NDArray[np.bool_]:
    """Whether an upper bound of the share that came back, in a band and all later ones, is low enough.

    Bands after such a band are proven too: they were counted with it, and a longer silence proves no less. Month ends
    follow each other faster than horizons, so the same silence is counted several times: the number of customers is
    divided by the number of month ends in a horizon.
    """
    n = _from_here_on(counts.observed)
    k = _from_here_on(counts.returned)
    effective = n / max(1.0, horizon_days / DAYS_A_MONTH)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (effective * k / n + 0.5) / (effective + 1)
    upper = middle + rules.churned_z * np.sqrt(middle * (1 - middle) / (effective + 1))
    proven: NDArray[np.bool_] = (n > 0) & (share <= rules.churned_share) & (upper <= rules.churned_limit_share)
    from_first: NDArray[np.bool_] = np.logical_or.accumulate(proven, axis=1)
    return from_first


def _from_here_on(counts: Floats) -> Floats:
    """The sum of each band and all later ones."""
    return np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]
