"""BG/NBD: the derivatives are those of the likelihood, and a fit depends on the customers alone."""

from math import exp, lgamma, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.value import bg_nbd, nbd
from pipelines.value.cells import PurchaseCells
from pipelines.value.purchase_fit import PurchaseFit
from pipelines.value.report import FitStatus
from tests.unit.value_samples import Customers, simulate

log_parameter = st.floats(-3, 3)


def cells_of(people: Customers, unit: float = 1.0) -> PurchaseCells:
    return PurchaseCells.of(people.repeats, people.recency / unit, people.age / unit)


def parameters_of(fit: PurchaseFit[bg_nbd.BgNbd]) -> list[float]:
    assert isinstance(fit.model, bg_nbd.BgNbd)
    return [fit.model.r, fit.model.alpha, fit.model.a, fit.model.b]


@given(st.lists(log_parameter, min_size=4, max_size=4))
@settings(max_examples=60)
def test_gradient_and_hessian_are_those_of_the_likelihood(logs: list[float]) -> None:
    cells = cells_of(simulate(200, seed=1), unit=100)
    at = np.exp(logs)
    gradient, hessian = bg_nbd.gradient(bg_nbd.BgNbd(*at), cells), bg_nbd.hessian(bg_nbd.BgNbd(*at), cells)
    scale = np.abs(gradient).max()
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5 * at[i]
        up, down = bg_nbd.BgNbd(*(at + step)), bg_nbd.BgNbd(*(at - step))
        slope = (bg_nbd.log_likelihood(up, cells) - bg_nbd.log_likelihood(down, cells)) / (2 * step[i])
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-6 * scale)
        bend = (bg_nbd.gradient(up, cells) - bg_nbd.gradient(down, cells)) / (2 * step[i])
        np.testing.assert_allclose(hessian[i], bend, rtol=1e-5, atol=1e-6 * np.abs(hessian).max())


def test_likelihood_is_equation_6_of_the_paper() -> None:
    r, alpha, a, b, x, t_x, age = 0.7, 3.0, 0.6, 2.0, 4, 5.0, 9.0
    common = lgamma(r + x) - lgamma(r) + r * log(alpha) + lgamma(a + b) + lgamma(b + x) - lgamma(b) - lgamma(a + b + x)
    mix = exp(-(r + x) * log(alpha + age)) + a / (b + x - 1) * exp(-(r + x) * log(alpha + t_x))
    cells = PurchaseCells.of([x], [t_x], [age])
    assert bg_nbd.log_likelihood(bg_nbd.BgNbd(r, alpha, a, b), cells) == pytest.approx(common + log(mix), rel=1e-13)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_the_order_of_the_customers_changes_nothing(seed: int) -> None:
    people = simulate(400, seed=2)
    order = np.random.default_rng(seed).permutation(people.repeats.size)
    shuffled = Customers(people.repeats[order], people.recency[order], people.age[order], people.mean[order])
    assert bg_nbd.fit(cells_of(shuffled)) == bg_nbd.fit(cells_of(people))


def test_days_and_weeks_are_the_same_cells_in_the_same_order() -> None:
    people = simulate(3000, seed=9)
    whole = np.random.default_rng(9).integers(1, 4, people.repeats.size).astype(float)
    for customers in (whole, whole / 8):
        days = PurchaseCells.of(people.repeats, people.recency, people.age, customers)
        weeks = PurchaseCells.of(people.repeats, people.recency / 7, people.age / 7, customers)
        assert days.repeats.size < people.repeats.size
        assert np.array_equal(days.repeats, weeks.repeats)
        assert np.array_equal(days.recency / 7, weeks.recency)
        assert np.array_equal(days.age / 7, weeks.age)
        assert np.array_equal(days.customers, weeks.customers)


def test_a_weight_is_as_many_customers() -> None:
    people = simulate(300, seed=3)
    n = np.random.default_rng(0).integers(1, 5, 300)
    weighted = PurchaseCells.of(people.repeats, people.recency, people.age, n)
    repeated = PurchaseCells.of(*(np.repeat(each, n) for each in (people.repeats, people.recency, people.age)))
    assert bg_nbd.fit(weighted) == bg_nbd.fit(repeated)


@given(st.floats(1e-4, 1e4))
@settings(max_examples=25)
def test_the_unit_of_time_changes_alpha_and_nothing_else(unit: float) -> None:
    people = simulate(500, seed=5)
    r, alpha, a, b = parameters_of(bg_nbd.fit(cells_of(people)))
    found = parameters_of(bg_nbd.fit(cells_of(people, unit)))
    np.testing.assert_allclose(found, [r, alpha / unit, a, b], rtol=1e-8)


def test_the_likelihood_is_highest_at_the_fit() -> None:
    cells = cells_of(simulate(3000, seed=9))
    found = bg_nbd.fit(cells)
    best = parameters_of(found)
    for factors in np.exp(np.random.default_rng(0).normal(0, 0.01, (50, 4))):
        moved = bg_nbd.BgNbd(*(np.array(best) * factors))
        assert found.log_likelihood is not None
        assert bg_nbd.log_likelihood(moved, cells) < found.log_likelihood
    np.testing.assert_allclose(bg_nbd.gradient(bg_nbd.BgNbd(*best), cells), 0, atol=1e-7)


def test_a_large_population_gives_back_the_parameters_it_was_made_with() -> None:
    # Purchase days, not purchases, are counted: rare buyers, so that two purchases on one day are rare too.
    people = simulate(60_000, seed=7, r=0.8, alpha=150.0, a=0.9, b=3.0, days=1500)
    np.testing.assert_allclose(parameters_of(bg_nbd.fit(cells_of(people))), [0.8, 150.0, 0.9, 3.0], rtol=0.1)


def test_buyers_who_never_leave_are_told_apart_from_those_who_do() -> None:
    stays, leaves = bg_nbd.fit(cells_of(simulate(4000, seed=8, a=0))), bg_nbd.fit(cells_of(simulate(4000, seed=8)))
    assert (stays.status, leaves.status) == (FitStatus.NO_DROPOUT_FOUND, FitStatus.FITTED)
    assert isinstance(stays.model, nbd.Nbd)
    assert (stays.model.r, stays.model.alpha) == (pytest.approx(0.6, rel=0.1), pytest.approx(30.0, rel=0.15))


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        (([-1], [0], [5]), "not negative"),
        (([1.5], [2], [5]), "whole"),
        (([1], [6], [5]), "between 0 and age"),
        (([0], [2], [5]), "must be 0"),
        (([1], [2], [np.nan]), "finite"),
        (([1], [2], [5], [0]), "above 0"),
        (([1, 2], [2], [5]), "one length"),
    ],
)
def test_impossible_customers_are_refused_by_the_rule_they_break(columns: tuple[list[float], ...], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        PurchaseCells.of(*columns)
