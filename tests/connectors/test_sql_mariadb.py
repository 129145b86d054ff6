"""Pulls from a real server of MariaDB: its types, its clock, its failures, and how much memory they need.

Needs the server (Debian: apt-get install --no-install-recommends mariadb-server) and the extra (make setup-sql).
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.base.errors import ConfigError, PullError
from pipelines.connectors.pulling import pull_source
from tests.connectors.mariadb_server import execute, server
from tests.connectors.pulled_sql import Pulled, records_and_megabytes

pytestmark = pytest.mark.mariadb

MANY = 60_000  # rows of 5,000 bytes
MOST_MEGABYTES = 220

Make = Callable[..., Pulled]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with server("--default-time-zone=+08:00", "--sql-mode=") as uri:
        yield uri


@pytest.fixture
def uri(cluster: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A server with an empty database, and a role that may read it."""
    execute(cluster, "drop database shop", "create database shop character set utf8mb4")
    execute(cluster, "create or replace user reader identified by 'not@shown'", "grant select on shop.* to reader")
    monkeypatch.setenv("LOYALTY_SQL", cluster.replace("root@", "reader:not%40shown@"))
    return cluster


@pytest.fixture
def make(tmp_path: Path, uri: str) -> Make:
    return lambda tables, **more: Pulled(tmp_path, tables, **more)


