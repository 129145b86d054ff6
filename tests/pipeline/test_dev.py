"""`loyalty dev` as the README says it: the UI answers on this machine alone, shows the runs of the command line, starts
runs that publish, meets the command line at the lock, loses no daily run while the warehouse is in use, goes on after a
killed run, serves a home once, and ends when it is told to, with everything that it started. The home's path would be a
pattern to Dagster.

One story in the fixture, because Dagster takes most of a minute to come up; each test looks at one promise.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import Request, urlopen

import psutil
import pytest

from pipelines.runs.lock import current_holder, hold_lock
from pipelines.runs.processes import programs_of
from tests.conftest import LOYALTY, SampleHome, call, clean_environment, copy_inboxes

T = TypeVar("T")

pytestmark = pytest.mark.slow

LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
RUN = """
query ($id: ID!) {
  runOrError(runId: $id) { ... on Run { status } }
  logsForRun(runId: $id) { ... on EventConnection { events { ... on MessageEvent { message } } } }
}
"""
SENSOR = """
query ($sensor: SensorSelector!) {
  sensorOrError(sensorSelector: $sensor) {
    ... on Sensor { id sensorState { ticks(limit: 3) { skipReason } } }
  }
}
"""
STOP_SENSOR = "mutation ($id: String!) { stopSensor(id: $id) { __typename } }"
START_SENSOR = "mutation ($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename } }"
FOLLOWING = """
query ($ingest: String!) {
  runsOrError(filter: {pipelineName: "daily", tags: [{key: "loyalty/run", value: $ingest}]}) {
    ... on Runs { results { runId } }
  }
}
"""
REPOSITORY = {"repositoryLocationName": "pipelines.definitions", "repositoryName": "__repository__"}
DAILY_SENSOR = {**REPOSITORY, "sensorName": "daily_after_ingest"}
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
JOB = """
query ($selector: PipelineSelector!) {
  shouldShowNux
  pipelineOrError(params: $selector) { ... on Pipeline { runs { runId tags { key value } repositoryOrigin { id } } } }
}
"""
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
PATIENCE_SECONDS = 900.0


def until(ask: Callable[[], T | None]) -> T:
    """Ask until there is an answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := ask()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return answer


