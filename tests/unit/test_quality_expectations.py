"""The suites in expectations/: they hold for a good shop and for no shop, and each fails for what it is there for."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.quality import GateReport, load_suites, run_gate
from tests.unit.quality_tables import PROJECT, build_stages

STAGES = ("landing", "staging", "marts")
SUITES = {(stage, suite.dataset): suite for stage in STAGES for suite in load_suites(PROJECT / "expectations", stage)}

# What breaks each expectation: (stage, dataset, expectation) -> SQL on the good shop.
BREAKS = {
    ("landing", "orders", "column_values_to_not_be_null.order_id"): "update landing.orders set order_id = null",
    ("landing", "orders", "every_source_says_when"): "update landing.orders set ordered_at = null",
    ("landing", "orders", "every_source_says_which_currency"): "update landing.orders set currency = null",
    (
        "landing",
        "order_lines",
        "column_values_to_not_be_null.order_id",
    ): "update landing.order_lines set order_id = null",
    (
        "landing",
        "order_lines",
        "every_source_says_how_many_and_how_much",
    ): "update landing.order_lines set unit_price = null",
    (
        "landing",
        "order_lines",
        "column_values_to_not_be_null.product_id",
    ): "update landing.order_lines set product_id = null",
    ("landing", "returns", "every_source_says_when"): "update landing.returns set returned_at = null",
    ("landing", "returns", "every_source_says_whose"): "update landing.returns set order_id = null",
    (
        "landing",
        "customers",
        "column_values_to_not_be_null.customer_ref",
    ): "update landing.customers set customer_ref = null",
    (
        "landing",
        "survey_answers",
        "column_values_to_not_be_null.construct",
    ): "update landing.survey_answers set construct = null where response_id < '2'",
    ("landing", "survey_answers", "every_number_has_a_scale"): "update landing.survey_answers set scale_max = null",
    ("landing", "ledger", "files_reconcile"): "update landing.ledger set records = 101 where file_name = '3.csv'",
    (
        "landing",
        "ledger",
        "files_are_as_large_as_usual",
    ): "update landing.ledger set records = 9, taken_records = 8 where file_name = '7.csv'",
    (
        "staging",
        "stg_orders",
        "column_values_to_be_between.event_on",
    ): "update staging.stg_orders set event_on = '1970-01-01' where order_id < '2'",
    (
        "staging",
        "stg_orders",
        "column_values_to_be_between.gross",
    ): "update staging.stg_orders set gross = 10000001 where order_id < '2'",
    (
        "staging",
        "stg_orders",
        "most_orders_can_count",
    ): "update staging.stg_orders set status = 'cancelled' where order_id < '8'",
    (
        "staging",
        "stg_order_lines",
        "column_values_to_be_between.quantity",
    ): "update staging.stg_order_lines set quantity = 100001 where order_id < '2'",
    (
        "staging",
        "stg_order_lines",
        "few_lines_are_free",
    ): "update staging.stg_order_lines set unit_price = 0, discount = 0 where order_id < '5'",
    (
        "staging",
        "stg_order_lines",
        "discounts_are_not_above_prices",
    ): "update staging.stg_order_lines set discount = 11 where order_id < '2'",
    (
        "staging",
        "stg_survey_answers",
        "nps_is_asked_from_0_to_10",
    ): "update staging.stg_survey_answers set scale_min = 1 where response_id = '7'",
    ("staging", "stg_survey_answers", "answers_differ"): "update staging.stg_survey_answers set answer_number = 10",
    (
        "staging",
        "stg_customers",
        "no_address_is_a_placeholder",
    ): "update staging.stg_customers set email = 'till@example.org'",
    ("marts", "fct_order", "some_orders_count"): "update marts.fct_order set is_purchase = false",
    (
        "marts",
        "fct_order",
        "rates_are_known",
    ): "update marts.fct_order set issue = 'missing_rate', is_purchase = false where order_key like 'o1%'",
    (
        "marts",
        "fct_order",
        "lines_add_up_to_orders",
    ): "update marts.fct_order_line set gross_amount = 10.11 where order_key < 'o12'",
    ("marts", "fct_return", "returns_are_not_above_sales"): "update marts.fct_return set return_amount = 101",
    (
        "marts",
        "customer_rfm",
        "customers_equal_facts",
    ): "update marts.customer_rfm set monetary_amount = monetary_amount + 0.01 where customer_key = 'c7'",
    (
        "marts",
        "customer_rfm",
        "quintiles_tell_customers_apart",
    ): "insert into marts.customer_rfm by name"
    " select 'd' || i as customer_key, 1 as frequency, 1 as monetary_amount, true as is_active, 5 as r_quintile"
    " from range(1000) as r (i);"
    " insert into marts.fct_order by name select 'd' || i as customer_key, 1 as net_amount, true as is_purchase,"
    " date '2025-03-01' as ordered_on from range(1000) as r (i)",
    (
        "marts",
        "customer_clv",
        "total_equals_facts",
    ): "update marts.customer_clv set historic_net_amount = historic_net_amount + 0.01 where customer_key = 'c7'",
    (
        "marts",
        "customer_clv",
        "forecast_is_not_above_thrice_last_year",
    ): "update marts.customer_clv set expected_value_12m_amount = 61",
    (
        "marts",
        "customer_clv",
        "buyers_have_a_forecast",
    ): "update marts.customer_clv set no_forecast_reason = 'not_converged', expected_value_12m_amount = null",
    (
        "marts",
        "customer_clv",
        "column_values_to_be_between.clv_12m_amount",
    ): "update marts.customer_clv set clv_12m_amount = -1 where customer_key < 'c3'",
    (
        "marts",
        "customer_loyalty",
        "everybody_has_a_level",
    ): "delete from marts.customer_loyalty where customer_key = 'c7'",
    (
        "marts",
        "customer_loyalty",
        "levels_tell_customers_apart",
    ): "insert into marts.customer_loyalty by name"
    " select 'd' || i as customer_key, 'churned' as level, 1 as n_purchase_days from range(3000) as r (i);"
    " insert into marts.dim_customer by name select 'd' || i as customer_key from range(3000) as r (i)",
    ("marts", "rpt_nps", "total_equals_answers"): "delete from marts.fct_survey_answer where answer_key = 'a3'",
    ("marts", "rpt_nps", "nps_equals_its_counts"): "update marts.rpt_nps set nps = 13.34 where period_kind = 'month'",
    (
        "marts",
        "rpt_nps",
        "months_add_up",
    ): "update marts.rpt_nps set n_answers = 31, nps = 12.9032 where period_kind = 'month'",
}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stages")
    return {name: build_stages(folder / f"{name}.duckdb", rows=name == "good") for name in ("good", "empty")}


@pytest.fixture
def shop(templates: dict[str, Path], tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(shutil.copy(templates["good"], tmp_path / "shop.duckdb")) as connection:
        yield connection


@pytest.fixture
def empty(templates: dict[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(templates["empty"]), read_only=True) as connection:
        yield connection


def told(report: GateReport) -> list[str]:
    return [result.words for result in (*report.failures, *report.warnings)]


@pytest.mark.parametrize("stage", STAGES)
def test_suites_hold_for_a_good_shop(shop: duckdb.DuckDBPyConnection, stage: str) -> None:
    suites = [suite for (of, _), suite in SUITES.items() if of == stage]
    assert told(run_gate(stage, suites, shop, schemas=[stage])) == []


@pytest.mark.parametrize("stage", STAGES)
def test_suites_hold_where_there_is_not_a_single_row(empty: duckdb.DuckDBPyConnection, stage: str) -> None:
    suites = [suite for (of, _), suite in SUITES.items() if of == stage]
    assert told(run_gate(stage, suites, empty, schemas=[stage])) == []


@pytest.mark.parametrize(("stage", "dataset", "name"), BREAKS, ids=str)
def test_the_expectation_fails_for_what_it_is_there_for(
    shop: duckdb.DuckDBPyConnection, stage: str, dataset: str, name: str
) -> None:
    suite = SUITES[stage, dataset]
    alone = dataclasses.replace(suite, expectations=tuple(one for one in suite.expectations if one.name == name))
    assert len(alone.expectations) == 1
    shop.execute(BREAKS[stage, dataset, name])
    (result,) = run_gate(stage, [alone], shop, schemas=[stage]).results
    assert not result.passed
    assert not result.error
    assert result.unexpected_count
    shop.execute(f"set search_path = '{stage}'")
    assert shop.execute(result.where).fetchall()  # the place to look shows something


def test_every_expectation_has_a_case_that_breaks_it() -> None:
    written = {(*key, expectation.name) for key, suite in SUITES.items() for expectation in suite.expectations}
    assert written == set(BREAKS)


def test_every_suite_says_whom_to_ask() -> None:
    owners = {"data engineering", "analytics", "customer insight"}
    assert {suite.owner for suite in SUITES.values()} <= owners


def test_every_dataset_of_a_suite_is_of_its_stage(empty: duckdb.DuckDBPyConnection) -> None:
    assert set(SUITES) <= set(empty.execute("select schema_name, table_name from duckdb_tables()").fetchall())
