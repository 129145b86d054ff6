"""Scores of forecasts and the choice between them: the truth wins, and a tie goes to the simpler."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.value.holdout import by_frequency, calibration, choose, compare, poisson_deviance

RNG = np.random.default_rng(11)
RATE = RNG.gamma(0.4, 1.5, 20_000)
BOUGHT = RNG.poisson(RATE).astype(float)
ONES = np.ones(RATE.size)


@given(st.integers(0, 10_000).map(float), st.floats(1e-6, 1e4))
def test_deviance_is_least_where_the_forecast_is_right(bought: float, expected: float) -> None:
    wrong, right = (poisson_deviance(np.array([bought]), np.array([each]))[0] for each in (expected, bought))
    assert 0 <= right <= 1e-8
    assert wrong >= -1e-9


def test_deviance_is_that_of_the_formula() -> None:
    predicted = poisson_deviance(np.array([0.0, 3.0]), np.array([0.5, 2.0]))
    assert predicted == pytest.approx([1.0, 2 * (3 * np.log(1.5) - 1)])


def test_zero_for_everybody_has_the_lowest_absolute_error_and_is_not_chosen() -> None:
    rate = RNG.gamma(5, 0.06, 20_000)
    scores = compare({"nobody buys": 0 * rate, "truth": rate}, RNG.poisson(rate).astype(float), ONES)
    nobody, truth = scores
    assert nobody.mean_absolute_error < truth.mean_absolute_error
    assert truth.deviance < nobody.deviance
    assert choose(scores) == "truth"
    assert nobody.total_error == -1
    assert abs(truth.total_error) < 0.05


def test_models_that_score_alike_within_the_error_give_the_simpler_one() -> None:
    wiggle = RATE * (1 + 0.001 * RNG.standard_normal(RATE.size))
    for simple, complex_ in ((wiggle, RATE), (RATE, wiggle)):
        assert choose(compare({"simple": simple, "complex": complex_}, BOUGHT, ONES)) == "simple"
    assert choose(compare({"simple": ONES * RATE.mean(), "complex": RATE}, BOUGHT, ONES)) == "complex"


def test_the_error_is_that_of_a_paired_bootstrap() -> None:
    forecasts = {"truth": RATE, "pooled": ONES * RATE.mean()}
    deviance_gap = poisson_deviance(BOUGHT, forecasts["pooled"]) - poisson_deviance(BOUGHT, forecasts["truth"])
    drawn = [deviance_gap[RNG.integers(0, deviance_gap.size, deviance_gap.size)].mean() for _ in range(400)]
    pooled = compare(forecasts, BOUGHT, ONES)[1]
    assert pooled.deviance_gap == pytest.approx(deviance_gap.mean())
    assert pooled.deviance_gap_error == pytest.approx(np.std(drawn), rel=0.15)


def test_cells_count_as_their_customers() -> None:
    repeated = np.repeat(np.arange(RATE.size), 3)
    each = compare({"a": RATE[repeated], "b": 1 + RATE[repeated]}, BOUGHT[repeated], np.ones(repeated.size))
    cells = compare({"a": RATE, "b": 1 + RATE}, BOUGHT, 3 * ONES)
    assert [vars(score) for score in cells] == [pytest.approx(vars(score)) for score in each]


def test_bins_by_frequency_hold_everybody_once() -> None:
    repeats = np.arange(20.0)
    customers = 1 + np.arange(20.0)
    bins = by_frequency(repeats, repeats / 2, repeats, customers, last=7)
    assert [(one.low, one.high) for one in bins] == [*((x, x) for x in range(7)), (7, 19)]
    assert sum(one.customers for one in bins) == customers.sum()
    assert bins[3].predicted == 1.5 and bins[3].actual == 3
    assert bins[-1].actual == pytest.approx((repeats[7:] @ customers[7:]) / customers[7:].sum())


def test_a_true_probability_is_calibrated_in_every_bin_and_a_false_one_is_not() -> None:
    predicted = RNG.random(100_000)
    happened = (RNG.random(predicted.size) < predicted).astype(float)
    bins = calibration(predicted, happened, np.ones(predicted.size))
    assert len(bins) == 10
    assert [one.customers for one in bins] == pytest.approx([10_000] * 10, abs=1)
    assert all(abs(one.predicted - one.actual) < 0.02 for one in bins)
    assert any(
        abs(one.predicted - one.actual) > 0.1 for one in calibration(predicted**2, happened, np.ones(predicted.size))
    )


def test_equal_probabilities_are_never_parted() -> None:
    predicted = np.array([0.2, 0.2, 0.2, 0.7])
    bins = calibration(predicted, np.array([0.0, 1.0, 0.0, 1.0]), np.array([10.0, 10.0, 10.0, 1.0]))
    assert [(one.low, one.high, one.customers) for one in bins] == [(0.2, 0.2, 30), (0.7, 0.7, 1)]
