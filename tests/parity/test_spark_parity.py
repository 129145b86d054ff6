"""Two engines, one meaning: every mart that Spark builds equals DuckDB's, row by row and column by column."""

import json

import duckdb
import psutil
import pytest

from pipelines.runs.dbt_manifest import mart_tables
from tests.parity.conftest import BothEngines
from tests.parity.hostile import ORDERS
from tests.parity.relations import mart_views, staged_views

pytestmark = pytest.mark.spark


def _differences(con: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> tuple[list[object], list[object]]:
    """Up to five rows of each side that the other side has not, duplicates counted."""
    columns = [(name, kind) for name, kind, *_ in con.sql(f"describe select * from {ours}").fetchall()]
    on_spark = [name for name, *_ in con.sql(f"describe select * from {theirs}").fetchall()]
    assert sorted(on_spark) == sorted(name for name, _ in columns), "the engines disagree on the columns"
    # Spark writes UTC instants where DuckDB has plain UTC times: the cast compares the instants and changes no value.
    same = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in columns)
    left, right = f"(select {same} from {ours})", f"(select {same} from {theirs})"
    extra = con.sql(f"select * from {left} except all select * from {right} order by all limit 5").fetchall()
    lacking = con.sql(f"select * from {right} except all select * from {left} order by all limit 5").fetchall()
    return extra, lacking


@pytest.fixture(scope="session")
def con(both: BothEngines) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(both.warehouse), read_only=True)
    connection.execute("set timezone = 'UTC'")
    return connection


@pytest.fixture(scope="session")
def marts(both: BothEngines) -> list[str]:
    return [f"marts.{mart.name}" for mart in mart_tables(both.manifest())]


def test_every_mart_is_the_same_on_both_engines(
    marts: list[str], both: BothEngines, con: duckdb.DuckDBPyConnection
) -> None:
    views = mart_views(both.manifest())
    found = {
        mart: _differences(con, mart, both.spark_view(mart) if mart in views else both.spark_table(mart))
        for mart in marts
    }
    assert {mart: differences for mart, differences in found.items() if differences != ([], [])} == {}


def test_every_mart_that_is_compared_has_rows(marts: list[str], con: duckdb.DuckDBPyConnection) -> None:
    assert [mart for mart in marts if not con.sql(f"select 1 from {mart} limit 1").fetchall()] == []


def test_both_engines_accept_and_refuse_the_same_rows_for_the_same_reasons(
    both: BothEngines, con: duckdb.DuckDBPyConnection
) -> None:
    views = staged_views(both.manifest())
    assert "staging.stg_orders" in views
    found = {view: _differences(con, view, both.spark_view(view)) for view in views}
    for table in ("staging.stg_file_reconciliation", "staging.stg_key_conflict", "staging.stg_quarantine"):
        found[table] = _differences(con, table, both.spark_table(table))
    assert {view: differences for view, differences in found.items() if differences != ([], [])} == {}


def test_every_unit_test_that_is_declared_runs_and_passes_on_spark(both: BothEngines) -> None:
    results = json.loads((both.spark / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    ran = [result for result in results if result["unique_id"].startswith("unit_test.")]
    ended = {result["unique_id"]: (result["status"], result["message"]) for result in ran}
    assert ended.keys() == both.manifest()["unit_tests"].keys()
    assert {name: why for name, why in ended.items() if why[0] != "pass"} == {}


def test_what_is_compared_has_rows_that_are_open_and_rows_that_are_resolved(con: duckdb.DuckDBPyConnection) -> None:
    assert con.sql("select distinct is_resolved from staging.stg_quarantine order by 1").fetchall() == [
        (False,),
        (True,),
    ]


def test_each_hostile_order_breaks_the_rules_that_it_should_and_no_other(con: duckdb.DuckDBPyConnection) -> None:
    found = dict(
        con.execute(
            "select order_id, broken_rules from staging.stg_orders__checked"
            " where source = 'hostile' and customer_ref = 'buyer'"
        ).fetchall()
    )
    assert found == {key: rules for key, (_, rules) in ORDERS.items()}


def test_the_comparison_would_see_a_cent(both: BothEngines, con: duckdb.DuckDBPyConnection) -> None:
    table = both.spark_table("marts.customer_rfm")
    bent = f"(select * replace (monetary_amount + 0.01 as monetary_amount) from {table})"
    extra, lacking = _differences(con, "marts.customer_rfm", bent)
    assert extra and lacking


def test_only_one_process_is_left_when_the_build_has_ended(both: BothEngines) -> None:
    commands = (process.info["cmdline"] or () for process in psutil.process_iter(["cmdline"]))
    left = [command for command in commands if any(str(both.spark) in argument for argument in command)]
    assert left == [], "a Spark process is still there"
