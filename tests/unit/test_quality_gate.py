"""What a gate finds, tells and leaves behind."""

import json
import logging
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy

from pipelines.base.errors import Finding, GateError
from pipelines.quality import GateReport, open_landing, open_warehouse, run_gate
from pipelines.quality.gx_dialect import share_with_gx
from pipelines.quality.suites import load_suite
from pipelines.quality.vocabulary import KINDS

TABLE = """
create schema staging;
create table staging.people as
    select
        i as id,
        i % 10 as number,
        i % 5 as half,
        'person' || i || '@example.org' as email,
        case when i > 0 then i end as gap,
        date '2026-01-01' + i::integer as day_on,
        (i / 4)::decimal(18, 2) as amount,
        null::varchar as nothing,
    from range(20) as r (i);
"""

# Each kind with arguments that hold of the table, ones that do not, and how many rows are then unexpected.
CASES: dict[str, tuple[dict[str, object], dict[str, object], int | None]] = {
    "expect_table_row_count_to_be_between": ({"min_value": 20, "max_value": 20}, {"min_value": 21}, None),
    "expect_table_columns_to_match_set": (
        {"column_set": ["id", "email"], "exact_match": False},
        {"column_set": ["id", "email"]},
        None,
    ),
    "expect_column_to_exist": ({"column": "id"}, {"column": "idd"}, None),
    "expect_column_values_to_not_be_null": ({"column": "gap", "mostly": 0.95}, {"column": "gap"}, 1),
    "expect_column_values_to_be_null": ({"column": "nothing"}, {"column": "gap"}, 19),
    "expect_column_values_to_be_between": (
        {"column": "day_on", "min_value": "2026-01-01", "max_value": "2026-01-20"},
        {"column": "amount", "min_value": 0, "strict_min": True, "max_value": 4.5},
        2,
    ),
    "expect_column_values_to_be_in_set": (
        {"column": "number", "value_set": list(range(10))},
        {"column": "email", "value_set": ["person3@example.org"]},
        19,
    ),
    "expect_column_values_to_not_be_in_set": (
        {"column": "number", "value_set": [10]},
        {"column": "number", "value_set": [1, 2]},
        4,
    ),
    "expect_column_values_to_be_unique": ({"column": "email"}, {"column": "number"}, 20),
    "expect_column_value_lengths_to_be_between": (
        {"column": "email", "min_value": 19, "max_value": 20},
        {"column": "email", "max_value": 19},
        10,
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        {"column_A": "id", "column_B": "number", "or_equal": True},
        {"column_A": "id", "column_B": "number"},
        10,
    ),
    "expect_compound_columns_to_be_unique": (
        {"column_list": ["number", "amount"]},
        {"column_list": ["number", "half"]},
        20,
    ),
    "expect_column_min_to_be_between": ({"column": "id", "max_value": 0}, {"column": "id", "min_value": 1}, None),
    "expect_column_max_to_be_between": ({"column": "id", "max_value": 19}, {"column": "amount", "max_value": 4}, None),
    "expect_column_mean_to_be_between": ({"column": "id", "max_value": 9.5}, {"column": "id", "max_value": 9}, None),
    "expect_column_sum_to_be_between": ({"column": "id", "min_value": 190}, {"column": "id", "min_value": 191}, None),
    "expect_column_unique_value_count_to_be_between": (
        {"column": "number", "min_value": 10},
        {"column": "number", "max_value": 9},
        None,
    ),
    "expect_column_proportion_of_unique_values_to_be_between": (
        {"column": "email", "min_value": 1},
        {"column": "number", "min_value": 0.6},
        None,
    ),
}


@pytest.fixture
def people() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(TABLE)
        yield connection


