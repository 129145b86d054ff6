"""Jobs, and what starts them by itself: the schedule and the sensors, whose answers are in sensors.py."""

from collections.abc import Sequence

import dagster as dg

from pipelines.config.settings import Settings
from pipelines.orchestration.names import (
    BACKFILL_JOB,
    BACKFILL_TAG,
    DAILY_JOB,
    FULL_REFRESH_JOB,
    FULL_REFRESH_TAG,
    INGEST_JOB,
)
from pipelines.orchestration.sensors import THEN_DAILY, end_dead, follow_up, tell_if_lost, watch, watch_freshness


def jobs_and_triggers(
    ingest_assets: Sequence[dg.AssetsDefinition],
    daily_assets: Sequence[dg.AssetsDefinition],
    settings: Settings,
) -> dg.Definitions:
    """Four jobs, and what starts them; the partitions of all but ingest are their assets'."""
    staged, built = dg.AssetSelection.assets(*ingest_assets), dg.AssetSelection.assets(*daily_assets)
    ingest = dg.define_asset_job(
        INGEST_JOB,
        selection=staged,
        executor_def=dg.in_process_executor,
        description="Land new files and stage them, with their gates; no partition, because a file is of no day.",
    )
    daily = dg.define_asset_job(
        DAILY_JOB,
        selection=built,
        executor_def=dg.in_process_executor,
        description="Build and publish the marts of one as-of day from what is staged.",
    )
    full_refresh = dg.define_asset_job(
        FULL_REFRESH_JOB,
        selection=staged | built,
        executor_def=dg.in_process_executor,
        tags={FULL_REFRESH_TAG: "true"},
        description="Land new files, then build staging, core and marts of one as-of day from nothing, and publish.",
    )
    backfill = dg.define_asset_job(
        BACKFILL_JOB,
        selection=built,
        executor_def=dg.in_process_executor,
        tags={BACKFILL_TAG: "true"},
        description="Build and publish days that have passed, one run a day, from what is staged; the daily state, and"
        " what readers see now, stay as they are.",
    )
    schedule = dg.ScheduleDefinition(
        name="daily",
        job=ingest,
        cron_schedule=f"0 {settings.schedule_hour} * * *",
        execution_timezone=settings.timezone,
        tags=THEN_DAILY,
        description="Once a day: ingest; the daily job follows by the sensor, for the configured as-of day.",
    )

    # not a run-status sensor: that one is asked once about each run, and a day that cannot be told then would be lost
    @dg.sensor(
        name="daily_after_ingest",
        job=daily,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Starts the daily job when an ingest that asks for it has succeeded: only then is `latest` known."
        " Tries again while the warehouse is in use.",
    )
    def daily_after_ingest(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return follow_up(context, settings)

    @dg.sensor(
        name="inbox",
        job=ingest,
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=60,
        description="Starts ingest, and the daily job after it, when new files lie in an inbox and have stopped"
        " changing. One run a change; none while another run goes on.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return watch(context, settings)

    @dg.run_failure_sensor(
        name="lost_runs",
        monitored_jobs=[ingest, daily, full_refresh, backfill],
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Tells the webhook of runs that died before they could tell so themselves.",
    )
    def lost_runs(context: dg.RunFailureSensorContext) -> None:
        tell_if_lost(context.dagster_run, settings)

    @dg.sensor(
        name="dead_runs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Marks runs as failed whose process was killed, so that the queue goes on, and tells of them.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return end_dead(context, settings)

    @dg.sensor(
        name="stale_publication",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=300,
        description="Notifies the webhook once when the publication becomes stale (stale_after_days), also if no run"
        " happens, and once when it is no longer.",
    )
    def stale_publication(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return watch_freshness(context, settings)

    return dg.Definitions(
        jobs=[ingest, daily, full_refresh, backfill],
        schedules=[schedule],
        sensors=[daily_after_ingest, inbox, lost_runs, dead_runs, stale_publication],
    )
