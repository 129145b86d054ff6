"""The return curve: shares that do not rise with silence, close to the counts, and a proof before anyone is churned."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.config.model_level import LevelModel
from pipelines.value.return_curve import ReturnCounts, ReturnCurve, fit_return_curve, season_shift, shifted_share

ACTIVE = np.array([True, True, False, False])
Counts = NDArray[np.float64]


@st.composite
def counted(draw: st.DrawFn) -> ReturnCounts:
    cell = st.integers(0, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
    rows = draw(st.lists(st.lists(cell, min_size=4, max_size=4), min_size=1, max_size=5))
    table = np.array(rows, dtype=np.float64)
    table[0, 0, 0] += 1  # at least one customer
    return ReturnCounts.of(table[..., 0], table[..., 1])


def fitted(observed: list[list[int]], returned: list[list[int]], horizon: int = 30, **rules: float) -> ReturnCurve:
    counts = ReturnCounts.of(observed, returned)
    return fit_return_curve(counts, ACTIVE, horizon, LevelModel.model_validate(rules))


@given(counted(), st.integers(1, 365))
def test_a_longer_silence_never_makes_a_return_more_likely(counts: ReturnCounts, horizon: int) -> None:
    curve = fit_return_curve(counts, ACTIVE, horizon)
    assert (np.diff(curve.share, axis=1) <= 1e-12).all()
    assert ((curve.share > 0) & (curve.share < 1)).all()
    assert (curve.start_share > 0).all()
    assert np.isfinite(curve.relative_share).all()


@given(counted(), st.permutations(range(5)))
def test_the_order_of_rows_changes_nothing(counts: ReturnCounts, order: list[int]) -> None:
    rows = [row for row in order if row < len(counts.observed)]
    one = fit_return_curve(counts, ACTIVE, 60)
    other = fit_return_curve(ReturnCounts(counts.observed[rows], counts.returned[rows]), ACTIVE, 60)
    assert other.share == pytest.approx(one.share[rows], abs=1e-9)


def test_many_customers_speak_for_themselves_and_few_are_like_the_others() -> None:
    curve = fitted([[10_000, 10_000, 10_000, 10_000], [2, 2, 2, 2]], [[8_000, 6_000, 4_000, 2_000], [0, 1, 1, 1]])
    assert curve.share[0] == pytest.approx([0.8, 0.6, 0.4, 0.2], abs=1e-3)
    # eight customers move a row a little
    assert curve.share[1] == pytest.approx(curve.share[0], abs=0.1)


def test_a_cell_is_the_mean_of_its_customers_and_of_25_who_are_like_the_row() -> None:
    """By hand: one row, so the prior of each band is the pooled share, moved by a constant to the row's share."""
    curve = fitted([[75, 0, 75, 0]], [[60, 0, 15, 0]])
    total, came_back, overall = 150, 75, 0.5
    target = (came_back + 25 * overall) / (total + 25)
    assert target == 0.5  # the row is all of the shop, so nothing is moved
    assert curve.share[0] == pytest.approx(
        [(60 + 25 * 0.8) / 100, (25 * 0.8) / 25, (15 + 25 * 0.2) / 100, 25 * 0.2 / 25], abs=1e-9
    )
    assert curve.start_share == pytest.approx([0.8])
    assert curve.active_share == pytest.approx(60 / 75)


def test_a_row_that_comes_back_less_often_has_a_lower_curve_everywhere() -> None:
    """By hand: the constant c of each row solves sum(w expit(logit(pooled) + c)) = w share."""
    curve = fitted([[100, 0, 100, 0], [100, 0, 100, 0]], [[80, 0, 40, 0], [40, 0, 20, 0]])
    pooled, overall = [120 / 200, 60 / 200], 180 / 400
    for row, returned in enumerate(([80, 40], [40, 20])):
        target = (sum(returned) + 25 * overall) / (200 + 25)
        low, high = -10.0, 10.0
        for _ in range(200):
            middle = (low + high) / 2
            prior = [1 / (1 + math.exp(-math.log(p / (1 - p)) - middle)) for p in pooled]
            low, high = (middle, high) if sum(prior) / 2 < target else (low, middle)
        expected = []
        for k, p in zip(returned, prior, strict=True):
            cell = (k + 25 * p) / 125
            # the next band has no customers, so it is like the pooled share of this one; both together do not rise
            expected += [cell, p] if cell >= p else [(125 * cell + 25 * p) / 150] * 2
        assert curve.share[row] == pytest.approx(expected, abs=1e-9)


