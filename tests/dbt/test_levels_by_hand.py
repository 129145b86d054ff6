"""The level of every customer of a made-up shop against the written rule in plain Python, and the rule's promises.

The shop has what makes levels hard: weekly buyers, so that the shop's own gap replaces the preset's; four months
without any order; purchases exactly on the edges of bands; customers who leave, return or answer while they are silent.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.runs.warehouse import CELLS, export_cells
from pipelines.value import write_return_curves
from tests.dbt.landed import Row, prepare
from tests.dbt.warehouse import Var, Warehouse
from tests.level_by_hand import month_ends
from tests.level_checks import built_levels, check_levels, improved_in_silence, shop_of

FIRST = date(2022, 1, 3)
HOLE = (date(2022, 12, 1), date(2023, 3, 31))  # 121 days
EARLY, LAST = date(2023, 7, 20), date(2024, 1, 10)
AUTUMN = date(2023, 11, 20)
FEW_MONTHS = 6  # marts have 6 of the shop's 24 month ends
RETAIL: dict[str, Any] = {"preset_g0": 60, "lapsed_days": 365}
HIGHEST, LOWEST = "10", "0"


def weekly(chance: random.Random) -> Iterator[date]:
    """A buyer every 7 days, now and then a day off it, who stays for a while and may return months later."""
    day = FIRST + timedelta(days=chance.randrange(500))
    for _ in range(chance.choice([1, 1, 2])):
        for _ in range(chance.choice([2, 5, 20, 60])):
            yield day
            day += timedelta(days=7 * chance.choice([1, 1, 1, 2]) + chance.choice([0, 0, 0, 1]))
        day += timedelta(days=chance.choice([60, 100, 200]))


def monthly(chance: random.Random) -> Iterator[date]:
    day = FIRST + timedelta(days=chance.randrange(600))
    for _ in range(chance.choice([1, 2, 3, 8, 20])):
        yield day
        day += timedelta(days=chance.randint(20, 60))


def left_and_called_back(chance: random.Random) -> Iterator[date]:
    """Weekly buyers who leave in 2022. From August 2023 on the shop calls: each month it wins back some of them."""
    day = FIRST + timedelta(days=chance.randrange(150))
    for _ in range(chance.choice([3, 5, 8])):
        yield day
        day += timedelta(days=7)
    for month in (8, 9, 10, 11):
        if chance.random() < 0.45:
            yield date(2023, month, chance.randint(1, 28))
            break


def on_edges() -> Iterator[list[date]]:
    """Customers whose silence at a month end is a whole number of own gaps, by the preset's gap and by the shop's 7."""
    for end in month_ends(LAST, 24):
        for silence in (7, 14, 21, 28, 30, 45, 60, 90, 120, 180, 240):
            yield [end - timedelta(days=silence)]
        yield [end - timedelta(days=120), end - timedelta(days=60)]  # own gap 60 by the preset, pace 2
        yield [end - timedelta(days=21), end - timedelta(days=14), end - timedelta(days=7)]


class Orders:
    """The shop's orders and answers, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        customers = [list(weekly(chance)) for _ in range(90)]
        customers += [list(monthly(chance)) for _ in range(120)]
        customers += [list(left_and_called_back(chance)) for _ in range(150)]
        customers += list(on_edges())
        self.orders: list[tuple[str, date]] = [
            (f"c{n}", day) for n, days in enumerate(customers) for day in sorted(set(days)) if self.is_open(day)
        ]
        # somebody buys on every other day, so that nothing else is without orders for long
        open_days = [FIRST + timedelta(days=n) for n in range(0, (LAST - FIRST).days + 1, 2)]
        self.orders += [(f"s{day.toordinal() % 40}", day) for day in open_days if self.is_open(day)]
        bought = dict(self.orders)
        self.answers: list[tuple[str, date, str]] = []
        for key in chance.sample(sorted(bought), 150):
            for _ in range(chance.choice([1, 2])):
                day = bought[key] + timedelta(days=chance.randint(1, 250))
                day = chance.choice([day, *(end for end in month_ends(LAST, 20) if end > bought[key])])
                self.answers.append((key, min(day, LAST), chance.choice([HIGHEST, LOWEST])))

    @staticmethod
    def is_open(day: date) -> bool:
        return FIRST <= day <= LAST and not HOLE[0] <= day <= HOLE[1]

    def rows(self, after: date, until: date) -> dict[str, list[Row]]:
        """The rows that happen after a day, until another."""
        orders: list[Row] = [
            {"order_id": f"{key}-{day}", "ordered_at": f"{day} 12:00:00", "gross": "10", "customer_ref": key}
            for key, day in self.orders
            if after < day <= until
        ]
        scale = {"construct": "nps", "question_id": "q", "survey_kind": "relationship", "scale_min": "0"}
        answers: list[Row] = [
            {
                **scale,
                "scale_max": "10",
                "response_id": f"{n}",
                "customer_ref": key,
                "answered_at": f"{day} 12:00:00",
                "answer_number": number,
            }
            for n, (key, day, number) in enumerate(self.answers)
            if after < day <= until
        ]
        return {"orders": orders, "survey_answers": answers}


class RetailWarehouse(Warehouse):
    """A warehouse with the preset of retail, whose expected gap of 60 days the shop's own replaces."""

    level_months = 60

    def dbt(self, *arguments: str, as_of: date, **variables: Var) -> None:
        own: dict[str, Var] = {"industry": "retail", "level_months": self.level_months}
        super().dbt(*arguments, as_of=as_of, **{**own, **variables})


