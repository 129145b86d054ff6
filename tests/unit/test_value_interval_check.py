"""Intervals checked on a holdout: in worlds of the model they hold their share, and a world that is none shows."""

import numpy as np
import pytest

from pipelines.value import pareto_nbd
from pipelines.value.interval_check import LEVELS, IntervalCheck, check_intervals, total_interval
from pipelines.value.pareto_nbd import ParetoNbd
from pipelines.value.validation import HoldoutCells
from tests.unit.value_samples import Floats

TRUTH = ParetoNbd(0.8, 30.0, 0.7, 90.0)
HORIZON = 800.0  # twice as long as they were watched: what the parameters leave open is most of the error
WORLDS = 200


def world(customers: int, seed: int, boom: float = 1.0) -> HoldoutCells:
    """Pareto/NBD buyers watched for up to 400 days, who then buy `boom` times as often as they did."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(0, 400, customers)
    rate = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, customers)
    leaves = rng.exponential(1 / rng.gamma(TRUTH.s, 1 / TRUTH.beta, customers))
    repeats = rng.poisson(rate * np.minimum(leaves, age)).astype(float)
    last = np.minimum(leaves, age) * rng.random(customers) ** (1 / np.maximum(repeats, 1))
    bought = rng.poisson(boom * rate * np.clip(leaves - age, 0, HORIZON)).astype(float)
    return HoldoutCells.of(repeats, np.where(repeats > 0, last, 0.0), age, bought, HORIZON)


def checked(cells: HoldoutCells) -> tuple[IntervalCheck, ...]:
    model = pareto_nbd.fit(cells.history()).model
    assert isinstance(model, ParetoNbd)
    return check_intervals(model, cells)


def is_inside(check: IntervalCheck) -> bool:
    return check.total.low <= check.total.actual <= check.total.high


@pytest.fixture(scope="module")
def worlds() -> list[tuple[IntervalCheck, ...]]:
    return [checked(world(400, seed)) for seed in range(WORLDS)]


@pytest.mark.parametrize(("at", "least", "most"), [(0, 0.73, 0.87), (1, 0.90, 0.98)])
def test_intervals_of_a_total_hold_their_share_of_totals(
    worlds: list[tuple[IntervalCheck, ...]], at: int, least: float, most: float
) -> None:
    assert least < np.mean([is_inside(world[at]) for world in worlds]) < most


@pytest.mark.parametrize("at", range(len(LEVELS)))
def test_intervals_of_customers_cover_the_predicted_share_and_no_less_than_their_level(
    worlds: list[tuple[IntervalCheck, ...]], at: int
) -> None:
    predicted, actual = (
        np.mean([getattr(world[at].customers, name) for world in worlds]) for name in ("predicted", "actual")
    )
    assert worlds[0][at].level / 100 < actual == pytest.approx(predicted, abs=0.03)


def test_a_world_that_is_not_the_models_shows() -> None:
    as_predicted, boom = checked(world(4000, 2)), checked(world(4000, 2, boom=2.0))
    assert is_inside(as_predicted[1])
    for fine, off in zip(as_predicted, boom, strict=True):
        assert not is_inside(off)
        assert fine.customers.predicted == off.customers.predicted
        assert off.customers.actual < fine.customers.actual - 0.02


def test_ends_are_those_of_customers_on_average_and_wider_at_the_higher_level() -> None:
    eighty, ninety_five = checked(world(400, 3))
    for wide, narrow in ((ninety_five.customers, eighty.customers), (ninety_five.total, eighty.total)):
        assert 0 <= wide.low <= narrow.low <= narrow.high < wide.high
        assert wide.customers == 400
    assert eighty.total.low < eighty.total.predicted < eighty.total.high


def test_without_standard_errors_the_total_has_no_interval_and_customers_have_theirs() -> None:
    cells = world(400, 3)
    for check in check_intervals(ParetoNbd(50.0, 0.01, 40.0, 1e5), cells):  # no maximum: not curved downwards
        assert np.isnan([check.total.low, check.total.high]).all()
        assert np.isfinite([check.total.predicted, check.customers.low, check.customers.high]).all()


def test_the_interval_of_a_large_total_is_the_normals() -> None:
    ends: Floats = np.array(total_interval(1e6, 4e6, 95))
    assert ends == pytest.approx([1e6 - 1.96 * 2e3, 1e6 + 1.96 * 2e3], abs=5)
