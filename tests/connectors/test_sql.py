"""Pulls of a database, shown on SQLite: which rows are read, what is refused, and how a stopped pull continues."""

import re
import sqlite3
import textwrap
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from pipelines.base.errors import ConfigError, PullError
from pipelines.base.project import project_root
from pipelines.base.text import without_values
from pipelines.config.pulls import PullSettings
from pipelines.connectors.pulling import planned_pull, pull_source
from tests.connectors.pulled_sql import Pulled, Stop, stop_after
from tests.pipeline.landing_desk import Desk

ORDERS = {"orders": {"table": "orders", "cursor": "updated_at", "overlap_minutes": 0}}
NUMBERED = {"orders": {"table": "orders", "cursor": "id", "overlap_numbers": 2}}
WHOLE = {"orders": {"table": "orders"}}

Make = Callable[..., Pulled]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """A database with a table of orders, committed at once."""
    path = tmp_path / "a shop.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("create table orders (id integer primary key, updated_at text, amount numeric)")
    monkeypatch.setenv("LOYALTY_SQL", f"sqlite:///{path}")
    return connection


@pytest.fixture
def make(tmp_path: Path, database: sqlite3.Connection) -> Make:
    return lambda tables, **more: Pulled(tmp_path, tables, **more)


def add(database: sqlite3.Connection, *rows: tuple[Any, ...]) -> None:
    database.executemany("insert into orders values (?, ?, ?)", rows)


def ids(pulled: Pulled) -> list[int]:
    found: list[int] = pulled.last()["id"].to_pylist()
    return found


def test_the_first_pull_reads_everything_and_the_next_what_has_changed(
    database: sqlite3.Connection, make: Make
) -> None:
    orders = make(ORDERS)
    add(database, (2, "2024-05-02 10:00:00", 1), (1, "2024-05-01T09:00:00Z", 2.5), (3, "2024-05-03", 3))
    report = orders.pull()
    (name,) = orders.files()
    assert re.fullmatch(r"orders_\d{8}T\d{6}Z_c2024-05-03_full\.parquet", name)
    assert (report.records, ids(orders)) == (3, [1, 2, 3])
    database.execute("update orders set updated_at = '2024-05-04 08:00:00' where id = 1")
    add(database, (4, "2024-05-03 23:00:00", 4), (5, "2024-05-02 23:59:59", 5))
    orders.pull()
    assert ids(orders) == [3, 4, 1], "5 is before the window; several rows of its first day are all read"


def test_the_overlap_reads_rows_that_were_committed_late(database: sqlite3.Connection, make: Make) -> None:
    orders = make(NUMBERED)
    add(database, *((n, None, None) for n in (1, 2, 5)))
    orders.pull()
    add(database, (3, None, None), (4, None, None), (6, None, None))
    orders.pull()
    assert ids(orders) == [3, 4, 5, 6]
    orders = make({"orders": {**ORDERS["orders"], "overlap_minutes": 1_441}})
    database.execute("update orders set updated_at = '2024-05-0' || id")
    orders.pull()
    assert ids(orders) == [1, 2, 3, 4, 5, 6], "the cursor of another column says nothing about this one"
    database.execute("update orders set amount = 1")
    orders.pull()
    assert ids(orders) == [4, 5, 6], "a bit more than a day is two days"


def test_nothing_new_writes_no_file(database: sqlite3.Connection, make: Make) -> None:
    orders = make(NUMBERED)
    assert orders.pull().records == 0
    add(database, (1, "2024-05-01", 1), (2, "2024-05-01", 1))
    orders.pull()
    report = orders.pull()
    assert (report.objects[0].records, report.records, len(orders.files())) == (2, 0, 1)
    database.execute("update orders set amount = 2 where id = 2")
    assert orders.pull().records == 1
    assert len(orders.files()) == 2


def test_rows_without_a_cursor_are_counted_and_read_each_time(database: sqlite3.Connection, make: Make) -> None:
    orders = make(ORDERS)
    add(database, (1, None, 1), (2, None, 2))
    words = (
        "shop: orders: 2 rows without `updated_at`: each pull reads them again. Give them a value, or leave them out"
        " by a `query`"
    )
    assert orders.pull().words == [words]
    assert sorted(ids(orders)) == [1, 2]
    add(database, (3, "2024-05-03", 3))
    assert orders.pull().words == [words]
    assert sorted(ids(orders)) == [1, 2, 3]
    database.execute("update orders set amount = 9 where id = 1")
    orders.pull()
    assert sorted(orders.last()["amount"].to_pylist()) == ["2", "3", "9"]


