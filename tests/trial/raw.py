"""The raw files of a real data set as DuckDB tables and macros, made by the plain SQL beside this file.

Nothing here may use the project's code: it is the other opinion that the marts are compared with.
"""

from pathlib import Path
from typing import Any

import duckdb

_HERE = Path(__file__).parent


def online_retail(files: Path) -> duckdb.DuckDBPyConnection:
    """A connection with `online_retail.sql` run over every CSV of a folder."""
    return _connect("online_retail.sql", files=str(files / "*.csv"))


def olist(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with `olist.sql` run over the sample's folder."""
    return _connect("olist.sql", folder=str(folder))


def cdnow(log: Path) -> duckdb.DuckDBPyConnection:
    """A connection with `cdnow.sql` run over the sample's log."""
    return _connect("cdnow.sql", log=str(log))


def starbucks(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with `starbucks.sql` run over the folder of the three files."""
    return _connect("starbucks.sql", folder=str(folder))


def _connect(script: str, **variables: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 2})
    for name, value in variables.items():
        con.execute(f"set variable {name} = {_quoted(value)}")
    con.execute((_HERE / script).read_text(encoding="utf-8"))
    return con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Every row that a query gives."""
    return con.execute(query).fetchall()


def attach_marts(con: duckdb.DuckDBPyConnection, version: Path) -> None:
    """A view for each table of a published version, under the table's own name."""
    for table in sorted((version / "marts").iterdir()):
        glob = _quoted(str(table / "*.parquet"))
        con.execute(f"create or replace view {table.name} as from read_parquet({glob})")


def assert_same(con: duckdb.DuckDBPyConnection, expected: str, actual: str) -> None:
    """Fail with the rows that one query has and the other has not; rows count as often as they come.

    Args:
        con: Where both are run.
        expected: A query over the raw files; it must give at least one row.
        actual: A query over the marts with the same columns in the same order.
    """
    n_expected = rows(con, f"select count(*) from ({expected})")[0][0]
    assert n_expected, "the raw files gave nothing to compare with"
    missing = _surplus(con, expected, actual)
    added = _surplus(con, actual, expected)
    assert not missing and not added, (
        f"of {n_expected} rows\n in the raw files only: {missing}\n in the marts only: {added}"
    )


def _surplus(con: duckdb.DuckDBPyConnection, query: str, other: str) -> str:
    """What the one query gives beyond the other: how many rows, and the first of them; empty where nothing is."""
    surplus = f"({query}) except all ({other})"
    n = rows(con, f"select count(*) from ({surplus})")[0][0]
    return f"{n} rows, as {rows(con, f'from ({surplus}) order by all limit 5')}" if n else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
