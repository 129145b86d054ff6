"""Whole runs killed in every stage: readers see one version, and the next run gives the bytes of one never killed.

Each case takes two runs. One kill, in core, is also among the short tests: tests/pipeline/test_runs_days.py.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.publication import audit
from tests.conftest import SampleHome, call
from tests.sample_shop import Ran, Shop, files_by_day, kill_in, ran, stop_in

pytestmark = pytest.mark.slow

# Stage, seconds into it, and whether its dbt is at work: spread over all that a run does.
MOMENTS = [
    ("prepare", 0.0, False),
    ("land", 0.0, False),
    ("land", 0.3, False),
    ("gate_landing", 0.5, False),
    ("staging", 3.0, True),
    ("gate_staging", 0.0, False),
    ("pseudonyms", 0.0, False),
    ("identity", 0.0, False),
    ("core", 6.0, True),
    ("value", 0.0, False),
    ("marts", 4.0, True),
    ("gate_marts", 0.1, False),
    ("publish", 0.1, False),
]


@dataclass(frozen=True)
class Yesterday:
    """A shop that has published all days but the last, and received the last day's files.

    Attributes:
        shop: In a folder that every case finds as it was.
        snapshot: A copy of the folder.
        published: The manifest's version of what is published.
        never_killed: What a run that nobody kills publishes.
    """

    shop: Shop
    snapshot: Path
    published: str
    never_killed: Ran

    def restore(self) -> None:
        shutil.rmtree(self.shop.folder)
        shutil.copytree(self.snapshot, self.shop.folder, symlinks=True)


@pytest.fixture(scope="module")
def yesterday(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Yesterday:
    folder = tmp_path_factory.mktemp("kills")
    shop = Shop(sample_home, folder / "shop")
    *before, last = files_by_day(sample_home)
    shop.receive(file for files in before for file in files)
    published = Path(shop.run().report["published"]).name
    shop.receive(last)
    snapshot = folder / "snapshot"
    shutil.copytree(shop.folder, snapshot, symlinks=True)
    return Yesterday(shop, snapshot, published, shop.run())


@pytest.fixture
def shop(yesterday: Yesterday) -> Iterator[Shop]:
    yesterday.restore()
    yield yesterday.shop
    child = json.loads(yesterday.shop.lock() or "{}").get("child_pid", 0)
    if child:  # a failed test must not leave dbt at work
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(("stage", "after", "with_dbt"), MOMENTS)
def test_a_killed_run_breaks_nothing(
    yesterday: Yesterday, shop: Shop, stage: str, after: float, with_dbt: bool
) -> None:
    assert kill_in(shop, stage, after=after, with_dbt=with_dbt) == -signal.SIGKILL
    killed = json.loads(shop.lock())
    manifest = audit(shop.current())
    assert manifest.version == shop.current().name
    if stage != "publish":
        assert manifest.version == yesterday.published
    orphan = killed["child_pid"]
    if orphan and _pause(orphan):
        next_run = shop.start()
        said = _read_until(next_run, f"waiting for dbt (pid {orphan}) of run {killed['run_id']}")
        assert "which was killed" in said
        os.kill(orphan, signal.SIGCONT)
        out, err = next_run.communicate()
        assert next_run.returncode == 0, err
        assert ran(out).marts == yesterday.never_killed.marts
    else:
        assert not with_dbt, "dbt was at work and went down with its run"
        assert shop.run().marts == yesterday.never_killed.marts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("stage", "after"), [("prepare", 0.5), ("land", 0.3), ("staging", 2.0), ("core", 3.0)])
def test_a_run_stopped_by_a_signal_says_so_and_the_next_one_gives_the_same(
    yesterday: Yesterday, shop: Shop, stage: str, after: float, number: signal.Signals
) -> None:
    done = stop_in(shop, stage, number, after=after)
    said = json.loads(done.stdout)
    assert done.returncode == said["exit_code"] == 128 + number, done.stderr
    assert number.name in said["error"] and "published nothing" in said["error"]
    assert f"readers still see {yesterday.published}" in said["error"]
    assert "bug" not in done.stderr and "Traceback" not in done.stderr
    assert shop.current().name == yesterday.published
    status = json.loads(call("status", "--json", "--config", shop.config, "--home", shop.home).stdout)
    assert status["last_run"]["status"] == "failed" and number.name in status["last_run"]["error"]
    assert shop.run().marts == yesterday.never_killed.marts


def _pause(pid: int) -> bool:
    """Hold an orphan so that it is there for as long as the test looks; False where it has ended."""
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return False
    return True


def _read_until(run: "subprocess.Popen[str]", words: str) -> str:
    """What a run has said when it has said certain words."""
    assert run.stderr is not None
    said = ""
    while words not in said:
        line = run.stderr.readline()
        assert line, f"it ended without `{words}`: {said}"
        said += line
    return said
