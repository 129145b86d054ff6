"""The share of quarantined rows as a blocking asset check after staging. The limits are in pipelines/quality."""

import dagster as dg

from pipelines.base.errors import GateError
from pipelines.config.settings import Settings, project_root
from pipelines.orchestration.gates import staged_build
from pipelines.orchestration.names import QUARANTINE_SHARE
from pipelines.orchestration.steps import step
from pipelines.quality import LimitCheck, check_limits, list_worst, open_warehouse, read_rules, read_shares
from pipelines.runs.build_state import read_state
from pipelines.runs.marks import Step, mark_checks
from pipelines.runs.required import quarantine_name
from pipelines.runs.scope import RunScope


@dg.asset_check(
    asset=QUARANTINE_SHARE,
    name="quarantine_limits",
    blocking=True,
    description="No file, and no source and entity, has too many rows in quarantine (limits: loyalty.yml, quarantine).",
)
def quarantine_limits(context: dg.AssetCheckExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.AssetCheckResult:
    """Stop the run, or warn, if too many open rows are in quarantine."""
    rules = read_rules(project_root() / "dbt_project" / "seeds" / "quarantine_rules.csv")
    with step(context, run, "gate_quarantine") as stage:
        found = quarantine_shares(run.settings)
        stage.count(checked=found.checked, failures=len(found.stops), warnings=len(found.warnings))
        warnings: tuple[str, ...] = ()
        if found.warnings:
            warnings = (
                "many rows are in quarantine; files or entities above warn_share or warn_value_share:"
                f" {len(found.warnings)}\n{list_worst(found.warnings, rules)}\n"
                f"  see the rows: {found.warnings[0].where}",
            )
        for warning in warnings:
            stage.warn(warning)
        check = quarantine_name(run.settings.quarantine)
        passed = [] if found.stops else [check]
        build = staged_build(run.settings, Step.STAGING)
        mark_checks(run.settings.paths.marks, Step.STAGING, build, passed, [check], {"gate_quarantine": warnings})
        try:
            found.check(rules)
        except GateError as problem:
            # not raised: Dagster skips everything downstream of a failed blocking check, and shows the result
            stage.fail(problem)
    above = (*found.stops, *found.warnings)
    return dg.AssetCheckResult(
        passed=not above,
        severity=dg.AssetCheckSeverity.ERROR if found.stops or not above else dg.AssetCheckSeverity.WARN,
        description=list_worst(above, rules) or None,
        metadata={"checked": found.checked, "where_to_look": above[0].where if above else ""},
    )


def quarantine_shares(settings: Settings) -> LimitCheck:
    """The shares of open rows in quarantine that are above the configured limits."""
    built = read_state(settings.paths.build_state).built
    with open_warehouse(settings.paths.warehouse) as connection:
        shares = read_shares(connection)
    return check_limits(shares, settings.quarantine, frozenset(built.batches if built else ()))
