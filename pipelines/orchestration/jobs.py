"""Jobs, and what starts them automatically: the schedule and the sensors (see also sensors.py)."""

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
from pipelines.orchestration.sensors import THEN_DAILY, end_dead, follow_up, notify_if_lost, watch, watch_freshness


def jobs_and_triggers(
    ingest_assets: Sequence[dg.AssetsDefinition],
    daily_assets: Sequence[dg.AssetsDefinition],
    settings: Settings,
) -> dg.Definitions:
    """Four jobs, and what starts them. All jobs except ingest have the partitions of their assets."""
    staged, built = dg.AssetSelection.assets(*ingest_assets), dg.AssetSelection.assets(*daily_assets)
    ingest = dg.define_asset_job(
        INGEST_JOB,
        selection=staged,
        executor_def=dg.in_process_executor,
        description="Land new files and stage them, with their gates. Without partitions: a file has no single day.",
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
        description="Build and publish past days, one run per day, from what is staged. The daily state and the version"
        " that readers see do not change.",
    )
    schedule = dg.ScheduleDefinition(
        name="daily",
        job=ingest,
        cron_schedule=f"0 {settings.schedule_hour} * * *",
        execution_timezone=settings.timezone,
        tags=THEN_DAILY,
        description="Starts ingest once a day. A sensor then starts the daily job for the configured as-of day.",
    )

    # not a run-status sensor: it is called once per run, and if the day is unknown then, the run would be lost
    @dg.sensor(
        name="daily_after_ingest",
        job=daily,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Starts the daily job when an ingest that requests it has succeeded: only then is `latest` known."
        " Tries again while the warehouse is in use.",
    )
    def daily_after_ingest(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return follow_up(context, settings)

    @dg.sensor(
        name="inbox",
        job=ingest,
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=60,
        description="Starts ingest, and the daily job after it, when new files are in an inbox and no longer change."
        " One run per change; none while another run is active.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return watch(context, settings)

    @dg.run_failure_sensor(
        name="lost_runs",
        monitored_jobs=[ingest, daily, full_refresh, backfill],
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Notifies the webhook of runs that ended before they could send their own message.",
    )
    def lost_runs(context: dg.RunFailureSensorContext) -> None:
        notify_if_lost(context.dagster_run, settings)

    @dg.sensor(
        name="dead_runs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Marks runs as failed if their process was killed, so that queued runs start; notifies of them.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return end_dead(context, settings)

    @dg.sensor(
        name="stale_publication",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=300,
        description="Notifies the webhook once when the publication becomes stale (stale_after_days), even if no run"
        " is started, and once when it is current again.",
    )
    def stale_publication(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return watch_freshness(context, settings)

    return dg.Definitions(
        jobs=[ingest, daily, full_refresh, backfill],
        schedules=[schedule],
        sensors=[daily_after_ingest, inbox, lost_runs, dead_runs, stale_publication],
    )
