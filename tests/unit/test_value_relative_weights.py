"""Relative weights agree with published figures, and drivers do not depend on the order or form of the responses."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.config.model_reports import ReportModel
from pipelines.value.drivers import Driver, DriverStatus, drivers
from pipelines.value.relative_weights import correlations, products, relative_weights

Floats = NDArray[np.float64]
RULES = ReportModel()

# R's data set mtcars (Henderson & Velleman 1981): mpg, cyl, disp, hp, wt of 32 cars.
MTCARS = np.array(
    [
        (21.0, 6, 160.0, 110, 2.620),
        (21.0, 6, 160.0, 110, 2.875),
        (22.8, 4, 108.0, 93, 2.320),
        (21.4, 6, 258.0, 110, 3.215),
        (18.7, 8, 360.0, 175, 3.440),
        (18.1, 6, 225.0, 105, 3.460),
        (14.3, 8, 360.0, 245, 3.570),
        (24.4, 4, 146.7, 62, 3.190),
        (22.8, 4, 140.8, 95, 3.150),
        (19.2, 6, 167.6, 123, 3.440),
        (17.8, 6, 167.6, 123, 3.440),
        (16.4, 8, 275.8, 180, 4.070),
        (17.3, 8, 275.8, 180, 3.730),
        (15.2, 8, 275.8, 180, 3.780),
        (10.4, 8, 472.0, 205, 5.250),
        (10.4, 8, 460.0, 215, 5.424),
        (14.7, 8, 440.0, 230, 5.345),
        (32.4, 4, 78.7, 66, 2.200),
        (30.4, 4, 75.7, 52, 1.615),
        (33.9, 4, 71.1, 65, 1.835),
        (21.5, 4, 120.1, 97, 2.465),
        (15.5, 8, 318.0, 150, 3.520),
        (15.2, 8, 304.0, 150, 3.435),
        (13.3, 8, 350.0, 245, 3.840),
        (19.2, 8, 400.0, 175, 3.845),
        (27.3, 4, 79.0, 66, 1.935),
        (26.0, 4, 120.3, 91, 2.140),
        (30.4, 4, 95.1, 113, 1.513),
        (15.8, 8, 351.0, 264, 3.170),
        (19.7, 6, 145.0, 175, 2.770),
        (15.0, 8, 301.0, 335, 3.570),
        (21.4, 4, 121.0, 109, 2.780),
    ]
)


def test_relative_weights_of_mtcars_agree_with_the_published_figures() -> None:
    matrix = np.corrcoef(MTCARS, rowvar=False)
    weights = relative_weights(matrix[1:, 1:], matrix[1:, 0])
    assert weights == pytest.approx([0.2096904, 0.1883043, 0.1799590, 0.2706812], abs=5e-8)
    assert weights.sum() == pytest.approx(0.8486348, abs=5e-8)
    assert 100 * weights / weights.sum() == pytest.approx([24.709, 22.189, 21.206, 31.896], abs=5e-4)


def test_relative_weights_add_up_to_r_squared_and_those_of_uncorrelated_predictors_are_squared_correlations() -> None:
    with_outcome = np.array([0.5, -0.3, 0.0])
    assert relative_weights(np.eye(3), with_outcome) == pytest.approx([0.25, 0.09, 0.0])
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4))
    matrix = np.corrcoef(values, rowvar=False)
    r_squared = matrix[:3, 3] @ np.linalg.solve(matrix[:3, :3], matrix[:3, 3])
    assert relative_weights(matrix[:3, :3], matrix[:3, 3]).sum() == pytest.approx(r_squared)


def test_two_copies_of_a_predictor_share_its_weight() -> None:
    weights = relative_weights(np.ones((2, 2)), np.array([0.6, 0.6]))
    assert weights == pytest.approx([0.18, 0.18])


def test_correlations_from_sums_are_those_of_numpy() -> None:
    found = correlations(products(MTCARS).sum(axis=0)[np.newaxis], 5)
    assert found[0] == pytest.approx(np.corrcoef(MTCARS, rowvar=False))


def survey(n: int, seed: int = 5) -> tuple[Floats, Floats]:
    """Answers on 5 points to three questions of which the first decides most, and an outcome from 0 to 10."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=n)
    truth = np.column_stack([shared + rng.normal(size=n) for _ in range(3)])
    outcome = np.clip(np.rint(6 + 1.2 * truth[:, 0] + 0.4 * truth[:, 1] + rng.normal(size=n)), 0, 10)
    scores = 25 * np.clip(np.rint(2 + 0.8 * truth), 0, 4)
    return scores, 10 * outcome


