"""The quarantine's share as a blocking asset check after staging. What is too much stands in pipelines/quality."""

import dagster as dg

from pipelines.base.errors import GateError
from pipelines.config.settings import Settings, project_root
from pipelines.orchestration.gates import staged_build
from pipelines.orchestration.names import QUARANTINE_SHARE
from pipelines.orchestration.steps import step
from pipelines.quality import Verdict, judge, listed, open_warehouse, read_rules, read_shares
from pipelines.runs.build_state import read_state
from pipelines.runs.marks import Step, mark_checks
from pipelines.runs.required import quarantine_name
from pipelines.runs.scope import RunScope


@dg.asset_check(
    asset=QUARANTINE_SHARE,
    name="quarantine_limits",
    blocking=True,
    description="Not too much of a file, or of a source's entity, is in quarantine (limits: loyalty.yml, quarantine).",
)
def quarantine_limits(context: dg.AssetCheckExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.AssetCheckResult:
    """Stop the run, or warn, where too much is open in quarantine."""
    rules = read_rules(project_root() / "dbt_project" / "seeds" / "quarantine_rules.csv")
    with step(context, run, "gate_quarantine") as stage:
        verdict = held_against_limits(run.settings)
        stage.count(judged=verdict.judged, failures=len(verdict.stops), warnings=len(verdict.warnings))
        words: tuple[str, ...] = ()
        if verdict.warnings:
            words = (
                f"much is in quarantine: {len(verdict.warnings)} files or entities are above warn_share or"
                f" warn_value_share\n{listed(verdict.warnings, rules)}\n  look: {verdict.warnings[0].where}",
            )
        for warning in words:
            stage.warn(warning)
        check = quarantine_name(run.settings.quarantine)
        passed = [] if verdict.stops else [check]
        build = staged_build(run.settings, Step.STAGING)
        mark_checks(run.settings.paths.marks, Step.STAGING, build, passed, [check], {"gate_quarantine": words})
        try:
            verdict.check(rules)
        except GateError as problem:
            # not raised: Dagster stops what is downstream of a failed blocking check, and shows the result
            stage.fail(problem)
    told = (*verdict.stops, *verdict.warnings)
    return dg.AssetCheckResult(
        passed=not told,
        severity=dg.AssetCheckSeverity.ERROR if verdict.stops or not told else dg.AssetCheckSeverity.WARN,
        description=listed(told, rules) or None,
        metadata={"judged": verdict.judged, "look": told[0].where if told else ""},
    )


def held_against_limits(settings: Settings) -> Verdict:
    """What is open in quarantine, held against the configured limits."""
    built = read_state(settings.paths.build_state).built
    with open_warehouse(settings.paths.warehouse) as connection:
        shares = read_shares(connection)
    return judge(shares, settings.quarantine, frozenset(built.batches if built else ()))
