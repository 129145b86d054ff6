"""Around every step: its stage is timed and recorded, and an error with a remedy is not tried again."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines.errors import LoyaltyError
from pipelines.orchestration.recorder import StageHandle
from pipelines.orchestration.run_scope import RunScope
from pipelines.scarcity import scarcity_told

# A full disk, a file being replaced, a dbt that was killed: what may be gone a moment later. Errors with a remedy
# (LoyaltyError) are never retried.
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
        run.recorder.forgive()
    try:
        with run.recorder.stage(name) as stage, scarcity_told(run.settings.home):
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


def asked(context: dg.AssetExecutionContext, tag: str) -> bool:
    """Whether the run was started with a tag that asks for another way of building."""
    return context.run.tags.get(tag) == "true"
