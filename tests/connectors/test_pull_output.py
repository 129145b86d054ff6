"""Standard output of `loyalty pull` has what the command prints, and nothing else."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.base.project import project_root
from tests.conftest import clean_environment

ROWS = 300_000
# DuckDB shows its progress bar after two seconds; here after a millisecond, so that each query would show it
_QUICK_BAR = """
import sys, duckdb
plain = duckdb.connect

def connect(*given, **named):
    connection = plain(*given, **named)
    connection.execute("set progress_bar_time = 1")
    return connection

duckdb.connect = connect
"""
_PLAIN = f"duckdb.connect().execute('select count(*) from range({ROWS * 500}) t(i) where i % 7 = 3').fetchall()"
_PULL = "from pipelines.cli import main; sys.exit(main())"


def printed(code: str, *arguments: str, **environment: str) -> str:
    command = [sys.executable, "-c", _QUICK_BAR + code, *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=project_root(),
        env=clean_environment(**environment),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def config(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("create table orders (id integer primary key, note text)")
        database.executemany("insert into orders values (?, ?)", ((n, f"note {n}") for n in range(ROWS)))
    (tmp_path / "shop.yml").write_text(
        "source: shop\ncurrency: EUR\ntimezone: UTC\nfiles:\n  - match: '*.parquet'\n    format: parquet\n"
        "    entities: {customers: {columns: {customer_ref: id}}}\n",
        encoding="utf-8",
    )
    tables = {"orders": {"table": "orders", "cursor": "id", "overlap_numbers": ROWS}}
    sources = [{"mapping": "shop.yml", "files": "in", "pull": {"sql": {"tables": tables}}}]
    path = tmp_path / "loyalty.yml"
    path.write_text(
        json.dumps({"home": "home", "timezone": "UTC", "currency": "EUR", "sources": sources}), encoding="utf-8"
    )
    return path


def test_a_long_query_shows_a_bar_unless_it_is_turned_off() -> None:
    assert "▕" in printed(_PLAIN)
    ours = _PLAIN.replace("duckdb.connect()", "database.connect()")
    assert printed(f"from pipelines.base import database\n{ours}") == ""


def test_the_output_of_a_pull_is_what_it_prints(config: Path) -> None:
    pull = ("pull", "--config", str(config), "--json")
    uri = f"sqlite:///{config.parent}/shop.db"
    (first,) = json.loads(printed(_PULL, *pull, LOYALTY_SQL=uri))
    (second,) = json.loads(printed(_PULL, *pull, LOYALTY_SQL=uri))  # compares all rows with those of the first
    found = [report["objects"][0]["new_records"] for report in (first, second)]
    assert found == [ROWS, 0]
