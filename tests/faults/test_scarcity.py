"""A full disk and a memory limit too low: a clear error, nothing published, nothing broken, and all well afterwards.

The full disk is a small tmpfs, which needs the right to mount one (root has it).
"""

import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import yaml
from xlsxwriter.exceptions import FileCreateError

from pipelines.base.errors import BuildError, PublicationError
from pipelines.base.scarcity import scarcity, scarcity_behind
from pipelines.config.settings import project_root
from pipelines.orchestration.gates import check_not_scarce
from pipelines.publication import audit, resolve_current
from pipelines.quality import ExpectationResult, GateReport
from pipelines.reading import Format, export_mart, open_version
from tests.conftest import SampleHome, call
from tests.faults.landing_child import land_all
from tests.faults.publication_child import publish_many
from tests.sample_shop import Ran, Shop, files_by_day

MEGABYTE = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 MB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command here")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here ({mounted.stderr.strip()}): run as root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave_room(disk: Path, room: int) -> Path:
    """Fill a disk but for `room` bytes; returns what fills it."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        free = shutil.disk_usage(disk).free - room
        file.write(b"\0" * free)
    return ballast


def test_a_publication_that_finds_no_room_leaves_what_was_published(tmp_path: Path, disk: Path) -> None:
    published, warehouse = disk / "published", tmp_path / "warehouse.duckdb"
    publish_many(warehouse, published, 1, 1)
    current = resolve_current(published)
    ballast = leave_room(disk, MEGABYTE // 2)
    with pytest.raises(PublicationError) as refused:
        publish_many(warehouse, published, 2, 1)
    assert "Check the free space" in refused.value.hint
    assert resolve_current(published) == current
    audit(current)
    ballast.unlink()
    publish_many(warehouse, published, 3, 1)
    assert audit(resolve_current(published)).inputs == {"edition": 3}


def test_a_landing_that_finds_no_room_blames_no_file(tmp_path: Path, disk: Path) -> None:
    inbox, mapping = tmp_path / "inbox", tmp_path / "mapping.yml"
    inbox.mkdir()
    columns = "order_id: id, customer_ref: who, ordered_at: date '2024-05-01'"
    mapping.write_text(f"source: shop\nfiles: [{{match: '*.csv', entities: {{orders: {{columns: {{{columns}}}}}}}}}]\n")
    for number in range(3):
        rows = "".join(f"{number}-{row},{row * 7919 % 100_003}\n" for row in range(20_000))
        (inbox / f"{number}.csv").write_text(f"id,who\n{rows}")
    land_all(tmp_path / "roomy", inbox, mapping)
    home = disk / "home"
    home.mkdir()
    ballast = leave_room(disk, MEGABYTE)
    with pytest.raises(BuildError) as refused:
        land_all(home, inbox, mapping)
    assert str(home) in refused.value.message and "full" in refused.value.message
    ballast.unlink()
    report = land_all(home, inbox, mapping)
    assert report.records + 20_000 * (3 - len(report.landed_batches)) == 60_000
    landed = {path.relative_to(home): path.read_bytes() for path in home.rglob("part.parquet")}
    roomy = tmp_path / "roomy"
    assert landed == {path.relative_to(roomy): path.read_bytes() for path in roomy.rglob("part.parquet")}


def test_a_workbook_that_finds_no_room_prints_no_traceback(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    publish_many(tmp_path / "warehouse.duckdb", tmp_path / "published", 1, 1)
    leave_room(disk, 0)
    with open_version(tmp_path) as version, pytest.raises(FileCreateError) as refused:
        export_mart(version, version.marts[0], disk / "rows.xlsx", Format.XLSX)
    assert scarcity_behind(refused.value, disk)
    del refused
    assert not ignored


def test_sqlite_that_names_no_cause_means_a_full_disk_where_nothing_is_free(tmp_path: Path, disk: Path) -> None:
    words = "(sqlite3.OperationalError) disk I/O error"
    leave_room(disk, 4096)
    found = scarcity(words, disk / "home")
    assert found and "the disk is full" in found.message
    assert scarcity(words, tmp_path / "home") is None


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may become larger than 8 KB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_file(folder: Path) -> None:
    (folder / "big").write_bytes(b"0" * 10_000)


def write_sqlite(folder: Path) -> None:
    with sqlite3.connect(folder / "history.db") as connection:
        connection.execute("create table big as select zeroblob(100000) as zeros")


def write_duckdb(folder: Path) -> None:
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("create table big as select i from range(100000) t (i)")


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("write", [write_file, write_sqlite, write_duckdb])
def test_a_file_size_limit_is_named_and_is_not_a_bug(tmp_path: Path, write: Callable[[Path], None]) -> None:
    with pytest.raises((OSError, sqlite3.Error, duckdb.Error)) as refused:
        write(tmp_path)
    found = scarcity_behind(refused.value, tmp_path)
    assert found and "larger than" in found.message and "ulimit -f" in found.hint
    assert found.exit_code == BuildError.exit_code


def test_a_model_after_one_that_spilled_is_built_as_well(tmp_path: Path) -> None:
    """dbt says the profile's settings again for every model, which DuckDB refuses for some once it has spilled."""
    profile = yaml.safe_load((project_root() / "dbt_project" / "profiles.yml").read_text())
    settings = profile["loyalty"]["outputs"]["duckdb"]["settings"]
    big = "create or replace table big as select hash(i) as h, i from range(3_000_000) t (i) order by h"
    given = {"memory_limit": "40MB", "threads": 1, "temp_directory": str(tmp_path / "spill")}
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), config=given) as connection:
        for _ in range(2):
            cursor = connection.cursor()
            for name, value in settings.items():
                cursor.execute(f"set {name} = '{value}'")
            cursor.execute(big)
            assert any((tmp_path / "spill").iterdir())


