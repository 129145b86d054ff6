"""What every test may ask for: the command line as a user calls it, and one small sample that has been run whole."""

import fcntl
import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import gettempdir, mkdtemp

import hypothesis
import pytest

from pipelines.base.durable import PRIVATE, umask
from pipelines.base.errors import LoyaltyError
from pipelines.config.settings import Settings, load_settings
from pipelines.runs.dbt_manifest import PARSED, parse_cache, project_fingerprint

LOYALTY = Path(sys.executable).with_name("loyalty")
DBT = Path(sys.executable).with_name("dbt")
CUSTOMERS, DAYS, SEED = 300, 100, 7

Loyalty = Callable[..., subprocess.CompletedProcess[str]]

# No test asserts a time: on a busy machine, any single example may be slow.
hypothesis.settings.register_profile("without_deadline", deadline=None)
hypothesis.settings.load_profile("without_deadline")

# As `loyalty` does: a worker holds all tests, so that looking for unreachable cycles takes long.
gc.set_threshold(50_000)

# A process that a shell starts in the background ignores SIGINT, and so do its children: tests that send it would fail.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class SampleHome:
    """A sample that has been through the whole pipeline.

    Attributes:
        home: Its home.
        sample: The sample's folder: inbox/ and those of the other sources, truth/, loyalty.yml.
        warehouse: The DuckDB file.
        published: The folder of versions.
        config: The config that it was run by.
        output: What `loyalty run --json` printed.
    """

    home: Path
    sample: Path
    warehouse: Path
    published: Path
    config: Path
    output: str
    errors: str

    def inboxes(self) -> list[Path]:
        """The folder of each source's files."""
        return sorted(self.sample.glob("inbox*"))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test case with bytes by their number: packed bytes may hold the time, and the workers must agree."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="write snapshots anew instead of comparing")


def clean_environment(**values: str) -> dict[str, str]:
    """The environment without our variables: a developer's own must not change what a test sees."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOYALTY_", "DAGSTER_", "DBT_"))}
    return {**kept, **values}


def call(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call `loyalty` in a process of its own; a run shares the compiled project with other homes of this session."""
    command = [str(LOYALTY), *map(str, arguments)]
    given = dict(pairwise(command))
    shared = "--config" in given and command[1] == "run" and "--dry-run" not in command
    with share_compiled(given["--config"], given.get("--home")) if shared else nullcontext():
        return subprocess.run(
            command, env=clean_environment(**environment), capture_output=True, text=True, check=False, timeout=900
        )


@contextmanager
def share_compiled(config: str | Path, home: str | Path | None = None) -> Iterator[None]:
    """As `share_compiled_for`, with the settings of a config; nothing is shared if it cannot be read."""
    try:
        settings = load_settings(Path(config), Path(home) if home else None)
    except LoyaltyError:  # the test is about just this
        yield
        return
    with share_compiled_for(settings):
        yield


@contextmanager
def share_compiled_for(settings: Settings) -> Iterator[None]:
    """Give a new home the dbt project as it was compiled for another one, and keep what this home compiles for others.

    Reading the project takes most of a small run. What is compiled depends on the project's files and on settings only.
    The fingerprint covers both. A home with other settings compiles again, but does not parse again.
    """
    compiled = parse_cache(settings)
    shared, parsed = shared_folder() / project_fingerprint(settings), shared_folder() / PARSED
    if not compiled.parent.exists():
        with umask(PRIVATE):  # as a run makes its folders
            if shared.exists():
                shutil.copytree(shared, compiled)
            elif parsed.exists():
                compiled.mkdir(parents=True)
                shutil.copyfile(parsed, compiled / PARSED)
    yield
    if not shared.exists() and (compiled / "fingerprint").is_file():
        staged = Path(mkdtemp(dir=shared.parent))
        shutil.copytree(compiled, staged, dirs_exist_ok=True)
        if not parsed.exists():
            shutil.copyfile(staged / PARSED, staged / f"{PARSED}.copy")
            (staged / f"{PARSED}.copy").rename(parsed)
        with suppress(OSError):  # another worker was first
            staged.rename(shared)


def shared_folder() -> Path:
    """The folder of parsed and compiled projects, one for all workers of a session."""
    session = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    folder = Path(gettempdir()) / f"loyalty-compiled-{session}"
    folder.mkdir(exist_ok=True)
    return folder


def pytest_unconfigure() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(shared_folder())


@pytest.fixture(scope="session")
def loyalty() -> Loyalty:
    """The command: `loyalty("run", "--config", path)`."""
    return call


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> SampleHome:
    """A small sample, run once by the command line; all workers share it, so it is to be read and not to be changed."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-sample"
    folder.mkdir(exist_ok=True)
    sample, output, errors = folder / "sample", folder / "output.json", folder / "errors.txt"
    config, home = sample / "loyalty.yml", folder / "home"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first worker makes it, the others wait
        if not output.exists():
            done = _make_sample(sample, config, home)
            errors.write_text(done.stderr)
            output.write_text(done.stdout)
    warehouse, published = home / "state" / "warehouse.duckdb", home / "published"
    return SampleHome(home, sample, warehouse, published, config, output.read_text(), errors.read_text())


def copy_inboxes(sample: SampleHome, folder: Path) -> Path:
    """Copy the inboxes that the sample's config names; returns the shop's, `inbox`."""
    for inbox in sample.inboxes():
        shutil.copytree(inbox, folder / inbox.name)
    return folder / "inbox"


def _make_sample(sample: Path, config: Path, home: Path) -> subprocess.CompletedProcess[str]:
    from pipelines.sample import write_sample

    write_sample(sample, customers=CUSTOMERS, days=DAYS, seed=SEED)
    done = call("run", "--config", config, "--home", home, "--json")
    assert done.returncode == 0, (
        f"loyalty run ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    )
    return done
