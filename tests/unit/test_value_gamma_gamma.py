"""Gamma-Gamma: the derivatives are those of the likelihood; expected spend lies between a customer and his peers."""

from math import lgamma, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.value import gamma_gamma
from pipelines.value.cells import SpendCells
from pipelines.value.gamma_gamma import GammaGamma
from pipelines.value.report import FitStatus
from tests.unit.value_samples import simulate


def sample(customers: int, seed: int) -> SpendCells:
    people = simulate(customers, seed)
    came_back = people.repeats > 0
    return SpendCells.of(people.repeats[came_back], people.mean[came_back])


def parameters_of(fit: gamma_gamma.SpendFit) -> list[float]:
    assert fit.model is not None
    return [fit.model.p, fit.model.q, fit.model.gamma]


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@settings(max_examples=60)
def test_gradient_and_hessian_are_those_of_the_likelihood(logs: list[float]) -> None:
    cells = sample(200, seed=1)
    at = np.exp(logs)
    gradient, hessian = gamma_gamma.gradient(GammaGamma(*at), cells), gamma_gamma.hessian(GammaGamma(*at), cells)
    for i in range(3):
        step = np.zeros(3)
        step[i] = 1e-5 * at[i]
        up, down = GammaGamma(*(at + step)), GammaGamma(*(at - step))
        slope = (gamma_gamma.log_likelihood(up, cells) - gamma_gamma.log_likelihood(down, cells)) / (2 * step[i])
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-6 * np.abs(gradient).max())
        bend = (gamma_gamma.gradient(up, cells) - gamma_gamma.gradient(down, cells)) / (2 * step[i])
        np.testing.assert_allclose(hessian[i], bend, rtol=1e-5, atol=1e-6 * np.abs(hessian).max())


def test_likelihood_is_equation_1a_of_the_note() -> None:
    p, q, gamma, x, mean = 6.0, 4.0, 15.0, 3, 21.5
    truth = (
        lgamma(p * x + q) - lgamma(p * x) - lgamma(q)
        + q * log(gamma) + (p * x - 1) * log(mean) + p * x * log(x) - (p * x + q) * log(gamma + x * mean)
    )  # fmt: skip
    assert gamma_gamma.log_likelihood(GammaGamma(p, q, gamma), SpendCells.of([x], [mean])) == pytest.approx(
        truth, rel=1e-13
    )


def test_a_large_population_gives_back_the_parameters_it_was_made_with() -> None:
    np.testing.assert_allclose(parameters_of(gamma_gamma.fit(sample(40_000, seed=2))), [6.0, 4.0, 15.0], rtol=0.1)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_the_order_of_the_customers_changes_nothing(seed: int) -> None:
    people = simulate(400, seed=3)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(people.repeats > 0))
    shuffled = SpendCells.of(people.repeats[order], people.mean[order])
    assert gamma_gamma.fit(shuffled) == gamma_gamma.fit(sample(400, seed=3))


def test_a_weight_is_as_many_customers() -> None:
    people = simulate(400, seed=4)
    came_back = people.repeats > 0
    x, mean = people.repeats[came_back], people.mean[came_back]
    n = np.random.default_rng(0).integers(1, 5, x.size)
    assert gamma_gamma.fit(SpendCells.of(x, mean, n)) == gamma_gamma.fit(
        SpendCells.of(np.repeat(x, n), np.repeat(mean, n))
    )


@given(st.floats(1e-4, 1e4))
@settings(max_examples=25)
def test_the_currency_changes_gamma_and_nothing_else(rate: float) -> None:
    cells = sample(500, seed=5)
    p, q, gamma = parameters_of(gamma_gamma.fit(cells))
    found = parameters_of(gamma_gamma.fit(SpendCells.of(cells.repeats, cells.mean_spend * rate, cells.customers)))
    np.testing.assert_allclose(found, [p, q, gamma * rate], rtol=1e-7)


def test_amounts_that_are_not_positive_are_left_out_of_the_fit_and_get_the_population_mean() -> None:
    cells = sample(500, seed=6)
    with_others = SpendCells.of(
        np.append(cells.repeats, [1, 4, 0]),
        np.append(cells.mean_spend, [0.0, -12.5, 9.0]),
        np.append(cells.customers, [5, 5, 5]),
    )
    found = gamma_gamma.fit(with_others)
    assert found == gamma_gamma.fit(cells)
    assert found.model is not None
    expected = gamma_gamma.expected_spend(found.model, np.array([1.0, 4.0, 0.0]), np.array([0.0, -12.5, 9.0]))
    assert expected.tolist() == [gamma_gamma.population_mean(found.model)] * 3


@given(st.integers(1, 10_000).map(float), st.floats(0.01, 1e6))
def test_expected_spend_lies_between_the_customer_and_the_population(x: float, mean: float) -> None:
    model = GammaGamma(6.25, 3.74, 15.44)
    peers = gamma_gamma.population_mean(model)
    expected = gamma_gamma.expected_spend(model, np.array([x]), np.array([mean]))[0]
    assert min(mean, peers) * (1 - 1e-12) <= expected <= max(mean, peers) * (1 + 1e-12)


def test_the_more_a_customer_has_bought_the_more_his_own_mean_counts() -> None:
    expected = gamma_gamma.expected_spend(
        GammaGamma(6.25, 3.74, 15.44), np.array([1.0, 5.0, 10_000.0]), np.full(3, 100.0)
    )
    assert np.all(np.diff(expected) > 0)
    assert expected[-1] == pytest.approx(100.0, rel=1e-3)


def test_constant_spend_is_expected_to_go_on() -> None:
    found = gamma_gamma.fit(SpendCells.of(np.arange(1, 201) % 7 + 1, np.full(200, 12.34)))
    assert found.model is not None
    assert gamma_gamma.expected_spend(found.model, np.array([1.0, 7.0]), np.full(2, 12.34)) == pytest.approx(
        12.34, rel=1e-3
    )


def test_a_population_without_a_mean_gets_none_invented() -> None:
    assert np.isnan(gamma_gamma.population_mean(GammaGamma(0.5, 0.9, 1.0)))


def test_fewer_than_a_hundred_repeaters_are_too_few() -> None:
    people = SpendCells.of(np.ones(99), np.arange(1.0, 100.0))
    assert gamma_gamma.fit(people) == gamma_gamma.SpendFit(FitStatus.TOO_FEW_CUSTOMERS, None, None, 99)
    assert gamma_gamma.fit(SpendCells.of([], [])).status is FitStatus.TOO_FEW_CUSTOMERS


@pytest.mark.parametrize("x", [1, 10_000])
def test_extreme_counts_end_in_finite_parameters(x: int) -> None:
    means = np.random.default_rng(0).gamma(2, 10, 500)
    found = gamma_gamma.fit(SpendCells.of(np.full(500, x), means))
    assert np.isfinite(parameters_of(found)).all()


def test_one_amount_far_out_does_not_carry_everybody_away() -> None:
    cells = sample(300, seed=5)
    clean = gamma_gamma.fit(cells).model
    with_one = SpendCells.of([*cells.repeats, 5], [*cells.mean_spend, 1e12], [*cells.customers, 1])
    found = gamma_gamma.fit(with_one)
    assert clean is not None and found.model is not None
    assert gamma_gamma.population_mean(found.model) < 1.5 * gamma_gamma.population_mean(clean)
    # the optimum at the edge of a box that follows the arithmetic mean
    assert gamma_gamma.log_likelihood(found.model, with_one) > 300 + gamma_gamma.log_likelihood(
        GammaGamma(0.1069, 3.723, 4608.0), with_one
    )
