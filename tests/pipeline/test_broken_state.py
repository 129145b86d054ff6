"""Any file below home may be broken or be a folder: every command that looks says so, and none ends in a traceback.

Each file is broken in turn in a copy of a home that was run, and put back.
"""

import shutil
from collections.abc import Callable, Iterator
from itertools import product
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
    "state/inbox.json",
    "state/warehouse.duckdb",
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
BREAKAGES = ["cut off", "folder", "garbage", "empty"]
# Each file is broken in one way in `make test`, and in every way in `make slow`.
FIRST = [(file, BREAKAGES[number % 2]) for number, file in enumerate(FILES)]
# The project is compiled anew, which takes long: tests/unit/test_kept_manifest.py has the other breakages of them.
COMPILED = [("state/target/definitions/manifest.json", "cut off"), ("state/target/definitions/fingerprint", "folder")]


@pytest.fixture(scope="module")
def home(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("broken") / "home"
    shutil.copytree(sample_home.home, home, symlinks=True)
    (home / "erasures").mkdir(exist_ok=True)
    return home


@pytest.fixture
def put_back(home: Path) -> Iterator[Callable[[str], Path]]:
    """Gives the path of a file that a test breaks, and puts the file back behind the test."""
    kept: dict[Path, Path] = {}

    def path_of(file: str) -> Path:
        path = next(iter(home.glob(file)), home / file)
        if path.exists() or path.is_symlink():
            kept[path] = path.rename(home.parent / f"kept-{len(kept)}")
        else:
            kept[path] = home.parent / "nothing"
        return path

    yield path_of
    for path, whole in kept.items():
        remove(path)
        if whole.exists() or whole.is_symlink():
            whole.rename(path)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def break_file(path: Path, content: bytes, how: str) -> None:
    if how == "folder":
        path.mkdir()
    else:
        path.write_bytes({"garbage": b"\xff\xfe\0{" * 99, "cut off": content[: len(content) // 2], "empty": b""}[how])
        path.chmod(0o600)


def looks(sample_home: SampleHome, home: Path) -> dict[str, Result]:
    options = ["--config", str(sample_home.config), "--home", str(home)]
    return {name: CliRunner().invoke(app, [*name.split(), *more, *options]) for name, more in LOOKS.items()}


def content_of(home: Path, file: str) -> bytes:
    path = next(iter(home.glob(file)), home / file)
    return path.read_bytes() if path.is_file() else b"x" * 999


@pytest.mark.parametrize(
    ("file", "how"),
    [
        *FIRST,
        *COMPILED,
        *product(REBUILT, ["folder"]),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in product(FILES, BREAKAGES) if case not in FIRST),
    ],
)
def test_a_broken_file_is_no_fault_of_ours(
    file: str, how: str, put_back: Callable[[str], Path], home: Path, sample_home: SampleHome
) -> None:
    content = content_of(home, file)
    break_file(put_back(file), content, how)
    for name, found in looks(sample_home, home).items():
        assert found.exit_code in (*range(10), 130), (name, how, found.output, found.exception)
        assert "Traceback" not in found.output, (name, found.output)


@pytest.mark.parametrize("how", ["garbage", "cut off", "empty"])
def test_no_command_minds_a_broken_file_that_is_built_anew(
    how: str, put_back: Callable[[str], Path], home: Path, sample_home: SampleHome
) -> None:
    for file in REBUILT:
        content = content_of(home, file)
        break_file(put_back(file), content, how)
    done = looks(sample_home, home)
    for name, found in done.items():
        assert found.exit_code in range(10), (name, how, found.output, found.exception)
        assert "Traceback" not in found.output, (name, found.output)
    assert done["status"].exit_code == done["check"].exit_code == done["export"].exit_code == 0


def test_the_home_is_well_in_between(home: Path, sample_home: SampleHome) -> None:
    done = looks(sample_home, home)
    wrong = {name: found.output for name, found in done.items() if found.exit_code != (6 if name == "publish" else 0)}
    assert wrong == {}
