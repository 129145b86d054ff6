"""Pulls from a real server of PostgreSQL: its types, its clock, its rights, its failures, and 10,000,000 rows.

Needs the server (Debian: apt-get install --no-install-recommends postgresql) and the extras (make setup-sql
setup-postgres).
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines.base.errors import PullError
from pipelines.connectors.pulling import pull_source
from tests.connectors.pulled_sql import Pulled, Stop, records_and_megabytes, stop_after
from tests.targets.postgres_server import OWNER, connect, execute, query, server, skip_without_postgres

pytestmark = pytest.mark.postgres

ORDERS = {"orders": {"table": "shop.orders", "cursor": "updated_at", "overlap_minutes": 5}}
MANY = 10_000_000
MOST_MEGABYTES = 300  # of growth; the rows have 650

Make = Callable[..., Pulled]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    skip_without_postgres(with_pulls=True)
    with server(("fsync=off", "timezone=Asia/Shanghai", "max_wal_size=4GB")) as uri:
        execute(uri, "create role reader login password 'not-to-be-shown'")
        yield uri


@pytest.fixture
def uri(cluster: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A server with an empty schema `shop`, which the role of the URI may read, and no more."""
    execute(cluster, "drop schema if exists shop cascade", "create schema shop", "grant usage on schema shop to reader")
    execute(cluster, "alter default privileges in schema shop grant select on tables to reader")
    reader = cluster.replace(f"user={OWNER}", "user=reader&password=not-to-be-shown")
    monkeypatch.setenv("LOYALTY_SQL", reader.replace("postgresql://", "postgresql+psycopg://"))
    return cluster


@pytest.fixture
def make(tmp_path: Path, uri: str) -> Make:
    return lambda tables, **more: Pulled(tmp_path, tables, **more)


def orders(uri: str, *rows: str) -> None:
    execute(uri, "create table if not exists shop.orders (id bigint, updated_at timestamptz)")
    for row in rows:
        execute(uri, f"insert into shop.orders values ({row})")


def ids(pulled: Pulled) -> list[int]:
    found: list[int] = pulled.last()["id"].to_pylist()
    return found


KINDS = {
    "b": ("boolean", "true", True),
    "i2": ("smallint", "-32768", -32768),
    "i4": ("integer", "2147483647", 2**31 - 1),
    "i8": ("bigint", "-9223372036854775808", -(2**63)),
    "f4": ("real", "'0.1'", 0.10000000149011612),
    "f8": ("double precision", "0.1::float8 + 0.2::float8", 0.1 + 0.2),
    "n": ("numeric(38, 10)", f"-{'9' * 28}.0123456789", Decimal(f"-{'9' * 28}.0123456789")),
    "n0": ("numeric(5, 0)", "12345", Decimal(12345)),
    "free": ("numeric", f"{'1' * 60}.50", f"{'1' * 60}.50"),
    "large": ("numeric(50, 2)", f"{'7' * 48}.10", f"{'7' * 48}.10"),
    "d": ("date", "'0001-01-01'", date(1, 1, 1)),
    "t": ("timestamp", "'9999-12-31 23:59:59.999999'", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    "tz": (
        "timestamptz",
        "'2024-03-31 02:30:00.000001+05:30'",
        datetime(2024, 3, 30, 21, 0, 0, 1, tzinfo=UTC),
    ),
    "v": ("varchar(20)", "E'äöü 数据 \\U0001F600\\n'", "äöü 数据 \U0001f600\n"),
    "e": ("text", "''", ""),
    "c": ("char(5)", "'ab'", "ab   "),
    "j": ("json", '\'{"b": 1,  "a": 2}\'', '{"b": 1,  "a": 2}'),
    "jb": ("jsonb", '\'{"b": 1.10,  "a": null}\'', '{"a": null, "b": 1.10}'),
    "u": ("uuid", "'123E4567-e89b-12d3-a456-426614174000'", "123e4567-e89b-12d3-a456-426614174000"),
    "a": ("text[]", "array['x,y', null, 'ä \"q\"']", '{"x,y",NULL,"ä \\"q\\""}'),
    "at": ("timestamptz[]", "array['2024-01-01 00:00+08'::timestamptz]", '{"2023-12-31 16:00:00+00"}'),
    "y": ("bytea", "'\\x00ff61'", "00ff61"),
    "m": ("shop.mood", "'glad'", "glad"),
    "dom": ("shop.price", "12.3", Decimal("12.30")),
    "iv": ("interval", "'1 month 2 days 03:04:05.6'", "P1M2DT3H4M5.6S"),
    "ti": ("time", "'23:59:59.5'", "23:59:59.5"),
    "ip": ("inet", "'10.0.0.1/8'", "10.0.0.1/8"),
    "r": ("int4range", "'[1,5)'", "[1,5)"),
    "o": ("oid", "4294967295", "4294967295"),
}


def test_every_type_keeps_its_values(uri: str, make: Make) -> None:
    execute(uri, "create type shop.mood as enum ('glad', 'sad')", "create domain shop.price as numeric(6, 2)")
    columns = ", ".join(f"{name} {kind}" for name, (kind, _, _) in KINDS.items())
    execute(uri, f"create table shop.kinds ({columns})", "insert into shop.kinds default values")
    execute(uri, f"insert into shop.kinds values ({', '.join(value for _, value, _ in KINDS.values())})")
    for tables in ({"kinds": {"table": "shop.kinds"}}, {"kinds": {"query": "select * from shop.kinds"}}):
        kinds = make(tables)
        kinds.pull()
        empty, full = kinds.last().to_pylist()
        assert set(empty.values()) == {None}
        assert full == {name: value for name, (_, _, value) in KINDS.items()}
    types = {field.name: str(field.type) for field in kinds.last().schema}
    assert (types["n"], types["t"], types["tz"]) == ("decimal128(38, 10)", "timestamp[us]", "timestamp[us, tz=UTC]")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("'infinity'::timestamptz", "column `x` has a time that is not of the years 1 to 9999 (`infinity` is one)"),
        ("'-infinity'::timestamp", "column `x` has a time that is not of the years"),
        ("'infinity'::date", "column `x` has a date that is not of the years"),
        ("'0044-03-15 BC'::date", "column `x` has a date that is not of the years"),
        ("'294276-01-01'::timestamp", "column `x` has a time that is not of the years"),
        ("'NaN'::numeric(5, 2)", "column `x` has a value that is not of the type decimal128(5, 2)"),
        ("1 / 0", "the database answered: division by zero (SQLSTATE 22012)"),
    ],
)
def test_a_value_that_parquet_cannot_hold_is_refused(make: Make, value: str, problem: str) -> None:
    assert problem in make({"odd": {"query": f"select {value} as x"}}).problem()[0]