def test_a_gate_without_memory_says_so_and_blames_no_data(tmp_path: Path) -> None:
    error = "(_duckdb.OutOfMemoryException) Out of Memory Error: failed to pin block of size 256.0 KiB"
    fine = ExpectationResult(
        "orders",
        "no_gap",
        "id",
        "warn",
        False,
        None,
        None,
        None,
        "why",
        "",
        "orders.yml:1",
        False,
        error="no such table",
    )
    check_not_scarce(GateReport("landing", (fine,), 0.0, 0.0, {}), tmp_path)
    with pytest.raises(BuildError, match="the memory limit is too low"):
        check_not_scarce(GateReport("landing", (fine, replace(fine, error=error)), 0.0, 0.0, {}), tmp_path)


@pytest.fixture
def shop(sample_home: SampleHome, disk: Path) -> Shop:
    """A shop on the small disk that has published all but the last day, whose files have come."""
    shop = Shop(sample_home, disk / "shop")
    *before, last = files_by_day(sample_home)
    shop.receive(file for files in before for file in files)
    shop.run()
    shop.receive(last)
    return shop


def never_short_of_anything(shop: Shop, tmp_path: Path) -> Ran:
    """The same run in a place with room."""
    shutil.copytree(shop.folder, tmp_path / "roomy", symlinks=True)
    return shop.at(tmp_path / "roomy").run()


@pytest.mark.slow
def test_runs_on_a_full_disk_say_so_and_break_nothing(shop: Shop, disk: Path, tmp_path: Path) -> None:
    expected = never_short_of_anything(shop, tmp_path)
    current = shop.current()
    stopped = 0
    for room in (0, 64 << 10, MEGABYTE, 4 * MEGABYTE, 16 * MEGABYTE):
        ballast = leave_room(disk, room)
        done = call(*shop.command()[1:])
        ballast.unlink()
        audit(shop.current())
        if done.returncode == 0:
            break
        stopped += 1
        assert done.returncode in (BuildError.exit_code, PublicationError.exit_code), done.stderr
        assert "disk is full" in done.stderr or "No space left" in done.stderr
        assert "Traceback" not in done.stderr
        assert shop.current() == current
    assert stopped >= 3
    assert shop.run().marts == expected.marts


@pytest.mark.slow
def test_runs_with_too_little_memory_say_so_and_break_nothing(shop: Shop, tmp_path: Path) -> None:
    expected = never_short_of_anything(shop, tmp_path)
    current, config = shop.current(), shop.config.read_text()
    stopped = 0
    for limit in ("16MB", "24MB", "48MB"):
        shop.config.write_text(f"{config}\nengine: {{memory_limit: {limit}}}\n")
        done = call(*shop.command()[1:])
        audit(shop.current())
        if done.returncode == 0:
            break
        stopped += 1
        assert done.returncode in (BuildError.exit_code, PublicationError.exit_code), done.stderr
        assert "memory" in done.stderr
        assert "Traceback" not in done.stderr
        assert shop.current() == current
    assert stopped
    shop.config.write_text(config)
    assert shop.run().marts == expected.marts