def gate(connection: duckdb.DuckDBPyConnection, folder: Path, *lines: object, dataset: str = "people") -> GateReport:
    path = folder / f"{dataset}.yml"
    expectations = [{"why": "trial", **line} for line in lines]  # type: ignore[dict-item]  # JSON is YAML
    path.write_text(
        json.dumps({"dataset": dataset, "owner": "me", "description": "trial", "expectations": expectations}, indent=1)
    )
    return run_gate("staging", [load_suite(path)], connection, schemas=["staging"])


@pytest.mark.parametrize("kind", KINDS)
def test_each_expectation_passes_and_fails_and_counts(
    people: duckdb.DuckDBPyConnection, tmp_path: Path, kind: str
) -> None:
    holds, fails, unexpected = CASES[kind]
    report = gate(people, tmp_path, {"expect": kind, **holds}, {"expect": kind, **fails, "name": "fails"})
    good, bad = report.results
    assert (good.passed, bad.passed) == (True, False)
    assert (good.error, bad.error) == ("", "")
    assert bad.unexpected_count == unexpected
    assert bad.checked_rows == 20
    if bad.where and unexpected is not None and "group by" not in bad.where:
        assert len(people.execute(bad.where).fetchall()) == unexpected
    elif bad.where:
        assert people.execute(bad.where).fetchall()


