"""SQLite: times that are texts, locks, names of columns, and the ends of queries."""

import re
import sqlite3
import textwrap
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.base.errors import PullError
from pipelines.base.project import project_root
from pipelines.config.pulls import PullSettings
from pipelines.connectors.pulling import planned_pull, pull_source
from pipelines.connectors.sql.alchemy import Alchemy
from pipelines.connectors.sql.cursors import Kind, present
from pipelines.connectors.sql.database import Column, without_end
from tests.connectors.pulled_sql import Pulled, Stop, stop_after

ORDERS = {"orders": {"table": "orders", "cursor": "updated_at", "overlap_minutes": 0}}

Make = Callable[..., Pulled]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """A database with a table of orders, committed at once."""
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("create table orders (id integer primary key, updated_at text)")
    monkeypatch.setenv("LOYALTY_SQL", f"sqlite:///{path}?timeout=0.1")
    return connection


@pytest.fixture
def make(tmp_path: Path, database: sqlite3.Connection) -> Make:
    return lambda tables, **more: Pulled(tmp_path, tables, **more)


def add(database: sqlite3.Connection, *texts: str | None) -> None:
    database.executemany("insert into orders (updated_at) values (?)", [(text,) for text in texts])


def ids(pulled: Pulled) -> list[int]:
    return sorted(pulled.last()["id"].to_pylist())


FORMS = ["{day}", "{day} 10:00", "{day}T10:00:00", "{day}T10:00:00Z", "{day} 10:00:00.123456", "{day}T10:00:00.1Z"]


def test_rows_of_today_are_not_after_the_present_whatever_their_form(database: sqlite3.Connection, make: Make) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    add(database, *(form.format(day=today) for form in FORMS), "2931-01-01T00:00:00Z")
    orders = make(ORDERS)
    assert orders.pull().words == [
        "shop: orders: 1 row with `updated_at` after the server's present time: each pull reads them again until that"
        " time has come"
    ]
    add(database, f"{today}T00:00:01Z")
    orders.pull()
    assert ids(orders) == list(range(1, len(FORMS) + 3))


def test_texts_of_one_day_are_read_together_whatever_their_form(database: sqlite3.Connection, make: Make) -> None:
    add(database, "2024-05-02T23:00:00Z", *(form.format(day="2024-05-03") for form in FORMS))
    orders = make(ORDERS)
    orders.pull()
    add(database, *(form.format(day="2024-05-03") for form in FORMS))
    orders.pull()
    assert ids(orders) == list(range(2, 2 * len(FORMS) + 2))


def test_texts_with_offsets_are_ordered_by_their_time_in_utc(database: sqlite3.Connection, make: Make) -> None:
    add(database, "2024-05-02T09:00:00+14:00", "2024-05-02T01:00:00Z")  # the first one is 2024-05-01 19:00 in UTC
    orders = make(ORDERS)
    orders.pull()
    assert "_c2024-05-02_" in orders.files()[0]
    add(database, "2024-05-01T23:30:00-05:00", "2024-05-01 23:30:00.5+01:00")  # 2024-05-02 04:30 and 2024-05-01 22:30
    orders.pull()
    assert ids(orders) == [2, 3], "the text of 3 is smaller than the last one, its time is later"


def test_a_pull_that_stops_at_a_text_with_an_offset_continues_before_its_day(
    database: sqlite3.Connection, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, "2024-05-01T10:00:00Z", "2024-05-03T01:00:00+14:00", "2024-05-02T23:00:00Z", "2024-05-04T00:00:00Z")
    orders = make(ORDERS, page_rows=1)
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Stop):
            orders.pull()
    add(database, "2024-05-02T12:00:00Z")
    report = orders.pull()
    assert report.objects[0].resumed_pages == 2
    assert set(ids(orders)) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    "text",
    [
        *("03/05/2024", "20240503", "2024-05-03 10:00:00 UTC", "2024-05-03T10:00:00+0200", "2024-05-03, 10:00"),
        *("2024-5-3", "now", "1714730400", "", "2024-02-30", "0000-01-01", "01HWZ7J5Q2A1N0D8S3K4M5P6R7"),
    ],
)
def test_a_text_that_cannot_be_ordered_is_refused(database: sqlite3.Connection, make: Make, text: str) -> None:
    add(database, "2024-05-03T10:00:00Z", text)
    problem, hint = make(ORDERS).problem()
    assert problem == "1 row of `orders` with a `updated_at` that has no order among the others"
    assert "such as 2024-05-31T10:00:00Z" in hint and "convert" in hint


