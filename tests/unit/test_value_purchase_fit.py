"""Every purchase model, where there is little to fit or none: a status and finite parameters, never a silent number."""

import numpy as np
import pytest

from pipelines.value import purchase_model
from pipelines.value.cells import PurchaseCells
from pipelines.value.purchase_fit import PurchaseFit
from pipelines.value.purchase_model import Kind
from pipelines.value.report import FitStatus
from tests.unit.value_samples import simulate

pytestmark = pytest.mark.parametrize("kind", Kind)


def test_fewer_than_a_hundred_customers_are_too_few(kind: Kind) -> None:
    people = simulate(100, seed=1)
    some = PurchaseCells.of(people.repeats[1:], people.recency[1:], people.age[1:])
    assert purchase_model.fit(kind, some) == PurchaseFit(FitStatus.TOO_FEW_CUSTOMERS, None, None)
    enough = PurchaseCells.of(people.repeats, people.recency, people.age)
    assert purchase_model.fit(kind, enough).status is not FitStatus.TOO_FEW_CUSTOMERS
    assert purchase_model.fit(kind, PurchaseCells.of([3], [40], [90], [1])).status is FitStatus.TOO_FEW_CUSTOMERS
    assert purchase_model.fit(kind, PurchaseCells.of([], [], [])).status is FitStatus.TOO_FEW_CUSTOMERS


@pytest.mark.parametrize("age", [0.0, 400.0])
def test_where_nobody_came_back_there_is_no_fit(kind: Kind, age: float) -> None:
    nobody = PurchaseCells.of([0], [0], [age], [500])
    assert purchase_model.fit(kind, nobody) == PurchaseFit(FitStatus.NOT_CONVERGED, None, None)


@pytest.mark.parametrize(
    ("x", "t_x", "age"),
    [
        ([0, 7304], [0, 7304], [7305, 7305]),
        ([0, 10_000, 10_000], [0, 7000, 7300], [7305, 7305, 7305]),
        ([1, 1], [1, 1], [1, 1]),
        ([0, 1], [0, 0], [10, 10]),
        ([0, 3], [0, 3], [0, 3]),
        ([5], [100], [200]),
    ],
)
def test_extreme_shops_end_in_a_status_and_finite_parameters(
    kind: Kind, x: list[int], t_x: list[int], age: list[int]
) -> None:
    found = purchase_model.fit(kind, PurchaseCells.of(x, t_x, age, [200] * len(x)))
    if found.model is None:
        assert found.status is FitStatus.NOT_CONVERGED
    else:
        assert np.isfinite(list(vars(found.model).values())).all()
        assert found.log_likelihood is not None and np.isfinite(found.log_likelihood)