def test_sql_counts_the_rows_that_it_finds(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    report = gate(
        people,
        tmp_path,
        {"unexpected_rows": "select * from {batch} where number = 3", "name": "no_threes"},
        {"unexpected_rows": "with a as (select * from {batch}) select a.id from a join people using (id)", "name": "j"},
        {"unexpected_rows": "select * from {batch} where number = 10", "name": "no_tens"},
    )
    assert [(result.passed, result.unexpected_count) for result in report.results] == [
        (False, 2),
        (False, 20),
        (True, 0),
    ]


def test_a_warning_is_told_and_does_not_stop(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    report = gate(
        people, tmp_path, {"expect": "expect_column_values_to_not_be_null", "column": "gap", "severity": "warn"}
    )
    assert report.passed
    assert [result.name for result in report.warnings] == ["column_values_to_not_be_null.gap"]
    report.check()


def test_a_failure_says_which_rule_how_many_rows_and_where_to_look(
    people: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    report = gate(people, tmp_path, {"expect": "expect_column_values_to_not_be_null", "column": "gap"})
    with pytest.raises(GateError) as caught:
        report.check()
    assert caught.value.exit_code == 4
    assert "people: column_values_to_not_be_null.gap: 1 unexpected of 20 rows (trial)" in caught.value.message
    assert 'select * from "staging"."people" where "gap" is null' in caught.value.hint
    assert report.results[0].suite == f"{tmp_path / 'people.yml'}:6"
    assert caught.value.findings == (Finding("people: column_values_to_not_be_null.gap", 1),)


def test_what_cannot_be_checked_has_not_passed_and_leaves_the_others(
    people: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    report = gate(
        people,
        tmp_path,
        {"expect": "expect_column_values_to_be_between", "column": "email", "min_value": 3},
        {"expect": "expect_column_values_to_be_between", "column": "id", "min_value": 0},
        {"expect": "expect_column_values_to_not_be_null", "column": "idd"},
        {"unexpected_rows": "select nope from {batch}", "name": "broken"},
    )
    text, good, missing, broken = report.results
    assert good.passed
    assert not (text.passed or missing.passed or broken.passed)
    assert '"idd"' in missing.error
    assert "nope" in broken.error
    assert text.error


def test_no_value_of_a_row_is_told(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    report = gate(
        people,
        tmp_path,
        {"expect": "expect_column_values_to_be_in_set", "column": "email", "value_set": ["x"]},
        {"expect": "expect_column_values_to_be_unique", "column": "nothing"},
        {"expect": "expect_column_max_to_be_between", "column": "email", "max_value": 3},
        {"unexpected_rows": "select * from {batch} where email <> ''", "name": "rows"},
        {"unexpected_rows": "select * from {batch} where cast(email as integer) > 3", "name": "cast"},
        {"unexpected_rows": "select error(email) from {batch}", "name": "raised"},
    )
    assert "example.org" not in repr(report)
    assert report.results[4].error.startswith("Conversion Error")


def test_no_value_of_a_row_is_logged_by_great_expectations(
    people: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG):
        gate(
            people,
            tmp_path,
            {"unexpected_rows": "select * from {batch} where cast(email as integer) > 3", "name": "cast"},
            {"expect": "expect_column_values_to_be_in_set", "column": "email", "value_set": ["x"]},
        )
    printed = capfd.readouterr()
    assert "example.org" not in caplog.text + printed.out + printed.err
    assert "Calculating Metrics" not in printed.out + printed.err  # a progress bar


def test_a_figure_over_no_rows_expects_nothing(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    people.execute("create table staging.nobody as from staging.people limit 0")
    report = gate(
        people,
        tmp_path,
        {"expect": "expect_column_mean_to_be_between", "column": "id", "min_value": 1},
        {"expect": "expect_column_values_to_not_be_null", "column": "gap"},
        {"expect": "expect_table_row_count_to_be_between", "min_value": 1},
        dataset="nobody",
    )
    assert [result.passed for result in report.results] == [True, True, False]


def test_a_dataset_that_is_not_there_fails_with_its_name(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    report = gate(people, tmp_path, {"expect": "expect_column_to_exist", "column": "a"}, dataset="ghosts")
    assert not report.passed
    assert all(name in report.results[0].error for name in ("ghosts", "staging"))


def test_the_first_schema_that_has_the_dataset_is_asked(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    people.execute('create schema "s-1"; create table "s-1".people as select 1 as id')
    path = tmp_path / "people.yml"
    path.write_text(
        "{dataset: people, owner: me, description: d, expectations:"
        " [{expect: expect_table_row_count_to_be_between, max_value: 1, why: w}]}"
    )
    suite = load_suite(path)
    assert run_gate("marts", [suite], people, schemas=["s-1", "staging"]).passed
    assert not run_gate("marts", [suite], people, schemas=["staging", "s-1"]).passed


def test_progress_and_seconds_are_told(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    path = tmp_path / "people.yml"
    path.write_text(
        "{dataset: people, owner: me, description: d, expectations:"
        " [{expect: expect_column_to_exist, column: id, why: w}]}"
    )
    report = run_gate(
        "staging", [load_suite(path)], people, schemas=["staging"], progress=lambda *told: seen.append(told)
    )
    assert seen == [("people", 1, 1)]
    assert report.suite_seconds.keys() == {"people"}
    assert report.seconds >= report.import_seconds
    assert run_gate("staging", [], people).passed


def test_a_query_that_finds_many_rows_brings_none_into_memory(people: duckdb.DuckDBPyConnection) -> None:
    with share_with_gx(people, ["staging"]) as url:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            result = connection.execute(sqlalchemy.text("select * from range(1000000000000)"))
            assert result.fetchmany(2) == [(0,), (1,)]
        assert result.fetchone() == (2,)  # outlives the connection's return to the pool
        engine.dispose()


def test_columns_are_reflected_with_their_types(people: duckdb.DuckDBPyConnection) -> None:
    with share_with_gx(people, ["staging"]) as url:
        engine = sqlalchemy.create_engine(url)
        columns = {column["name"]: str(column["type"]) for column in sqlalchemy.inspect(engine).get_columns("people")}
        engine.dispose()
    assert (columns["id"], columns["email"], columns["day_on"]) == ("BIGINT", "VARCHAR", "DATE")


def _write(path: str) -> None:
    with duckdb.connect(path) as connection:
        connection.execute("create table staging.later as select 1 as a")


def test_the_warehouse_is_free_for_another_process_afterwards(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(TABLE)
    with open_warehouse(warehouse) as connection:
        gate(
            connection,
            tmp_path,
            {"expect": "expect_column_values_to_not_be_null", "column": "gap"},
            {"unexpected_rows": "select * from {batch} where cast(email as integer) > 3", "name": "cast"},
        )
    writer = multiprocessing.get_context("spawn").Process(target=_write, args=(str(warehouse),))
    writer.start()
    writer.join()
    assert writer.exitcode == 0


def test_a_missing_or_held_warehouse_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="no warehouse") as caught, open_warehouse(tmp_path / "none.duckdb"):
        pass
    assert caught.value.hint
    held = tmp_path / "held.duckdb"
    with duckdb.connect(str(held)), pytest.raises(GateError, match="cannot be opened"), open_warehouse(held):
        pass


def _orders_suite(folder: Path) -> Path:
    path = folder / "orders.yml"
    path.write_text(
        "{dataset: orders, owner: me, description: d, expectations:"
        " [{expect: expect_column_values_to_be_in_set, column: order_id, value_set: [x], why: w}]}"
    )
    return path


def test_landed_files_are_read_as_text_with_their_source_and_batch(tmp_path: Path) -> None:
    landing = tmp_path / "it's [odd]*"
    for source, batch in (("none", "none"), ("shop", "0012"), ("7", "12e4")):
        part = landing / "orders" / f"source={source}" / f"batch={batch}"
        part.mkdir(parents=True)
        rows = 0 if source == "none" else 2
        escaped = str(part).replace("'", "''")
        duckdb.execute(
            f"copy (select '01' as order_id from range({rows})) to '{escaped}/part.parquet' (format parquet)"
        )
    (landing / "returns").mkdir()
    with open_landing(landing) as connection:
        rows = connection.execute("select distinct source, batch, order_id from orders order by all").fetchall()
        assert rows == [("7", "12e4", "01"), ("shop", "0012", "01")]
        assert connection.execute("select count(*) from duckdb_views() where not internal").fetchone() == (1,)
        report = run_gate("landing", [load_suite(_orders_suite(tmp_path))], connection)
    assert [result.unexpected_count for result in report.results] == [4]
    assert len(duckdb.execute(report.results[0].where).fetchall()) == 4  # to be run anywhere, by anybody who may read
    with open_landing(tmp_path / "nothing") as connection:
        assert connection.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)


def test_a_gate_asks_nobody_on_the_network_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    here = tmp_path / "here"
    for folder in (home, here, tmp_path / "tmp"):
        folder.mkdir()
    (tmp_path / "people.yml").write_text(
        "{dataset: people, owner: me, description: d, expectations:"
        " [{expect: expect_column_values_to_not_be_null, column: gap, why: w}]}"
    )
    program = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(refuse)
import pathlib
import duckdb
from pipelines.quality import run_gate
from pipelines.quality.suites import load_suite

with duckdb.connect() as connection:
    connection.execute(sys.argv[1])
    report = run_gate("staging", [load_suite(pathlib.Path(sys.argv[2]))], connection, schemas=["staging"])
print(len(report.failures))
"""
    (tmp_path / "program.py").write_text(program)
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(tmp_path / "tmp")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", tmp_path / "program.py", TABLE, tmp_path / "people.yml"],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
    assert list(here.iterdir()) == []
    assert list(home.iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_program_without_a_file_can_run_a_gate_and_does_not_end_as_if_all_were_well() -> None:
    program = """
import sys
from pipelines.quality import import_gx

import_gx()
print("great_expectations" in sys.modules, hasattr(sys.modules["__main__"], "__file__"))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_importing_gx_leaves_out_what_its_rarely_used_expectations_need_until_they_use_it() -> None:
    program = """
import sys
from pipelines.quality import import_gx

import_gx()
print([name in sys.modules for name in ("scipy.stats", "altair")])
from great_expectations.expectations.core import expect_column_kl_divergence_to_be_less_than as rare
from scipy import stats

print(rare.stats.entropy([0.5, 0.5]) == stats.entropy([0.5, 0.5]), rare.alt.Chart.__name__)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[False, False]\nTrue Chart\n"
