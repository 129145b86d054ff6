"""The results of the sensors: a run to start, or why no run starts. The sensors are declared in jobs.py."""

from datetime import UTC, datetime

import dagster as dg

from pipelines.base.errors import LoyaltyError
from pipelines.base.text import counted
from pipelines.config.settings import Settings
from pipelines.orchestration.dead_runs import end_dead_runs
from pipelines.orchestration.names import COMMAND_LINE_TAG, DAILY_JOB, INGEST_JOB, RUN_TAG, THEN_DAILY_TAG
from pipelines.runs.as_of import resolve_as_of
from pipelines.runs.inbox_watch import Decision, InboxCursor, decide, fingerprint_inboxes, unlanded_files
from pipelines.runs.lock import current_holder
from pipelines.runs.notify import notify_lost
from pipelines.runs.staleness import notify_of_staleness

STALE = "stale"
THEN_DAILY = {THEN_DAILY_TAG: "true"}
_INGESTED = dg.RunsFilter(job_name=INGEST_JOB, statuses=[dg.DagsterRunStatus.SUCCESS], tags=THEN_DAILY)
_UNFINISHED = dg.RunsFilter(
    statuses=[
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
)


def follow_up(context: dg.SensorEvaluationContext, settings: Settings) -> dg.RunRequest | dg.SkipReason:
    """The daily run after the last ingest that requests one, or why it does not start yet.

    The cursor is the last ingest whose daily run was started. It does not change if the day cannot be determined (for
    example because the warehouse is in use), so the next tick tries again. Earlier ingests need no daily run of their
    own: a build uses everything that is staged.
    """
    ingests = context.instance.get_runs(_INGESTED, limit=1)
    if not ingests:
        return dg.SkipReason("no ingest that requests a daily run has succeeded")
    run_id = ingests[0].run_id
    daily = dg.RunsFilter(job_name=DAILY_JOB, tags={RUN_TAG: run_id})
    if run_id == context.cursor or context.instance.get_runs_count(daily):
        context.update_cursor(run_id)
        return dg.SkipReason(f"the daily run of ingest {run_id} was started")
    try:
        day = resolve_as_of(settings)
    except LoyaltyError as problem:
        return dg.SkipReason(f"ingest {run_id} waits for its daily run: {problem.message}")
    context.update_cursor(run_id)
    return dg.RunRequest(run_key=run_id, partition_key=day.isoformat(), tags={RUN_TAG: run_id})


def watch(context: dg.SensorEvaluationContext, settings: Settings) -> dg.RunRequest | dg.SkipReason:
    """Check the inboxes: a run, or why no run starts. The cursor keeps the state of the last check and run."""
    try:
        seen = fingerprint_inboxes(settings)
    except LoyaltyError as problem:
        return dg.SkipReason(problem.message)
    before = InboxCursor.from_cursor(context.cursor)
    decision = decide(before, seen)
    if decision is Decision.KNOWN:
        return dg.SkipReason("nothing has changed in the inboxes")
    context.update_cursor(InboxCursor(seen, before.handled).to_cursor())
    if decision is Decision.UNSETTLED:
        return dg.SkipReason("files have arrived or changed; a run starts when they stop changing")
    if holder := current_holder(settings.paths.lock):
        return dg.SkipReason(f"new files wait for {holder}")
    if context.instance.get_runs_count(_UNFINISHED):
        return dg.SkipReason("new files wait for the queued runs")
    context.update_cursor(InboxCursor(seen, seen).to_cursor())
    if not (new := sum(unlanded_files(settings).values())):
        return dg.SkipReason("every file in the inboxes has landed")
    context.log.info(counted(new, "new file"))
    return dg.RunRequest(tags=THEN_DAILY)


def notify_if_lost(run: dg.DagsterRun, settings: Settings) -> None:
    """Notify of a failed run that could not send its message. Runs of the command line send it themselves."""
    if COMMAND_LINE_TAG not in run.tags:
        notify_lost(settings, loyalty_run_id(run))


def end_dead(context: dg.SensorEvaluationContext, settings: Settings) -> dg.SkipReason:
    """Mark dead runs as failed, so that queued runs can start, and notify of them."""
    dead = end_dead_runs(context.instance, settings.paths.alive)
    for run in dead:
        notify_lost(settings, loyalty_run_id(run))
    return dg.SkipReason(f"marked as failed: {', '.join(run.run_id for run in dead)}" if dead else "no run is dead")


def watch_freshness(context: dg.SensorEvaluationContext, settings: Settings) -> dg.SkipReason:
    """Check the publication. The cursor keeps whether the webhook has been notified that it is stale."""
    is_known, state = notify_of_staleness(settings, context.cursor == STALE, datetime.now(UTC))
    context.update_cursor(STALE if is_known else "")
    return dg.SkipReason(state)


def loyalty_run_id(run: dg.DagsterRun) -> str:
    """The run id in logs and versions: an ingest and the daily run after it have the same id."""
    return run.tags.get(RUN_TAG) or run.run_id
