"""Standard errors, intervals of counts and errors of totals: against closed forms, another library and simulation."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipelines.value import bg_nbd, bg_nbd_forecast, nbd, pareto_nbd, pareto_nbd_forecast
from pipelines.value.cells import PurchaseCells
from pipelines.value.uncertainty import (
    count_interval,
    count_quantile,
    covariance,
    share_within,
    standard_errors,
    total_variance,
)
from tests.unit.value_samples import packaged_cdnow, read_cdnow, simulate


def test_the_covariance_is_the_inverse_of_the_information() -> None:
    information = np.array([[4e8, 30.0], [30.0, 5e-4]])
    assert covariance(-information) @ information == pytest.approx(np.eye(2), abs=1e-9)
    assert standard_errors(-information) == pytest.approx(np.sqrt(np.diag(np.linalg.inv(information))))


@pytest.mark.parametrize("flat", [[[1.0, 0.0], [0.0, -1.0]], [[0.0, 0.0], [0.0, -1.0]], [[np.nan, 0.0], [0.0, -1.0]]])
def test_where_there_is_no_peak_there_are_no_errors(flat: list[list[float]]) -> None:
    assert np.isnan(standard_errors(np.array(flat))).all()


def test_standard_errors_are_what_estimates_scatter_by() -> None:
    truth, rng = nbd.Nbd(0.8, 40.0), np.random.default_rng(7)
    estimates = []
    for _ in range(60):
        age = rng.integers(30, 700, 1500).astype(float)
        repeats = rng.poisson(rng.gamma(truth.r, 1 / truth.alpha, 1500) * age).astype(float)
        cells = PurchaseCells.of(repeats, np.where(repeats > 0, age, 0), age)
        found = nbd.fit(cells)
        assert found is not None
        estimates.append(astuple(found[0]))
    told = standard_errors(nbd.hessian(found[0], cells))
    assert told == pytest.approx(np.std(estimates, axis=0), rel=0.3)


@given(st.floats(1e-6, 1e4), st.floats(1.001, 1e3), st.sampled_from([0.025, 0.1, 0.5, 0.9, 0.975]))
def test_quantiles_are_those_of_the_negative_binomial(mean: float, spread: float, share: float) -> None:
    told = count_quantile(np.array([mean]), np.array([mean * spread]), share)[0]
    peer = stats.nbinom(mean / (spread - 1), 1 / spread)
    assert peer.cdf(told) >= share - 1e-7
    assert told == 0 or peer.cdf(told - 1) < share + 1e-7


@given(st.floats(1e-3, 1e4), st.floats(1.001, 1e3), st.integers(0, 50), st.integers(0, 500))
def test_the_share_within_is_that_of_the_negative_binomial(mean: float, spread: float, low: int, wide: int) -> None:
    ends = np.array([low, low + wide], dtype=float)
    told = share_within(np.array([mean]), np.array([mean * spread]), ends[:1], ends[1:])[0]
    peer = stats.nbinom(mean / (spread - 1), 1 / spread)
    assert told == pytest.approx(peer.cdf(low + wide) - peer.cdf(low - 1), abs=1e-9)


@given(st.floats(1e-6, 1e4), st.sampled_from([0.025, 0.5, 0.975]))
def test_without_more_spread_than_chance_they_are_the_poissons(mean: float, share: float) -> None:
    told = count_quantile(np.array([mean]), np.array([mean * 0.5]), share)[0]
    assert stats.poisson(mean).cdf(told) >= share - 1e-7
    assert told == 0 or stats.poisson(mean).cdf(told - 1) < share + 1e-7


def test_nobody_who_is_expected_to_buy_nothing_is_given_anything() -> None:
    low, high = count_interval(np.zeros(2), np.zeros(2), 0.95)
    assert (low.tolist(), high.tolist()) == ([0, 0], [0, 0])


def test_intervals_hold_what_they_say_in_a_world_of_the_model() -> None:
    people, rng = simulate(20_000, seed=3), np.random.default_rng(3)
    model = bg_nbd.fit(PurchaseCells.of(people.repeats, people.recency, people.age)).model
    assert isinstance(model, bg_nbd.BgNbd)
    of = (model, people.repeats, people.recency, people.age, 365.25)
    mean = bg_nbd_forecast.expected_purchases_given(*of)
    variance = bg_nbd_forecast.purchases_variance_given(*of)
    # the world goes on as the model says: still a customer or not, at his own rate, leaving at his own probability
    rate = rng.gamma(model.r + people.repeats, 1 / (model.alpha + people.age))
    leaves = rng.beta(model.a, model.b + people.repeats)
    alive = rng.random(mean.size) < bg_nbd_forecast.p_alive(*of[:4])
    clock, bought = np.zeros(mean.size), np.zeros(mean.size)
    while alive.any():
        clock += rng.exponential(1 / rate)
        alive &= clock <= 365.25
        bought += alive
        alive &= rng.random(mean.size) > leaves
    for level in (0.8, 0.95):
        some = bg_nbd_forecast.p_any_purchase_given(*of)
        low, high = count_interval(mean, variance, level, some)
        inside = (low <= bought) & (bought <= high)
        assert level - 0.01 <= np.mean(inside)
        # frequent buyers too, of whom many may have left for good
        assert level - 0.03 <= np.mean(inside[people.repeats >= 10])
        assert np.all(low[1 - some >= (1 - level) / 2] == 0)
    assert abs(bought.sum() - mean.sum()) < 4 * np.sqrt(variance.sum())


@pytest.mark.parametrize(("x", "t_x", "age"), [(10, 230, 270), (29, 250, 270), (50, 240, 270)])
def test_who_may_have_left_for_good_has_an_interval_that_knows_it(x: int, t_x: int, age: int) -> None:
    """Pareto/NBD on CDNOW, in days; a negative binomial of all purchases held .74 to .84 of 80 to 95 %."""
    model, rng = pareto_nbd.ParetoNbd(0.553, 74.0, 0.606, 81.7), np.random.default_rng(x)
    cell = np.array([float(x)]), np.array([float(t_x)]), np.array([float(age)])
    mean = pareto_nbd_forecast.expected_purchases_given(model, *cell, 365.25)
    variance = pareto_nbd_forecast.purchases_variance_given(model, *cell, 365.25)
    some = pareto_nbd_forecast.p_any_purchase_given(model, *cell, 365.25)
    n = 200_000
    rate = rng.gamma(model.r + x, 1 / (model.alpha + age), n)
    stays = np.minimum(rng.exponential(1 / rng.gamma(model.s, 1 / (model.beta + age), n)), 365.25)
    alive = rng.random(n) < pareto_nbd_forecast.p_alive(model, *cell)
    bought = rng.poisson(rate * stays) * alive
    assert bought.mean() == pytest.approx(mean[0], rel=0.02)
    for level in (0.8, 0.95):
        low, high = count_interval(mean, variance, level, some)
        inside = np.mean((low <= bought) & (bought <= high))
        assert inside >= level - 0.02
        assert share_within(mean, variance, low, high, some)[0] == pytest.approx(inside, abs=0.03)


def test_what_is_not_known_has_no_interval() -> None:
    unknown, one = np.array([np.nan, 1.0]), np.ones(2)
    for ends in (
        count_interval(unknown, one, 0.8),
        count_interval(one, unknown, 0.8),
        count_interval(unknown, one, 0.8, one),
    ):
        assert all(np.isnan(end[0]) and np.isfinite(end[1]) for end in ends)


def test_curvature_that_rounding_made_is_none() -> None:
    ridge = -np.array([[1.0, 1.0], [1.0, 1.0 + 1e-9]])
    assert np.isnan(covariance(ridge)).all()
    assert np.isfinite(covariance(-np.array([[1.0, 0.999], [0.999, 1.0]]))).all()


def test_a_total_is_as_unsure_as_chance_and_the_parameters_make_it() -> None:
    people = read_cdnow(packaged_cdnow())
    cells = PurchaseCells.of(people.repeats, people.recency, people.age)
    found = nbd.fit(cells)
    assert found is not None
    model = found[0]

    def total(parameters: np.ndarray) -> float:
        at = nbd.Nbd(*parameters)
        return float(nbd.expected_purchases(at, cells.repeats, cells.age, 273.0) @ cells.customers)

    own = float(nbd.purchases_variance_given(model, cells.repeats, cells.age, 273.0) @ cells.customers)
    error = covariance(nbd.hessian(model, cells))
    told = total_variance(np.array(astuple(model)), error, total, own)
    # by simulation: parameters drawn from their error, then each customer's chance
    drawn = np.random.default_rng(1).multivariate_normal(astuple(model), error, 2000)
    simulated = np.var([total(parameters) for parameters in drawn]) + own
    assert told == pytest.approx(simulated, rel=0.02)
    assert told > own * 1.01
