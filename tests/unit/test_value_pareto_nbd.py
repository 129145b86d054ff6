"""Pareto/NBD: likelihood and derivatives are right at every extreme, and a fit depends on the customers alone."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from pipelines.value import nbd, pareto_nbd
from pipelines.value import pareto_nbd_integral as quadrature
from pipelines.value.cells import PurchaseCells
from pipelines.value.pareto_nbd import ParetoNbd
from pipelines.value.purchase_fit import PurchaseFit
from pipelines.value.report import FitStatus
from tests.unit.value_brute_force import log_integral
from tests.unit.value_samples import Customers, Floats, packaged_cdnow, read_cdnow, simulate

log_parameter = st.floats(-3, 3)


def simulate_leavers(customers: int, seed: int, truth: ParetoNbd, days: int) -> PurchaseCells:
    """Pareto/NBD buyers by the second, not by the day: what the model says, and nothing else."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(0, days, customers)
    rate = rng.gamma(truth.r, 1 / truth.alpha, customers)
    end = np.minimum(age, rng.exponential(1 / rng.gamma(truth.s, 1 / truth.beta, customers)))
    repeats = rng.poisson(rate * end).astype(np.float64)
    last = end * rng.random(customers) ** (1 / np.maximum(repeats, 1))  # the highest of x uniform times
    return PurchaseCells.of(repeats, np.where(repeats > 0, last, 0.0), age)


def cells_of(people: Customers, unit: float = 1.0) -> PurchaseCells:
    return PurchaseCells.of(people.repeats, people.recency / unit, people.age / unit)


def values_of(fit: PurchaseFit[ParetoNbd]) -> list[float]:
    assert isinstance(fit.model, ParetoNbd)
    return list(vars(fit.model).values())


@pytest.fixture(scope="module")
def weeks() -> PurchaseCells:
    return cells_of(read_cdnow(packaged_cdnow()), unit=7)


def test_parameters_and_likelihood_are_those_of_the_paper(weeks: PurchaseCells) -> None:
    found = pareto_nbd.fit(weeks)
    assert [f"{value:.3f}" for value in values_of(found)] == ["0.553", "10.578", "0.606", "11.669"]
    assert f"{found.log_likelihood:.1f}" == "-9595.0"
    assert f"{pareto_nbd.log_likelihood(ParetoNbd(0.553, 10.578, 0.606, 11.669), weeks):.1f}" == "-9595.0"


@given(st.lists(log_parameter, min_size=4, max_size=4))
@settings(max_examples=40)
def test_gradient_and_hessian_are_those_of_the_likelihood(logs: list[float]) -> None:
    cells = cells_of(simulate(200, seed=1), unit=100)
    at = np.exp(logs)
    gradient, hessian = pareto_nbd.gradient(ParetoNbd(*at), cells), pareto_nbd.hessian(ParetoNbd(*at), cells)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5 * at[i]
        up, down = ParetoNbd(*(at + step)), ParetoNbd(*(at - step))
        slope = (pareto_nbd.log_likelihood(up, cells) - pareto_nbd.log_likelihood(down, cells)) / (2 * step[i])
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-6 * np.abs(gradient).max())
        bend = (pareto_nbd.gradient(up, cells) - pareto_nbd.gradient(down, cells)) / (2 * step[i])
        np.testing.assert_allclose(hessian[i], bend, rtol=1e-5, atol=1e-6 * np.abs(hessian).max())


