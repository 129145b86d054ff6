"""The rows of marts on their way into a real server of PostgreSQL: none is lost, and each failure ends the whole load.

Needs the server (Debian: apt-get install --no-install-recommends postgresql) and the extra (make setup-postgres).
"""

import gc
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.base import database
from pipelines.publication import Version
from pipelines.publication.targets import TargetError, postgres_rows
from tests.targets.one_mart import MART, write_mart
from tests.targets.postgres_server import connect, query
from tests.targets.postgres_target import schemas, target

pytestmark = pytest.mark.postgres

# 40 MB of text, much more than the pipe and the buffers of the connection hold
MANY = "select i, md5(i::varchar) || repeat('x', 100) as v from range(300000) as r (i)"
DESCRIPTORS = Path("/proc/self/fd")
OURS = "select count(*) from pg_stat_activity where application_name = 'loyalty'"


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """Each test ends with the threads and the descriptors that it began with."""
    gc.collect()  # what earlier tests left is closed now, and not during this one
    before = (threading.active_count(), len([*DESCRIPTORS.iterdir()]))
    yield
    assert (threading.active_count(), len([*DESCRIPTORS.iterdir()])) == before


def part(version: Version) -> Path:
    """The file of the mart."""
    return version.path / "marts" / "m" / "part-0.parquet"


@pytest.mark.parametrize(
    ("rows", "files", "row_group_rows"), [(0, 1, 2048), (1, 1, 2048), (100_000, 1, 2048), (99_999, 3, 40_000)]
)
def test_every_row_arrives_from_any_number_of_files_and_row_groups_in_its_order(
    uri: str, tmp_path: Path, rows: int, files: int, row_group_rows: int
) -> None:
    version = write_mart(
        tmp_path / "[a] *b=c",  # no pattern, and no partition
        f"select i, 'x' || i as v from range({rows}) as r (i)",
        files=files,
        row_group_rows=row_group_rows,
    )
    target(uri).add(version)
    (found,) = query(uri, f"select count(*), count(distinct i), count(*) filter (where v = 'x' || i) from {MART}")
    assert found == (rows, rows, rows)
    order = [i for (i,) in query(uri, f"select i from {MART} order by ctid")]
    assert order == sorted(range(rows), key=lambda i: (i % files, i))


def test_a_version_with_lost_rows_is_not_written(uri: str, tmp_path: Path) -> None:
    version = write_mart(tmp_path / "more", "select i from range(400) as r (i)")
    fewer = write_mart(tmp_path / "fewer", "select i from range(250) as r (i)")
    part(fewer).replace(part(version))
    with pytest.raises(TargetError, match="250 of 400 rows of m were written"):
        target(uri).add(version)
    assert schemas(uri) == set()


def test_a_transaction_with_an_older_snapshot_sees_the_rows(uri: str, tmp_path: Path) -> None:
    version = write_mart(tmp_path, "select i from range(10) as r (i)")
    with connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("select count(*) from pg_class")
        target(uri).add(version)
        target(uri).show(version.id)
        cursor.execute("select count(*) from loyalty.m")
        assert cursor.fetchone() == (10,)


@pytest.mark.parametrize("damage", ["rows", "footer", "end", "missing"])
def test_damaged_files_are_an_error_and_leave_nothing(uri: str, tmp_path: Path, damage: str) -> None:
    version = write_mart(tmp_path, MANY)
    path = part(version)
    content = path.read_bytes()
    middle = len(content) // 2
    path.unlink()
    if damage != "missing":
        path.write_bytes(
            {
                "rows": content[:middle] + bytes(100_000) + content[middle + 100_000 :],
                "footer": content[:-1000] + bytes(990) + content[-10:],
                "end": content[:middle],
            }[damage]
        )
    with pytest.raises(TargetError, match="the files of m cannot be read") as failed:
        target(uri).add(version)
    assert "xxxx" not in failed.value.message
    assert (schemas(uri), query(uri, OURS)) == (set(), [(0,)])


def test_a_memory_limit_that_is_too_low_is_named(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_limits", {"memory_limit": "1MB", "threads": 2})
    with pytest.raises(TargetError, match="m cannot be read: the memory limit is too low") as failed:
        target(uri).add(write_mart(tmp_path, MANY, row_group_rows=300_000))
    assert "engine.memory_limit" in failed.value.hint


def test_an_error_of_the_server_ends_the_load_while_rows_are_waiting(uri: str, tmp_path: Path) -> None:
    first = "select -1::bigint as i, 'x' || chr(0) as v"
    with pytest.raises(TargetError, match="cannot have a value of m"):
        target(uri).add(write_mart(tmp_path, f"{first} union all {MANY}"))
    assert schemas(uri) == set()


def test_a_connection_that_breaks_among_the_rows_leaves_nothing(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = write_mart(tmp_path, MANY)
    calls = []

    def break_off() -> None:
        calls.append(1)
        if len(calls) == 3:
            query(uri, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'loyalty'")

    monkeypatch.setattr(postgres_rows, "go_on", break_off)
    with pytest.raises(TargetError, match=f"the version {version.id} could not be written: ") as failed:
        target(uri).add(version)
    assert uri not in f"{failed.value.message} {failed.value.hint}"
    assert schemas(uri) == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("is_replaced", [False, True], ids=["handled", "replaced"])  # as Dagster replaces handlers
def test_a_signal_stops_the_load(uri: str, tmp_path: Path, number: signal.Signals, is_replaced: bool) -> None:
    version = write_mart(tmp_path / "version", MANY)
    assert version.manifest is not None
    manifest = tmp_path / "manifest.json"
    manifest.write_text(version.manifest.model_dump_json())
    program = f"""
import os, signal, threading
from pathlib import Path
from pydantic import SecretStr
from pipelines.base.stopping import Stopped, listen, stop_signal
from pipelines.config.publish import PostgresSettings
from pipelines.publication import Manifest, Version
from pipelines.publication.targets import postgres, postgres_rows

listen()
if {is_replaced}:
    signal.signal({int(number)}, lambda *_: None)
manifest = Manifest.model_validate_json(Path({str(manifest)!r}).read_text())
version = Version(manifest.version, Path({str(version.path)!r}), manifest.as_of, True, manifest)
go_on, calls = postgres_rows.go_on, []

def stop():
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), {int(number)})
    go_on()

postgres_rows.go_on = stop
try:
    postgres.Postgres(PostgresSettings(), SecretStr({uri!r})).add(version)
except KeyboardInterrupt:
    print(stop_signal().name, len(calls), threading.active_count())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == (f"{number.name} 3 1\n", "")
    assert (schemas(uri), query(uri, OURS)) == (set(), [(0,)])
