"""The marts in a real server of PostgreSQL: what readers see while versions come and go.

Needs the server (Debian: apt-get install --no-install-recommends postgresql) and the extra (make setup-postgres).
"""

import hashlib
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from pipelines.publication import Version, delete_version, erase_customers, set_current
from pipelines.publication.targets import TargetError, follow
from tests.targets.numbered import numbered
from tests.targets.postgres_server import OWNER, connect, execute, query
from tests.targets.postgres_target import NUMBERS, schemas, target
from tests.targets.readers import readers

pytestmark = pytest.mark.postgres


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


def test_a_schema_belongs_to_one_home_until_it_is_given_to_another(
    uri: str, tmp_path: Path, day: Callable[..., Version]
) -> None:
    first = day(1)
    follow(tmp_path / "published", target(uri))
    other = tmp_path / "other"
    numbered(other)(2)
    with pytest.raises(TargetError, match="has the versions of another home"):
        follow(other / "published", target(uri))
    assert (query(uri, NUMBERS), schemas(uri)) == ([(1, 1)], {"loyalty"})
    # as docs/postgres.md says; an earlier program wrote this comment too, and its schemas go to the first home
    execute(uri, f"comment on schema loyalty is 'Loyalty Marts, version {first.id}'")
    follow(other / "published", target(uri))
    assert (query(uri, NUMBERS), schemas(uri)) == ([(2, 2)], {"loyalty"})
    with pytest.raises(TargetError, match="has the versions of another home"):
        follow(tmp_path / "published", target(uri))


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
