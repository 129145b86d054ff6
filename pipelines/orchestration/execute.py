"""`loyalty run` and `loyalty backfill`: the jobs that Dagster schedules, executed in this process.

The graph has the work of the jobs. This module has their order, the day to build, and how a failure is returned.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from pipelines.base.errors import ConfigError
from pipelines.base.scarcity import scarcity
from pipelines.base.stopping import go_on
from pipelines.config.settings import Settings
from pipelines.landing.sources import source_files
from pipelines.orchestration.build_defs import build_defs
from pipelines.orchestration.dead_runs import process_tag
from pipelines.orchestration.history import prune_history
from pipelines.orchestration.instance import open_instance
from pipelines.orchestration.names import (
    BACKFILL_JOB,
    COMMAND_LINE_TAG,
    DAILY_JOB,
    FORCE_TAG,
    FULL_REFRESH_TAG,
    INGEST_JOB,
    ORIGINALS_TAG,
    PULLED,
    RUN_TAG,
)
from pipelines.publication import has_day
from pipelines.runs.as_of import resolve_as_of
from pipelines.runs.dbt_manifest import parse_cache
from pipelines.runs.dbt_vars import parsed_vars
from pipelines.runs.recorder import Listener, RunReport
from pipelines.runs.scope import RunScope, new_run_id, open_run
from pipelines.runs.up_to_date import conclude, standing_version

log = logging.getLogger("loyalty.run")

# Dagster's console logger writes every event; the project writes to the run's log and to the screen
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class FailedJobError(Exception):
    """A job failed, and no step has recorded why. The message has Dagster's messages and tracebacks."""


def run_pipeline(
    settings: Settings,
    *,
    as_of: str | date | None = None,
    full_refresh: bool = False,
    force: bool = False,
    originals: Path | None = None,
    pull: bool = True,
    listener: Listener | None = None,
) -> RunReport:
    """Pull, land, stage, build and publish.

    Args:
        settings: The settings in force.
        as_of: The day; by default `as_of` of the settings.
        full_refresh: Rebuild staging, core and marts completely.
        force: Build the day even if it is before the first event or long after the last one.
        originals: A folder with landed files, for files that must land again.
        pull: Whether sources are pulled before their files land.
        listener: Notified of the progress.

    Returns:
        The report of the run.

    Raises:
        LoyaltyError: What stopped the run, with its exit code.
        Stopped: A signal has stopped the run.
    """
    if as_of not in (None, "latest", "yesterday"):
        resolve_as_of(settings, as_of)
    for source in settings.sources:
        if source.pull is not None:
            source.files.mkdir(mode=0o700, parents=True, exist_ok=True)
    source_files(settings)
    with _prepared(settings, listener, starts_dbt=_is_new_day(settings, as_of)) as (run, definitions, instance):
        tags = {**_tags(run), FULL_REFRESH_TAG: str(full_refresh).lower(), FORCE_TAG: str(force).lower()}
        if originals is not None:
            tags[ORIGINALS_TAG] = str(originals.resolve())
        _execute(definitions, INGEST_JOB, instance, run, tags, pull=pull)
        day = resolve_as_of(settings, as_of)
        standing = None if full_refresh else standing_version(settings, day)
        if standing:
            with run.recorder.stage("publish") as stage:
                stage.count(**standing.rows)
                conclude(run.recorder, settings, standing, is_new=False, is_backfill=False)
        else:
            run.dbt.read_project(parsed_vars(settings), parse_cache(settings))  # while Dagster creates its run
            _execute(definitions, DAILY_JOB, instance, run, tags, day)
    return run.recorder.report


def build_aside(settings: Settings, day: date, listener: Listener | None = None) -> RunReport:
    """Build and publish a past day from what is staged. The daily state does not change.

    Args:
        settings: The settings in force.
        day: The day.
        listener: Notified of the progress.

    Returns:
        The report of the run.

    Raises:
        LoyaltyError: What stopped the run, with its exit code.
        Stopped: A signal has stopped the run.
    """
    with _prepared(settings, listener) as (run, definitions, instance):
        _execute(definitions, BACKFILL_JOB, instance, run, _tags(run), day)
    return run.recorder.report


def _is_new_day(settings: Settings, as_of: str | date | None) -> bool:
    """Whether the day to build is known before files land and has no version yet. Then the run always needs dbt."""
    if (settings.as_of if as_of is None else as_of) == "latest":
        return False
    return not has_day(settings.paths.published, resolve_as_of(settings, as_of))


@contextmanager
def _prepared(
    settings: Settings, listener: Listener | None, *, starts_dbt: bool = True
) -> Iterator[tuple[RunScope, dg.Definitions, dg.DagsterInstance]]:
    """A run that holds the lock, the definitions, and Dagster's instance after old runs were removed.

    With `starts_dbt`, the dbt process starts first and imports dbt while this process continues.
    """
    with open_run(settings, new_run_id(), listener) as run:
        if starts_dbt:
            run.dbt.start()
        with run.recorder.stage("prepare"):
            definitions = build_defs(settings, resource_overrides={"run": run}, any_day=True, dbt=run.dbt)
        with open_instance(settings.paths.dagster) as instance:
            try:  # at the start, so that the history stays limited even if every run fails
                prune_history(instance)
            except SQLAlchemyError as problem:  # this must not stop the run
                log.warning("run %s: old runs cannot be removed: %s", run.run_id, type(problem).__name__)
            yield run, definitions, instance


def _tags(run: RunScope) -> dict[str, str]:
    return {RUN_TAG: run.run_id, COMMAND_LINE_TAG: "true", **process_tag(run.settings.paths.alive)}


def _execute(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    run: RunScope,
    tags: Mapping[str, str],
    day: date | None = None,
    pull: bool = True,
) -> None:
    job_def = definitions.resolve_job_def(job)
    if day and job_def.partitions_def and not job_def.partitions_def.has_partition_key(day.isoformat()):
        first, last = job_def.partitions_def.get_first_partition_key(), job_def.partitions_def.get_last_partition_key()
        raise ConfigError(
            f"{day} cannot be built: it is not between {first} and {last}", hint="give a day between them"
        )
    keys = sorted(job_def.asset_layer.executable_asset_keys)
    left = [key for key in keys if key.path[0] != PULLED]
    result = job_def.execute_in_process(
        asset_selection=left if not pull and len(left) < len(keys) else None,
        instance=instance,
        run_config=_QUIET,
        partition_key=day.isoformat() if day else None,
        raise_on_error=False,
        tags=tags,
    )
    if result.success:
        return
    if run.recorder.failure is not None:
        raise run.recorder.failure
    go_on()
    # the failure is in a step without a record, or in Dagster itself
    failed = result.filter_events(lambda event: event.is_failure)
    messages = "; ".join(dict.fromkeys(event.message or event.event_type_value for event in failed))
    if scarce := scarcity(messages, run.settings.home):
        raise scarce
    errors = [getattr(event.event_specific_data, "error", None) for event in failed]
    raise FailedJobError(f"the job {job} failed: {messages}\n" + "\n".join(str(error) for error in errors if error))
