"""Weekly tracking: predicted and actual purchases add up to the whole holdout's, however long its last week is."""

import numpy as np
import pytest

from pipelines.value import purchase_model
from pipelines.value.cells import PurchaseCells
from pipelines.value.purchase_model import Kind
from pipelines.value.tracking import n_weeks, track
from tests.unit.value_samples import cdnow_weeks, packaged_cdnow, read_cdnow

pytestmark = pytest.mark.parametrize("kind", Kind)


@pytest.fixture(scope="module")
def history() -> PurchaseCells:
    people = read_cdnow(packaged_cdnow())
    return PurchaseCells.of(people.repeats, people.recency, people.age)


def test_totals_by_horizon_are_the_sums_over_customers(kind: Kind, history: PurchaseCells) -> None:
    model = purchase_model.fit(kind, history).model
    assert model is not None
    horizons = np.array([0.0, 7.0, 273.0])
    sums = [history.customers @ purchase_model.expected_purchases(model, history, each) for each in horizons]
    assert purchase_model.expected_totals(model, history, horizons) == pytest.approx(np.array(sums), rel=1e-12)


def test_the_last_week_ends_with_the_holdout(kind: Kind, history: PurchaseCells) -> None:
    model = purchase_model.fit(kind, history).model
    assert model is not None
    by_week = np.array([5.0, 0.0, 3.0])
    weeks = track(model, history, by_week, 16.0)
    assert [(week.low, week.high) for week in weeks] == [(0, 7), (7, 14), (14, 16)]
    assert [week.actual * 2357 for week in weeks] == pytest.approx([5, 5, 8])
    for week in weeks:
        expected = purchase_model.expected_purchases(model, history, week.high)
        assert week.predicted == pytest.approx(history.customers @ expected / 2357)


def test_another_number_of_weeks_is_refused(kind: Kind, history: PurchaseCells) -> None:
    model = purchase_model.fit(kind, history).model
    assert model is not None
    assert [n_weeks(days) for days in (1.0, 7.0, 8.0, 91.0)] == [1, 1, 2, 13]
    with pytest.raises(ValueError, match="a holdout of 2 weeks has 2, not 3"):
        track(model, history, np.zeros(3), 14.0)


def test_cdnow_in_weeks_and_in_days_tracks_alike(kind: Kind, history: PurchaseCells) -> None:
    weekly = PurchaseCells(history.repeats, history.recency / 7, history.age / 7, history.customers)
    by_week = cdnow_weeks(packaged_cdnow())
    assert (by_week.size, by_week.sum()) == (39, 1882)
    in_days, in_weeks = purchase_model.fit(kind, history).model, purchase_model.fit(kind, weekly).model
    assert in_days is not None and in_weeks is not None
    predicted = [week.predicted for week in track(in_days, history, by_week, 273.0)]
    assert predicted == pytest.approx(
        [week.predicted for week in track(in_weeks, weekly, by_week, 39.0, week=1.0)], rel=1e-7
    )