@pytest.mark.parametrize(("alpha", "beta"), [(3.0, 7.0), (7.0, 3.0), (5.0, 5.0)])
@pytest.mark.parametrize(("x", "t_x"), [(0, 0.0), (4, 5.0), (4, 9.0)])
def test_likelihood_is_the_papers_integral_over_the_time_of_leaving(
    alpha: float, beta: float, x: int, t_x: float
) -> None:
    r, s, age = 0.7, 0.6, 9.0
    left, _ = integrate.quad(lambda y: s * (alpha + y) ** -(r + x) * (beta + y) ** -(s + 1), t_x, age, epsrel=1e-12)
    stayed = (alpha + age) ** -(r + x) * (beta + age) ** -s
    truth = special.poch(r, x) * alpha**r * beta**s * (stayed + left)
    cells = PurchaseCells.of([x], [t_x], [age])
    found = pareto_nbd.log_likelihood(ParetoNbd(r, alpha, s, beta), cells)
    assert found == pytest.approx(np.log(truth), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("x", [0, 1, 10_000])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9999, 1.0])
@pytest.mark.parametrize(("alpha", "beta"), [(0.01, 5e4), (5e4, 0.01), (40.0, 41.0), (1e7, 1e7)])
@pytest.mark.parametrize(("r", "s"), [(0.01, 1e-4), (0.5, 1.0), (5000.0, 2.0), (0.5, 9000.0)])
def test_likelihood_keeps_its_digits_over_twenty_years_and_ten_thousand_purchases(
    x: int, share: float, alpha: float, beta: float, r: float, s: float
) -> None:
    age = 7305.0
    t_x = share * age if x else 0.0
    stayed = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    total = stayed
    if t_x < age:

        def leaving(y: Floats) -> Floats:
            return -(r + x) * np.log(alpha + y) - (s + 1) * np.log(beta + y)

        total = np.logaddexp(stayed, np.log(s) + log_integral(leaving, t_x, age))
    common = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    found = pareto_nbd.log_likelihood(ParetoNbd(r, alpha, s, beta), PurchaseCells.of([x], [t_x], [age]))
    largest = max(abs(common), abs(stayed), 1.0)
    assert found == pytest.approx(common + total, abs=1e-11 * largest + 1e-10)
    gradient = pareto_nbd.gradient(ParetoNbd(r, alpha, s, beta), PurchaseCells.of([x], [t_x], [age]))
    assert np.isfinite(gradient).all()


@given(
    near_power=st.one_of(st.floats(0.001, 1.5), st.floats(1, 10_000)),
    far_power=st.one_of(st.floats(0.001, 3), st.floats(1, 10_000)),
    log_ratio=st.one_of(st.just(0.0), st.floats(-12, 0)),
    width=st.one_of(st.floats(1e-6, 4), st.floats(1, 14)),
)
@example(near_power=41.0, far_power=40.0, log_ratio=-0.01, width=14.0)  # both factors fall alike
@example(near_power=1.0, far_power=1.0, log_ratio=-9.0, width=14.0)
@example(near_power=0.001, far_power=400.0, log_ratio=-10.0, width=8.0)
@settings(max_examples=200)
def test_the_integral_is_that_of_brute_force(
    near_power: float, far_power: float, log_ratio: float, width: float
) -> None:
    ratio = np.exp(log_ratio)
    end = np.expm1(width)  # near + start = 1
    given = (np.full(1, each) for each in (near_power, far_power, ratio, -np.expm1(log_ratio), width))
    found = quadrature.integrate(quadrature.Range(*given, far_width=np.log1p(end * ratio) * np.ones(1)))
    truth = log_integral(lambda y: -near_power * np.log1p(y) - far_power * np.log1p(y * ratio), 0.0, float(end))
    assert found.log_integral[0] == pytest.approx(truth, abs=1e-10)


