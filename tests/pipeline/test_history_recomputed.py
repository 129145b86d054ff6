"""The published history of customers follows from published facts, and answers who moved and how many moved."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest

from pipelines.config.settings import project_root

MARTS = ("customer_loyalty_history", "rpt_migration", "rpt_setting", "rpt_level_outcome", "fct_order", "fct_return")
GROUPS = ("level", "loyalty_class", "rfm_segment")
STATES = (*GROUPS, "quadrant", "loyalty_type")

AtMonthEnds = dict[date, dict[str, dict[str, str]]]


class SampleHome(Protocol):
    """What the fixture `sample_home` gives."""

    published: Path


@pytest.fixture(scope="module")
def marts(sample_home: SampleHome) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts that the tests read."""
    folder = (sample_home.published / "current").resolve() / "marts"
    with duckdb.connect() as connection:
        for mart in MARTS:
            connection.execute(f"create view {mart} as from '{folder}/{mart}/*.parquet'")
        yield connection


@pytest.fixture(scope="module")
def at_month_ends(marts: duckdb.DuckDBPyConnection) -> AtMonthEnds:
    """The state of every customer at each month end, by month end and customer, from the periods of the history."""
    rows = marts.sql("from customer_loyalty_history").to_arrow_table().to_pylist()
    ends = sorted({row[name] for row in rows for name in ("valid_from_on", "valid_to_on")} - {None})
    found: AtMonthEnds = {end: {} for end in ends}
    for row in rows:
        covered = [end for end in ends if row["valid_from_on"] <= end <= (row["valid_to_on"] or date.max)]
        assert len(covered) == row["n_month_ends"]
        for end in covered:
            assert row["customer_key"] not in found[end], "two periods of a customer overlap"
            found[end][row["customer_key"]] = {name: row[name] for name in STATES}
    return found


