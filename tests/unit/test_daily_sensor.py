"""The daily run follows each ingest that asks for one, and is not lost where its day cannot be told at once."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config.settings import Settings
from pipelines.orchestration.sensors import follow_up
from tests.unit.test_freshness import stage_case

ASKED = {"loyalty/then_daily": "true"}
DAY = date(2026, 1, 5)
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"

ingest = dg.job(name="ingest")(lambda: None)
daily = dg.job(name="daily")(lambda: None)


class Sensor:
    """The sensor, tick by tick.

    Args:
        settings: Whose home.
        instance: Dagster's.
    """

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.settings, self.instance = settings, instance
        self.cursor: str | None = None

    def ingested(self, tags: dict[str, str], status: dg.DagsterRunStatus = dg.DagsterRunStatus.SUCCESS) -> str:
        """An ingest that has ended; its id."""
        return self.instance.create_run_for_job(ingest, status=status, tags=tags).run_id

    def tick(self) -> dg.RunRequest | str:
        """The request, or why none; Dagster starts what is requested."""
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            answer = follow_up(context, self.settings)
            self.cursor = context.cursor
        if isinstance(answer, dg.SkipReason):
            return answer.skip_message or ""
        self.instance.create_run_for_job(daily, tags={**answer.tags, "dagster/partition": answer.partition_key or ""})
        return answer


@pytest.fixture
def sensor(tmp_path: Path) -> Iterator[Sensor]:
    (tmp_path / "state").mkdir()
    stage_case(tmp_path, DAY)
    settings = Settings.unconfigured().model_copy(update={"home": tmp_path, "as_of": "latest"})
    with dg.DagsterInstance.ephemeral() as instance:
        yield Sensor(settings, instance)


def test_the_daily_run_follows_an_ingest_that_asks_for_it_once_for_the_configured_day(sensor: Sensor) -> None:
    assert "no ingest" in str(sensor.tick())
    run_id = sensor.ingested(ASKED)
    request = sensor.tick()
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key, request.tags["loyalty/run"]) == (DAY.isoformat(), run_id, run_id)
    assert "was started" in str(sensor.tick())


def test_an_ingest_started_by_hand_and_one_that_failed_are_not_followed(sensor: Sensor) -> None:
    sensor.ingested({})
    sensor.ingested(ASKED, dg.DagsterRunStatus.FAILURE)
    assert "no ingest" in str(sensor.tick())


def test_while_the_warehouse_is_in_use_the_daily_run_waits_and_is_not_lost(sensor: Sensor) -> None:
    run_id = sensor.ingested(ASKED)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(sensor.settings.paths.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for _ in range(2):
            assert f"the warehouse is in use by process {holder.pid}" in str(sensor.tick())
    finally:
        holder.kill()
        holder.communicate()
    request = sensor.tick()
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == run_id


def test_it_waits_also_while_there_is_no_day_to_build(sensor: Sensor) -> None:
    warehouse = sensor.settings.paths.warehouse
    warehouse.rename(warehouse.with_suffix(".aside"))
    sensor.ingested(ASKED)
    assert "nothing is staged yet" in str(sensor.tick())
    warehouse.with_suffix(".aside").rename(warehouse)
    assert isinstance(sensor.tick(), dg.RunRequest)


def test_several_ingests_behind_each_other_are_followed_by_one_daily_run_of_the_last(sensor: Sensor) -> None:
    sensor.ingested(ASKED)
    last = sensor.ingested(ASKED)
    request = sensor.tick()
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == last
    assert "was started" in str(sensor.tick())


@pytest.mark.parametrize("cursor", [None, '{"__class__": "RunStatusSensorCursor", "record_id": 12}'])
def test_what_was_followed_before_is_not_followed_again(sensor: Sensor, cursor: str | None) -> None:
    sensor.ingested(ASKED)
    assert isinstance(sensor.tick(), dg.RunRequest)
    # the cursor is lost, or is that of the sensor as it was before
    sensor.cursor = cursor
    assert "was started" in str(sensor.tick())


def test_a_daily_run_that_somebody_deleted_is_not_started_again(sensor: Sensor) -> None:
    sensor.ingested(ASKED)
    sensor.tick()
    for run in sensor.instance.get_runs(dg.RunsFilter(job_name="daily")):
        sensor.instance.delete_run(run.run_id)
    assert "was started" in str(sensor.tick())
