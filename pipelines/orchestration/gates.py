"""Gates as asset checks: one check per suite, one step per stage. The suites are in expectations/.

A failed gate fails its own step, so no later step runs. If a check of a table is blocking, Dagster runs a step that
reads the table only after the check. The steps `core` and `marts` share one gate, which runs after both. So checks of
`core` tables that `marts` reads are not blocking in Dagster; otherwise Dagster would split a step to check them first.
They still block publication (marks.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import date
from pathlib import Path

import dagster as dg

from pipelines.base.scarcity import scarcity
from pipelines.config.settings import Settings, project_root
from pipelines.landing import landed_batches, packed_rows
from pipelines.orchestration.steps import planned, step
from pipelines.publication import SCHEMA_VERSION, list_versions
from pipelines.quality import GateReport, Suite, open_landing, open_warehouse, run_gate, suites_in_force
from pipelines.runs.build_state import landed_id, read_state
from pipelines.runs.marks import Step, mark_checks
from pipelines.runs.plan import BuildPlan
from pipelines.runs.required import gate_name
from pipelines.runs.scope import RunScope

CHECK_NAME = "gate"


def load_gates(settings: Settings) -> dict[Step, list[Suite]]:
    """The suites of every stage that has a gate; the name of a stage is also the name of its step."""
    return {Step(stage): suites for stage, suites in suites_in_force(project_root() / "expectations", settings).items()}


def gates(
    suites: Mapping[Step, Sequence[Suite]], not_blocking: Set[dg.AssetKey] = frozenset()
) -> list[dg.AssetChecksDefinition]:
    """The three gates; a stage without a suite has none.

    Args:
        suites: The suites of each stage.
        not_blocking: Tables whose checks must not be blocking in Dagster (see `core_tables_read_by_marts`).
    """
    return [_gate(stage, expected, not_blocking) for stage, expected in suites.items() if expected]


def core_tables_read_by_marts(core: dg.AssetsDefinition, marts: dg.AssetsDefinition) -> frozenset[dg.AssetKey]:
    """The tables of core that marts reads. Their gate runs after both steps."""
    return frozenset(key for keys in marts.asset_deps.values() for key in keys if key in core.keys)


def _key(stage: Step, suite: Suite) -> dg.AssetKey:
    return dg.AssetKey([stage.value, suite.dataset])


def _gate(stage: Step, suites: Sequence[Suite], not_blocking: Set[dg.AssetKey]) -> dg.AssetChecksDefinition:
    def key_of(suite: Suite) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(_key(stage, suite), CHECK_NAME)

    @dg.multi_asset_check(
        name=f"gate_{stage}",
        specs=[
            dg.AssetCheckSpec(
                CHECK_NAME,
                asset=_key(stage, suite),
                blocking=_key(stage, suite) not in not_blocking,
                description=suite.description,
            )
            for suite in suites
        ],
        compute_kind="great_expectations",
        can_subset=True,
    )
    def gate(context: dg.AssetCheckExecutionContext, run: dg.ResourceParam[RunScope]) -> Iterator[dg.AssetCheckResult]:
        with step(context, run, f"gate_{stage}") as handle:
            chosen = [suite for suite in suites if key_of(suite) in context.selected_asset_check_keys]
            plan = planned(context, run) if stage is Step.MARTS else None
            build = plan.id if plan else staged_build(run.settings, stage)

            def progress(name: str, done: int, of: int) -> None:
                handle.say(f"{done} of {of} suites")

            report = _run(stage, chosen, run.settings, plan, progress)
            handle.count(
                expectations=len(report.results),
                failures=len(report.failures),
                warnings=len(report.warnings),
                skipped=len(report.skipped),
            )
            check_not_scarce(report, run.settings.home)
            for warning in report.warnings:
                handle.warn(warning.summary)
            failed = {result.dataset for result in report.failures}
            passed = [gate_name(suite) for suite in chosen if suite.dataset not in failed]
            warnings = {f"gate_{stage}": tuple(warning.summary for warning in report.warnings)}
            mark_checks(run.settings.paths.marks, stage, build, passed, map(gate_name, chosen), warnings)
            for suite in chosen:
                yield _result(_key(stage, suite), suite, report, plan)
            report.check()

    return gate


def staged_build(settings: Settings, stage: Step) -> str:
    """The id of the build of a stage that has no day (landing, staging)."""
    if stage is Step.LANDING:
        return landed_id(landed_batches(settings.home))
    staged = read_state(settings.paths.build_state).staged
    return staged.id if staged else ""


def _run(
    stage: Step,
    suites: Sequence[Suite],
    settings: Settings,
    plan: BuildPlan | None,
    progress: Callable[[str, int, int], None],
) -> GateReport:
    paths = settings.paths
    page = paths.quality / f"{stage}.html"
    if stage is Step.LANDING:
        with open_landing(paths.landing, packed_rows(paths.landing)) as connection:
            return run_gate(stage, suites, connection, page=page, progress=progress)
    with open_warehouse(paths.warehouse) as connection:
        if plan is None:
            return run_gate(stage, suites, connection, schemas=("staging",), page=page, progress=progress)
        return run_gate(
            stage,
            suites,
            connection,
            schemas=built_schemas(plan),
            as_of=plan.as_of,
            previous=published_before(paths.published, plan.as_of),
            page=page,
            progress=progress,
        )


def check_not_scarce(report: GateReport, home: Path) -> None:
    """Stop the run if an expectation could not be checked for lack of memory or disk: the data may be correct.

    Raises:
        BuildError: There was too little memory or disk.
    """
    if scarce := scarcity(" ".join(result.error for result in report.results), home):
        raise scarce


def built_schemas(plan: BuildPlan) -> tuple[str, ...]:
    """The schemas with the tables of this plan's build, marts first."""
    own = (plan.schema_of(name) for name in ("marts", "intermediate", "staging"))
    return tuple(dict.fromkeys((*own, "staging")))


def published_before(published: Path, day: date) -> Path | None:
    """The marts of the newest version of the nearest earlier day, if it has the same schema version; otherwise None."""
    earlier = [version for version in list_versions(published) if version.manifest and version.as_of < day]
    newest = max(earlier, key=lambda version: (version.as_of, version.sequence), default=None)
    return newest.path / "marts" if newest and newest.schema_version == SCHEMA_VERSION else None


def _result(key: dg.AssetKey, suite: Suite, report: GateReport, plan: BuildPlan | None) -> dg.AssetCheckResult:
    mine = [result for result in report.results if result.dataset == suite.dataset]
    failures = [result for result in mine if not result.passed and result.severity == "error"]
    not_passed = [result for result in mine if not result.passed]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK_NAME,
        passed=not not_passed,
        # a warning is shown as a failed check that does not stop the run
        severity=dg.AssetCheckSeverity.ERROR if failures or not not_passed else dg.AssetCheckSeverity.WARN,
        description="\n".join(result.summary for result in not_passed) or None,
        metadata={
            "expectations": len(mine),
            "skipped": "\n".join(result.summary for result in mine if result.skipped),
            "seconds": round(report.suite_seconds.get(suite.dataset, 0.0), 3),
            "suite": str(suite.path),
            "where_to_look": "\n".join(result.where or result.suite for result in not_passed),
            **({"as_of": plan.as_of.isoformat()} if plan else {}),
        },
    )
