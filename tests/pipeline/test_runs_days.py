"""Runs over several days, by the command line as a scheduler calls it, on one home: however a day is reached, the bytes
are the same, and nothing that was killed, repeated or started twice changes them.

The runs happen once, in order, in the fixture; each test looks at one promise.
"""

import json
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import SampleHome, call
from tests.sample_shop import Ran, Shop, files_by_day, kill_in, marts, ran

pytestmark = pytest.mark.story


@dataclass(frozen=True)
class Days:
    """The story of one home, in as few runs as will do: each costs most of a minute.

    Attributes:
        home: The home that it happened in.
        killed: The exit code of a run that was killed while it built, on all files but the last two days'.
        after_kill: Its build.json then.
        first: The run after that, on the same files.
        last: Every file: the sample's own last day.
        backfill: The day between, asked for while `last` ran.
        current_after_backfill: What readers saw then.
        schemas_after_backfill: What the warehouse held then.
        same_day: That day as a daily build of the same files, on a home that has lost its state.
        again: The last day again, after that.
        unchanged: The last day once more.
        range: A backfill from the first run's day to the day between, after that.
        current_after_range: What readers saw then.
        stopped: A run that met a file of which most lines cannot be read.
        current_after_stopped: What readers saw then.
    """

    home: Path
    killed: int
    after_kill: dict[str, Any]
    first: Ran
    last: Ran
    backfill: Ran
    current_after_backfill: Path
    schemas_after_backfill: list[str]
    same_day: Ran
    again: Ran
    unchanged: Ran
    range: subprocess.CompletedProcess[str]
    current_after_range: Path
    stopped: subprocess.CompletedProcess[str]
    current_after_stopped: Path


def run_two_at_once(shop: Shop, *options_of_the_second: str) -> tuple[Ran, Ran]:
    """Start a second run when the first holds the lock.

    Returns:
        Both, the one that came first, first.
    """
    one = shop.start()
    while one.poll() is None and f'"pid": {one.pid}' not in shop.lock():
        time.sleep(0.05)
    two = shop.start(*options_of_the_second)
    outputs = [run.communicate() for run in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], outputs
    return ran(*outputs[0]), ran(*outputs[1])


def schemas(shop: Shop) -> list[str]:
    with duckdb.connect(str(shop.home / "state" / "warehouse.duckdb"), read_only=True) as connection:
        return [name for (name,) in connection.execute("select schema_name from duckdb_schemas()").fetchall()]


def lose_state(shop: Shop) -> None:
    """Forget what core and marts hold, as a restored backup without build.json would."""
    path = shop.home / "state" / "build.json"
    path.write_text(json.dumps({**shop.state(), "built": None}))


def deliver_rubbish(shop: Shop) -> None:
    """A file whose name and header are right and whose lines are not."""
    good = (shop.inbox / "orders_2025-06-30.csv").read_text().splitlines()
    (shop.inbox / "orders_2025-07-01.csv").write_text("\n".join([*good[:2], *["no,order"] * 120]) + "\n")