def test_a_cursor_in_the_future_does_not_move_the_window_past_everything(
    database: sqlite3.Connection, make: Make
) -> None:
    orders = make(ORDERS)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    add(database, (1, "2024-05-01", 1), (2, "2931-01-01", 2))
    assert orders.pull().words == [
        "shop: orders: 1 row with `updated_at` after the server's present time: each pull reads them again until that"
        " time has come"
    ]
    assert f"_c{today}_" in orders.files()[0]
    add(database, (3, today, 3))
    orders.pull()
    assert ids(orders) == [3, 2]


def test_a_table_without_a_cursor_is_replaced_and_an_empty_one_is_a_warning(
    database: sqlite3.Connection, make: Make
) -> None:
    orders = make(WHOLE)
    add(database, (1, None, 1), (2, None, 2))
    orders.pull()
    database.execute("delete from orders where id = 1")
    orders.pull()
    assert (orders.files(), ids(orders)) == (["orders.parquet"], [2])
    database.execute("delete from orders")
    assert orders.pull().words == [
        "shop: orders is unexpectedly empty: the server has no records, but had some before. What was pulled before"
        " stays"
    ]
    assert ids(orders) == [2]


def test_a_query_is_sent_as_it_is(database: sqlite3.Connection, make: Make) -> None:
    add(database, (1, "50%", 1), (2, "100", 2))
    query = "select id as \"the id\", ':a %s {b}' as x from orders where updated_at like '%\\%' escape '\\' -- ours;\n;"
    orders = make({"orders": {"query": query}})
    orders.pull()
    assert orders.last().to_pylist() == [{"the id": 1, "x": ":a %s {b}"}]


def test_names_with_quotes_and_blanks_are_quoted(database: sqlite3.Connection, make: Make) -> None:
    database.execute('create table "my ""odd"" %s; table" ("a ""b"" %(c)s" integer, "select" text)')
    database.execute('insert into "my ""odd"" %s; table" values (1, \'x\')')
    odd = make({"odd": {"table": 'my "odd" %s; table', "cursor": 'a "b" %(c)s'}})
    odd.pull()
    odd.pull()
    assert odd.last().to_pylist() == [{'a "b" %(c)s': 1, "select": "x"}]


@pytest.mark.parametrize("stops", [1, 2, 3])
def test_a_stopped_pull_continues_at_its_last_value(
    database: sqlite3.Connection, make: Make, monkeypatch: pytest.MonkeyPatch, stops: int
) -> None:
    orders = make(ORDERS, page_rows=2)
    add(database, *((n, f"2024-05-0{(n + 3) // 3}", n) for n in range(8)))
    with monkeypatch.context() as patch:
        stop_after(patch, stops)
        with pytest.raises(Stop):
            orders.pull()
    assert not list(orders.inbox.iterdir())
    # it becomes the last one while the pull is stopped
    database.execute("update orders set updated_at = '2024-05-09' where id = 0")
    (plan,) = planned_pull(orders.source)
    assert plan.startswith("orders: continues the pull of")
    report = orders.pull()
    assert report.objects[0].resumed_pages == stops
    found = orders.last().to_pylist()
    assert {row["id"] for row in found} == set(range(8))
    assert {"id": 0, "updated_at": "2024-05-09", "amount": "0"} in found
    assert "_c2024-05-03_" in orders.files()[0], "the window begins where the stopped pull had begun"


