"""Totals across stages as asset checks, all in one step. A failed total fails the step, as in gates.py.

The totals are in expectations/totals/.
"""

from collections.abc import Iterator, Sequence, Set

import dagster as dg

from pipelines.config.settings import Settings
from pipelines.orchestration.gates import built_schemas
from pipelines.orchestration.steps import planned, step
from pipelines.quality import Total, TotalResult, check_totals, open_warehouse, run_totals
from pipelines.runs.marks import Step, mark_checks
from pipelines.runs.plan import BuildPlan
from pipelines.runs.required import total_name
from pipelines.runs.scope import RunScope


def total_checks(totals: Sequence[Total], not_blocking: Set[dg.AssetKey] = frozenset()) -> dg.AssetChecksDefinition:
    """One check per total, shown with its mart (`asset`).

    Args:
        totals: The totals.
        not_blocking: Tables whose checks must not be blocking in Dagster (see gates.py).
    """

    @dg.multi_asset_check(
        name="totals",
        specs=[
            dg.AssetCheckSpec(
                _name(total), asset=_key(total), blocking=_key(total) not in not_blocking, description=total.why
            )
            for total in totals
        ],
        compute_kind="duckdb",
        can_subset=True,
    )
    def check(context: dg.AssetCheckExecutionContext, run: dg.ResourceParam[RunScope]) -> Iterator[dg.AssetCheckResult]:
        with step(context, run, "totals") as handle:
            plan = planned(context, run)
            chosen = [one for one in totals if _check_key(one) in context.selected_asset_check_keys]
            results = _run(chosen, run.settings, plan)
            handle.count(totals=len(results), failures=sum(bool(result.faults) for result in results))
            passed = [total_name(result.total) for result in results if not result.faults]
            mark_checks(run.settings.paths.marks, Step.MARTS, plan.id, passed, map(total_name, chosen))
            for result in results:
                yield dg.AssetCheckResult(
                    asset_key=_key(result.total),
                    check_name=_name(result.total),
                    passed=not result.faults,
                    description=result.summary if result.faults else None,
                    metadata={
                        "parts": result.parts,
                        "owner": result.total.owner,
                        "as_of": plan.as_of.isoformat(),
                    },
                )
            check_totals(results)

    return check


def _run(totals: Sequence[Total], settings: Settings, plan: BuildPlan) -> list[TotalResult]:
    with open_warehouse(settings.paths.warehouse) as connection:
        return run_totals(totals, connection, schemas=built_schemas(plan), as_of=plan.as_of)


def _check_key(total: Total) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(_key(total), _name(total))


def _name(total: Total) -> str:
    return f"total_{total.name}"


def _key(total: Total) -> dg.AssetKey:
    return dg.AssetKey(["marts", total.asset])