def test_shares_that_rise_with_silence_become_one_weighted_mean() -> None:
    curve = fitted([[100, 300, 0, 0]], [[20, 120, 0, 0]])
    assert curve.share[0] == pytest.approx([0.35] * 4, abs=0.01)


def test_the_start_is_reached_with_fifty_customers() -> None:
    curve = fitted([[30, 19, 1, 1000]], [[30, 19, 1, 0]], prior_observations=1)
    before = np.average(curve.share[0, :3], weights=[30, 19, 1])
    assert curve.start_share == pytest.approx([before])
    later = fitted([[30, 18, 1, 1000]], [[30, 18, 1, 0]], prior_observations=1)
    assert later.start_share == pytest.approx([np.average(later.share[0], weights=[30, 18, 1, 1000])])


def test_churn_needs_a_low_share_and_a_low_upper_bound() -> None:
    # 4 of 40 came back: p is about .1, the bound is .10 + 1.28 x .047 + ... = .17; of 4 of 20 it is above .20
    many = fitted([[400, 0, 0, 40]], [[390, 0, 0, 4]], prior_observations=1)
    assert many.is_churn_proven.tolist() == [[False, False, False, True]]
    assert fitted([[400, 0, 0, 10]], [[390, 0, 0, 1]], prior_observations=1).is_churn_proven.sum() == 0
    # the share may be low enough only in the next band: both count together
    later = fitted([[400, 0, 100, 100]], [[390, 0, 40, 4]], prior_observations=1)
    assert later.is_churn_proven.tolist() == [[False, False, False, True]]


def test_month_ends_that_share_a_horizon_count_less() -> None:
    counts: tuple[list[list[int]], list[list[int]]] = ([[400, 0, 0, 60]], [[390, 0, 0, 6]])
    assert fitted(*counts, horizon=30, prior_observations=1).is_churn_proven[0, 3]
    assert not fitted(*counts, horizon=365, prior_observations=1).is_churn_proven[0, 3]


def test_bands_after_a_proven_one_are_churned_even_if_few_or_no_customers_were_seen_there() -> None:
    """They were counted with the proven band, and a longer silence must not give a better level."""
    few = fitted([[400, 100, 3, 0]], [[300, 5, 0, 0]], prior_observations=1)
    assert few.is_churn_proven.tolist() == [[False, True, True, True]]


def test_nothing_is_proven_in_a_row_without_customers() -> None:
    curve = fitted([[400, 100, 50, 50], [0, 0, 0, 0]], [[4, 0, 0, 0], [0, 0, 0, 0]], prior_observations=1)
    assert curve.is_churn_proven.tolist() == [[True] * 4, [False] * 4]


def test_a_shop_in_which_everybody_or_nobody_comes_back_has_a_curve() -> None:
    nobody = fitted([[100, 100, 100, 100]], [[0, 0, 0, 0]])
    assert (nobody.share < 0.01).all()
    everybody = fitted([[100, 100, 100, 100]], [[100, 100, 100, 100]])
    assert (everybody.share > 0.99).all()
    assert not everybody.is_churn_proven.any()


def test_a_season_moves_the_share_by_half_after_one_year_and_by_two_thirds_after_two() -> None:
    share = np.array([[0.5, 0.2]])
    season = ReturnCounts.of([[100, 100]], [[70, 40]])
    constants = [season_shift(share, season, years) for years in (1, 2)]
    assert constants[1] / constants[0] == pytest.approx((2 / 3) / (1 / 2))
    # the whole constant reproduces what happened
    assert 100 * shifted_share(share, 2 * constants[0]).sum() == pytest.approx(110)
    assert season_shift(share, season, 0) == 0
    assert season_shift(share, ReturnCounts.of([[0, 0]], [[0, 0]]), 3) == 0


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and all"):
        ReturnCounts.of([[1, 2]], [[2, 0]])
    with pytest.raises(ValueError, match="one shape"):
        ReturnCounts.of([[1, 2]], [[1]])
    with pytest.raises(ValueError, match="finite"):
        ReturnCounts.of([[np.nan, 2]], [[0, 0]])
    with pytest.raises(ValueError, match="at least one customer"):
        fitted([[0, 0, 0, 0]], [[0, 0, 0, 0]])


def test_later_bands_count_for_the_proof() -> None:
    """A band with a low share is not churned if enough came back after a longer silence."""
    curve = fitted([[400, 0, 50, 50]], [[390, 0, 2, 20]], prior_observations=1)
    assert not curve.is_churn_proven.any()
    assert all(a >= b for a, b in pairwise(curve.share[0]))
