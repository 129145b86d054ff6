"""The marts in a real server of PostgreSQL: what readers see, and what is left after failures.

Needs the server (Debian: apt-get install --no-install-recommends postgresql) and the extra (make setup-postgres).
"""

import hashlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.base.errors import ConfigError
from pipelines.config.publish import PostgresSettings
from pipelines.config.settings import postgres_uri
from pipelines.publication import Version, delete_version, erase_customers, set_current
from pipelines.publication.targets import TargetError, follow, postgres
from pipelines.publication.targets.postgres import Postgres
from tests.targets.numbered import numbered
from tests.targets.postgres_server import (
    OWNER,
    connect,
    execute,
    query,
    server,
    skip_without_postgres,
)
from tests.targets.readers import readers

pytestmark = pytest.mark.postgres
NUMBERS = 'select (select max(n) from loyalty.dim_customer), (select min(n) from loyalty."Order")'


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    skip_without_postgres()
    with server() as uri:
        execute(uri, "create role reader login")
        yield uri


@pytest.fixture
def uri(cluster: str) -> Iterator[str]:
    """A server without any of our schemas."""
    yield cluster
    for (name,) in query(
        cluster, "select nspname::text from pg_namespace where nspname !~ '^(pg_|information|public)'"
    ):
        execute(cluster, f'drop schema "{name}" cascade')


@pytest.fixture
def day(tmp_path: Path) -> Callable[..., Version]:
    return numbered(tmp_path)


def target(uri: str, **settings: Any) -> Postgres:
    return Postgres(PostgresSettings(**{"reader_role": "reader", "swap_wait_seconds": 20, **settings}), SecretStr(uri))


def schemas(uri: str) -> set[str]:
    return {name for (name,) in query(uri, "select nspname::text from pg_namespace where nspname like 'loyalty%'")}


