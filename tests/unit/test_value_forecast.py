"""What BG/NBD says of a customer: probabilities behave like ones, forecasts like expectations, at every extreme."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pipelines.value.bg_nbd import BgNbd
from pipelines.value.bg_nbd_forecast import (
    expected_purchases,
    expected_purchases_given,
    expected_while_alive,
    p_alive,
)
from pipelines.value.bg_nbd_integral import expected_by_integral

TWENTY_YEARS = 7305.0


def positive(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(np.log(low), np.log(high)).map(lambda value: float(np.exp(value)))


parameters = st.builds(BgNbd, positive(1e-3, 1e3), positive(1e-3, 1e4), positive(1e-3, 1e3), positive(1e-3, 1e3))
repeats = st.integers(1, 10_000).map(float)
times = st.tuples(st.floats(0, TWENTY_YEARS), st.floats(0, TWENTY_YEARS)).map(sorted)


def one(value: float) -> np.ndarray:
    return np.array([value])


@given(parameters, repeats, times)
def test_p_alive_is_a_probability(model: BgNbd, x: float, time: list[float]) -> None:
    assert 0 <= p_alive(model, one(x), one(time[0]), one(time[1]))[0] <= 1


@given(parameters, repeats, times, st.floats(0, 2000))
def test_p_alive_falls_with_silence(model: BgNbd, x: float, time: list[float], longer: float) -> None:
    silent, more_silent = p_alive(model, np.full(2, x), np.full(2, time[0]), np.array([time[1], time[1] + longer]))
    assert more_silent <= silent * (1 + 1e-12)


def test_p_alive_is_one_for_everyone_who_never_came_back() -> None:
    alive = p_alive(BgNbd(0.2, 4.0, 0.8, 2.4), np.zeros(3), np.zeros(3), np.array([0.0, 10.0, TWENTY_YEARS]))
    assert alive.tolist() == [1.0, 1.0, 1.0]


@given(parameters, repeats, times, positive(1, 1000), st.floats(1.0, 20.0))
def test_more_time_brings_more_purchases(
    model: BgNbd, x: float, time: list[float], horizon: float, factor: float
) -> None:
    short, long = (
        expected_purchases_given(model, one(x), one(time[0]), one(time[1]), t)[0] for t in (horizon, horizon * factor)
    )
    assert np.isfinite([short, long]).all() and short >= 0
    assert long >= short * (1 - 1e-8) - 1e-12


@given(parameters, repeats, times, positive(1, 1000))
def test_nobody_is_expected_to_buy_more_than_if_he_could_not_leave(
    model: BgNbd, x: float, time: list[float], horizon: float
) -> None:
    expected = expected_purchases_given(model, one(x), one(time[0]), one(time[1]), horizon)[0]
    assert 0 <= expected <= (model.r + x) / (model.alpha + time[1]) * horizon * (1 + 1e-8)


@given(st.floats(0.05, 20), st.floats(0.3, 30), st.floats(0.3, 30), st.integers(0, 60).map(float), positive(1e-3, 30))
@example(1, 27, 17, 52, float(np.exp(2.5)))
@settings(max_examples=60)
def test_closed_form_and_integral_agree_with_an_independent_integration(
    r: float, a: float, b: float, x: float, reach: float
) -> None:
    chance = stats.beta(a, b + x)

    def gain(p: float) -> float:
        mean = -np.expm1(-(r + x) * np.log1p(p * reach)) / p if p > 0 else (r + x) * reach
        return float(mean * chance.pdf(p))

    # quad must be told of a narrow peak
    peak = [p for p in chance.mean() + chance.std() * np.array([-6, 0, 6]) if 0 < p < 1]
    truth, error = integrate.quad(gain, 0, 1, points=peak, epsabs=0, epsrel=1e-10, limit=400, full_output=True)[:2]
    assume(error < 1e-7 * truth)
    # alpha + T = 1, so that the horizon is the reach
    assert expected_while_alive(BgNbd(r, 1.0, a, b), one(x), one(0.0), reach)[0] == pytest.approx(truth, rel=1e-6)
    assert expected_by_integral(one(r + x), a, one(b + x), one(reach))[0] == pytest.approx(truth, rel=1e-6)


@given(parameters, st.one_of(st.just(0.0), repeats), st.floats(0, TWENTY_YEARS), positive(1, 1000))
def test_closed_form_and_integral_agree_at_every_extreme(model: BgNbd, x: float, age: float, horizon: float) -> None:
    reach = one(horizon / (model.alpha + age))
    integral = expected_by_integral(one(model.r + x), model.a, one(model.b + x), reach)
    closed = expected_while_alive(model, one(x), one(age), horizon)
    np.testing.assert_allclose(closed, integral, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("x", [0.0, 1.0, 50.0, 10_000.0])
def test_the_forecast_runs_smoothly_through_a_equal_to_one(x: float) -> None:
    around = [
        expected_while_alive(BgNbd(0.5, 40.0, a, 2.0), one(x), one(400.0), 365.25)[0]
        for a in (0.998, 0.9989, 0.99999999, 1.0, 1.00000001, 1.0011, 1.002)
    ]
    assert np.all(np.diff(around) < 0)  # more dropout, fewer purchases
    np.testing.assert_allclose(
        around, np.interp([0.998, 0.9989, 1, 1, 1, 1.0011, 1.002], [0.998, 1.002], around[::6]), rtol=1e-4
    )


def test_the_forecast_of_a_new_customer_runs_smoothly_through_a_plus_b_equal_to_one() -> None:
    around = [expected_purchases(BgNbd(0.5, 40.0, 0.3, b), 365.25) for b in (0.698, 0.69999999, 0.7, 0.70000001, 0.702)]
    assert np.all(np.diff(around) > 0)
    assert around[2] == pytest.approx((around[0] + around[-1]) / 2, rel=1e-4)


def test_equal_customers_get_equal_forecasts_wherever_they_stand() -> None:
    x, t_x, age = (
        np.array([2.0, 0.0, 2.0, 2.0]),
        np.array([50.0, 0.0, 90.0, 50.0]),
        np.array([100.0, 100.0, 100.0, 100.0]),
    )
    model = BgNbd(0.2, 4.0, 0.8, 2.4)
    together = expected_purchases_given(model, x, t_x, age, 365.25)
    alone = [
        expected_purchases_given(model, *(one(v) for v in row), 365.25)[0] for row in zip(x, t_x, age, strict=True)
    ]
    assert together.tolist() == alone
    assert together[0] == together[3]


def test_a_customer_without_a_past_is_a_new_customer() -> None:
    model = BgNbd(0.2, 4.0, 0.8, 2.4)
    just_met = expected_purchases_given(model, np.zeros(1), np.zeros(1), np.zeros(1), 30.0)[0]
    assert just_met == pytest.approx(expected_purchases(model, 30.0), rel=1e-14)


def test_no_time_brings_no_purchase() -> None:
    model = BgNbd(0.2, 4.0, 0.8, 2.4)
    assert expected_purchases_given(model, np.array([3.0]), np.array([9.0]), np.array([10.0]), 0.0)[0] == 0