class Dev:
    """`loyalty dev` on a free port.

    Args:
        config: The config.
        home: The home.
    """

    def __init__(self, config: Path, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.output = home.parent / "dev.log"
        self.process = subprocess.Popen(
            [LOYALTY, "dev", "--config", config, "--home", home, "--port", str(self.port)],
            env=clean_environment(),
            stdout=self.output.open("w"),
            stderr=subprocess.STDOUT,
        )

    def ask(self, query: str, **variables: object) -> dict[str, Any] | None:
        """GraphQL's answer; None where nobody answers yet."""
        assert self.process.poll() is None, self.output.read_text()[-3000:]
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=60) as response:
                content: dict[str, Any] = json.load(response)
        except OSError:
            return None
        assert "errors" not in content, content
        data: dict[str, Any] = content["data"]
        return data

    def launch(self, job: str, **tags: str) -> str:
        """Start a job, as the UI's button does; gives the run's id."""
        listed = [{"key": key.replace("__", "/"), "value": value} for key, value in tags.items()]
        selector = {**REPOSITORY, "jobName": job}
        params = {"selector": selector, "mode": "default", "executionMetadata": {"tags": listed}}
        answer = until(lambda: self.ask(LAUNCH, params=params))["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        run: str = answer["run"]["runId"]
        return run

    def job(self, name: str) -> dict[str, Any]:
        """What the page of a job shows, and whether the UI greets with a dialog."""
        answer = until(lambda: self.ask(JOB, selector={**REPOSITORY, "pipelineName": name}))
        return {"has_dialog": answer["shouldShowNux"], "runs": answer["pipelineOrError"]["runs"]}

    def messages(self, run: str) -> list[str]:
        """What the run's page shows."""
        answer = until(lambda: self.ask(RUN, id=run))
        return [event["message"] for event in answer["logsForRun"]["events"] if event]

    def skipped_because(self, words: str) -> bool | None:
        """Whether the sensor of the daily run has just said so; None if not."""
        answer = self.ask(SENSOR, sensor=DAILY_SENSOR)
        ticks = answer["sensorOrError"]["sensorState"]["ticks"] if answer else []
        return any(words in (tick["skipReason"] or "") for tick in ticks) or None

    def following(self, ingest: str) -> str | None:
        """The daily run that follows an ingest; None as long as there is none."""
        answer = self.ask(FOLLOWING, ingest=ingest)
        runs = answer["runsOrError"]["results"] if answer else []
        return runs[0]["runId"] if runs else None

    def wait_for(self, run: str) -> str:
        """The status that a run ended with."""

        def ended() -> str | None:
            answer = self.ask(RUN, id=run)
            status: str | None = answer["runOrError"]["status"] if answer else None
            return status if status in ENDED else None

        return until(ended)

    def descendants(self) -> set[int]:
        """Every process below it."""
        try:
            return {child.pid for child in psutil.Process(self.process.pid).children(recursive=True)}
        except psutil.NoSuchProcess:
            return set()


@dataclass(frozen=True)
class Story:
    """What happened.

    Attributes:
        pid: The process of `loyalty dev`.
        page: The UI's first page.
        open_elsewhere: Whether another address of this machine answered.
        daily: How the daily job ended that was started in the UI.
        versions_after_daily: Of which runs there were versions then.
        daily_run: That job's run.
        behind: A run of the command line that came while it went on.
        waited: What a full refresh started in the UI showed while a run of the command line held the lock.
        full_refresh: How it ended.
        versions_after_refresh: Of which runs there were versions then.
        refresh_run: That job's run.
        followed_while_held: The daily run that followed an ingest while the warehouse was in use.
        followed: How the daily run ended that followed when it was free again.
        killed: How Dagster counts a run whose process was killed.
        ran_after_kill: How the next run ended.
        second: Another `loyalty dev` on the same home.
        ingest: What the page of the job ingest showed after that run of the command line.
        exit_code: How `loyalty dev` ended after SIGTERM.
        is_all_gone: Whether the processes that it started ended too.
        said: What it wrote.
    """

    pid: int
    page: str
    open_elsewhere: bool
    daily: str
    versions_after_daily: set[str]
    daily_run: str
    behind: subprocess.CompletedProcess[str]
    waited: str
    full_refresh: str
    versions_after_refresh: set[str]
    refresh_run: str
    followed_while_held: str | None
    followed: str
    killed: str
    ran_after_kill: str
    second: subprocess.CompletedProcess[str]
    ingest: dict[str, Any]
    exit_code: int
    is_all_gone: bool
    said: str


def follow_with_the_warehouse_in_use(dev: Dev, home: Path) -> tuple[str | None, str]:
    """An ingest that asks for a daily run, whose sensor comes while another process has the warehouse open.

    Returns:
        The daily run that there was meanwhile, and how the one ended that came when it was free.
    """
    sensor = until(lambda: dev.ask(SENSOR, sensor=DAILY_SENSOR))["sensorOrError"]["id"]
    until(lambda: dev.ask(STOP_SENSOR, id=sensor))
    ingest = dev.launch("ingest", loyalty__then_daily="true")
    assert dev.wait_for(ingest) == "SUCCESS", dev.messages(ingest)
    command = [sys.executable, "-c", HOLD, str(home / "state" / "warehouse.duckdb")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        until(lambda: dev.ask(START_SENSOR, sensor=DAILY_SENSOR))
        until(lambda: dev.skipped_because("the warehouse is in use by process"))
        meanwhile = dev.following(ingest)
    finally:
        holder.kill()
        holder.communicate()
    return meanwhile, dev.wait_for(until(lambda: dev.following(ingest)))


def kill_a_run(dev: Dev, home: Path, day: str) -> str:
    """Start a run, kill its process while it holds the lock, and wait for what Dagster makes of it."""
    run = dev.launch("daily", dagster__partition=day)

    def process() -> int | None:
        holder = current_holder(home / "lock")
        return holder.pid if holder and holder.run_id == run else None

    os.kill(until(process), signal.SIGKILL)
    return dev.wait_for(run)


def versions(home: Path) -> set[str]:
    return {json.loads(path.read_text())["run_id"] for path in (home / "published").glob("versions/*/manifest.json")}


def answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=5):
            return True
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    return programs_of(pid) != ()


@pytest.fixture(scope="module")
def story(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("dev") / "it's [a]* #1"
    folder.mkdir()
    home, config, day = folder / "home", folder / "loyalty.yml", json.loads(sample_home.output)["as_of"]
    shutil.copytree(sample_home.home, home, symlinks=True)
    inbox = copy_inboxes(sample_home, folder)
    config.write_text(sample_home.config.read_text())
    dev, started = Dev(config, home), set[int]()
    try:
        until(lambda: dev.ask("{ version }"))
        with urlopen(f"http://127.0.0.1:{dev.port}/", timeout=60) as response:
            page = response.read().decode()
        # Linux answers on all of 127.0.0.0/8 where a server listens on every address
        open_elsewhere = answers("127.0.0.2", dev.port)

        second = call("dev", "--config", config, "--home", home, "--port", str(dev.port + 1))
        daily_run = dev.launch("daily", dagster__partition=day)
        until(lambda: current_holder(home / "lock"))
        # ends the second run at its landing, so that it costs seconds
        strange = inbox / "strange.csv"
        strange.write_text("a,b\n1,2\n")
        behind = subprocess.run(
            [LOYALTY, "run", "--config", config, "--home", home],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        strange.unlink()
        ingest = dev.job("ingest")
        daily, versions_after_daily = dev.wait_for(daily_run), versions(home)

        with hold_lock(home / "lock", "by-command-line"):
            refresh_run = dev.launch("full_refresh", dagster__partition=day)
            waited = until(lambda: next((said for said in dev.messages(refresh_run) if "waiting for" in said), None))
        full_refresh, versions_after_refresh = dev.wait_for(refresh_run), versions(home)

        followed_while_held, followed = follow_with_the_warehouse_in_use(dev, home)
        killed = kill_a_run(dev, home, day)
        ran_after_kill = dev.wait_for(dev.launch("daily", dagster__partition=day))

        started |= dev.descendants()
        assert len(started) >= 2
        dev.process.send_signal(signal.SIGTERM)
        exit_code = dev.process.wait(timeout=120)
        # Dagster's code servers end by themselves when nobody has asked for them for a while
        is_all_gone = until(lambda: True if not any(map(is_alive, started)) else None)
    finally:
        for pid in (*dev.descendants(), *started, dev.process.pid):
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        dev.process.wait()
    return Story(
        pid=dev.process.pid,
        page=page,
        open_elsewhere=open_elsewhere,
        daily=daily,
        versions_after_daily=versions_after_daily,
        daily_run=daily_run,
        behind=behind,
        waited=waited,
        full_refresh=full_refresh,
        versions_after_refresh=versions_after_refresh,
        refresh_run=refresh_run,
        followed_while_held=followed_while_held,
        followed=followed,
        killed=killed,
        ran_after_kill=ran_after_kill,
        second=second,
        ingest=ingest,
        exit_code=exit_code,
        is_all_gone=is_all_gone,
        said=dev.output.read_text(),
    )


def test_the_ui_answers_on_this_machine_alone(story: Story) -> None:
    assert "Dagster" in story.page
    assert not story.open_elsewhere


def test_the_daily_job_started_in_the_ui_succeeds_and_does_not_repeat_the_version_of_the_same_data(
    story: Story,
) -> None:
    assert story.daily == "SUCCESS"
    assert len(story.versions_after_daily) == 1


def test_a_run_of_the_command_line_waits_for_the_uis_and_says_for_whom(story: Story) -> None:
    assert f"waiting for run {story.daily_run} (pid " in story.behind.stderr
    assert story.behind.returncode == 3


def test_a_full_refresh_started_in_the_ui_waits_for_the_command_line_and_says_for_whom(story: Story) -> None:
    assert "waiting for run by-command-line (pid " in story.waited
    assert story.full_refresh == "SUCCESS"
    assert story.refresh_run in story.versions_after_refresh


def test_a_daily_run_is_not_lost_while_the_warehouse_is_in_use(story: Story) -> None:
    assert story.followed_while_held is None
    assert story.followed == "SUCCESS"


def test_a_killed_run_is_marked_as_failed_and_the_next_one_goes(story: Story) -> None:
    assert story.killed == "FAILURE"
    assert story.ran_after_kill == "SUCCESS"


def test_a_second_one_on_the_same_home_says_who_serves_it_and_ends(story: Story) -> None:
    assert story.second.returncode == 7
    assert "http://127.0.0.1:" in story.second.stderr
    assert f"(pid {story.pid}, since " in story.second.stderr


def test_a_run_of_the_command_line_is_shown_under_its_job(story: Story) -> None:
    by_command_line = [
        run
        for run in story.ingest["runs"]
        if {"key": "loyalty/command_line", "value": "true"} in run["tags"] and run["repositoryOrigin"]
    ]
    # that of the sample's own home, and the one that ended at its landing
    assert len(by_command_line) == 2


def test_nobody_is_asked_for_an_address_or_warned_about_code_that_is_not_theirs(story: Story) -> None:
    assert not story.ingest["has_dialog"]
    assert "Serving dagster-webserver" in story.said
    assert "Warning" not in story.said


def test_it_ends_when_it_is_told_to_and_leaves_no_process(story: Story) -> None:
    assert story.exit_code in (0, -signal.SIGTERM)
    assert story.is_all_gone