def test_a_stopped_snapshot_begins_again(
    database: sqlite3.Connection, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = make(WHOLE, page_rows=2)
    add(database, *((n, None, n) for n in range(5)))
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(Stop):
            orders.pull()
    orders.pull()
    assert ids(orders) == [0, 1, 2, 3, 4]


def test_a_changed_table_does_not_continue_a_stopped_pull(
    database: sqlite3.Connection, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = make(NUMBERED, page_rows=2)
    add(database, *((n, None, n) for n in range(5)))
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(Stop):
            orders.pull()
    database.execute("alter table orders add column note text default 'new'")
    report = orders.pull()
    assert report.objects[0].resumed_pages == 0
    assert orders.last()["note"].to_pylist() == ["new"] * 5


def test_values_of_sqlite_are_kept_as_they_are(database: sqlite3.Connection, make: Make) -> None:
    database.execute("create table kinds (i bigint, r real, n decimal(10, 2), t text, b blob, x)")
    rows = [
        (2**63 - 1, 0.1 + 0.2, 0.1 + 0.2, "a\0b", b"\x00\xff", 7),
        (-(2**63), -1e300, 3, "", b"", 1.5),
        (None,) * 6,
        (0, 5.0, "12.30", "äöü 数据 \U0001f600", "text", None),
    ]
    database.executemany("insert into kinds values (?, ?, ?, ?, ?, ?)", rows)
    kinds = make({"kinds": {"table": "kinds"}})
    kinds.pull()
    assert list(zip(*(kinds.last()[name].to_pylist() for name in "irntbx"), strict=True)) == [
        (2**63 - 1, 0.1 + 0.2, repr(0.1 + 0.2), "a\0b", "00ff", "7"),
        (-(2**63), -1e300, "3", "", "", "1.5"),
        (None,) * 6,
        (0, 5.0, "12.3", "äöü 数据 \U0001f600", "text", None),
    ]


@pytest.mark.parametrize(
    ("statement", "tables", "problem", "hint"),
    [
        (
            "insert into orders values (1, 'x', 1)",
            ORDERS,
            "1 row of `orders` with a `updated_at` that has no",
            "ISO 8601",
        ),
        ("insert into orders values (1, 20240501, 1)", ORDERS, "1 row of `orders` with a `updated_at`", "`query`"),
        ("insert into orders values (1, '2024-02-30', 1)", ORDERS, "1 row of `orders` with a `updated_at`", "2024-05"),
        ("select 1", {"orders": {"table": "nothing"}}, "the database answered: no such table: nothing", "upper"),
        ("select 1", {"orders": {"table": "orders", "cursor": "ID"}}, "there is no column `ID`", "columns id, upd"),
        ("select 1", {"orders": {"query": "select 1 as a, 2 as a from orders"}}, "the column `a` twice", "name of"),
        ("select 1", {"orders": {"query": "delete from orders"}}, "the database answered: near", "rights"),
        (
            "create table o (r real); insert into o values (1)",
            {"orders": {"table": "o", "cursor": "r"}},
            "the column `r` of `orders` cannot be a cursor: it is neither a time, a date nor a whole number (double)",
            "cast it in a `query`",
        ),
        (
            "create table o (n int); insert into o values ('secret')",
            {"orders": {"table": "o"}},
            "column `n` has a value that is not of the type int64",
            "casts this column to a text",
        ),
        (
            "create table o (t text); insert into o values (cast(x'ff' as text))",
            {"orders": {"table": "o"}},
            "the database answered: Could not decode to UTF-8 column 't'",
            "",
        ),
    ],
)
def test_what_cannot_be_read_as_it_is_is_refused_with_what_to_do(
    database: sqlite3.Connection, make: Make, statement: str, tables: dict[str, Any], problem: str, hint: str
) -> None:
    database.executescript(statement)
    found = make(tables).problem()
    assert problem in found[0] and hint in found[1]
    assert "secret" not in found[0] + found[1]


def test_one_table_that_fails_holds_no_other_back(database: sqlite3.Connection, make: Make) -> None:
    add(database, (1, None, 1))
    both = make({"gone": {"table": "gone"}, **WHOLE})
    assert [one.name for one in pull_source(both.source).failed] == ["gone"]
    assert both.files() == ["orders.parquet"]


def test_a_query_cannot_change_the_database(database: sqlite3.Connection, make: Make) -> None:
    database.execute("create table log (n)")
    orders = make({"orders": {"query": "select 1 as n) as x; insert into log values (1); --"}})
    orders.problem()
    assert database.execute("select count(*) from log").fetchone() == (0,)


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        (None, "not set in the environment: LOYALTY_SQL"),
        ("secret", "LOYALTY_SQL has no URI of a database"),
        ("oracle://reader:secret@host/x", "the URI in LOYALTY_SQL begins with `oracle`"),
        ("mysql+nodriver://reader:secret@host/x", "LOYALTY_SQL has no URI of a database"),
    ],
)
def test_a_uri_that_cannot_be_used_is_named_by_its_variable(
    make: Make, monkeypatch: pytest.MonkeyPatch, uri: str | None, problem: str
) -> None:
    monkeypatch.delenv("LOYALTY_SQL")
    if uri:
        monkeypatch.setenv("LOYALTY_SQL", uri)
    with pytest.raises(ConfigError) as found:
        make(WHOLE).pull()
    assert problem in found.value.message
    assert "secret" not in found.value.message + found.value.hint


