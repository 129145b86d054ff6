"""One `dbt build` inside a step: its arguments, its events (sent to Dagster while dbt runs), and its failure as text.

The pure parts (`build_args`) are tested without Dagster. dbt_assets.py defines which models belong to which step. The
dbt process belongs to the run (pipelines/runs/dbt_process.py).
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from packaging.version import Version

from pipelines.base.text import counted
from pipelines.config.settings import project_root
from pipelines.orchestration.check_events import CheckEvent, CheckEvents
from pipelines.orchestration.dagster_dbt import (
    DagsterDbtTranslator,
    DbtCliInvocation,
    DbtDagsterEventType,
    get_updated_cli_invocation_params_for_context,
)
from pipelines.orchestration.rule_checks import asset_events
from pipelines.runs.dbt_results import as_error, read_failures, read_successes
from pipelines.runs.dbt_vars import CommandVars
from pipelines.runs.logs import dbt_log_options
from pipelines.runs.recorder import StageHandle
from pipelines.runs.scope import RunScope
from pipelines.runs.warehouse import Relation, RelationFacts, relation_facts


@dataclass(frozen=True)
class BuildOptions:
    """How dbt builds a step.

    Attributes:
        variables: The vars.
        target: dbt's folder for artifacts.
        parse_cache: The folder with dbt's parse cache for the parsed vars.
        full_refresh: Whether incremental models are built as a whole.
    """

    variables: CommandVars
    target: Path
    parse_cache: Path
    full_refresh: bool

    @property
    def day(self) -> dict[str, Any]:
        """The day as metadata of tables and checks; nothing for staging."""
        as_of = self.variables.build["as_of"]
        return {"as_of": as_of} if as_of else {}

    @property
    def scratch_schema(self) -> str:
        """Prefix of a backfill's schemas, else empty."""
        return str(self.variables.parsed.get("scratch_schema", ""))


def build_args(logs: Path, *, full_refresh: bool) -> list[str]:
    """The arguments of `dbt build`, without vars and selection.

    Args:
        logs: The folder of dbt's log.
        full_refresh: As in BuildOptions.
    """
    # unit tests need no data, and so belong to `make test`
    args = ["build", "--exclude-resource-type", "unit_test", *dbt_log_options(logs), "--log-format-file", "text"]
    return [*args, "--full-refresh"] if full_refresh else args


def run_build(
    context: dg.AssetExecutionContext,
    run: RunScope,
    stage: StageHandle,
    manifest: Mapping[str, Any],
    options: BuildOptions,
) -> Generator[DbtDagsterEventType | CheckEvent, None, frozenset[str]]:
    """Run dbt, and yield what it does as it happens; at the end, each table's rows and columns as an observation.

    Rows can only be counted when dbt has closed the warehouse.

    Args:
        context: The step's, by which dagster-dbt selects models.
        run: The run at hand.
        stage: Where the run's summary is kept.
        manifest: dbt's manifest of the project.
        options: How.

    Yields:
        What dbt did.

    Returns:
        dbt's ids of the models that were built and of the tests that passed.

    Raises:
        GateError: Only tests failed.
        BuildError: A model failed, or dbt did not get that far.
    """
    target, settings = options.target, run.settings
    target.mkdir(parents=True, exist_ok=True)
    (target / "run_results.json").unlink(missing_ok=True)
    selected = get_updated_cli_invocation_params_for_context(
        context=context, manifest=manifest, dagster_dbt_translator=DagsterDbtTranslator()
    )
    args = [*build_args(settings.paths.logs, full_refresh=options.full_refresh), *selected.selection_args]
    if selected.indirect_selection:
        args += ["--indirect-selection", selected.indirect_selection]
    tables: list[dg.Output[Any]] = []
    checks, check_events = 0, CheckEvents(context)
    with run.dbt.command(args, options.variables, target=target, parse_cache=options.parse_cache) as command:
        invocation = DbtCliInvocation(
            process=command,  # type: ignore[arg-type]  # what it uses of Popen, DbtCommand has
            manifest=selected.manifest,
            dagster_dbt_translator=selected.dagster_dbt_translator,
            project_dir=project_root() / "dbt_project",
            target_path=target,
            raise_on_error=False,
            cli_version=Version(version("dbt-core")),
            context=context,
        )
        for event in asset_events(invocation, context, manifest):
            if isinstance(event, dg.Output):
                tables.append(event)
                stage.say(counted(len(tables), "model"))
                context.add_output_metadata({**_seconds(event), **options.day}, output_name=event.output_name)
            if isinstance(event, dg.AssetCheckResult):
                checks += 1
                yield from check_events.of(event._replace(metadata={**event.metadata, **options.day}))
            else:
                yield event
        ended = command.wait()
    stage.count(models=len(tables), tests=checks)
    yield from _observed(context, settings.paths.warehouse, tables, manifest, options.scratch_schema)
    failures = read_failures(target, manifest)
    if ended != 0 or failures:
        error = invocation.get_error()
        raise as_error(
            failures,
            context.op_execution_context.op.name,
            settings.paths.logs / "dbt.log",
            settings.home,
            command.words or str(error or ""),
        )
    return read_successes(target)


def _observed(
    context: dg.AssetExecutionContext,
    warehouse: Path,
    tables: list[dg.Output[Any]],
    manifest: Mapping[str, Any],
    scratch_schema: str,
) -> Iterator[dg.AssetObservation]:
    """The rows and columns of what was built."""
    relations = {table.output_name: _relation(table, manifest, scratch_schema) for table in tables}
    facts = relation_facts(warehouse, list(relations.values())) if relations else {}
    for name, relation in relations.items():
        if relation in facts:
            yield dg.AssetObservation(context.asset_key_for_output(name), metadata=_metadata(facts[relation]))


def _relation(event: dg.Output[Any], manifest: Mapping[str, Any], scratch_schema: str) -> Relation:
    unique_id = str(event.metadata["unique_id"].value)
    node = manifest["nodes"][unique_id]
    schema = str(node["schema"])
    return (f"{scratch_schema}_{schema}" if scratch_schema else schema), str(node["alias"])


def _seconds(event: dg.Output[Any]) -> dict[str, Any]:
    duration = event.metadata.get("Execution Duration")
    return {"seconds": duration.value} if duration else {}


def _metadata(facts: RelationFacts) -> dict[str, Any]:
    columns = [dg.TableColumn(name, kind) for name, kind in facts.columns.items()]
    metadata: dict[str, Any] = {"dagster/column_schema": dg.TableSchema(columns=columns)}
    if facts.rows is not None:
        metadata["dagster/row_count"] = facts.rows
    return metadata
