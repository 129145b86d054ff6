"""A copy of the sample whose inboxes a test fills, run by the command line as a scheduler calls it."""

import copy
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.config.settings import load_settings
from pipelines.landing import SourceFiles, load_mapping
from pipelines.landing.inbox import find
from tests.conftest import LOYALTY, SampleHome, call, clean_environment

LAST_DAYS = 2


@dataclass(frozen=True)
class Ran:
    """What one run left.

    Attributes:
        report: Its `--json`.
        marts: The sha256 of every Parquet file of the version that it published.
        said: What it wrote to standard error.
    """

    report: dict[str, Any]
    marts: dict[str, str]
    said: str


def marts(version: Path) -> dict[str, str]:
    """The sha256 of every mart's Parquet."""
    files = sorted((version / "marts").rglob("*.parquet"))
    assert files
    return {str(file.relative_to(version)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def ran(output: str, said: str = "") -> Ran:
    report = json.loads(output)
    return Ran(report, marts(Path(report["published"])), said)


class Shop:
    """A copy of the sample whose inbox the test fills, under the sample's key so that the bytes can be compared."""

    def __init__(self, sample: SampleHome, folder: Path) -> None:
        self._lies_in(folder)
        for inbox in sample.inboxes():
            self.inbox_of(inbox / "any").mkdir(parents=True)
        self.home.mkdir()
        shutil.copy2(sample.home / "key", self.home / "key")
        self.config.write_text(sample.config.read_text())

    def _lies_in(self, folder: Path) -> None:
        self.folder = folder
        self.inbox, self.home = folder / "inbox", folder / "home"
        self.config = folder / "loyalty.yml"

    def at(self, folder: Path) -> "Shop":
        """The shop whose folder has been copied there."""
        other = copy.copy(self)
        other._lies_in(folder)
        return other

    def inbox_of(self, file: Path) -> Path:
        """The inbox that a file of the sample belongs to: `inbox` for those of the shop."""
        return self.folder / file.parent.name

    def receive(self, files: Iterable[Path]) -> None:
        for file in files:
            shutil.copy2(file, self.inbox_of(file) / file.name)

    def command(self, *options: str) -> list[str]:
        return [str(LOYALTY), "run", "--json", "--config", str(self.config), "--home", str(self.home), *options]

    def run(self, *options: str) -> Ran:
        done = call(*self.command(*options)[1:])
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return ran(done.stdout, done.stderr)

    def start(self, *options: str, new_group: bool = False) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*options),
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=new_group,
        )

    def current(self) -> Path:
        return (self.home / "published" / "current").resolve(strict=True)

    def unpublish(self, day: str) -> None:
        """Remove the versions of a day, so that the next run of it publishes again."""
        for version in (self.home / "published" / "versions").glob(f"{day}_*"):
            shutil.rmtree(version)

    def lock(self) -> str:
        path = self.home / "lock"
        return path.read_text().strip() if path.exists() else ""

    def state(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.home / "state" / "build.json").read_text())
        return content


def files_by_day(sample: SampleHome) -> list[list[Path]]:
    """The sample's files: those before the last days, then each last day's."""
    sources = load_settings(sample.config).sources
    found = [file for each in sources for file in find(SourceFiles(load_mapping(each.mapping), each.files))]
    days = sorted({file.file_on for file in found if file.file_on})[-LAST_DAYS:]
    early = [file.path for file in found if file.file_on is None or file.file_on < days[0]]
    return [early, *([file.path for file in found if file.file_on == day] for day in days)]


def kill_in(shop: Shop, stage: str, *, after: float = 0.0, with_dbt: bool = False) -> int:
    """Start a run, and kill it when it has come to a stage.

    Args:
        shop: Whose run.
        stage: As the run's record names it.
        after: Seconds from then on.
        with_dbt: Wait for the stage's dbt to be at work first; it outlives the run.

    Returns:
        The run's exit code: -SIGKILL, or its own where it was quicker.
    """
    run = shop.start()
    _wait_for(shop, run, stage, with_dbt)
    time.sleep(after)
    if run.poll() is None:
        os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    return run.returncode


def stop_in(
    shop: Shop, stage: str, number: signal.Signals, *, after: float = 0.0
) -> "subprocess.CompletedProcess[str]":
    """Start a run, and send a signal to its process group when it has come to a stage, as Ctrl-C and `timeout` do.

    Args:
        shop: Whose run.
        stage: As the run's record names it.
        number: The signal.
        after: Seconds from then on.
    """
    run = shop.start(new_group=True)
    _wait_for(shop, run, stage, with_dbt=False)
    time.sleep(after)
    assert run.poll() is None, run.communicate()
    os.killpg(run.pid, number)
    output, errors = run.communicate(timeout=120)
    return subprocess.CompletedProcess(run.args, run.returncode, output, errors)


def _wait_for(shop: Shop, run: "subprocess.Popen[str]", stage: str, with_dbt: bool) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and run.poll() is None and not _has_come_to(shop, run.pid, stage, with_dbt):
        time.sleep(0.01)


def _has_come_to(shop: Shop, pid: int, stage: str, with_dbt: bool) -> bool:
    record = shop.home / "state" / "last_run.json"
    try:
        holder = json.loads(shop.lock())
        report = json.loads(record.read_text())
    except (ValueError, FileNotFoundError):  # nothing there yet
        return False
    if holder["pid"] != pid or report["run_id"] != holder["run_id"] or (with_dbt and not holder["child_pid"]):
        return False
    return stage in [told["name"] for told in report["stages"]]