def test_a_file_that_does_not_exist_is_not_created(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_SQL", f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(PullError, match="does not exist"):
        make(WHOLE).pull()
    assert not (tmp_path / "other.db").exists()


@pytest.mark.parametrize("table", [{}, {"table": "a", "query": "select 1"}, {"table": "a..b"}, {"table": ""}])
def test_a_table_has_either_a_name_or_a_query(table: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PullSettings.model_validate({"sql": {"tables": {"orders": table}}})


def test_a_full_read_is_due_after_some_days(
    database: sqlite3.Connection, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = make({"orders": {**NUMBERED["orders"], "full_read_days": 1}})
    add(database, *((n, None, n) for n in range(6)))
    orders.pull()
    later = datetime.now(UTC) + timedelta(days=2)
    monkeypatch.setattr("pipelines.connectors.sql.alchemy.Alchemy.now", lambda _: later)
    orders.pull()
    assert ids(orders) == [0, 1, 2, 3, 4, 5]


def test_the_example_of_the_docs_lands_what_is_pulled(database: sqlite3.Connection, tmp_path: Path) -> None:
    text = (project_root() / "docs" / "sources.md").read_text(encoding="utf-8").partition("\n## Databases\n")[2]
    config, mapping = (textwrap.dedent(part) for part in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)[:2])
    tables = yaml.safe_load(config)["sources"][0]["pull"]["sql"]["tables"]
    assert PullSettings.model_validate({"sql": {"tables": tables}}).connector == "sql"
    database.executescript(
        "drop table orders; create table orders (id integer, customer_id integer, created_at text, state text,"
        " amount decimal(10, 2), updated_at text);"
        "create table customers (id integer, email text, segment text, test boolean);"
        "insert into orders values (7, 1, '2024-05-01 10:00:00', 'done', 12.5, '2024-05-01 10:00:00');"
        "insert into customers values (1, 'Ada@example.com', 'gold', 0), (2, 'b@example.com', null, 0)"
    )
    shop = Pulled(
        tmp_path,
        {
            "orders": {**tables["orders"], "table": "main.orders"},
            "customers": {"query": tables["customers"]["query"].replace("public.", "")},
        },
    )
    desk = Desk(tmp_path)
    desk.inbox = shop.inbox
    desk.mapping.write_text(mapping, encoding="utf-8")
    for day in (date(2024, 5, 31), date(2024, 6, 1)):
        shop.pull()
        assert not desk.land(today=day).warnings
        database.executescript(
            "update orders set state = 'void', updated_at = '2024-05-02 08:00:00';"
            "delete from customers where id = 2; update customers set segment = 'silver'"
        )
    columns = "order_id, customer_ref, ordered_at, status, total, updated_at"
    assert desk.rows("orders", columns, "updated_at") == [
        ("7", "1", "2024-05-01 08:00:00", "paid", "12.5", "2024-05-01 08:00:00"),
        ("7", "1", "2024-05-01 08:00:00", "cancelled", "12.5", "2024-05-02 06:00:00"),
    ]
    assert ("1", "ada@example.com", "silver") in desk.rows("customers", "customer_ref, email, segment", "1, 3")


@pytest.mark.parametrize(
    "words",
    [
        "Conversion failed when converting the varchar value 'alice' to data type int.",
        'invalid input syntax for type integer: "say "alice""',
        "Incorrect datetime value: 'o'alice' for column 'born' at row 1",
    ],
)
def test_a_message_about_values_is_shown_without_them(words: str) -> None:
    assert "alice" not in without_values(words)
    assert without_values(words)[:9] == words[:9]