def test_a_text_may_be_of_the_date_of_the_server_or_of_the_one_in_utc() -> None:
    now = datetime(2024, 5, 3, 20, tzinfo=UTC)
    assert present(Kind.DAY_TEXT, now, timedelta(hours=8)) == (date(2024, 5, 3), date(2024, 5, 4))
    assert present(Kind.DAY_TEXT, now.replace(hour=2), timedelta(hours=-5)) == (date(2024, 5, 2), date(2024, 5, 3))


def test_a_locked_database_is_temporary_and_the_next_pull_reads_it(database: sqlite3.Connection, make: Make) -> None:
    add(database, "2024-05-03")
    orders = make(ORDERS)
    database.execute("begin exclusive")
    (failed,) = pull_source(orders.source).failed
    assert failed.problem == "the SQLite database is locked by another program that writes to it"
    assert failed.is_temporary and "?timeout=60" in failed.hint
    database.execute("commit")
    orders.pull()
    assert ids(orders) == [1]


def test_a_table_that_could_not_be_described_for_a_moment_is_not_read_completely(
    database: sqlite3.Connection, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, "2024-05-03")
    orders = make(ORDERS)
    orders.pull()
    columns, problems = Alchemy.columns, [PullError("busy", is_temporary=True)]

    def described(self: Alchemy, base: str, table: str | None) -> list[Column]:
        if problems:
            raise problems.pop()
        return columns(self, base, table)

    monkeypatch.setattr(Alchemy, "columns", described)
    assert [one.problem for one in pull_source(orders.source).failed] == ["busy"]
    add(database, "2024-05-04")
    orders.pull()
    assert sorted(name.endswith("_full.parquet") for name in orders.files()) == [False, True]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("select id as x, 7 as x from orders", "`orders` has the column `x` twice"),
        (
            "select id as Id, 7 as id from orders",
            "`orders` has the columns `Id` and `id`, whose names differ only in upper and lower case",
        ),
        ("select 1 as a, 2 as b, 3 as A, 4 as a from orders", "`orders` has the columns `a` and `A`, whose names"),
    ],
)
def test_columns_that_a_mapping_cannot_tell_apart_are_refused(make: Make, query: str, problem: str) -> None:
    found, hint = make({"orders": {"query": query}}).problem()
    assert found.startswith(problem) and "a name of its own" in hint


def test_a_column_whose_name_ends_in_a_number_is_itself(database: sqlite3.Connection, make: Make) -> None:
    database.execute('create table odd (x integer, "x:1" integer, "x:2" text, "y:1" integer)')
    database.execute("insert into odd values (1, 2, 'three', 4)")
    expected = [{"x": 1, "x:1": 2, "x:2": "three", "y:1": 4}]
    odd = make({"odd": {"table": "odd", "cursor": "x:1"}})
    odd.pull()
    assert odd.table().to_pylist() == expected
    query = make({"other": {"query": 'select "x:1", "y:1", "x:2" as "a:b" from odd'}})
    query.pull()
    assert query.last().to_pylist() == [{"x:1": 2, "y:1": 4, "a:b": "three"}]


@pytest.mark.parametrize(
    "end", [";", " ; ; \n", "; -- ours", "-- ours", "-- ours;\n;", "/* ours; */", "; /* ours\n*/ ;"]
)
def test_a_query_may_end_in_a_comment_or_a_semicolon(database: sqlite3.Connection, make: Make, end: str) -> None:
    add(database, "2024-05-03")
    orders = make({"orders": {"query": f"select id, '; -- x' as note, 'it''s;' as other from orders {end}"}})
    orders.pull()
    assert orders.last().to_pylist() == [{"id": 1, "note": "; -- x", "other": "it's;"}]


