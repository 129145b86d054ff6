"""The inbox sensor, asked by Dagster's test context about real files: one run a change, and only when it settled."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config.settings import Settings, load_settings
from pipelines.landing import RefusedFiles, SourceFiles, land, load_mapping
from pipelines.orchestration.sensors import watch
from pipelines.runs.inbox_watch import unlanded_files
from pipelines.runs.lock import hold_lock

RATES = "day,currency,eur_per_unit,published\n2024-01-01,USD,0.9,2024-01-01T15:00:00Z\n"


class Sensor:
    """The sensor, tick by tick.

    Args:
        settings: Whose inbox.
        instance: Dagster's.
    """

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.settings, self.instance = settings, instance
        self.cursor: str | None = None

    def tick(self) -> str:
        """`run`, or why none."""
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            answer = watch(context, self.settings)
            self.cursor = context.cursor
        if isinstance(answer, dg.RunRequest):
            assert answer.tags == {"loyalty/then_daily": "true"}
            return "run"
        return answer.skip_message or ""


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (tmp_path / "loyalty.yml").write_text(
        "currency: GBP\ntimezone: UTC\nsources:\n  - {mapping: sample, files: inbox}\n"
    )
    return folder


@pytest.fixture
def sensor(inbox: Path) -> Iterator[Sensor]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Sensor(load_settings(inbox.parent / "loyalty.yml"), instance)


def receive(inbox: Path, day: str = "2024-01-01") -> Path:
    file = inbox / f"fx_rates_{day}.csv"
    file.write_text(RATES)
    return file


def land_all(settings: Settings) -> None:
    source = SourceFiles(mapping=load_mapping("sample"), folder=settings.sources[0].files)
    land(settings.home, [source], today=settings.today())


def test_a_new_file_starts_one_run_when_it_has_settled(sensor: Sensor, inbox: Path) -> None:
    receive(inbox)
    assert "stop changing" in sensor.tick()
    assert sensor.tick() == "run"
    assert "nothing has changed" in sensor.tick()
    land_all(sensor.settings)
    assert "nothing has changed" in sensor.tick()


def test_a_file_that_still_grows_starts_none(sensor: Sensor, inbox: Path) -> None:
    file = receive(inbox)
    for _ in range(3):
        assert "stop changing" in sensor.tick()
        file.write_text(file.read_text() + "2024-01-02,USD,0.9,2024-01-02T15:00:00Z\n")
    assert "stop changing" in sensor.tick()
    assert sensor.tick() == "run"


def test_a_file_that_is_written_anew_in_the_same_size_has_changed(sensor: Sensor, inbox: Path) -> None:
    file = receive(inbox)
    sensor.tick()
    os.utime(file, (1, 1))
    assert "stop changing" in sensor.tick()


def test_each_change_starts_a_run_of_its_own(sensor: Sensor, inbox: Path) -> None:
    receive(inbox)
    sensor.tick()
    assert sensor.tick() == "run"
    land_all(sensor.settings)
    receive(inbox, "2024-01-02")
    assert [sensor.tick() for _ in range(3)][1] == "run"


def test_what_has_landed_already_starts_none(sensor: Sensor, inbox: Path) -> None:
    receive(inbox)
    land_all(sensor.settings)
    sensor.tick()
    assert "has landed" in sensor.tick()
    assert "nothing has changed" in sensor.tick()


def test_a_landed_file_that_is_written_anew_starts_a_run(sensor: Sensor, inbox: Path) -> None:
    file = receive(inbox)
    land_all(sensor.settings)
    later = file.stat().st_mtime + 3600
    file.write_text(RATES.replace("0.9", "0.8"))
    os.utime(file, (later, later))
    sensor.tick()
    assert sensor.tick() == "run"


@pytest.mark.parametrize("text", [RATES.replace("0.9", "0.8"), RATES.replace("0.9", "0.85")])
def test_a_corrected_file_with_an_older_time_starts_a_run(sensor: Sensor, inbox: Path, text: str) -> None:
    file = receive(inbox)
    land_all(sensor.settings)
    # as `rsync -t` and `cp -p` leave it: the time at which the correction was written where it comes from
    file.write_text(text)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    sensor.tick()
    assert sensor.tick() == "run"
    land_all(sensor.settings)
    receive(inbox, "2024-01-02")
    land_all(sensor.settings)
    sensor.tick()
    assert "has landed" in sensor.tick()


def test_a_file_that_was_only_touched_starts_one_run_and_no_second(sensor: Sensor, inbox: Path) -> None:
    file = receive(inbox)
    land_all(sensor.settings)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    sensor.tick()
    assert sensor.tick() == "run"
    land_all(sensor.settings)
    assert sum(unlanded_files(sensor.settings).values()) == 0


def test_a_refused_file_is_not_taken_for_landed(sensor: Sensor, inbox: Path) -> None:
    receive(inbox)
    land_all(sensor.settings)
    (inbox / "strange.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RefusedFiles):
        land_all(sensor.settings)
    assert sum(unlanded_files(sensor.settings).values()) == 1


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff\xfe", b'{"sample": {"fx": 1}}'])
def test_without_a_record_of_what_was_read_every_file_may_be_new(
    sensor: Sensor, inbox: Path, content: bytes | None
) -> None:
    receive(inbox)
    land_all(sensor.settings)
    assert sum(unlanded_files(sensor.settings).values()) == 0
    record = sensor.settings.paths.inbox_seen
    record.unlink() if content is None else record.write_bytes(content)
    assert sum(unlanded_files(sensor.settings).values()) == 1


def test_a_file_that_is_taken_away_starts_none(sensor: Sensor, inbox: Path) -> None:
    file = receive(inbox)
    receive(inbox, "2024-01-02")
    land_all(sensor.settings)
    sensor.tick()
    sensor.tick()
    file.unlink()
    assert "stop changing" in sensor.tick()
    assert "has landed" in sensor.tick()


@pytest.mark.parametrize("name", [".fx_rates_2024-01-01.csv", "fx_rates_2024-01-01.csv.part"])
def test_files_on_their_way_are_not_there_yet(sensor: Sensor, inbox: Path, name: str) -> None:
    sensor.tick()
    sensor.tick()
    (inbox / name).write_text(RATES)
    assert "nothing has changed" in sensor.tick()


def test_while_a_run_holds_the_lock_none_starts_and_the_change_is_not_forgotten(sensor: Sensor, inbox: Path) -> None:
    receive(inbox)
    sensor.tick()
    with hold_lock(sensor.settings.paths.lock, "r1"):
        assert "wait for run r1" in sensor.tick()
        assert "wait for run r1" in sensor.tick()
    assert sensor.tick() == "run"


def test_while_a_run_is_queued_none_starts(sensor: Sensor, inbox: Path) -> None:
    receive(inbox)
    sensor.tick()
    run = sensor.instance.create_run_for_job(dg.job(name="ingest")(lambda: None))
    assert "queued" in sensor.tick()
    sensor.instance.report_run_failed(run)
    assert sensor.tick() == "run"


def test_a_missing_inbox_is_said(sensor: Sensor, inbox: Path) -> None:
    shutil.rmtree(inbox)
    assert "there is no folder" in sensor.tick()
