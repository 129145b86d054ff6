"""The shared database of small queries (base/database.py): its connections do not disturb one another, nor a fork."""

import os
import signal
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base import database
from pipelines.base.database import set_limits, small_query_connection


def test_temporary_tables_are_not_visible_to_other_connections() -> None:
    with small_query_connection() as one, small_query_connection() as other:
        one.execute("create temp table numbers as select 1 as number")
        with pytest.raises(duckdb.CatalogException):
            other.execute("from numbers")
    with small_query_connection() as later, pytest.raises(duckdb.CatalogException):
        later.execute("from numbers")


def test_a_setting_of_one_query_does_not_change_another() -> None:
    with small_query_connection() as one, small_query_connection() as other:
        one.execute("set TimeZone = 'Asia/Shanghai'")
        other.execute("set TimeZone = 'UTC'")
        assert one.execute("select current_setting('TimeZone')").fetchall() == [("Asia/Shanghai",)]


def test_the_memory_limit_is_that_of_the_settings_as_soon_as_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_limits", dict(database._limits))
    for limit, shown in (("1GB", "953.6 MiB"), ("2GB", "1.8 GiB")):
        set_limits(limit, 2)
        with small_query_connection() as connection:
            assert connection.execute("select current_setting('memory_limit')").fetchall() == [(shown,)]


def test_a_forked_process_opens_its_own_database(tmp_path: Path) -> None:
    """Reading Parquet starts threads, and a fork does not copy them: with its parent's database, it would wait."""
    files = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for file in files:
        pq.write_table(pa.table({"number": [7]}), file)
    query = f"select max(number) as number from read_parquet({[str(file) for file in files]})"
    with small_query_connection() as connection:
        connection.sql(query).to_arrow_table()
    child = os.fork()
    if child == 0:
        with small_query_connection() as connection:
            os._exit(connection.sql(query).to_arrow_table()["number"][0].as_py())
    until = time.monotonic() + 60
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the forked process did not end within a minute")
        time.sleep(0.05)
    assert os.waitstatus_to_exitcode(ended[1]) == 7