@pytest.mark.parametrize(
    "query",
    [
        *("select ';'", 'select 1 as ";"', "select `a;`", "select $$;$$", "select $x$ $$; $x$", "select '--;'"),
        *("select 1 -- ;", "select 1 /* ; */", "select 'it\\'s; x'", "select 1; select 2"),
    ],
)
def test_only_semicolons_at_the_end_are_taken_away(query: str) -> None:
    assert without_end(query) == query
    assert without_end(f"{query}\n;;\n") == query


def test_two_statements_are_an_error_of_the_server(make: Make) -> None:
    problem, _ = make({"orders": {"query": "select 1 as a; select 2 as b"}}).problem()
    assert problem.startswith("the database answered: near")


def test_another_cursor_or_a_lost_memory_reads_everything_again(database: sqlite3.Connection, make: Make) -> None:
    add(database, "2024-05-01", "2024-05-03", "2024-05-02")
    orders: dict[str, Any] = {"orders": {"table": "orders", "cursor": "id", "overlap_numbers": 0}}
    make(orders).pull()
    changed = make(ORDERS)
    changed.pull()
    assert ids(changed) == [1, 2, 3], "3 as a date, or a date as a number, says nothing"
    database.execute("update orders set updated_at = '2024-05-01T01:00:00Z' where id = 1")
    (changed.source.work / "memory.json").unlink()
    changed.pull()
    assert ids(changed) == [1, 2, 3]


def test_a_day_first_text_is_converted_by_the_query_of_the_docs(database: sqlite3.Connection, make: Make) -> None:
    page = (project_root() / "docs" / "sources.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"`(select \*, substr\(day, 7\)[^`]*)`", page)
    database.execute("create table days (id integer, day text)")
    database.execute("insert into days values (1, '31.05.2024'), (2, '01.06.2024'), (3, '30.04.2024')")
    changed = query.replace("from orders", "from days")
    days = make({"days": {"query": changed, "cursor": "changed_on", "overlap_minutes": 0}})
    days.pull()
    database.execute("update days set day = '02.06.2024' where id = 1")
    days.pull()
    assert days.last().select(["id", "changed_on"]).to_pylist() == [
        {"id": 2, "changed_on": "2024-06-01"},
        {"id": 1, "changed_on": "2024-06-02"},
    ]


@pytest.mark.parametrize("section", ["PostgreSQL", "MySQL and MariaDB", "SQLite", "SQL Server"])
def test_the_minimal_config_of_each_database_is_valid(section: str) -> None:
    page = (project_root() / "docs" / "sources.md").read_text(encoding="utf-8")
    _, _, text = page.partition(f"\n### {section}\n")
    (config,) = re.findall(r"```yaml\n(.*?)```", text.partition("\n##")[0], flags=re.DOTALL)
    (source,) = yaml.safe_load(textwrap.dedent(config))["sources"]
    settings = PullSettings.model_validate(source["pull"])
    assert settings.sql is not None
    assert {"orders", "customers"} == set(settings.sql.tables)
    assert settings.environment_prefix == "LOYALTY_SQL"


def test_numbers_that_begin_again_are_read_also_if_that_pull_was_stopped(
    database: sqlite3.Connection, make: Make
) -> None:
    database.execute("create table seqs (id integer primary key, amount real)")
    database.executemany("insert into seqs values (?, ?)", [(number, 1) for number in range(100_000, 100_100)])
    seqs = make({"seqs": {"table": "seqs", "cursor": "id", "overlap_numbers": 10}})
    seqs.pull()
    database.execute("delete from seqs")
    database.executemany("insert into seqs values (?, ?)", [(number, "wrong") for number in range(1, 51)])
    assert "amount" in seqs.problem()[0]  # after it has begun, and before its first page
    database.execute("update seqs set amount = 2")
    report = seqs.pull()
    assert any("now has lower values than before" in words for words in report.words)
    assert sorted(seqs.last()["id"].to_pylist()) == list(range(1, 51))


def test_a_file_with_a_name_whose_time_is_none_stops_no_pull(database: sqlite3.Connection, make: Make) -> None:
    add(database, "2024-05-02T23:00:00Z")
    orders = make(ORDERS)
    orders.inbox.mkdir()
    (orders.inbox / "orders_20243112T000000Z.parquet").write_bytes(b"")
    assert list(planned_pull(orders.source)) == ["orders: all records"]
    orders.pull()
    assert ids(orders) == [1]
