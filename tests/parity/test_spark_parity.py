"""Two engines, one meaning: every mart that Spark builds equals DuckDB's, row by row and column by column."""

from pathlib import Path

import duckdb
import psutil
import pytest
import yaml

from tests.parity.conftest import BothEngines
from tests.parity.hostile import ORDERS

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


@pytest.mark.parametrize("mart", _marts())
def test_a_mart_is_the_same_on_both_engines(mart: str, both: BothEngines, con: duckdb.DuckDBPyConnection) -> None:
    assert _differences(con, f"marts.{mart}", both.spark_table(mart)) == ([], [])


@pytest.mark.parametrize("mart", _marts())
def test_a_mart_that_is_compared_has_rows(mart: str, con: duckdb.DuckDBPyConnection) -> None:
    assert con.sql(f"select count(*) > 0 from marts.{mart}").fetchall() == [(True,)]


@pytest.mark.parametrize("view", ["stg_quarantine", "stg_quarantine_share", "stg_file_reconciliation"])
def test_both_engines_refuse_the_same_rows_for_the_same_reasons(
    view: str, both: BothEngines, con: duckdb.DuckDBPyConnection
) -> None:
    assert _differences(con, f"staging.{view}", f"read_parquet('{both.spark}/{view}/*.parquet')") == ([], [])


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
    table = both.spark_table("customer_rfm")
    bent = f"(select * replace (monetary_amount + 0.01 as monetary_amount) from {table})"
    extra, lacking = _differences(con, "marts.customer_rfm", bent)
    assert extra and lacking


def test_only_one_process_is_left_when_the_build_has_ended(both: BothEngines) -> None:
    commands = (process.info["cmdline"] or () for process in psutil.process_iter(["cmdline"]))
    left = [command for command in commands if any(str(both.spark) in argument for argument in command)]
    assert left == [], "a Spark process is still there"
