"""Customers erased from kept versions: gone from each, everybody else as before, and whole whenever it is killed."""

import hashlib
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.publication import MartTable, audit, erase_customers, list_versions, publish, resolve_current
from tests.unit.publication_marts import CUSTOMERS, build

HER = hashlib.md5(b"7", usedforsecurity=False).hexdigest()
NOBODY = "0" * 32

KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.publication import erase_customers

moment, seen = int(sys.argv[3]), 0

def watch(event, arguments):
    global seen
    if event in ("os.rename", "os.symlink", "shutil.rmtree"):
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
erase_customers(Path(sys.argv[1]), [sys.argv[2]])
"""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    warehouse = build(tmp_path / "state" / "warehouse.duckdb")
    for day in (30, 31):
        as_of, tables = date(2026, 1, day), (CUSTOMERS, MartTable("fct_order", ("n",)))
        publish(warehouse, tmp_path / "published", as_of=as_of, run_id=f"run{day}", tables=tables)
    return tmp_path / "published"


def rows(version: Path, mart: str, where: str = "true") -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"select * from '{version}/marts/{mart}/*.parquet' where {where} order by all"
        ).fetchall()


def check_without_her(published: Path) -> None:
    versions = list_versions(published)
    assert [version.as_of.day for version in versions] == [31, 30]
    assert resolve_current(published).name == versions[0].id
    for version in versions:
        audit(version.path)
        content = b"".join(path.read_bytes() for path in version.path.rglob("*") if path.is_file())
        assert HER.encode() not in content
        assert not rows(version.path, "dim_customer", f"customer_key = '{HER}'")
        assert len(rows(version.path, "dim_customer")) == 49
        assert len(rows(version.path, "fct_order")) == 50
        assert len(rows(version.path, "fct_order", "customer_key is null")) == 1


def test_rows_of_a_customer_go_and_facts_of_money_become_nobodys(published: Path) -> None:
    before = {version.as_of: version for version in list_versions(published)}
    others = rows(before[max(before)].path, "dim_customer", f"customer_key <> '{HER}'")
    erased = erase_customers(published, [HER])
    assert [(one.id, one.rows) for one in erased] == [
        (before[day].id, {"dim_customer": 1, "fct_order": 1}) for day in sorted(before)
    ]
    check_without_her(published)
    after = {version.as_of: version for version in list_versions(published)}
    assert rows(after[max(after)].path, "dim_customer") == others
    for day, version in after.items():
        assert version.id != before[day].id
        assert version.sequence == before[day].sequence
        assert not before[day].path.exists()


def test_an_id_is_never_given_again(published: Path) -> None:
    seen = {version.id for version in list_versions(published)}
    for customer in (b"7", b"8", b"9"):
        erase_customers(published, [hashlib.md5(customer, usedforsecurity=False).hexdigest()])
        ids = {version.id for version in list_versions(published)}
        assert not ids & seen
        seen |= ids


def test_versions_without_them_stay_as_they_are(published: Path) -> None:
    before = {version.id: version.path.stat().st_ino for version in list_versions(published)}
    assert erase_customers(published, [NOBODY]) == ()
    assert {version.id: version.path.stat().st_ino for version in list_versions(published)} == before


def test_a_version_that_cannot_be_read_goes_and_readers_get_the_newest_whole_one(published: Path) -> None:
    broken = resolve_current(published)
    (broken / "manifest.json").write_text("{")
    erased = {one.id: one.became for one in erase_customers(published, [HER])}
    assert erased[broken.name] is None
    assert not broken.exists()
    current = resolve_current(published)
    assert audit(current).as_of.day == 30
    assert not rows(current, "dim_customer", f"customer_key = '{HER}'")


def test_killed_at_any_step_readers_see_a_whole_version_and_the_next_call_ends_it(
    published: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(published, kept, symlinks=True)
    killed = 0
    for moment in range(1, 12):
        shutil.rmtree(published)
        shutil.copytree(kept, published, symlinks=True)
        command = [sys.executable, "-c", KILLED, str(published), HER, str(moment)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        killed += done.returncode != 0
        audit(resolve_current(published))
        erase_customers(published, [HER])
        check_without_her(published)
    assert killed >= 6
