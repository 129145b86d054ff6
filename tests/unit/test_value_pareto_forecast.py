"""What the Pareto/NBD says of a customer agrees with brute force at every extreme, and behaves like a forecast."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special

from pipelines.value import nbd, pareto_nbd
from pipelines.value.cells import PurchaseCells
from pipelines.value.pareto_nbd import ParetoNbd
from pipelines.value.pareto_nbd_forecast import (
    expected_purchases,
    expected_purchases_given,
    p_alive,
    p_any_purchase_given,
    p_purchases,
    purchases_variance_given,
)
from tests.unit.value_brute_force import log_integral
from tests.unit.value_samples import Floats, packaged_cdnow, read_cdnow

TWENTY_YEARS = 7305.0
CDNOW = ParetoNbd(0.553, 10.578, 0.606, 11.669)  # weeks


def positive(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(np.log(low), np.log(high)).map(lambda value: float(np.exp(value)))


dropout_shapes = st.one_of(positive(1e-4, 1e3), st.sampled_from([1e-6, 1.0, 1 + 1e-9, 1 - 1e-6, 2.0, 2 - 1e-9]))
parameters = st.builds(ParetoNbd, positive(1e-3, 1e3), positive(1e-3, 1e5), dropout_shapes, positive(1e-3, 1e5))
repeats = st.one_of(st.sampled_from([0.0, 1.0, 10_000.0]), st.integers(0, 10_000).map(float))
shares = st.one_of(st.sampled_from([0.0, 1.0, 0.9999]), st.floats(0, 1))
ages = positive(1, TWENTY_YEARS)
horizons = positive(0.1, 3000)


def one(value: float) -> Floats:
    return np.array([value])


def customer(x: float, share: float, age: float) -> tuple[Floats, Floats, Floats]:
    return one(x), one(share * age if x else 0.0), one(age)


def brute_p_alive(model: ParetoNbd, x: float, t_x: float, age: float) -> float:
    if t_x == age:
        return 1.0
    events = model.r + x

    def leaving(y: Floats) -> Floats:
        return -events * np.log((model.alpha + y) / (model.alpha + age)) - (model.s + 1) * np.log(model.beta + y)

    odds = np.log(model.s) + log_integral(leaving, t_x, age) + model.s * np.log(model.beta + age)
    return float(special.expit(-odds))


@given(parameters, repeats, shares, ages)
@settings(max_examples=80)
def test_p_alive_is_that_of_brute_force(model: ParetoNbd, x: float, share: float, age: float) -> None:
    who = customer(x, share, age)
    truth = brute_p_alive(model, x, float(who[1][0]), age)
    assert p_alive(model, *who)[0] == pytest.approx(truth, rel=1e-8, abs=1e-290)


@given(parameters, repeats, shares, ages, horizons)
@example(ParetoNbd(0.5, 1.0, 900.0, 1.0), 10_000.0, 1.0, 1.0, 3000.0)  # leaves long before the horizon
@settings(max_examples=80)
def test_mean_variance_and_probability_are_those_of_brute_force(
    model: ParetoNbd, x: float, share: float, age: float, horizon: float
) -> None:
    who = customer(x, share, age)
    alive = p_alive(model, *who)[0]
    buying, dropping, events = model.alpha + age, model.beta + age, model.r + x

    def over(log_integrand: Callable[[Floats], Floats]) -> float:
        return float(np.exp(log_integral(log_integrand, 0.0, horizon)))

    mean = alive * events / buying * over(lambda u: -model.s * np.log1p(u / dropping))
    square_time = 2 * over(lambda u: np.log(u) - model.s * np.log1p(u / dropping))
    variance = alive * events * (events + 1) / buying**2 * square_time + mean - mean**2
    first = over(lambda u: -(events + 1) * np.log1p(u / buying) - model.s * np.log1p(u / dropping))
    assert expected_purchases_given(model, *who, horizon)[0] == pytest.approx(mean, rel=1e-9, abs=1e-290)
    assert purchases_variance_given(model, *who, horizon)[0] == pytest.approx(variance, rel=1e-8, abs=1e-290)
    any_purchase = p_any_purchase_given(model, *who, horizon)[0]
    assert any_purchase == pytest.approx(alive * events / buying * first, rel=1e-8, abs=1e-290)


@given(parameters, repeats, horizons)
@settings(max_examples=60)
def test_probabilities_of_counts_are_those_of_brute_force(model: ParetoNbd, x: float, horizon: float) -> None:
    def log_count(time: Floats | float) -> Floats:
        ways = special.gammaln(model.r + x) - special.gammaln(model.r) - special.gammaln(x + 1)
        return np.asarray(ways - model.r * np.log1p(time / model.alpha) - x * np.log1p(model.alpha / time))

    def leaving(time: Floats) -> Floats:
        return log_count(time) + np.log(model.s / model.beta) - (model.s + 1) * np.log1p(time / model.beta)

    stayed = np.exp(log_count(horizon) - model.s * np.log1p(horizon / model.beta))
    truth = float(stayed + np.exp(log_integral(leaving, 0.0, horizon)))
    assert p_purchases(model, one(x), horizon)[0] == pytest.approx(truth, rel=1e-7, abs=1e-290)


@pytest.mark.parametrize("model", [CDNOW, ParetoNbd(3.0, 20.0, 1.0, 5.0), ParetoNbd(0.4, 5.0, 2.5, 400.0)])
@pytest.mark.parametrize("horizon", [0.5, 39.0, 300.0])
def test_probabilities_of_counts_sum_to_one_and_their_mean_is_the_expectation(model: ParetoNbd, horizon: float) -> None:
    counts = np.arange(4000.0)
    chances = p_purchases(model, counts, horizon)
    assert chances.sum() == pytest.approx(1, rel=1e-12)
    assert counts @ chances == pytest.approx(expected_purchases(model, horizon), rel=1e-10)


@pytest.mark.parametrize("horizon", [1.0, 52.0, 500.0])
def test_a_new_customer_is_one_without_a_past(horizon: float) -> None:
    """The conditional figures at x = t_x = T = 0 are moments of the distribution of counts, found another way."""
    new, counts = (np.zeros(1), np.zeros(1), np.zeros(1)), np.arange(6000.0)
    chances, mean = p_purchases(CDNOW, counts, horizon), expected_purchases(CDNOW, horizon)
    assert expected_purchases_given(CDNOW, *new, horizon)[0] == mean
    assert p_any_purchase_given(CDNOW, *new, horizon)[0] == pytest.approx(1 - chances[0], rel=1e-11)
    assert purchases_variance_given(CDNOW, *new, horizon)[0] == pytest.approx((counts - mean) ** 2 @ chances, rel=1e-9)


def test_conditional_expectations_sum_to_what_lifetimes_gives() -> None:
    people = read_cdnow(packaged_cdnow())
    weeks = PurchaseCells.of(people.repeats, people.recency / 7, people.age / 7)
    model = pareto_nbd.fit(weeks).model
    assert isinstance(model, ParetoNbd)
    expected = expected_purchases_given(model, weeks.repeats, weeks.recency, weeks.age, 39)
    assert f"{expected @ weeks.customers:.1f}" == "1665.5"


@given(parameters, repeats, shares, ages, st.floats(0, 2000))
def test_p_alive_is_a_probability_and_falls_with_silence(
    model: ParetoNbd, x: float, share: float, age: float, longer: float
) -> None:
    t_x = share * age if x else 0.0
    silent, more_silent = p_alive(model, np.full(2, x), np.full(2, t_x), np.array([age, age + longer]))
    assert 0 <= more_silent <= silent * (1 + 1e-10) and silent <= 1


@given(parameters, repeats, shares, ages, horizons, st.floats(1, 20))
def test_more_time_brings_more_purchases_and_a_likelier_one(
    model: ParetoNbd, x: float, share: float, age: float, horizon: float, factor: float
) -> None:
    who = customer(x, share, age)
    for figure in (expected_purchases_given, p_any_purchase_given):
        short, long = figure(model, *who, horizon)[0], figure(model, *who, horizon * factor)[0]
        assert np.isfinite([short, long]).all() and 0 <= short <= long * (1 + 1e-10)


@given(parameters, repeats, shares, ages, horizons)
def test_figures_of_one_customer_fit_together(
    model: ParetoNbd, x: float, share: float, age: float, horizon: float
) -> None:
    who = customer(x, share, age)
    alive, mean = p_alive(model, *who)[0], expected_purchases_given(model, *who, horizon)[0]
    any_purchase, variance = (f(model, *who, horizon)[0] for f in (p_any_purchase_given, purchases_variance_given))
    assert any_purchase <= min(alive, mean) * (1 + 1e-10)
    assert variance >= mean * (1 - 1e-6)  # a mixture of Poissons is never less spread than one
    ceiling = nbd.expected_purchases(nbd.Nbd(model.r, model.alpha), *who[::2], horizon)[0]
    assert mean <= ceiling * (1 + 1e-12)


@pytest.mark.parametrize("figure", [expected_purchases_given, purchases_variance_given, p_any_purchase_given])
@pytest.mark.parametrize("s", [1.0, 2.0])
def test_forecasts_run_smoothly_through_s_equal_to_one_and_two(figure: Callable[..., Floats], s: float) -> None:
    steps = (-1e-3, -1e-6, -1e-9, 0.0, 1e-9, 1e-6, 1e-3)
    who = one(3.0), one(390.0), one(400.0)
    around = [figure(ParetoNbd(0.5, 40.0, s + step, 300.0), *who, 365.25)[0] for step in steps]
    assert np.all(np.diff(around) < 0)  # more dropout, fewer purchases
    assert around[3] == pytest.approx((around[0] + around[-1]) / 2, rel=1e-6)
    assert around[4] == pytest.approx(around[2], rel=1e-8)


def test_p_alive_knows_those_who_never_came_back_unlike_bg_nbd() -> None:
    alive = p_alive(CDNOW, np.zeros(3), np.zeros(3), np.array([0.0, 20.0, 39.0]))
    assert alive[0] == 1 and np.all(np.diff(alive) < -0.1)


def test_no_time_brings_no_purchase() -> None:
    who = customer(3.0, 0.9, 10.0)
    for figure in (expected_purchases_given, p_any_purchase_given, purchases_variance_given):
        assert figure(CDNOW, *who, 0.0)[0] == 0


def test_a_customer_gets_his_own_figures_wherever_he_stands() -> None:
    """More customers than one block, in two orders."""
    rng = np.random.default_rng(1)
    age = rng.uniform(0, 40, 20_000)
    x = rng.poisson(age / 10).astype(np.float64)
    t_x = np.where(x > 0, age * rng.random(20_000), 0.0)
    back = slice(None, None, -1)
    for figure in (expected_purchases_given, p_any_purchase_given, purchases_variance_given):
        there = figure(CDNOW, x, t_x, age, 39.0)
        np.testing.assert_allclose(figure(CDNOW, x[back], t_x[back], age[back], 39.0)[back], there, rtol=1e-11)
    assert p_alive(CDNOW, np.zeros(0), np.zeros(0), np.zeros(0)).shape == (0,)