NINES = "9" * 28
KINDS = {
    "ti": ("tinyint", "-128", -128),
    "b": ("boolean", "true", 1),
    "u": ("int unsigned", "4294967295", 2**32 - 1),
    "bi": ("bigint", "-9223372036854775808", -(2**63)),
    "f": ("float", "16777217", 16777216.0),
    "f7": ("float", "0.1", 0.10000000149011612),
    "g": ("double", "0.1e0 + 0.2e0", 0.1 + 0.2),
    "n": ("decimal(38, 10)", f"'-{NINES}.0123456789'", Decimal(f"-{NINES}.0123456789")),
    "n0": ("decimal(5, 0)", "12345", Decimal(12345)),
    "nu": ("decimal(10, 2) unsigned", "99999999.99", Decimal("99999999.99")),
    "large": ("decimal(65, 30)", f"'{'7' * 35}.5'", f"{'7' * 35}.5{'0' * 29}"),
    "d": ("date", "'1000-01-01'", date(1000, 1, 1)),
    "t": ("datetime(6)", "'9999-12-31 23:59:59.999999'", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    "skipped": ("datetime", "'2024-03-31 02:30:00'", datetime(2024, 3, 31, 2, 30)),
    "ts": ("timestamp(3) null", "'2024-05-01 12:00:00.123'", datetime(2024, 5, 1, 4, 0, 0, 123000, tzinfo=UTC)),
    "tm": ("time(2)", "'-838:59:59.5'", "-838:59:59.50"),
    "y": ("year", "2155", 2155),
    "b1": ("bit(1)", "b'1'", 1),
    "b64": ("bit(64)", "~0", 2**64 - 1),
    "c": ("varchar(20) character set latin1", "'äöü'", "äöü"),
    "x": ("text", "'数据 \U0001f600\\0\\n'", "数据 \U0001f600\0\n"),
    "empty": ("text", "''", ""),
    "j": ("json", '\'{"b": 1,  "a": 2}\'', '{"b": 1,  "a": 2}'),
    "e": ("enum('a', 'b')", "'b'", "b"),
    "s": ("set('x', 'y')", "'x,y'", "x,y"),
    "bl": ("blob", "x'00ff61'", "00ff61"),
    "vb": ("varbinary(4)", "x'61'", "61"),
    "uu": ("uuid", "'123E4567-e89b-12d3-a456-426614174000'", "123e4567-e89b-12d3-a456-426614174000"),
}


def test_every_type_keeps_its_values(uri: str, make: Make) -> None:
    execute(
        uri,
        f"create table kinds (id int, {', '.join(f'{name} {kind}' for name, (kind, _, _) in KINDS.items())})",
        f"insert into kinds values (1, {', '.join(value for _, value, _ in KINDS.values())})",
        "insert into kinds (id) values (2)",
    )
    for tables in ({"kinds": {"table": "kinds"}}, {"kinds": {"query": "select * from shop.kinds"}}):
        kinds = make(tables)
        kinds.pull()
        full, empty = kinds.last().drop_columns("id").to_pylist()
        assert set(empty.values()) == {None}
        assert full == {name: value for name, (_, _, value) in KINDS.items()}


def test_an_unsigned_bigint_is_read_from_a_table_and_never_changed_in_a_query(uri: str, make: Make) -> None:
    execute(uri, "create table ids (id bigint unsigned)", f"insert into ids values ({2**64 - 1})")
    ids = make({"ids": {"table": "shop.ids", "cursor": "id"}})
    ids.pull()
    assert ids.last()["id"].to_pylist() == [2**64 - 1]
    problem, hint = make({"ids": {"query": "select id from ids"}}).problem()
    assert problem == "column `id` has a value that is not of the type int64"
    assert "casts this column" in hint


@pytest.mark.parametrize("zero", ["date'0000-00-00'", "date'2024-00-31'", "timestamp'0000-00-00 00:00:00'"])
def test_a_zero_date_is_refused_and_can_be_left_out(uri: str, make: Make, zero: str) -> None:
    execute(uri, "create table odd (d date, t datetime)", f"insert into odd values ({zero}, {zero})")
    assert "column `d` has a value that is not of the type date32[day]" in make({"o": {"table": "odd"}}).problem()[0]
    fine = make({"o": {"query": "select nullif(cast(d as char), '0000-00-00') as d from odd"}})
    fine.pull()
    assert fine.last()["d"].to_pylist()[0] in (None, "2024-00-31")


def test_only_changed_rows_are_read_and_the_present_is_that_of_the_server(uri: str, make: Make) -> None:
    execute(
        uri,
        "create table orders (id int, at datetime, updated_at timestamp(6) null)",
        "insert into orders values (1, '2024-05-01 10:00', '2024-05-01 10:00'), (2, '2024-05-01 12:00',"
        " '2024-05-01 12:00'), (3, '2024-05-01 12:00', '2024-05-01 12:00'), (4, null, null)",
    )
    orders = make({name: {"table": "orders", "cursor": name, "overlap_minutes": 60} for name in ("at", "updated_at")})
    orders.pull()
    assert [("2024-05-01T12" in name, "2024-05-01T04" in name) for name in orders.files()] == [
        (True, False),
        (False, True),
    ]
    execute(
        uri,
        "insert into orders values (5, '2024-05-01 12:00', '2024-05-01 12:00')",
        "insert into orders values (6, now() + interval 1 hour, now() + interval 1 hour)",
    )
    before = datetime.now(UTC) - timedelta(seconds=2)
    report = orders.pull()
    assert [one.new_records for one in report.objects] == [2, 2]
    assert [words.partition("`")[0] + words.partition("`")[2].partition(":")[0] for words in report.words] == [
        "shop: at: 1 row with at` after the server's present time",
        "shop: at: 1 row without at`",
        "shop: updated_at: 1 row with updated_at` after the server's present time",
        "shop: updated_at: 1 row without updated_at`",
    ]
    assert sorted(orders.last()["id"].to_pylist()) == [2, 3, 4, 5, 6]
    newest = [name for name in orders.files() if "_full" not in name]
    local = datetime.fromisoformat(newest[0].partition("_c")[2][:30].replace("%3A", ":")[:26]).replace(tzinfo=UTC)
    assert before <= local - timedelta(hours=8) <= before + timedelta(minutes=5)


def test_no_message_has_the_password_and_the_role_can_only_read(
    uri: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(uri, "create table orders (id int)")
    problem, _ = make({"secret": {"table": "mysql.user"}}).problem()
    assert "SELECT command denied" in problem and "not@shown" not in problem
    for old, new, is_temporary in (("not%40shown", "not-to-be-shown", False), ("/socket", "/nowhere", True)):
        good = make({"orders": {"table": "orders"}})
        with monkeypatch.context() as patch:
            patch.setenv("LOYALTY_SQL", os.environ["LOYALTY_SQL"].replace(old, new))
            with pytest.raises(PullError) as found:
                good.pull()
        assert found.value.is_temporary == is_temporary
        assert new not in found.value.message.replace("/socket", "").replace("/nowhere", "")
    monkeypatch.setenv("LOYALTY_SQL", uri)
    execute(uri, "create function f() returns int modifies sql data begin insert into orders values (1); return 1; end")
    assert pull_source(make({"orders": {"query": "select f() as n"}}).source).failed
    assert execute(uri, "select count(*) from orders") == [(0,)]


def test_many_rows_need_little_memory(uri: str, tmp_path: Path) -> None:
    execute(
        uri,
        "create table orders as select seq as id, timestamp'2024-01-01 00:00:00' + interval seq second as updated_at,"
        f" cast(seq % 100000 / 100 as decimal(12, 2)) as amount, repeat('x', 5000) as note from seq_1_to_{MANY}",
    )
    settings = {"tables": {"orders": {"table": "orders", "cursor": "updated_at"}}, "page_rows": 5_000}
    records, megabytes = records_and_megabytes(tmp_path, settings)
    compared = "select count(*), sum(id), sum(amount) from"
    (expected,) = execute(uri, f"{compared} orders")
    (found,) = duckdb.execute(f"{compared} read_parquet('{tmp_path}/inbox/*.parquet')").fetchall()
    assert [Decimal(one) for one in found] == [Decimal(one) for one in expected]
    assert records == MANY
    assert megabytes < MOST_MEGABYTES


def test_names_with_a_percent_sign_are_read(uri: str, make: Make) -> None:
    execute(uri, "create table `a%b` (id int, `rate%` int, `%%` int)", "insert into `a%b` values (1, 2, 3)")
    percent = make({"percent": {"table": "a%b"}})
    percent.pull()
    assert percent.last().to_pylist() == [{"id": 1, "rate%": 2, "%%": 3}]


def test_an_option_that_the_driver_does_not_know_is_named_and_shows_no_password(
    uri: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = f"{uri}{'&' if '?' in uri else '?'}sslmode=require"
    monkeypatch.setenv("LOYALTY_SQL", wrong)
    with pytest.raises(ConfigError, match="does not take an option of the URI"):
        make({"any": {"query": "select 1 as id"}}).pull()
