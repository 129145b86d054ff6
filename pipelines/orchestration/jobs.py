"""Jobs, the daily schedule, and the sensor that lets the daily job follow a scheduled ingest."""

from collections.abc import Sequence

import dagster as dg

from pipelines.errors import LoyaltyError
from pipelines.orchestration.as_of import resolve_as_of
from pipelines.orchestration.names import DAILY_JOB, INGEST_JOB, RUN_TAG, THEN_DAILY_TAG
from pipelines.settings import Settings


def jobs_and_triggers(
    ingest_assets: Sequence[dg.AssetsDefinition],
    daily_assets: Sequence[dg.AssetsDefinition],
    settings: Settings,
) -> dg.Definitions:
    """Two jobs, and what starts them; the daily job's partitions are its assets'."""
    ingest = dg.define_asset_job(
        INGEST_JOB,
        selection=dg.AssetSelection.assets(*ingest_assets),
        executor_def=dg.in_process_executor,
        description="Land new files and stage them, with their gates; no partition, because a file is of no day.",
    )
    daily = dg.define_asset_job(
        DAILY_JOB,
        selection=dg.AssetSelection.assets(*daily_assets),
        executor_def=dg.in_process_executor,
        description="Build and publish the marts of one as-of day from what is staged.",
    )
    schedule = dg.ScheduleDefinition(
        name="daily",
        job=ingest,
        cron_schedule=f"0 {settings.schedule_hour} * * *",
        execution_timezone=settings.timezone,
        tags={THEN_DAILY_TAG: "true"},
        description="Once a day: ingest; the daily job follows by the sensor, for the configured as-of day.",
    )

    @dg.run_status_sensor(
        name="daily_after_ingest",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[ingest],
        request_job=daily,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Starts the daily job when a scheduled ingest has succeeded: only then is `latest` known.",
    )
    def daily_after_ingest(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        return follow_up(context.dagster_run, settings)

    return dg.Definitions(jobs=[ingest, daily], schedules=[schedule], sensors=[daily_after_ingest])


def follow_up(run: dg.DagsterRun, settings: Settings) -> dg.RunRequest | dg.SkipReason:
    """The daily run that follows an ingest, or why none does."""
    if run.tags.get(THEN_DAILY_TAG) != "true":
        return dg.SkipReason("this ingest was not started by the schedule")
    try:
        day = resolve_as_of(settings)
    except LoyaltyError as problem:
        return dg.SkipReason(problem.message)
    return dg.RunRequest(run_key=run.run_id, partition_key=day.isoformat(), tags={RUN_TAG: run.run_id})
