"""Totals across stages: they hold for a good day, name the term that is off, and fail where rows or cents are lost."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import ConfigError, GateError
from pipelines.quality import check_totals, load_totals, run_totals
from tests.unit.quality_tables import PROJECT

TOTALS = load_totals(PROJECT / "expectations")
DAY = date(2026, 1, 31)
SCHEMAS = ("marts", "intermediate", "staging")

# a source with headers (4 landed rows: 1 quarantined, 1 superseded, 1 of a later day), and one with lines only
GOOD_DAY = """
create schema staging; create schema intermediate; create schema marts;
create table staging.stg_file_reconciliation as
    from (values ('shop', 'orders', 5), ('shop', 'order_lines', 4), ('till', 'order_lines', 2))
    as t (source, entity, landed_rows);
create table staging.stg_quarantine as
    from (values ('shop', 'orders'), ('shop', 'order_lines')) as t (source, entity);
create table staging.stg_orders as from (values
    ('shop', 'a', date '2026-01-02'), ('shop', 'a', date '2026-01-02'), ('shop', 'b', date '2026-01-03'),
    ('shop', 'later', date '2026-02-01')) as t (source, order_id, event_on);
create table staging.stg_order_lines as from (values
    ('shop', 'a', '1', null), ('shop', 'a', '1', null), ('shop', 'later', '1', date '2026-02-01'),
    ('till', 'x', '1', date '2026-01-05'), ('till', 'x', '2', date '2026-01-05'))
    as t (source, order_id, line_id, event_on);
create table intermediate.int_orders_as_of as
    from (values ('shop', 'a'), ('shop', 'b')) as t (source, order_id);
create table intermediate.int_order_lines_as_of as
    from (values ('shop', 'a', null), ('till', 'x', timestamp '2026-01-05'), ('till', 'x', timestamp '2026-01-05'))
    as t (source, order_id, ordered_at);
create table marts.fct_order as from (values
    ('shop', 'a', 10.10, true), ('shop', 'b', 5.05, false), ('till', 'x', 7.07, true))
    as t (source, order_id, net_amount, is_purchase);
create table marts.fct_order_line as from (values
    ('shop', 'a', '1', 'k1'), ('till', 'x', '1', 'k2'), ('till', 'x', '2', 'k3'))
    as t (source, order_id, line_id, order_line_key);
create table marts.fct_return as
    from (values (0.17, null::varchar, 'c'), (9.99, 'missing_rate', 'c')) as t (return_amount, issue, customer_key);
create table marts.customer_clv as from (values (17.17::decimal(18, 2)), (-0.17)) as t (historic_net_amount);
create table marts.fct_survey_answer as
    from (values ('promoter'), ('passive'), ('detractor'), (null)) as t (nps_category);
create table marts.rpt_nps as from (values ('all', 'all', 1, 1, 1), ('month', 'all', 1, 1, 1))
    as t (period_kind, segment_kind, n_promoters, n_passives, n_detractors);
"""

# what breaks each total, and the words that then name its terms
BREAKS = {
    "orders": (
        "delete from marts.fct_order where order_id = 'b'",
        "shop: landed 5 + of_lines_only 0 is not facts 1 + quarantined 1 + superseded 1 + after_the_day 1, but 1 more",
    ),
    "order_lines": (
        "insert into marts.fct_order_line values ('till', 'x', '2', 'k4')",
        "till: landed 2 is not facts 3 + quarantined 0 + superseded 0 + after_the_day 0, but 1 less",
    ),
    "revenue": (
        "update marts.customer_clv set historic_net_amount = -0.18 where historic_net_amount < 0",
        "all customers: in_marts 16.99 is not purchased 17.17 + returned -0.17, but 0.01 less",
    ),
    "answers": (
        "update marts.fct_survey_answer set nps_category = 'passive' where nps_category = 'promoter'",
        "passives: in_marts 1 is not in_facts 2, but 1 less; promoters: in_marts 1 is not in_facts 0, but 1 more",
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
    broken, words = BREAKS[name]
    day.execute(broken)
    results = run_totals(TOTALS, day, schemas=SCHEMAS, as_of=DAY)
    assert [result.total.name for result in results if result.faults] == [name]
    with pytest.raises(GateError) as caught:
        check_totals(results)
    assert caught.value.exit_code == 4
    assert f"do not add up: {words} (" in caught.value.message
    assert caught.value.hint


def test_an_order_of_an_earlier_day_that_is_no_fact_is_not_called_later(day: duckdb.DuckDBPyConnection) -> None:
    day.execute("delete from intermediate.int_orders_as_of where order_id = 'b'")
    day.execute("delete from marts.fct_order where order_id = 'b'")
    (orders,) = run_totals([one for one in TOTALS if one.name == "orders"], day, schemas=SCHEMAS, as_of=DAY)
    assert orders.faults


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
    with pytest.raises(GateError, match="the total answers cannot be counted"):
        run_totals(TOTALS, day, schemas=SCHEMAS, as_of=DAY)


def test_totals_are_found_in_the_scratch_schema_of_a_backfill_first(day: duckdb.DuckDBPyConnection) -> None:
    day.execute("create schema backfill_x_marts; create table backfill_x_marts.customer_clv as from marts.customer_clv")
    day.execute("update marts.customer_clv set historic_net_amount = 0")
    check_totals(run_totals(TOTALS, day, schemas=("backfill_x_marts", *SCHEMAS), as_of=DAY))
