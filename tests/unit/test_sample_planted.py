"""The levels, classes and types that the sample's truth states."""

from collections import Counter, defaultdict
from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipelines.sample import attitudes, planted
from pipelines.sample.process import Lives, Parameters, Purchases, simulate
from tests.unit.sample_files import UNTIL, small_sample

FIRST, LAST = 19_000, 20_095
PARAMETERS = Parameters()
Drawn = tuple[Lives, Purchases]


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return simulate(20_000, FIRST, LAST, 5, PARAMETERS)


def test_the_typical_customer_is_the_median(drawn: Drawn) -> None:
    lives, _ = drawn
    assert 1 / np.median(lives.rate_per_day) == pytest.approx(planted.typical_gap(PARAMETERS), rel=0.05)
    assert np.median(lives.dropout_probability) == pytest.approx(planted.typical_dropout(PARAMETERS), rel=0.05)


def test_a_level_is_decided_by_who_has_left_and_who_stays(drawn: Drawn) -> None:
    lives, purchases = drawn
    level = np.array(planted.LEVELS)[planted.levels(lives, purchases, PARAMETERS, LAST - 100)]
    assert set(level) == set(planted.LEVELS)
    has_left = (lives.dropout_day >= 0) & (lives.dropout_day <= LAST - 100)
    assert np.all(has_left[np.isin(level, ["at_risk", "churned"])])
    assert not np.any(has_left[np.isin(level, ["potential", "loyal"])])
    stays = lives.dropout_probability
    assert stays[level == "loyal"].max() < stays[level == "potential"].min()
    later = np.zeros(len(level), np.int64)
    np.add.at(later, purchases.customer, (purchases.day > LAST - 100).astype(np.int64))
    assert later[np.isin(level, ["at_risk", "churned"])].sum() == 0


def test_a_churned_customer_has_been_silent_for_three_of_their_own_gaps(drawn: Drawn) -> None:
    lives, purchases = drawn
    level = np.array(planted.LEVELS)[planted.levels(lives, purchases, PARAMETERS, LAST)]
    gaps = (LAST - planted.last_days(purchases, len(level), LAST)) * lives.rate_per_day
    assert gaps[level == "churned"].min() >= 2.99 > gaps[level == "at_risk"].max() - 0.01


def test_the_planted_class_is_the_deepest_kind_and_the_type_follows_it() -> None:
    high, low = 1.0, -1.0
    emotion, attitude, cognition = np.array(
        [(high, high, low), (high, low, high), (high, low, low), (low, high, low), (low, low, high), (low,) * 3] * 2
    ).T
    felt = attitudes.Attitudes(attitude=attitude, emotion=emotion, cognition=cognition)
    level = np.array([planted.LEVELS.index("loyal")] * 6 + [planted.LEVELS.index("churned")] * 6)
    found = planted.classes(felt, level)
    deepest = ["emotional"] * 3 + ["attitudinal", "cognitive"]
    assert [planted.CLASSES[each] for each in found] == [*deepest, "behavioural", *deepest, "not_loyal"]
    motives = ["emotional", "rational", "undetermined", "undetermined", "rational"]
    types = [planted.TYPES[each] for each in planted.types(felt, found)]
    assert types == [*motives, "undetermined", *motives, "not_loyal"]


def test_the_truth_has_the_level_of_each_month_end_and_of_the_last_day() -> None:
    customers = pq.read_table(small_sample() / "truth" / "customers.parquet").to_pylist()
    at_month_ends: dict[str, dict[date, str]] = defaultdict(dict)
    for row in pq.read_table(small_sample() / "truth" / "levels.parquet").to_pylist():
        at_month_ends[row["person"]][row["month_end_on"]] = row["level"]
    assert UNTIL in {on for levels in at_month_ends.values() for on in levels}
    for row in customers:
        levels = at_month_ends[row["person"]]
        assert min(levels) >= row["first_purchase_on"]
        assert levels[UNTIL] == row["level"]
        assert "prospect" not in levels.values()
    assert len(Counter(row["level"] for row in customers)) == len(planted.LEVELS) - 1