def cuts(values: list[Decimal]) -> list[Decimal]:
    """The discrete percentiles at .2, .4, .6 and .8: of each, the first value with at least that share at or below."""
    ordered = sorted(values)
    return [ordered[-(-len(ordered) * fifth // 5) - 1] for fifth in (1, 2, 3, 4)] if ordered else []


def quintile(value: Decimal, cut_points: list[Decimal]) -> int:
    """The quintile of a value; equal values get the quintile of their middle rank."""
    return 1 + sum(2 if cut < value else 1 if cut == value else 0 for cut in cut_points) // 2


def segments_by_hand(marts: duckdb.DuckDBPyConnection, end: date) -> dict[str, str]:
    """The RFM segment of every buyer at a month end, from their orders and returns until then."""
    orders = marts.execute(
        "select customer_key, ordered_on, net_amount from fct_order"
        " where is_purchase and customer_key is not null and ordered_on <= ?",
        [end],
    ).fetchall()
    returns = marts.execute(
        "select customer_key, return_amount from fct_return where customer_key is not null and returned_on <= ?", [end]
    ).fetchall()
    ((text,),) = marts.execute("select value from rpt_setting where setting = 'model.loyalty.lapsed_days'").fetchall()
    days: dict[str, set[date]] = {}
    amounts: dict[str, Decimal] = {}
    for key, on, amount in orders:
        assert amount is not None, "the sample has amounts"
        days.setdefault(key, set()).add(on)
        amounts[key] = amounts.get(key, Decimal(0)) + amount
    for key, amount in returns:
        if key in amounts:
            amounts[key] -= amount or 0
    recency = {key: Decimal(-(end - max(found)).days) for key, found in days.items()}
    active = [key for key in days if -recency[key] <= Decimal(text)]
    scored = {
        "r": recency,
        "f": {key: Decimal(len(found)) for key, found in days.items()},
        "m": amounts,
    }
    quintiles = {
        part: {key: quintile(value, cuts([values[one] for one in active])) for key, value in values.items()}
        for part, values in scored.items()
    }
    with (project_root() / "dbt_project" / "seeds" / "rfm_segments.csv").open(encoding="utf-8") as file:
        cells = {(int(row["r_quintile"]), int(row["fm_quintile"])): row["rfm_segment"] for row in csv.DictReader(file)}
    return {key: cells[quintiles["r"][key], (quintiles["f"][key] + quintiles["m"][key] + 1) // 2] for key in days}


def test_the_segment_at_each_month_end_is_that_of_the_orders_and_returns_until_then(
    marts: duckdb.DuckDBPyConnection, at_month_ends: AtMonthEnds
) -> None:
    assert len(at_month_ends) >= 3
    for end, customers in at_month_ends.items():
        expected = segments_by_hand(marts, end)
        assert len(set(expected.values())) > 3
        found = {key: state["rfm_segment"] for key, state in customers.items()}
        assert {key: segment for key, segment in found.items() if segment != "no_purchase"} == expected
        assert {key for key, state in customers.items() if state["level"] == "prospect"} == found.keys() - expected


def test_a_period_begins_with_a_change_and_names_what_was_before(
    marts: duckdb.DuckDBPyConnection, at_month_ends: AtMonthEnds
) -> None:
    previous = {name: f"previous_{name.removeprefix('loyalty_')}" for name in STATES}
    rows = marts.sql("from customer_loyalty_history").to_arrow_table().to_pylist()
    begun = {(row["customer_key"], row["valid_from_on"]): row for row in rows}
    expected: dict[tuple[str, date], dict[str, str] | None] = {}
    first, *_ = at_month_ends
    expected.update(dict.fromkeys((key, first) for key in at_month_ends[first]))
    for earlier, later in pairwise(at_month_ends):
        for key, state in at_month_ends[later].items():
            before = at_month_ends[earlier].get(key)
            if before != state:
                expected[key, later] = before
    assert begun.keys() == expected.keys()
    assert len({before is None for before in expected.values()}) == 2
    for row_key, before in expected.items():
        row: dict[str, Any] = begun[row_key]
        assert row["is_first"] == (before is None)
        assert {name: row[previous[name]] for name in STATES} == (before or dict.fromkeys(STATES))


def test_migration_counts_the_moves_of_the_history(
    marts: duckdb.DuckDBPyConnection, at_month_ends: AtMonthEnds
) -> None:
    ends = list(at_month_ends)
    for months in (1, 3):
        for earlier, later in zip(ends, ends[months:], strict=False):
            for name in GROUPS:
                moves = Counter(
                    (at_month_ends[earlier].get(key, {}).get(name, "not_known_yet"), state[name])
                    for key, state in at_month_ends[later].items()
                )
                published = marts.execute(
                    "select from_value, to_value, n_customers from rpt_migration"
                    " where from_month_end_on = ? and to_month_end_on = ? and group_by = ?",
                    [earlier, later, name],
                ).fetchall()
                assert {(before, after): n for before, after, n in published} == moves


def test_the_documented_queries_answer_who_moved_and_how_many(
    marts: duckdb.DuckDBPyConnection, at_month_ends: AtMonthEnds
) -> None:
    """The queries of docs/loyalty-model.md, with month ends of the sample."""
    text = (project_root() / "docs" / "loyalty-model.md").read_text(encoding="utf-8")
    past = text[text.index("## The past") : text.index("## Do levels mean what they say?")]
    who, how_many = re.findall(r"```sql\n(.+?)```", past, flags=re.DOTALL)
    *_, earlier, later = at_month_ends
    before, after = at_month_ends[earlier], at_month_ends[later]
    moved = marts.sql(who.replace("2024-03-31", str(earlier))).to_arrow_table().to_pylist()
    names = {name: f"previous_{name.removeprefix('loyalty_')}" for name in GROUPS}
    assert {row["customer_key"]: {name: (row[names[name]], row[name]) for name in GROUPS} for row in moved} == {
        key: {name: (before[key][name], state[name]) for name in GROUPS}
        for key, state in after.items()
        if key in before and any(before[key][name] != state[name] for name in GROUPS)
    }
    assert {row["moved_on"] for row in moved} == {later}
    counted = marts.sql(how_many.replace("2024-03-31", str(earlier)).replace("2024-08-31", str(later))).fetchall()
    assert {(one, other): n for one, other, n in counted} == Counter(
        (before[key]["rfm_segment"], state["rfm_segment"]) for key, state in after.items() if key in before
    )
