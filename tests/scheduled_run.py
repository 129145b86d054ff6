"""A daily run as Dagster's schedule starts it: its tick, the ingest that it requests, and the daily run after it."""

from datetime import UTC, datetime

import dagster as dg

from pipelines.config.settings import Settings
from pipelines.orchestration.build_defs import build_defs
from pipelines.orchestration.instance import open_instance
from pipelines.orchestration.names import DAILY_JOB, INGEST_JOB
from tests.conftest import share_compiled_for

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def scheduled_run(settings: Settings) -> list[dg.ExecuteInProcessResult]:
    """Evaluate the schedule, then execute the runs that it and its sensor request, in this process.

    Args:
        settings: The settings of the home.

    Returns:
        The results of ingest and of the daily run.
    """
    with share_compiled_for(settings), open_instance(settings.paths.dagster) as instance:
        definitions = build_defs(settings)
        schedule = definitions.resolve_schedule_def("daily")
        with dg.build_schedule_context(instance=instance, scheduled_execution_time=datetime.now(UTC)) as tick:
            (asked,) = schedule.evaluate_tick(tick).run_requests or ()
        ingest = definitions.resolve_job_def(INGEST_JOB).execute_in_process(
            instance=instance, tags=dict(asked.tags), run_config=_QUIET, raise_on_error=False
        )
        if not ingest.success:
            return [ingest]
        definitions = build_defs(settings)  # the days that can be built are those that are staged now
        sensor = definitions.resolve_sensor_def("daily_after_ingest")
        with dg.build_sensor_context(instance=instance, definitions=definitions) as context:
            found = sensor.evaluate_tick(context)
        (follows,) = found.run_requests or ()
        daily = definitions.resolve_job_def(DAILY_JOB).execute_in_process(
            instance=instance,
            partition_key=follows.partition_key,
            tags=dict(follows.tags),
            run_config=_QUIET,
            raise_on_error=False,
        )
        return [ingest, daily]