def cells(scores: Floats, outcome: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
    rows, counts = np.unique(np.column_stack([scores, outcome]), axis=0, return_counts=True)
    return rows[:, :-1], rows[:, -1], counts


def test_cells_give_the_same_drivers_as_single_responses_in_any_order() -> None:
    scores, outcome = survey(400)
    one = drivers(scores, outcome, np.ones(400, dtype=np.int64), RULES)
    shuffled = np.random.default_rng(2).permutation(400)
    assert drivers(scores[shuffled], outcome[shuffled], np.ones(400, dtype=np.int64), RULES) == one
    counted = drivers(*cells(scores, outcome), RULES)
    assert len(cells(scores, outcome)[2]) < 400
    for a, b in zip(one, counted, strict=True):
        assert (a.weight, a.correlation, a.mean) == pytest.approx((b.weight, b.correlation, b.mean))
        assert (a.share_low, a.share_high) == pytest.approx((b.share_low, b.share_high), abs=1e-9)


def test_the_interval_contains_the_share_of_a_large_sample_about_95_times_in_100() -> None:
    """Of 100 intervals of 95 %, fewer than 86 contain the truth with a probability below 1 in 1,000."""
    truth = drivers(*cells(*survey(400_000, seed=99)), ReportModel(driver_resamples=200))
    quick = ReportModel(driver_resamples=300)
    hits = []
    for seed in range(100):
        found = drivers(*cells(*survey(300, seed=1000 + seed)), quick)
        hits.append([one.share_low <= known.share <= one.share_high for one, known in zip(found, truth, strict=True)])
    coverage = np.mean(hits, axis=0)
    assert (coverage >= 0.86).all(), coverage


def test_below_the_fewest_complete_responses_there_are_no_weights() -> None:
    scores, outcome = survey(120)
    scores[:21, 0] = np.nan
    found = drivers(*cells(scores, outcome), RULES)
    assert [(one.status, one.n_responses) for one in found] == [(DriverStatus.TOO_FEW, 99)] * 3
    assert np.isnan([one.share for one in found]).all()
    scores[20, 0] = 50
    assert {one.status for one in drivers(*cells(scores, outcome), RULES)} == {DriverStatus.OK}


def test_a_construct_that_was_seldom_asked_does_not_reduce_the_responses() -> None:
    scores, outcome = survey(300)
    scores[:151, 2] = np.nan
    found = drivers(*cells(scores, outcome), RULES)
    assert [one.status for one in found] == [DriverStatus.OK, DriverStatus.OK, DriverStatus.SELDOM_ASKED]
    assert [one.n_responses for one in found] == [300, 300, 149]


def test_a_construct_or_outcome_without_variation_has_no_weight() -> None:
    scores, outcome = survey(200)
    scores[:, 1] = 75
    found = drivers(*cells(scores, outcome), RULES)
    assert [one.status for one in found] == [DriverStatus.OK, DriverStatus.NO_VARIATION, DriverStatus.OK]
    assert found[0].share + found[2].share == pytest.approx(1)
    same = drivers(*cells(scores, np.full(200, 50.0)), RULES)
    assert {one.status for one in same} == {DriverStatus.NO_VARIATION}


def test_a_driver_has_its_mean_with_interval() -> None:
    scores, outcome = survey(200)
    found: Driver = drivers(*cells(scores, outcome), RULES)[0]
    error = scores[:, 0].std(ddof=1) / np.sqrt(200)
    assert found.mean == pytest.approx(scores[:, 0].mean())
    assert found.mean_high - found.mean == pytest.approx(1.959964 * error)


def test_constructs_without_association_explain_nothing_beyond_chance() -> None:
    """Over 40 samples, the mean adjusted R-squared is 0 within four standard errors, and the plain one k / (n - 1)."""
    rng = np.random.default_rng(8)
    quick = ReportModel(driver_resamples=200)
    plain, adjusted = [], []
    for _ in range(40):
        scores = 25.0 * rng.integers(0, 5, size=(120, 4))
        found = drivers(*cells(scores, 10.0 * rng.integers(0, 11, size=120)), quick)
        plain.append(found[0].r_squared)
        adjusted.append(found[0].adjusted)
    assert abs(np.mean(adjusted)) < 4 * np.std(adjusted) / np.sqrt(40)
    assert np.mean(plain) == pytest.approx(4 / 119, abs=4 * np.std(plain) / np.sqrt(40))
    one = drivers(*cells(*survey(400)), RULES)[0]
    assert 1 - one.adjusted == pytest.approx((1 - one.r_squared) * 399 / 396)