@pytest.fixture(scope="module")
def days(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Days:
    early, before_last, last = files_by_day(sample_home)
    shop = Shop(sample_home, tmp_path_factory.mktemp("days"))
    shop.receive(early)
    killed, after_kill = kill_in(shop, "core", after=1.0, with_dbt=True), shop.state()
    first = shop.run()
    shop.receive([*before_last, *last])
    between = "2025-06-29"
    last_run, backfill = run_two_at_once(shop, "--as-of", between)
    current_after_backfill, schemas_after_backfill = shop.current(), schemas(shop)
    lose_state(shop)
    shop.unpublish(between)
    same_day = shop.run("--as-of", between)
    shop.unpublish(last_run.report["as_of"])
    again = shop.run()
    unchanged = shop.run()
    days_back = ("--from", str(first.report["as_of"]), "--to", between)
    back = call("backfill", "--json", "--config", shop.config, "--home", shop.home, *days_back)
    current_after_range = shop.current()
    deliver_rubbish(shop)
    return Days(
        home=shop.home,
        killed=killed,
        after_kill=after_kill,
        first=first,
        last=last_run,
        backfill=backfill,
        current_after_backfill=current_after_backfill,
        schemas_after_backfill=schemas_after_backfill,
        same_day=same_day,
        again=again,
        unchanged=unchanged,
        range=back,
        current_after_range=current_after_range,
        stopped=call(*shop.command()[1:]),
        current_after_stopped=shop.current(),
    )


def test_a_killed_run_leaves_a_mark_and_the_next_one_builds_whole(days: Days) -> None:
    assert days.killed == -signal.SIGKILL
    assert days.after_kill["built"]["status"] == "in_progress"
    assert days.first.report["build"] == "full"
    assert days.first.report["files"]["landed"] == 0


def test_a_build_that_is_extended_has_the_bytes_of_one_run(days: Days, sample_home: SampleHome) -> None:
    once = ran(sample_home.output)
    assert (days.first.report["build"], days.last.report["build"], once.report["build"]) == (
        "full",
        "incremental",
        "full",
    )
    assert days.last.report["files"]["landed"] > 0
    assert days.first.report["as_of"] < days.last.report["as_of"] == once.report["as_of"]
    assert days.last.marts == once.marts


def test_of_two_runs_at_once_the_second_waits_and_says_for_whom(days: Days) -> None:
    assert f"waiting for run {days.last.report['run_id']} (pid " in days.backfill.said
    assert ", since 20" in days.backfill.said


def test_a_backfilled_day_has_the_bytes_of_a_run_of_that_day_on_the_same_files(days: Days) -> None:
    assert (days.backfill.report["build"], days.same_day.report["build"]) == ("backfill", "full")
    assert days.first.report["as_of"] < days.backfill.report["as_of"] < days.last.report["as_of"]
    assert days.backfill.report["as_of"] == days.same_day.report["as_of"]
    assert days.backfill.marts == days.same_day.marts


def test_a_backfill_is_a_version_of_its_own_and_leaves_nothing_else(days: Days) -> None:
    assert days.backfill.report["is_current"] is False
    assert str(days.current_after_backfill) == days.last.report["published"]
    assert "marts" in days.schemas_after_backfill
    assert not [name for name in days.schemas_after_backfill if name.startswith("backfill")]
    assert not list((days.home / "exchange").glob("backfill*"))


def test_a_repeated_run_lands_nothing_and_publishes_the_same_bytes(days: Days) -> None:
    assert days.again.report["files"]["landed"] == 0
    assert (
        days.again.report["files"]["known"] == days.last.report["files"]["landed"] + days.last.report["files"]["known"]
    )
    assert days.again.report["records"]["records"] == 0
    assert days.again.report["build"] == "incremental"
    assert days.again.marts == days.last.marts


def test_a_day_that_is_published_from_the_same_data_and_code_is_not_built_again(days: Days) -> None:
    report, before = days.unchanged.report, days.again.report
    assert (report["status"], report["published"]) == ("unchanged", before["published"])
    assert (report["as_of"], report["is_current"]) == (before["as_of"], True)
    assert set(before["warnings"]) == set(report["warnings"])
    assert "core" not in report["seconds"]
    assert (report["customers"], report["marts"]) == (before["customers"], before["marts"])
    assert len(list((days.home / "published" / "versions").glob(f"{before['as_of']}_*"))) == 1


def test_a_range_of_days_is_built_but_for_those_that_stand(days: Days) -> None:
    assert days.range.returncode == 0, days.range.stderr
    told = {day["day"]: day for day in json.loads(days.range.stdout)["days"]}
    # the first run knew fewer files; the day between was built of all of them
    assert {day: one["status"] for day, one in told.items()} == {
        days.first.report["as_of"]: "published",
        days.same_day.report["as_of"]: "unchanged",
    }
    assert told[days.same_day.report["as_of"]]["version"] == days.same_day.report["published"]
    assert marts(Path(told[days.first.report["as_of"]]["version"]))
    assert str(days.current_after_range) == days.again.report["published"]


def test_a_failed_gate_stops_the_run_says_why_and_leaves_what_was_published(days: Days) -> None:
    assert days.stopped.returncode == 4
    assert "unreadable, orders_2025-07-01.csv: 120 of 120 records (100.0%): LND-002 120" in days.stopped.stderr
    assert "loyalty quarantine show" in days.stopped.stderr
    assert "Traceback" not in days.stopped.stderr
    told = json.loads(days.stopped.stdout)
    assert told["exit_code"] == 4
    assert "120 of 120 records" in told["error"]
    assert str(days.current_after_stopped) == days.again.report["published"]


def test_nobody_but_the_owner_can_read_what_is_personal(days: Days) -> None:
    for path in (days.home / "key", days.home / "exchange" / "pseudonyms.parquet"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (days.home / "state").stat().st_mode & 0o077 == 0


def test_neither_logs_nor_dbts_artifacts_hold_the_key(days: Days) -> None:
    key = (days.home / "key").read_bytes().strip()
    looked = 0
    for folder in ("state/logs", "state/target", "state/dagster"):
        for path in (days.home / folder).rglob("*"):
            if path.is_file():
                looked += 1
                assert key not in path.read_bytes(), path
    assert looked > 10
