"""What every test may ask for: the command line as a user calls it, and one small sample that has been run whole."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

LOYALTY = Path(sys.executable).with_name("loyalty")
CUSTOMERS, DAYS, SEED = 300, 100, 7

Loyalty = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class SampleHome:
    """A sample that has been through the whole pipeline.

    Attributes:
        home: Its home.
        sample: The sample's folder: inbox/, truth/, loyalty.yml.
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="write snapshots anew instead of comparing")


def clean_environment(**values: str) -> dict[str, str]:
    """The environment without our variables: a developer's own must not change what a test sees."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOYALTY_", "DAGSTER_", "DBT_"))}
    return {**kept, **values}


def call(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call `loyalty` in a process of its own."""
    command = [str(LOYALTY), *map(str, arguments)]
    return subprocess.run(
        command, env=clean_environment(**environment), capture_output=True, text=True, check=False, timeout=900
    )


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
    sample, output = folder / "sample", folder / "output.json"
    config, home = sample / "loyalty.yml", folder / "home"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first worker makes it, the others wait
        if not output.exists():
            _make_sample(sample, config, home, output)
    return SampleHome(home, sample, home / "state" / "warehouse.duckdb", home / "published", config, output.read_text())


def _make_sample(sample: Path, config: Path, home: Path, output: Path) -> None:
    from pipelines.sample import write_sample

    write_sample(sample, customers=CUSTOMERS, days=DAYS, seed=SEED)
    done = call("run", "--config", config, "--home", home, "--json")
    assert done.returncode == 0, (
        f"loyalty run ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    )
    output.write_text(done.stdout)


def share_compiled_project(sample: SampleHome, home: Path) -> None:
    """Give a home the project as it was compiled for the sample: of use if both have the same settings for dbt."""
    compiled = Path("state", "target", "definitions")
    (home / "state").mkdir(mode=0o700)
    shutil.copytree(sample.home / compiled, home / compiled)
