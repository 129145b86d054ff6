"""Totals across stages: they add up for a good day, and fail with their terms if rows or cents are lost."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.base.errors import ConfigError, GateError
from pipelines.quality import check_totals, load_totals, run_totals
from tests.unit.quality_tables import PROJECT
from tests.unit.totals_day import DAY, GOOD_DAY

TOTALS = load_totals(PROJECT / "expectations")
SCHEMAS = ("marts", "intermediate", "staging")

# what breaks each total; then the part, the terms with their values, and the difference
BREAKS = {
    "orders": (
        "delete from marts.fct_order where order_id = 'b'",
        ["shop: ", "landed 9 + of_lines_only 0 is 1 more than facts 1 + quarantined 1 + superseded 1 + replaced 1"],
    ),
    "order_lines": (
        "insert into marts.fct_order_line values ('till', 'x', '2', 'k4')",
        ["till: ", "landed 2 is 1 less than facts 3 + quarantined 0 + superseded 0 + removed 0 + replaced 0"],
    ),
    "revenue": (
        "update marts.customer_clv set historic_net_amount = -0.18 where historic_net_amount < 0",
        ["all customers: ", "in_marts 16.99 + of_unvalued -3.33 is 0.01 less than purchased 17.17 + returned -3.50"],
    ),
    "points": (
        "delete from marts.customer_points where points_balance < 0",
        ["balance 70.5 + of_unknown_customers 9.0 is 6.5 more than issued 109.5 + redeemed -35.0 + expired -2.5"],
    ),
    "answers": (
        "update marts.fct_survey_answer set nps_category = 'passive' where nps_category = 'promoter'",
        ["passives: in_marts 1 is 1 less than in_facts 2", "promoters: in_marts 1 is 1 more than in_facts 0"],
    ),
}


@pytest.fixture
def day() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(GOOD_DAY)
        yield connection


def test_totals_hold_for_a_good_day(day: duckdb.DuckDBPyConnection) -> None:
    results = run_totals(TOTALS, day, schemas=SCHEMAS, as_of=DAY)
    assert [result.faults for result in results] == [()] * len(TOTALS)
    assert all(result.parts for result in results)
    check_totals(results)


@pytest.mark.parametrize("name", [total.name for total in TOTALS])
def test_a_total_that_is_off_stops_the_run_and_names_its_terms(day: duckdb.DuckDBPyConnection, name: str) -> None:
    broken, facts = BREAKS[name]
    day.execute(broken)
    results = run_totals(TOTALS, day, schemas=SCHEMAS, as_of=DAY)
    assert [result.total.name for result in results if result.faults] == [name]
    with pytest.raises(GateError) as caught:
        check_totals(results)
    assert caught.value.exit_code == 4
    assert [fact for fact in facts if fact not in caught.value.message] == []
    assert caught.value.hint
    assert [found.name for found in caught.value.findings] == [f"total {name}"]


def test_an_order_of_an_earlier_day_that_is_no_fact_is_not_called_later(day: duckdb.DuckDBPyConnection) -> None:
    day.execute("delete from staging.int_orders_as_of where order_id = 'b'")
    day.execute("delete from marts.fct_order where order_id = 'b'")
    (orders,) = run_totals([one for one in TOTALS if one.name == "orders"], day, schemas=SCHEMAS, as_of=DAY)
    assert orders.faults


@pytest.mark.parametrize(
    ("order_id", "effective_on"), [("a", "2026-02-02"), ("unknown", "2026-01-31"), ("unknown", None)]
)
def test_a_line_without_a_time_that_should_be_a_fact_is_not_called_later(
    day: duckdb.DuckDBPyConnection, order_id: str, effective_on: str | None
) -> None:
    day.execute("insert into staging.stg_order_lines values ('shop', ?, '7', null, ?)", [order_id, effective_on])
    day.execute(
        "update staging.stg_file_reconciliation set landed_rows = 10 where entity = 'order_lines' and source = 'shop'"
    )
    (lines,) = run_totals([one for one in TOTALS if one.name == "order_lines"], day, schemas=SCHEMAS, as_of=DAY)
    assert lines.faults


def test_nothing_landed_adds_up(day: duckdb.DuckDBPyConnection) -> None:
    for schema, table in day.execute("select schema_name, table_name from duckdb_tables()").fetchall():
        day.execute(f"delete from {schema}.{table}")
    check_totals(run_totals(TOTALS, day, schemas=SCHEMAS, as_of=DAY))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("total: t\n", "t.yml:1: "),
        ("total: t\nasset: a\nowner: o\nwhy: w\nleft: [b]\nright: []\nsql: s\n", "t.yml:6: right"),
        ("total: [\n", "t.yml:"),
    ],
)
def test_a_file_that_is_no_total_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "totals").mkdir()
    (tmp_path / "totals" / "t.yml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_totals(tmp_path)
    assert words in caught.value.message


def test_a_total_that_cannot_be_counted_stops_the_run(day: duckdb.DuckDBPyConnection) -> None:
    day.execute("drop table marts.rpt_nps")
    with pytest.raises(GateError, match="total answers"):
        run_totals(TOTALS, day, schemas=SCHEMAS, as_of=DAY)


def test_totals_are_found_in_the_scratch_schema_of_a_backfill_first(day: duckdb.DuckDBPyConnection) -> None:
    day.execute("create schema backfill_x_marts; create table backfill_x_marts.customer_clv as from marts.customer_clv")
    day.execute("update marts.customer_clv set historic_net_amount = 0")
    check_totals(run_totals(TOTALS, day, schemas=("backfill_x_marts", *SCHEMAS), as_of=DAY))
