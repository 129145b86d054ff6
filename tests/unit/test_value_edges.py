"""The edges of docs/value-models.md that lie in the models: what each says of customers of whom little is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.value import gamma_gamma, purchase_model
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.purchase_model import Kind, PurchaseModel
from pipelines.value.report import FitStatus
from tests.unit.value_samples import simulate

YEAR = 365.25
WITH_DROPOUT = [kind for kind in Kind if kind is not Kind.NBD]


@pytest.fixture(scope="module")
def fitted() -> dict[Kind, PurchaseModel]:
    people = simulate(3000, seed=11, a=1.2)
    cells = PurchaseCells.of(people.repeats, people.recency, people.age)
    found = {kind: purchase_model.fit(kind, cells) for kind in Kind}
    assert {fit.status for fit in found.values()} == {FitStatus.FITTED}
    return {kind: fit.model for kind, fit in found.items() if fit.model is not None}


def alive(model: PurchaseModel, x: int, recency: list[float], age: list[float]) -> NDArray[np.float64]:
    found = purchase_model.p_alive(model, PurchaseCells.of([x] * len(age), recency, age))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", Kind)
def test_of_one_purchase_the_longer_ago_it_was_the_fewer_are_expected(
    fitted: dict[Kind, PurchaseModel], kind: Kind
) -> None:
    once = PurchaseCells.of([0] * 5, [0] * 5, [0, 1, 30, 365, 7305])
    expected = purchase_model.expected_purchases(fitted[kind], once, YEAR)
    assert np.all(expected > 0)
    assert np.all(np.diff(expected) < 0)


def test_of_one_purchase_only_bg_nbd_supposes_that_nobody_has_left(fitted: dict[Kind, PurchaseModel]) -> None:
    ages = [1.0, 365.0, 7305.0]
    assert alive(fitted[Kind.BG_NBD], 0, [0.0] * 3, ages).tolist() == [1.0] * 3
    for kind in (Kind.MBG_NBD, Kind.PARETO_NBD):
        found = alive(fitted[kind], 0, [0.0] * 3, ages)
        assert np.all(found < 1) and np.all(np.diff(found) < 0), kind


@pytest.mark.parametrize("kind", WITH_DROPOUT)
def test_who_bought_today_is_the_likeliest_to_be_a_customer(fitted: dict[Kind, PurchaseModel], kind: Kind) -> None:
    for x in (1, 5, 300):
        found = alive(fitted[kind], x, [0.0, 100.0, 399.0, 400.0], [400.0] * 4)
        assert np.argmax(found) == 3 and 0.5 < found[3] <= 1


def test_who_bought_today_cannot_have_left_at_a_time_since(fitted: dict[Kind, PurchaseModel]) -> None:
    assert alive(fitted[Kind.PARETO_NBD], 5, [400.0], [400.0]).tolist() == [1.0]
    assert alive(fitted[Kind.PARETO_NBD], 0, [0.0], [0.0]).tolist() == [1.0]


@pytest.mark.parametrize("kind", Kind)
def test_a_shop_of_new_customers_alone_has_finite_forecasts_or_none(kind: Kind) -> None:
    people = simulate(500, seed=12, alpha=3.0, days=7)
    cells = PurchaseCells.of(people.repeats, people.recency, people.age)
    assert cells.age.max() < 7 and cells.repeats.any()
    found = purchase_model.fit(kind, cells)
    if found.model is None:
        assert found.status is FitStatus.NOT_CONVERGED
    else:
        expected = purchase_model.expected_purchases(found.model, cells, YEAR)
        assert np.isfinite(expected).all() and np.all(expected >= 0)


def test_spend_that_never_differs_is_expected_of_everybody() -> None:
    for repeats in (np.ones(200), np.arange(200.0) % 7 + 1):
        found = gamma_gamma.fit(SpendCells.of(repeats, np.full(200, 12.34)))
        assert found.status is FitStatus.FITTED and found.model is not None
        of = gamma_gamma.expected_spend(found.model, np.array([0.0, 1.0, 9.0]), np.array([0.0, 12.34, 12.34]))
        np.testing.assert_allclose(of, 12.34, rtol=2e-3)


def test_a_cell_of_no_own_spend_takes_no_part_in_the_fit_and_gets_everybodys_mean() -> None:
    people = simulate(1000, seed=13)
    came_back = people.repeats > 0
    x, mean = people.repeats[came_back], people.mean[came_back]
    own = gamma_gamma.fit(SpendCells.of(x, mean))
    both = gamma_gamma.fit(SpendCells.of(np.append(x, 0.0), np.append(mean, 0.0), np.append(np.ones(x.size), 400)))
    assert own == both and own.model is not None
    assert gamma_gamma.expected_spend(own.model, np.zeros(1), np.zeros(1)) == gamma_gamma.population_mean(own.model)
