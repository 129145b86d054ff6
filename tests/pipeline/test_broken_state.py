"""Any file below home may be broken or be a folder: every command that looks says so, and none ends in a traceback.

Each file is broken in turn in a copy of a home that was run, and put back.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli.app import app
from tests.conftest import SampleHome

LOOKS = {
    "check": [],
    "status": [],
    "path": [],
    "versions": [],
    "quarantine list": [],
    "quarantine show": [],
    "run": ["--dry-run"],
    "forget": ["C0000017", "--dry-run"],
    "export": ["C0000017"],
    "publish": ["--current", "no-such-version"],
}
# Files that are built anew where they are broken: no command minds.
REBUILT = ["state/last_run.json", "state/build.json", "state/plan.json", "state/marks.json", "state/notifications.json"]
FILES = [
    *REBUILT,
    "state/inbox.json",
    "state/warehouse.duckdb",
    "state/target/definitions/manifest.json",
    "state/target/definitions/fingerprint",
    "exchange/pseudonyms.parquet",
    "key",
    "lock",
    "erasures/pending.json",
    "erasures/tombstones",
    "landing/ledger/source=sample/*/part.parquet",
    "landing/deliveries/source=sample/*/part.parquet",
    "landing/customers/source=sample/*/part.parquet",
    "published/current",
    "published/pinned",
    "published/versions/*/manifest.json",
    "published/versions/*/loyalty.duckdb",
    "published/versions/*/marts/customer_rfm/*.parquet",
]
BREAKAGES = ["garbage", "cut off", "empty", "folder"]


@pytest.fixture(scope="module")
def home(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("broken") / "home"
    shutil.copytree(sample_home.home, home, symlinks=True)
    (home / "erasures").mkdir(exist_ok=True)
    return home


@pytest.fixture
def whole(home: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The file of the parameter, put back behind the test."""
    path = next(iter(home.glob(request.param)), home / request.param)
    kept = home.parent / "kept"
    was_there = path.exists() or path.is_symlink()
    if was_there:
        path.rename(kept)
    yield path
    remove(path)
    if was_there:
        kept.rename(path)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def looks(sample_home: SampleHome, home: Path) -> dict[str, Result]:
    options = ["--config", str(sample_home.config), "--home", str(home)]
    return {name: CliRunner().invoke(app, [*name.split(), *more, *options]) for name, more in LOOKS.items()}


@pytest.mark.parametrize("how", BREAKAGES)
@pytest.mark.parametrize("whole", FILES, indirect=True)
def test_a_broken_file_is_no_fault_of_ours(whole: Path, how: str, home: Path, sample_home: SampleHome) -> None:
    kept = home.parent / "kept"
    if how == "folder":
        whole.mkdir()
    else:
        content = kept.read_bytes() if kept.is_file() else b"x" * 999
        whole.write_bytes({"garbage": b"\xff\xfe\0{" * 99, "cut off": content[: len(content) // 2], "empty": b""}[how])
        whole.chmod(0o600)
    done = looks(sample_home, home)
    for name, found in done.items():
        assert found.exit_code in (*range(10), 130), (name, how, found.output, found.exception)
        assert "Traceback" not in found.output, (name, found.output)
    if str(whole.relative_to(home)) in REBUILT and how != "folder":
        assert done["status"].exit_code == done["check"].exit_code == done["export"].exit_code == 0


def test_the_home_is_well_in_between(home: Path, sample_home: SampleHome) -> None:
    done = looks(sample_home, home)
    wrong = {name: found.output for name, found in done.items() if found.exit_code != (6 if name == "publish" else 0)}
    assert wrong == {}
