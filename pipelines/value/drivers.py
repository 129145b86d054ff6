"""Drivers of loyalty: which constructs of a survey go with what customers say or do, with intervals.

Here: pure functions on the cells of one survey. Not here: files (driver_files.py), relative weights of a correlation
matrix (relative_weights.py), which responses count (dbt_project). The weights describe an association, not a cause.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.config.model_reports import ReportModel
from pipelines.value.relative_weights import correlations, products, relative_weights

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SEED = 20001  # Johnson 2000; a fixed seed gives the same intervals in every run
# A construct belongs to the survey if at least this share of the responses answered it. Without this limit, a question
# that was asked for one month would leave only the responses of that month complete.
ANSWERED_SHARE = 0.5
_BLOCK = 100
_NOTHING = 1e-12  # an R-squared below this is a rounding error
_Z = 1.959964


class DriverStatus(StrEnum):
    """Whether a construct has a weight.

    Attributes:
        OK: It has.
        TOO_FEW: There are too few complete responses.
        SELDOM_ASKED: Fewer than half of the responses answered it.
        NO_VARIATION: All answers to it, or all outcomes, are the same.
    """

    OK = "ok"
    TOO_FEW = "too_few"
    SELDOM_ASKED = "seldom_asked"
    NO_VARIATION = "no_variation"


@dataclass(frozen=True)
class Driver:
    """One construct as a driver of one outcome.

    Attributes:
        construct: Its number among the constructs of the survey.
        status: Whether it has a weight; the figures are NaN without one.
        n_responses: Complete responses from which the weights are computed; without a weight for want of answers, the
            responses that answered the construct.
        correlation: With the outcome, -1 to 1.
        weight: Raw relative weight: its part of R-squared.
        r_squared: The share of the outcome's variance that goes with all constructs together.
        adjusted: R-squared less what as many constructs without any association would reach on average.
        share: weight / R-squared.
        share_low: Lower end of the 95 % bootstrap interval of the share.
        share_high: Upper end.
        mean: Mean score.
        mean_low: Lower end of the 95 % interval of the mean.
        mean_high: Upper end.
    """

    construct: int
    status: DriverStatus
    n_responses: int
    correlation: float = np.nan
    weight: float = np.nan
    r_squared: float = np.nan
    adjusted: float = np.nan
    share: float = np.nan
    share_low: float = np.nan
    share_high: float = np.nan
    mean: float = np.nan
    mean_low: float = np.nan
    mean_high: float = np.nan


def drivers(scores: Floats, outcome: Floats, counts: Ints, rules: ReportModel) -> list[Driver]:
    """The drivers of one outcome in one survey. The order of the cells does not matter.

    Args:
        scores: Scores of the constructs, (cells, constructs); NaN where a construct was not answered.
        outcome: The outcome of each cell.
        counts: The number of responses in each cell, at least 1.
        rules: Fewest responses, and number of resamples.

    Returns:
        One driver per construct, in the order of the columns.
    """
    answered = counts @ ~np.isnan(scores)
    is_asked = answered >= ANSWERED_SHARE * counts.sum()
    is_complete = ~np.isnan(scores[:, is_asked]).any(axis=1) if is_asked.any() else np.zeros(len(scores), dtype=bool)
    n = int(counts[is_complete].sum())
    found = {
        int(column): Driver(int(column), DriverStatus.SELDOM_ASKED, int(answered[column]))
        for column in np.flatnonzero(~is_asked)
    }
    asked = np.flatnonzero(is_asked)
    if n < rules.driver_min_responses:
        found |= {int(column): Driver(int(column), DriverStatus.TOO_FEW, n) for column in asked}
    else:
        cells = np.column_stack([scores[:, is_asked], outcome])[is_complete]
        found |= {one.construct: one for one in _weighed(cells, counts[is_complete], asked, rules)}
    return [found[column] for column in range(scores.shape[1])]


def _weighed(cells: Floats, counts: Ints, constructs: Ints, rules: ReportModel) -> list[Driver]:
    """Drivers from complete responses; the last column of `cells` is the outcome."""
    order = np.lexsort((counts, *cells.T[::-1]))
    cells, counts = cells[order], counts[order]
    n = int(counts.sum())
    means = counts @ cells / n
    deviations = cells - means
    variances = counts @ deviations**2 / n
    varies = variances > 0
    if not varies[-1]:
        varies[:] = False
    same = [
        Driver(int(construct), DriverStatus.NO_VARIATION, n)
        for construct, one in zip(constructs, varies[:-1], strict=True)
        if not one
    ]
    used = np.flatnonzero(varies[:-1])
    if not len(used):
        return same
    standard = deviations[:, varies] / np.sqrt(variances[varies])
    terms = products(standard)
    whole = _weights(counts[np.newaxis].astype(np.float64) @ terms, standard.shape[1])
    r_squared = float(whole.weights[0].sum())
    shares = whole.weights[0] / r_squared if r_squared > _NOTHING else np.full(len(used), np.nan)
    resampled = _resampled(terms, counts, standard.shape[1], rules.driver_resamples)
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0) + np.where(r_squared > _NOTHING, 0.0, np.nan)
    half = _Z * np.sqrt(variances * n / (n - 1) / n)
    weighed = [
        Driver(
            int(constructs[column]),
            DriverStatus.OK,
            n,
            float(whole.with_outcome[0, at]),
            float(whole.weights[0, at]),
            r_squared,
            1 - (1 - r_squared) * (n - 1) / (n - len(used) - 1),
            float(shares[at]),
            float(low[at]),
            float(high[at]),
            float(means[column]),
            float(means[column] - half[column]),
            float(means[column] + half[column]),
        )
        for at, column in enumerate(used)
    ]
    return [*same, *weighed]


@dataclass(frozen=True)
class _Weights:
    weights: Floats
    with_outcome: Floats


def _weights(moments: Floats, n_variables: int) -> _Weights:
    """Relative weights of each row of moments; rows in which a variable does not vary are left out."""
    matrices = correlations(moments, n_variables)
    matrices = matrices[~np.isnan(matrices).any(axis=(1, 2))]
    with_outcome = matrices[:, :-1, -1]
    return _Weights(relative_weights(matrices[:, :-1, :-1], with_outcome), with_outcome)


def _resampled(terms: Floats, counts: Ints, n_variables: int, n_resamples: int) -> Floats:
    """Shares of R-squared in resamples of the responses, (resamples, constructs).

    A resample draws n responses with replacement; only how often each cell is drawn matters.
    """
    rng = np.random.default_rng(SEED)
    cell_of = np.repeat(np.arange(len(counts)), counts)
    n, blocks = len(cell_of), []
    for start in range(0, n_resamples, _BLOCK):
        size = min(_BLOCK, n_resamples - start)
        drawn = [np.bincount(cell_of[rng.integers(0, n, n)], minlength=len(counts)) for _ in range(size)]
        blocks.append(_weights(np.array(drawn, dtype=np.float64) @ terms, n_variables).weights)
    weights = np.concatenate(blocks)
    shares: Floats = weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return shares
