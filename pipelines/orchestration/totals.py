"""Totals across stages as blocking asset checks, in one step. The equations stand in expectations/totals/."""

from collections.abc import Iterator

import dagster as dg

from pipelines.errors import GateError
from pipelines.orchestration.gates import built_schemas
from pipelines.orchestration.plan_file import read_plan
from pipelines.orchestration.run_scope import RunScope
from pipelines.orchestration.steps import step
from pipelines.quality import Total, TotalResult, check_totals, load_totals, open_warehouse, run_totals
from pipelines.settings import Settings, project_root


def total_checks() -> dg.AssetChecksDefinition:
    """A check a total, told of the mart that it ends in."""
    totals = load_totals(project_root() / "expectations")

    @dg.multi_asset_check(
        name="totals",
        specs=[
            dg.AssetCheckSpec(_name(total), asset=_key(total), blocking=True, description=total.why) for total in totals
        ],
        compute_kind="duckdb",
    )
    def check(context: dg.AssetCheckExecutionContext, run: dg.ResourceParam[RunScope]) -> Iterator[dg.AssetCheckResult]:
        with step(context, run, "totals") as handle:
            results = _run(totals, run.settings)
            handle.count(totals=len(results), failures=sum(bool(result.faults) for result in results))
            try:
                check_totals(results)
            except GateError as problem:
                # not raised, as in a gate: Dagster stops what is downstream, and shows every total
                handle.fail(problem)
        for result in results:
            yield dg.AssetCheckResult(
                asset_key=_key(result.total),
                check_name=_name(result.total),
                passed=not result.faults,
                description=result.words if result.faults else None,
                metadata={"parts": result.parts, "owner": result.total.owner},
            )

    return check


def _run(totals: list[Total], settings: Settings) -> list[TotalResult]:
    engine, plan = settings.engine, read_plan(settings.paths)
    with open_warehouse(
        settings.paths.warehouse, threads=engine.threads, memory_limit=engine.memory_limit
    ) as connection:
        return run_totals(totals, connection, schemas=built_schemas(plan), as_of=plan.as_of)


def _name(total: Total) -> str:
    return f"total_{total.name}"


def _key(total: Total) -> dg.AssetKey:
    return dg.AssetKey(["marts", total.asset])