def test_customers_stand_for_themselves_in_whatever_company() -> None:
    """Cells share nodes within a block: a customer next to an extreme one counts as he does alone."""
    x, t_x, age = [0, 1, 3, 10_000, 40, 0], [0, 7000, 2, 10, 100, 0], [9, 7305, 400, 7305, 100, 7305]
    model = ParetoNbd(0.5, 20.0, 0.7, 300.0)
    alone = [
        pareto_nbd.log_likelihood(model, PurchaseCells.of([a], [b], [c])) for a, b, c in zip(x, t_x, age, strict=True)
    ]
    assert pareto_nbd.log_likelihood(model, PurchaseCells.of(x, t_x, age)) == pytest.approx(sum(alone), rel=1e-12)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_the_order_of_the_customers_changes_nothing(seed: int) -> None:
    people = simulate(400, seed=2)
    order = np.random.default_rng(seed).permutation(people.repeats.size)
    shuffled = Customers(people.repeats[order], people.recency[order], people.age[order], people.mean[order])
    assert pareto_nbd.fit(cells_of(shuffled)) == pareto_nbd.fit(cells_of(people))


def test_a_weight_is_as_many_customers() -> None:
    people = simulate(300, seed=3)
    n = np.random.default_rng(0).integers(1, 5, 300)
    weighted = PurchaseCells.of(people.repeats, people.recency, people.age, n)
    repeated = PurchaseCells.of(*(np.repeat(each, n) for each in (people.repeats, people.recency, people.age)))
    assert pareto_nbd.fit(weighted) == pareto_nbd.fit(repeated)


@given(st.floats(1e-4, 1e4))
@settings(max_examples=15)
def test_the_unit_of_time_changes_alpha_and_beta_and_nothing_else(unit: float) -> None:
    people = simulate(500, seed=5)
    r, alpha, s, beta = values_of(pareto_nbd.fit(cells_of(people)))
    found = values_of(pareto_nbd.fit(cells_of(people, unit)))
    np.testing.assert_allclose(found, [r, alpha / unit, s, beta / unit], rtol=1e-8)


def test_the_likelihood_is_highest_at_the_fit(weeks: PurchaseCells) -> None:
    found = pareto_nbd.fit(weeks)
    best = values_of(found)
    assert found.log_likelihood == pytest.approx(pareto_nbd.log_likelihood(ParetoNbd(*best), weeks), rel=1e-13)
    for factors in np.exp(np.random.default_rng(0).normal(0, 0.01, (30, 4))):
        assert pareto_nbd.log_likelihood(ParetoNbd(*(np.array(best) * factors)), weeks) < found.log_likelihood
    np.testing.assert_allclose(pareto_nbd.gradient(ParetoNbd(*best), weeks), 0, atol=1e-7)


@pytest.mark.parametrize("truth", [ParetoNbd(0.8, 30.0, 0.7, 90.0), ParetoNbd(1.5, 300.0, 1.4, 150.0)])
def test_a_large_population_gives_back_the_parameters_it_was_made_with(truth: ParetoNbd) -> None:
    cells = simulate_leavers(30_000, 7, truth, 1500)
    found = values_of(pareto_nbd.fit(cells))
    errors = np.sqrt(np.diag(np.linalg.inv(-pareto_nbd.hessian(ParetoNbd(*found), cells))))
    away = (np.array(found) - np.array(list(vars(truth).values()))) / errors
    assert np.abs(away).max() < 3.5
    np.testing.assert_allclose(found, list(vars(truth).values()), rtol=0.15)


def test_buyers_who_never_leave_are_told_apart_from_those_who_do() -> None:
    stay = cells_of(simulate(4000, seed=8, a=0))
    stays, leaves = pareto_nbd.fit(stay), pareto_nbd.fit(cells_of(simulate(4000, seed=8)))
    assert (stays.status, leaves.status) == (FitStatus.NO_DROPOUT_FOUND, FitStatus.FITTED)
    assert (stays.model, stays.log_likelihood) == nbd.fit(stay)


def test_without_dropout_the_likelihood_is_the_nbds() -> None:
    cells = cells_of(simulate(300, seed=3))
    at_the_edge = pareto_nbd.log_likelihood(ParetoNbd(0.6, 30.0, 1e-9, 1e9), cells)
    assert at_the_edge == pytest.approx(nbd.log_likelihood(nbd.Nbd(0.6, 30.0), cells), rel=1e-12)
