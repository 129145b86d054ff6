"""One `dbt build` inside a step: its arguments, its events with rows and columns added, its failure in words.

The pure parts (`build_args`) are tested without Dagster. Which models belong to which step is in dbt_assets.py.
"""

import signal
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt.core.dbt_event_iterator import DbtDagsterEventType

from pipelines.config.settings import dbt_build_environment, dbt_vars_argument
from pipelines.orchestration.dbt_resource import LoyaltyDbt
from pipelines.runs.dbt_manifest import start_parsed
from pipelines.runs.dbt_results import as_error, read_failures, read_successes
from pipelines.runs.lock import HeldLock
from pipelines.runs.logs import dbt_log_options
from pipelines.runs.recorder import StageHandle
from pipelines.runs.scope import RunScope
from pipelines.runs.warehouse import Relation, RelationFacts, relation_facts

PATIENCE_SECONDS = 10.0

Vars = Mapping[str, str | int]


@dataclass(frozen=True)
class BuildOptions:
    """How dbt builds a step.

    Attributes:
        values: The vars; a target of other vars than the definitions' parses the project once more.
        target: dbt's folder for artifacts and its parse cache.
        full_refresh: Whether incremental models are built anew.
        as_of: The day that is built; None for staging, which has no day.
        previous_as_of: The day of the build that this one extends; None for a full build.
    """

    values: Vars
    target: Path
    full_refresh: bool
    as_of: date | None = None
    previous_as_of: date | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What models ask of the build at hand."""
        return dbt_build_environment(self.as_of, self.previous_as_of) if self.as_of else {}

    @property
    def day(self) -> dict[str, Any]:
        """The day as metadata of tables and checks; nothing for staging."""
        return {"as_of": self.as_of.isoformat()} if self.as_of else {}


def build_args(values: Vars, logs: Path, *, full_refresh: bool) -> list[str]:
    """The arguments of `dbt build`, without the selection that dagster-dbt adds."""
    args = ["build", "--vars", dbt_vars_argument(values), *dbt_log_options(logs), "--log-format-file", "text"]
    return [*args, "--full-refresh"] if full_refresh else args


def run_build(
    context: dg.AssetExecutionContext,
    run: RunScope,
    dbt: LoyaltyDbt,
    stage: StageHandle,
    manifest: Mapping[str, Any],
    options: BuildOptions,
) -> Generator[DbtDagsterEventType, None, frozenset[str]]:
    """Run dbt to its end, then yield what it did, each table with its rows and columns.

    dbt's events are held back until it has ended: rows can only be asked for when it has let go of the warehouse.

    Args:
        context: The step's, by which dagster-dbt selects models.
        run: The run at hand.
        dbt: The resource.
        stage: Where the run's summary is kept.
        manifest: dbt's, of the project.
        options: How.

    Yields:
        What dbt did.

    Returns:
        dbt's ids of the models that were built and of the tests that passed.

    Raises:
        GateError: Only tests failed.
        BuildError: A model failed, or dbt did not get that far.
    """
    target, values = options.target, options.values
    start_parsed(run.settings, target)
    (target / "run_results.json").unlink(missing_ok=True)
    invocation = dbt.with_environment(options.environment).cli(
        build_args(values, run.settings.paths.logs, full_refresh=options.full_refresh),
        context=context,
        target_path=target,
        raise_on_error=False,
    )
    events: list[DbtDagsterEventType] = []
    with held_to(invocation.process, run.lock):
        for event in invocation.stream():
            events.append(event)
            stage.say(f"{sum(isinstance(done, dg.Output) for done in events)} models")
        ended = invocation.process.wait()
    failures = read_failures(target, manifest)
    tables = [event for event in events if isinstance(event, dg.Output)]
    relations = {event.output_name: _relation(event, manifest, str(values["scratch_schema"])) for event in tables}
    facts = relation_facts(run.settings.paths.warehouse, list(relations.values())) if relations else {}
    stage.count(models=len(tables), tests=sum(isinstance(event, dg.AssetCheckResult) for event in events))
    for event in events:
        if isinstance(event, dg.Output) and (found := facts.get(relations[event.output_name])):
            metadata = {**_metadata(event, found), **options.day}
            context.add_output_metadata(metadata, output_name=event.output_name)
        if isinstance(event, dg.AssetCheckResult):
            yield event._replace(metadata={**event.metadata, **options.day})
        else:
            yield event
    if ended != 0 or failures:
        error = invocation.get_error()
        raise as_error(
            failures,
            context.op_execution_context.op.name,
            run.settings.paths.logs / "dbt.log",
            run.settings.home,
            str(error or ""),
        )
    return read_successes(target)


@contextmanager
def held_to(process: "subprocess.Popen[bytes]", lock: HeldLock, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Let dbt not outlive the block: whatever ends it early, a retry would meet the warehouse held by its own dbt.

    Args:
        process: dbt.
        lock: Notes its pid meanwhile, for whoever comes after a kill of this process.
        patience: Seconds that dbt has to end by itself after SIGINT, and again after SIGTERM, before it is killed.
    """
    lock.note_child(process.pid)
    try:
        yield
    finally:
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            if process.poll() is None:
                process.send_signal(signal_number)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(patience)
        if process.poll() is None:
            process.kill()
            process.wait()
        lock.note_child(0)


def _relation(event: dg.Output[Any], manifest: Mapping[str, Any], scratch_schema: str) -> Relation:
    unique_id = str(event.metadata["unique_id"].value)
    node = manifest["nodes"][unique_id]
    schema = str(node["schema"])
    return (f"{scratch_schema}_{schema}" if scratch_schema else schema), str(node["alias"])


def _metadata(event: dg.Output[Any], facts: RelationFacts) -> dict[str, dg.MetadataValue | int | float]:
    columns = [dg.TableColumn(name, kind) for name, kind in facts.columns.items()]
    metadata: dict[str, Any] = {"dagster/column_schema": dg.TableSchema(columns=columns)}
    if facts.rows is not None:
        metadata["dagster/row_count"] = facts.rows
    if "Execution Duration" in event.metadata:
        metadata["seconds"] = event.metadata["Execution Duration"].value
    return metadata
