"""The suites in expectations/: they hold for a good shop and for no shop, and each fails for what it is there for."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.quality import GateReport, load_suites, run_gate
from tests.unit.quality_breaks import BREAKS
from tests.unit.quality_tables import AS_OF, PROJECT, build_stages, publish_marts

STAGES = ("landing", "staging", "marts")
SUITES = {(stage, suite.dataset): suite for stage in STAGES for suite in load_suites(PROJECT / "expectations", stage)}


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


@pytest.fixture(scope="module")
def before(templates: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_marts(templates["good"], tmp_path_factory.mktemp("published") / "marts")


def told(report: GateReport) -> list[str]:
    return [result.summary for result in (*report.failures, *report.warnings)]


@pytest.mark.parametrize("stage", STAGES)
def test_suites_hold_for_a_good_shop(shop: duckdb.DuckDBPyConnection, before: Path, stage: str) -> None:
    suites = [suite for (of, _), suite in SUITES.items() if of == stage]
    report = run_gate(stage, suites, shop, schemas=[stage], as_of=AS_OF, previous=before)
    assert told(report) == []
    assert report.skipped == ()


@pytest.mark.parametrize("stage", STAGES)
def test_suites_hold_where_there_is_not_a_single_row(empty: duckdb.DuckDBPyConnection, stage: str) -> None:
    suites = [suite for (of, _), suite in SUITES.items() if of == stage]
    assert told(run_gate(stage, suites, empty, schemas=[stage], as_of=AS_OF)) == []


@pytest.mark.parametrize(("stage", "dataset", "name"), BREAKS, ids=str)
def test_the_expectation_fails_for_what_it_is_there_for(
    shop: duckdb.DuckDBPyConnection, before: Path, stage: str, dataset: str, name: str
) -> None:
    suite = SUITES[stage, dataset]
    alone = dataclasses.replace(suite, expectations=tuple(one for one in suite.expectations if one.name == name))
    assert len(alone.expectations) == 1
    shop.execute(BREAKS[stage, dataset, name])
    (result,) = run_gate(stage, [alone], shop, schemas=[stage], as_of=AS_OF, previous=before).results
    assert not result.passed
    assert not result.error
    assert result.unexpected_count or result.observed
    shop.execute(f"set search_path = '{stage}'")
    assert shop.execute(result.where).fetchall()  # the SQL for people returns rows


@pytest.mark.parametrize(("dataset", "column"), [("orders", "gross"), ("order_lines", "unit_price")])
@pytest.mark.parametrize(("amount", "passes"), [("0.0508", False), ("5.08", True)])
@pytest.mark.parametrize("odd", ["NaN", "inf", "1e400"])
def test_values_that_are_not_amounts_do_not_change_what_rounding_loses(
    shop: duckdb.DuckDBPyConnection, dataset: str, column: str, amount: str, passes: bool, odd: str
) -> None:
    suite = SUITES["landing", dataset]
    rule = (one for one in suite.expectations if one.name == "amounts_are_not_lost_by_rounding")
    alone = dataclasses.replace(suite, expectations=tuple(rule))
    shop.execute(f"update landing.{dataset} set total = null, {column} = '{amount}'")
    shop.execute(f"update landing.{dataset} set {column} = '{odd}' where order_id = '100'")
    (result,) = run_gate("landing", [alone], shop, schemas=["landing"], as_of=AS_OF).results
    assert result.passed is passes


@pytest.mark.parametrize(("header", "passes"), [(10, True), (15, True), (12, False)])
def test_a_header_may_include_its_cancelled_lines_or_leave_them_out(
    shop: duckdb.DuckDBPyConnection, header: int, passes: bool
) -> None:
    suite = SUITES["marts", "fct_order"]
    alone = [one for one in suite.expectations if one.name == "lines_add_up_to_orders"]
    shop.execute(
        "insert into marts.fct_order_line by name"
        " select 'x' || order_line_key as order_line_key, order_key, 5 as gross_amount, 'cancelled_line' as issue"
        " from marts.fct_order_line"
    )
    shop.execute("update marts.fct_order set gross_amount = ?", [header])
    report = run_gate(
        "marts", [dataclasses.replace(suite, expectations=tuple(alone))], shop, schemas=["marts"], as_of=AS_OF
    )
    assert [result.passed for result in report.results] == [passes]


def test_every_expectation_has_a_case_that_breaks_it() -> None:
    written = {(*key, expectation.name) for key, suite in SUITES.items() for expectation in suite.expectations}
    assert written == set(BREAKS)


def test_every_suite_says_whom_to_ask() -> None:
    owners = {"data engineering", "analytics", "customer insight"}
    assert {suite.owner for suite in SUITES.values()} <= owners


def test_every_dataset_of_a_suite_is_of_its_stage(empty: duckdb.DuckDBPyConnection) -> None:
    assert set(SUITES) <= set(empty.execute("select schema_name, table_name from duckdb_tables()").fetchall())


def test_the_number_of_an_order_on_each_of_its_lines_is_one_order(shop: duckdb.DuckDBPyConnection) -> None:
    # a table whose rows are lines repeats what concerns the order: the rows of the order are equal
    suite = SUITES["staging", "stg_orders"]
    rule = tuple(one for one in suite.expectations if one.name == "order_id_is_one_order")
    shop.execute("insert into staging.stg_orders select * from staging.stg_orders")
    (result,) = run_gate(
        "staging", [dataclasses.replace(suite, expectations=rule)], shop, schemas=["staging"], as_of=AS_OF
    ).results
    assert result.passed
