"""The Dagster resource `run` of all steps: the run that they belong to, with its lock and its dbt process."""

from collections.abc import Iterator

import dagster as dg

from pipelines.base.errors import BuildError
from pipelines.config.settings import Settings
from pipelines.orchestration.dead_runs import process_tag
from pipelines.orchestration.history import prune_history
from pipelines.orchestration.names import RUN_TAG
from pipelines.runs.scope import RunScope, open_run


def run_resource(settings: Settings) -> dg.ResourceDefinition:
    """The scope of the run. It is opened (and the home locked) before the first step, and closed after the last."""

    @dg.resource(description="The run: its settings, the lock, the record of what happened.")
    def run(context: dg.InitResourceContext) -> Iterator[RunScope]:
        tags = context.run.tags if context.run else {}
        run_id = tags.get(RUN_TAG) or (context.run.run_id if context.run else "unknown")
        if context.run and context.instance:
            context.instance.add_run_tags(context.run.run_id, process_tag(settings.paths.alive))
            prune_history(context.instance)
        with open_run(settings, run_id) as scope:
            yield scope
            if scope.recorder.failure is None and (failed := _failed_steps(context)):
                # the failed step has no record of its own, or Dagster failed outside of a step
                problem = BuildError(f"failed in Dagster: {failed}", hint="the page of the run in Dagster shows why")
                scope.recorder.fail(problem)

    return run


def _failed_steps(context: dg.InitResourceContext) -> str:
    """The steps of this run that failed, separated by commas."""
    if context.instance is None or context.run is None:
        return ""
    events = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    steps = dict.fromkeys(event.dagster_event.step_key for event in events if event.dagster_event)
    return ", ".join(step or "a step" for step in steps)
