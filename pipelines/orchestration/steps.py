"""What all steps share: timing and recording of the stage, no retry of an error with a remedy, and access to the plan.

A user's requests are tags of Dagster's run (names.py). Only landing, staging and the plan read them, with `asked`.
Later steps read the plan, with `planned`.
"""

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date

import dagster as dg

from pipelines.base.errors import BuildError, LoyaltyError
from pipelines.base.stopping import is_interrupt
from pipelines.base.unexpected import explaining
from pipelines.quality import import_gx
from pipelines.runs.plan import BuildPlan
from pipelines.runs.plan_file import read_plan
from pipelines.runs.recorder import StageHandle
from pipelines.runs.scope import RunScope

# Dagster's own tags for the partition that a run is for
PARTITION_TAG = "dagster/partition"
RANGE_START_TAG, RANGE_END_TAG = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

# For causes that may be gone a moment later: a full disk, a file being replaced, a dbt that was killed. Errors with a
# remedy (LoyaltyError) are never retried.
RETRY = dg.RetryPolicy(max_retries=1, delay=5)


@contextmanager
def step(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, run: RunScope, name: str
) -> Iterator[StageHandle]:
    """Run a step's body as a stage of the run.

    Raises:
        dagster.Failure: For a LoyaltyError, with its remedy, or an interrupt; both without a retry.
    """
    if context.op_execution_context.retry_number:
        run.recorder.reset_failure()
    try:
        with run.recorder.stage(name) as stage, explaining(run.settings.home):
            yield stage
    except LoyaltyError as problem:
        raise dg.Failure(
            description=f"{problem.message}\n{problem.hint}".strip(),
            metadata={"remedy": problem.hint, "exit_code": problem.exit_code},
            allow_retries=False,
        ) from problem
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as interrupt:
        # Dagster would try an interrupted step again
        run.recorder.fail(KeyboardInterrupt())
        raise dg.Failure(description="interrupted", allow_retries=False) from interrupt
    except Exception as problem:
        if not is_interrupt(problem):
            raise
        run.recorder.fail(problem)
        raise dg.Failure(description="interrupted", allow_retries=False) from problem


def seconds_of(run: RunScope, name: str) -> float:
    """How long a finished step took, in seconds."""
    return next((stage.seconds for stage in reversed(run.recorder.report.stages) if stage.name == name), 0.0)


def requested_day(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> date | None:
    """The as-of day that the run was started for; None if it was started without one.

    Raises:
        BuildError: It was started for several days at once.
    """
    tags = context.run.tags
    first, last = tags.get(RANGE_START_TAG), tags.get(RANGE_END_TAG)
    if first != last:
        raise BuildError(
            f"this run is for all days from {first} to {last}, but one run builds one day",
            hint="start the job backfill for these days in the UI: it starts one run per day",
        )
    day = tags.get(PARTITION_TAG, first)
    return date.fromisoformat(day) if day else None


def planned(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, run: RunScope) -> BuildPlan:
    """The plan in force, for a step that builds by it.

    Raises:
        BuildError: There is none, or the run was started for another day than that of the plan.
    """
    plan, day = read_plan(run.settings.paths), requested_day(context)
    if day not in (None, plan.as_of):
        raise BuildError(
            f"this run is for {day}, but the tables are built for {plan.as_of}",
            hint=f"run the job daily for {day}, or the job backfill for an earlier day: they plan their day first",
        )
    run.recorder.follows(plan.as_of, plan.kind)
    return plan


def asked(context: dg.AssetExecutionContext, tag: str) -> bool:
    """Whether the run was started with a tag that changes how it builds, such as a full refresh."""
    return context.run.tags.get(tag) == "true"


def import_gx_ahead() -> None:
    """Import Great Expectations in another thread while this step continues. This takes seconds, and gates need it.

    Great Expectations imports SQLAlchemy's ORM. Dagster's storage uses SQLAlchemy at the same time, and fails if the
    ORM is only partly imported. So the ORM is imported here first.
    """
    if "great_expectations" not in sys.modules:
        importlib.import_module("sqlalchemy.orm")
        threading.Thread(target=_import_gx, daemon=True).start()


def _import_gx() -> None:
    with suppress(Exception):  # the gate imports it again, and reports the error
        import_gx()