def build_levels(home: Warehouse, day: date, scratch: str = "") -> None:
    """Build the levels of a day and what they need, in schemas with the prefix `scratch`."""
    home.build(day, scratch=scratch)
    export_cells(home.home / "warehouse.duckdb", home.home / "exchange", scratch)
    write_return_curves(home.home / "exchange")
    home.dbt("run", "--select", "+int_customer_level,tag:marts", as_of=day, scratch_schema=scratch)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Built as of the early day before anything later arrived, as of the last day, and as of the early day again."""
    home = RetailWarehouse(tmp_path_factory.mktemp("warehouse"), "Europe/London")
    home.models = ("int_customer_level", "fct_order", "fct_survey_answer", *(f"int_{kind}_cell" for kind in CELLS))
    prepare(home.landing)
    orders = Orders(11)
    home.land(orders.rows(date.min, EARLY), landed_on=EARLY)
    home.ingest(EARLY)
    build_levels(home, EARLY, "early")
    home.land(orders.rows(EARLY, LAST), landed_on=LAST)
    home.ingest(LAST)
    build_levels(home, LAST)
    build_levels(home, EARLY, "whole")
    home.level_months = FEW_MONTHS
    build_levels(home, AUTUMN, "few_autumn")
    build_levels(home, LAST, "few")
    return home


BUILDS = [("early_", EARLY), ("", LAST)]


@pytest.mark.parametrize(
    ("prefix", "day", "months"),
    [*((*build, 60) for build in BUILDS), ("few_autumn_", AUTUMN, FEW_MONTHS), ("few_", LAST, FEW_MONTHS)],
)
def test_every_level_of_every_level_day_is_that_of_the_written_rule(
    shop: Warehouse, prefix: str, day: date, months: int
) -> None:
    built = built_levels(shop.rows, f"{prefix}intermediate")
    check_levels(built, shop_of(shop.rows, f"{prefix}marts", level_months=months, **RETAIL), day)


def test_the_shop_has_every_case_of_the_rule(shop: Warehouse) -> None:
    """What is not in the shop would not be compared."""

    def found(column: str) -> set[Any]:
        return {value for (value,) in shop.rows(f"select distinct {column} from intermediate.int_customer_level")}

    assert found("level") == {"churned", "at_risk", "won_back", "new", "potential", "loyal"}
    assert found("level_reason") == {"rule", "silence", "recalibrated"}
    assert found("level_basis") == {"preset", "curve"}
    assert {60, 7} <= {int(g0) for g0 in found("g0_days")}
    assert {60, 120, 28} <= found("horizon_days")


def test_nothing_that_happens_after_a_day_changes_its_levels(shop: Warehouse) -> None:
    before, again = (built_levels(shop.rows, f"{prefix}_intermediate") for prefix in ("early", "whole"))
    assert before == again


def test_a_past_month_end_has_the_levels_that_were_published_of_it(shop: Warehouse) -> None:
    """Nothing arrived late."""
    before, last = built_levels(shop.rows, "early_intermediate"), built_levels(shop.rows)
    past = {key: row for key, row in before.items() if key[1] < EARLY}
    assert len(past) > 1_000
    assert past == {key: row for key, row in last.items() if key[1] < EARLY}


def test_with_few_months_a_past_month_end_has_the_same_levels_on_each_as_of_day(shop: Warehouse) -> None:
    """A curve counts as many month ends on both days, and a level can date from before the months of the marts."""
    before, last = (built_levels(shop.rows, f"{prefix}_intermediate") for prefix in ("few_autumn", "few"))
    ends = set(month_ends(AUTUMN, FEW_MONTHS)) & set(month_ends(LAST, FEW_MONTHS))
    past = {key: row for key, row in before.items() if key[1] in ends}
    assert len(past) > 300
    assert {row["level_reason"] for row in past.values()} >= {"rule", "silence"}
    assert past == {key: row for key, row in last.items() if key[1] in ends}


@pytest.mark.parametrize(("prefix", "day"), BUILDS)
def test_silence_never_improves_a_level(shop: Warehouse, prefix: str, day: date) -> None:
    assert improved_in_silence(shop.rows, f"{prefix}intermediate", f"{prefix}marts") == []


def test_an_answer_ends_a_silence(shop: Warehouse) -> None:
    """Without the answers some levels would be others."""
    without = shop_of(shop.rows, **RETAIL)
    built = built_levels(shop.rows)
    with pytest.raises(AssertionError, match="values differ"):
        check_levels(built, replace(without, answers={}), LAST)


def test_four_months_without_any_order_churn_nobody(shop: Warehouse) -> None:
    last_before, *in_the_hole = month_ends(HOLE[1], 5)
    assert last_before < HOLE[0]
    built = built_levels(shop.rows)

    def customers(level: str, end: date) -> set[str]:
        return {key for (key, on), row in built.items() if on == end and row["level"] == level}

    for level in ("churned", "at_risk"):
        assert customers(level, last_before)
        assert all(customers(level, end) <= customers(level, last_before) for end in in_the_hole)


def test_a_customer_of_the_last_week_is_not_churned(shop: Warehouse) -> None:
    recent = [row["level"] for row in built_levels(shop.rows).values() if row["silence_days"] <= 7]
    assert len(recent) > 100
    assert "churned" not in recent