def test_a_text_that_is_not_utf8_is_refused(uri: str, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    execute(uri, "create database old encoding 'SQL_ASCII' template template0")
    try:
        monkeypatch.setenv("LOYALTY_SQL", uri.replace("/postgres?", "/old?"))
        query_of_bytes = "select convert_from(decode('e4', 'hex'), 'SQL_ASCII') as t"
        problem, _ = make({"odd": {"query": query_of_bytes}}).problem()
        assert problem == "the database answered: invalid byte sequence for encoding UTF8: 0xe4"
    finally:
        execute(uri, "drop database old with (force)")


def test_a_row_that_is_committed_late_is_read_by_the_next_pull(uri: str, make: Make) -> None:
    pulled = make(ORDERS)
    orders(uri, "1, '2024-05-01 10:00Z'")
    with connect(uri) as late, late.cursor() as cursor:
        cursor.execute("insert into shop.orders values (2, '2024-05-01 10:01Z')")
        orders(uri, "3, '2024-05-01 10:05Z'", "4, '2024-05-01 10:05Z'")
        pulled.pull()
        assert sorted(ids(pulled)) == [1, 3, 4]
        late.commit()
    orders(uri, "5, '2024-05-01 10:05Z'")
    assert pulled.pull().records == 2, "what the overlap reads again is not counted"
    assert sorted(ids(pulled)) == [1, 2, 3, 4, 5]


def test_the_present_is_that_of_the_server_and_of_its_zone(uri: str, make: Make) -> None:
    execute(
        uri,
        "create table shop.visits (id int, on_day date, local timestamp, moment timestamptz)",
        "insert into shop.visits values (1, '2024-05-01', '2024-05-01', '2024-05-01')",
        "insert into shop.visits values (2, '2931-01-01', '2931-01-01', '2931-01-01')",
    )
    names = ["on_day", "local", "moment"]
    visits = make({name: {"table": "shop.visits", "cursor": name} for name in names})
    before = datetime.now(UTC) - timedelta(seconds=2)
    report = visits.pull()
    assert [words.partition(" with")[0] for words in report.words] == [f"shop: {name}: 1 row" for name in names]
    found = {name.partition("_2")[0]: name.partition("_c")[2].rpartition(".")[0] for name in visits.files()}
    shown = {name: text.removesuffix("_full").replace("%3A", ":").replace("%2B", "+") for name, text in found.items()}
    shanghai = timedelta(hours=8)
    assert before <= datetime.fromisoformat(shown["moment"]) <= before + timedelta(minutes=5)
    local = datetime.fromisoformat(shown["local"]).replace(tzinfo=UTC) - shanghai
    assert before <= local <= before + timedelta(minutes=5)
    assert date.fromisoformat(shown["on_day"]) in {(before + shanghai).date(), (datetime.now(UTC) + shanghai).date()}


def test_a_whole_numeric_is_a_cursor_and_an_infinite_time_is_not(uri: str, make: Make) -> None:
    execute(uri, "create table shop.n (id numeric(20, 0))", "insert into shop.n values (18446744073709551615), (7)")
    numbers = make({"n": {"table": "shop.n", "cursor": "id", "overlap_numbers": 0}})
    numbers.pull()
    execute(uri, "insert into shop.n values (8), (18446744073709551616)")
    numbers.pull()
    assert ids(numbers) == [2**64 - 1, 2**64]
    orders(uri, "1, 'infinity'")
    assert "1 row of `orders` with a `updated_at` that has no order" in make(ORDERS).problem()[0]


def test_columns_that_differ_only_in_case_are_refused_until_they_have_names_of_their_own(uri: str, make: Make) -> None:
    execute(uri, 'create table shop.odd ("Id" int, id int, "x:1" int)', "insert into shop.odd values (1, 2, 3)")
    problem, hint = make({"odd": {"table": "shop.odd"}}).problem()
    assert problem == "`odd` has the columns `Id` and `id`, whose names differ only in upper and lower case"
    assert "by a `query`" in hint
    odd = make({"odd": {"query": 'select "Id" as first, id as second, "x:1" from shop.odd; -- ours'}})
    odd.pull()
    assert odd.last().to_pylist() == [{"first": 1, "second": 2, "x:1": 3}]


def test_the_role_can_only_read_and_no_message_has_its_password(
    uri: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(uri)
    assert pull_source(make({"orders": {"query": "select nextval('pg_catalog.x')"}}).source).failed
    execute(uri, "create table shop.hidden (id int)", "revoke all on shop.hidden from reader")
    problem, hint = make({"hidden": {"table": "shop.hidden"}}).problem()
    assert problem == "the database answered: permission denied for table hidden (SQLSTATE 42501)"
    assert "rights" in hint
    monkeypatch.setenv("LOYALTY_SQL", uri)  # the owner
    execute(uri, "create sequence shop.counter")
    problem, _ = make({"counter": {"query": "select nextval('shop.counter') as n"}}).problem()
    assert "read-only transaction" in problem
    for broken in (
        "postgresql://reader:not-to-be-shown@/postgres?host=/nowhere",
        "postgresql://not-to-be-shown:x:y@",
        'postgresql://reader:a"b@host:not"to not-to-be-shown/postgres',
    ):
        monkeypatch.setenv("LOYALTY_SQL", broken)
        with pytest.raises(PullError) as found:
            make(ORDERS).pull()
        assert "not-to-be-shown" not in found.value.message + found.value.hint
        assert found.value.is_temporary


def test_a_connection_that_breaks_is_temporary_and_the_next_pull_continues(
    uri: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(
        uri,
        "create table shop.orders as select n as id, timestamptz '2024-01-01' + n * interval '1 s' as updated_at,"
        " repeat('x', 1000) as note from generate_series(1, 50000) as n",
    )
    pulled = make(ORDERS, page_rows=5_000)
    killed = threading.Event()

    def kill(words: str) -> None:
        if words.endswith("5,000 records") and not killed.is_set():
            killed.set()
            query(uri, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'loyalty'")

    (failed,) = pull_source(pulled.source, say=kill).failed
    assert killed.is_set() and failed.is_temporary
    assert failed.problem.startswith("the connection to the database broke: ")
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Stop):
            pulled.pull()
    report = pulled.pull()
    assert report.objects[0].resumed_pages >= 3
    assert set(ids(pulled)) == set(range(1, 50_001))


@pytest.mark.slow  # minutes on a busy machine; most of it is the server, which sorts
def test_ten_million_rows_need_little_memory(uri: str, make: Make, tmp_path: Path) -> None:
    many = (
        "select n as id, timestamptz '2024-01-01 00:00Z' + n * interval '1 s' as updated_at,"
        " (n % 100000 / 100.0)::numeric(12, 2) as amount,"
        f" 'customer-' || n % 1000000 as customer from generate_series(1::bigint, {MANY}) as n"
    )
    settings = {"tables": {"orders": {"query": many, "cursor": "updated_at"}}}
    records, megabytes = records_and_megabytes(tmp_path, settings)
    files = str(tmp_path / "inbox" / "*.parquet")
    compared = "count(*), sum(id), sum(amount), min(updated_at), max(updated_at), count(distinct customer)"
    (expected,) = query(uri, f"select {compared.replace('sum(id)', 'sum(id)::text')} from ({many}) as many")
    (found,) = duckdb.execute(f"set timezone = 'UTC'; select {compared} from read_parquet('{files}')").fetchall()
    assert [Decimal(str(one)) if index in (1, 2) else one for index, one in enumerate(found)] == [
        Decimal(str(one)) if index in (1, 2) else one for index, one in enumerate(expected)
    ]
    assert records == MANY
    assert megabytes < MOST_MEGABYTES


def test_no_message_quotes_a_value(uri: str, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    person = "alice@example.com, 13800138000"
    execute(
        uri,
        "create table notes (id int, note text)",
        "insert into notes select number, number::text from generate_series(1, 100000) as g (number)",
        f"insert into notes values (0, 'say \"{person}\"')",
        "grant select on notes to public",
    )
    for rows in ("where id = 0", "order by id desc"):
        problem, _ = make({"notes": {"query": f"select id, note::int from notes {rows}"}}).problem()
        assert "invalid input syntax for type integer" in problem
        assert "alice" not in problem + caplog.text