def test_types_keys_comments_and_rights(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    version = day(3)
    follow(tmp_path / "published", target(uri))
    assert target(uri).shown() == version.id
    reader = uri.replace(f"user={OWNER}", "user=reader")
    row = query(reader, """select * from loyalty."Order" where order_key = 'o1'""")[0]
    assert (row[1], row[2], Decimal(row[3]), row[7]) == (hashlib.md5(b"1").hexdigest(), 3, Decimal("-0.04"), 1 / 3)
    assert row[4].isoformat() == "2026-01-01T12:00:00.500000+00:00"
    assert (row[5].isoformat(), row[6], row[8]) == ("2026-01-03", False, "汉 '\\ \"\n")
    types = query(
        uri,
        "select a.attname::text, format_type(a.atttypid, a.atttypmod),"
        " coalesce(col_description(a.attrelid, a.attnum), '')"
        " from pg_attribute as a where a.attrelid = 'loyalty.\"Order\"'::regclass and a.attnum > 0",
    )
    assert ("amount", "numeric(18,2)", "Amount / 金额: The amount in the reporting currency (EUR).") in types
    assert {kind for _, kind, _ in types} >= {"timestamp with time zone", "date", "boolean", "double precision", "text"}
    tables = "select conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) from pg_constraint"
    found = query(uri, f"{tables} where connamespace = 'loyalty'::regnamespace and contype in ('p', 'f')")
    assert ('loyalty."Order"', "p", "PRIMARY KEY (order_key)") in found
    foreign = "FOREIGN KEY (customer_key) REFERENCES loyalty.dim_customer(customer_key)"
    assert ('loyalty."Order"', "f", foreign) in found
    # a key with NULL cannot be a primary key
    assert not [one for one in found if one[0] == "loyalty.rpt_total"]
    indexes = [text for (text,) in query(uri, "select indexdef from pg_indexes where schemaname = 'loyalty'")]
    assert any("UNIQUE INDEX" in text and "loyalty.rpt_total" in text for text in indexes)
    assert any("(customer_key)" in text and "Order" in text for text in indexes)
    described = query(uri, "select obj_description('loyalty.dim_customer'::regclass, 'pg_class')")[0][0]
    assert described.startswith('One row a customer; it\'s "quoted" \\ so. Amounts are in EUR')
    with pytest.raises(Exception, match="permission denied"):
        query(reader, "delete from loyalty.dim_customer")


@pytest.mark.parametrize("rows_of_a_batch", [1, 7, 25, 200, 1000])
def test_every_row_arrives_in_batches_of_any_size(
    uri: str, tmp_path: Path, day: Callable[..., Version], monkeypatch: pytest.MonkeyPatch, rows_of_a_batch: int
) -> None:
    monkeypatch.setattr(postgres, "_ROWS", rows_of_a_batch)
    monkeypatch.setattr(postgres, "_CHUNK", 3)
    day(3)
    follow(tmp_path / "published", target(uri))
    for mart, rows in (("dim_customer", 200), ("Order", 400)):
        assert query(uri, f'select count(*) from loyalty."{mart}"') == [(rows,)]


def test_a_version_with_lost_rows_is_not_written(
    uri: str, tmp_path: Path, day: Callable[..., Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "islice", lambda batches, size: list(batches)[1:])
    monkeypatch.setattr(postgres, "_ROWS", 150)
    day(3)
    with pytest.raises(TargetError, match="250 of 400 rows of Order were written"):
        follow(tmp_path / "published", target(uri))
    assert schemas(uri) == set()


def test_readers_see_one_whole_version_over_ten_swaps(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    day(1)
    follow(tmp_path / "published", target(uri))
    seen = set()

    def read(stop: threading.Event, is_transaction: bool) -> None:
        with connect(uri, autocommit=not is_transaction) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                if is_transaction:
                    cursor.execute("select min(n) from loyalty.dim_customer")
                    first = cursor.fetchone()[0]
                    cursor.execute('select max(n), count(*) from loyalty."Order"')
                    last, rows = cursor.fetchone()
                    connection.commit()
                    assert rows == 400
                else:
                    cursor.execute(NUMBERS)
                    first, last = cursor.fetchone()
                assert first == last, (first, last)
                seen.add(first)
                time.sleep(0.002)  # other threads of this process work too

    with readers([partial(read, is_transaction=number % 2 == 0) for number in range(4)]):
        for number in range(2, 12):
            day(number)
            follow(tmp_path / "published", target(uri))
    assert len(seen) >= 9
    assert schemas(uri) == {"loyalty"}


def test_a_broken_connection_leaves_what_readers_see(
    uri: str, tmp_path: Path, day: Callable[..., Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = day(1)
    follow(tmp_path / "published", target(uri))
    second, go_on, calls = day(2), postgres._go_on, []

    def break_off() -> None:
        go_on()
        calls.append(1)
        if len(calls) == 3:
            query(uri, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'loyalty'")

    monkeypatch.setattr(postgres, "_go_on", break_off)
    with pytest.raises(TargetError, match=f"the version {second.id} could not be written") as failed:
        follow(tmp_path / "published", target(uri))
    assert uri not in f"{failed.value.message} {failed.value.hint}"
    assert target(uri).held() == {first.id}
    assert query(uri, NUMBERS) == [(1, 1)]
    monkeypatch.undo()
    follow(tmp_path / "published", target(uri))
    assert (query(uri, NUMBERS), schemas(uri)) == ([(2, 2)], {"loyalty"})


def test_a_killed_load_leaves_nothing(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    day(1)
    follow(tmp_path / "published", target(uri))
    day(2)
    program = f"""
import os, signal
from pathlib import Path
from pydantic import SecretStr
from pipelines.config.publish import PostgresSettings
from pipelines.publication.targets import follow, postgres
calls = iter(range(6))
postgres.go_on = postgres_rows.go_on = lambda: os.kill(os.getpid(), signal.SIGKILL) if next(calls) == 5 else None
follow(Path({str(tmp_path / "published")!r}), postgres.Postgres(PostgresSettings(), SecretStr({uri!r})))
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (query(uri, NUMBERS), schemas(uri)) == ([(1, 1)], {"loyalty"})
    follow(tmp_path / "published", target(uri))
    assert (query(uri, NUMBERS), schemas(uri)) == ([(2, 2)], {"loyalty"})


def test_an_erasure_reaches_every_version(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    published, everything = tmp_path / "published", target(uri, versions="all")
    before = {day(1).id, day(2).id}
    follow(published, everything)
    assert everything.held() == before
    person = hashlib.md5(b"1").hexdigest()
    erased = erase_customers(published, [person])
    follow(published, everything)
    assert everything.held() == {one.became for one in erased}
    assert len(schemas(uri)) == 2
    for name in schemas(uri):
        for mart in ("dim_customer", "Order"):
            assert query(uri, f"""select count(*) from "{name}"."{mart}" where customer_key = '{person}'""") == [(0,)]


def test_a_rollback_and_a_deletion_are_followed(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    published, everything = tmp_path / "published", target(uri, versions="all")
    first, second = day(1), day(2)
    follow(published, everything)
    assert schemas(uri) == {"loyalty", f"loyalty_{first.id}"}
    set_current(published, first.id)
    follow(published, everything)
    assert (query(uri, NUMBERS), schemas(uri)) == ([(1, 1)], {"loyalty", f"loyalty_{second.id}"})
    delete_version(published, second.id)
    follow(published, everything)
    assert schemas(uri) == {"loyalty"}


def test_an_open_transaction_keeps_its_version_and_is_named(
    uri: str, tmp_path: Path, day: Callable[..., Version]
) -> None:
    day(1)
    follow(tmp_path / "published", target(uri))
    second = day(2)
    with connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid(), min(n) from loyalty.dim_customer")
        pid, _ = cursor.fetchone()
        with pytest.raises(TargetError, match=f"{second.id} could not be shown") as failed:
            follow(tmp_path / "published", target(uri, swap_wait_seconds=0))
        assert f"process {pid} of {OWNER}" in failed.value.hint
        cursor.execute('select max(n) from loyalty."Order"')
        assert cursor.fetchone() == (1,)
    follow(tmp_path / "published", target(uri))
    assert (query(uri, NUMBERS), schemas(uri)) == ([(2, 2)], {"loyalty"})


def test_what_others_made_is_never_removed(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    day(1)
    follow(tmp_path / "published", target(uri))
    execute(uri, "create schema theirs", "create view theirs.v as select n from loyalty.dim_customer")
    day(2)
    with pytest.raises(TargetError, match=r"view theirs\.v depends on table"):
        follow(tmp_path / "published", target(uri))
    assert query(uri, NUMBERS) == [(2, 2)]
    execute(uri, "drop view theirs.v")
    follow(tmp_path / "published", target(uri))
    assert schemas(uri) == {"loyalty"}
    with pytest.raises(TargetError, match="was not written by this program"):
        target(uri, schema_name="theirs").held()


def test_no_message_has_a_part_of_the_uri(uri: str) -> None:
    secret = "pa55@w0rd"
    for wrong in (
        f"postgresql://u:{secret}@127.0.0.1:1/db",
        f"postgresql://u:x@{secret}/db",
        f"postgresql://{secret}:0z",
        f'postgresql://u:x@h"{secret}"/db?port="{secret}"',
        f"postgresql://h%22{secret}%22/db",
    ):
        with pytest.raises(TargetError, match="cannot be reached") as failed:
            target(wrong).held()
        assert not [part for part in ("pa55", "w0rd") if part in f"{failed.value.message} {failed.value.hint}"]


@pytest.mark.parametrize(
    "text",
    [
        "pa55w0rd",
        "host=h password=pa55w0rd",
        "mysql://u:pa55w0rd@h/db",
        "postgresql:u:pa55w0rd",
        '"postgresql://u:pa55w0rd@h/db"',
    ],
)
def test_a_text_that_is_no_uri_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    settings = PostgresSettings()
    monkeypatch.setenv(settings.environment_variable, text)
    with pytest.raises(ConfigError, match=f"{settings.environment_variable} has no connection URI") as failed:
        postgres_uri(settings)
    assert "pa55" not in f"{failed.value.message} {failed.value.hint}"
    monkeypatch.setenv(settings.environment_variable, "postgresql://u:pa55w0rd@h/db")
    assert postgres_uri(settings).get_secret_value() == "postgresql://u:pa55w0rd@h/db"


def test_a_missing_right_is_named_once_with_its_grant(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    version = day(1)
    execute(uri, 'create role "Wri ter" login')
    limited = target(uri.replace(f"user={OWNER}", "user=Wri%20ter"))
    with pytest.raises(TargetError) as failed:
        follow(tmp_path / "published", limited)
    assert failed.value.message == (
        f"PostgreSQL: the version {version.id} could not be written: permission denied for database postgres"
        " (SQLSTATE 42501)"
    )
    grant = 'grant create on database postgres to "Wri ter"'
    assert f"`{grant}`" in failed.value.hint
    try:
        execute(uri, grant)
        follow(tmp_path / "published", limited)
        assert limited.held() == {version.id}
    finally:
        execute(uri, 'drop owned by "Wri ter"', 'drop role "Wri ter"')


def test_a_role_that_does_not_own_the_versions_is_refused_with_its_grant(
    uri: str, tmp_path: Path, day: Callable[..., Version]
) -> None:
    day(1)
    execute(uri, "create role first login", "create role second login")
    try:
        execute(uri, "grant create on database postgres to first, second")
        first, second = (target(uri.replace(f"user={OWNER}", f"user={name}")) for name in ("first", "second"))
        follow(tmp_path / "published", first)
        day(2)
        with pytest.raises(TargetError, match="another role owns the schema loyalty") as failed:
            follow(tmp_path / "published", second)
        assert "`grant first to second`" in failed.value.hint
        assert query(uri, NUMBERS) == [(1, 1)]
        execute(uri, "grant first to second")
        follow(tmp_path / "published", second)
        assert (query(uri, NUMBERS), schemas(uri)) == ([(2, 2)], {"loyalty"})
    finally:
        execute(uri, "drop owned by first, second", "drop role first, second")
