"""The dbt project as three steps: staging (`tag:ingest`), core (`tag:core`) and marts (`tag:marts`).

Each knows its vars and what it leaves in the build's state; how dbt is run is in dbt_build.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_event_iterator import DbtDagsterEventType

from pipelines.landing import delivery_ages, read_ledger
from pipelines.orchestration.build_state import (
    BuildKind,
    BuildPlan,
    BuildStatus,
    BuiltState,
    StagedState,
    read_state,
    staging_needs_refresh,
    write_state,
)
from pipelines.orchestration.code import staging_fingerprint
from pipelines.orchestration.dbt_build import Vars, run_build
from pipelines.orchestration.dbt_resource import LoyaltyDbt
from pipelines.orchestration.gates import built_schemas
from pipelines.orchestration.names import FULL_REFRESH_TAG
from pipelines.orchestration.partitions import ONE_BY_ONE
from pipelines.orchestration.plan_file import read_plan, write_plan
from pipelines.orchestration.recorder import StageHandle
from pipelines.orchestration.run_scope import RunScope
from pipelines.orchestration.steps import RETRY, asked, step
from pipelines.orchestration.warehouse import reconciliation
from pipelines.quality import WARN, open_warehouse, read_data_issues
from pipelines.settings import Settings, dbt_build_environment, dbt_vars


class Translator(DagsterDbtTranslator):
    """dbt's schemas as Dagster's groups; everything else as dagster-dbt has it."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The stage that a model belongs to: its folder below models, seeds with staging."""
        return "staging" if dbt_resource_props["resource_type"] == "seed" else str(dbt_resource_props["fqn"][1])


def dbt_steps(manifest: Mapping[str, Any], days: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """The three steps."""
    translator = Translator()

    @dbt_assets(
        manifest=manifest,
        select="tag:ingest",
        name="dbt_staging",
        dagster_dbt_translator=translator,
        retry_policy=RETRY,
    )
    def staging(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope], dbt: dg.ResourceParam[LoyaltyDbt]
    ) -> Iterator[DbtDagsterEventType]:
        settings, paths = run.settings, run.settings.paths
        with step(context, run, "staging") as stage:
            fingerprint = staging_fingerprint(settings)
            batches = landed_batches(settings)
            state = read_state(paths.build_state)
            reason = (
                "asked for" if asked(context, FULL_REFRESH_TAG) else staging_needs_refresh(state, fingerprint, batches)
            )
            if reason:
                context.log.info(f"staging is built anew: {reason}")
            yield from run_build(
                context,
                run,
                dbt,
                stage,
                manifest,
                values=dbt_vars(settings),
                target=paths.target / "ingest",
                full_refresh=bool(reason),
            )
            stage.count(**reconciliation(paths.warehouse))
            staged = StagedState(fingerprint=fingerprint, batches=batches, ages=landed_ages(settings))
            write_state(paths.build_state, state.model_copy(update={"staged": staged}))

    @dbt_assets(
        manifest=manifest,
        select="tag:core",
        name="dbt_core",
        dagster_dbt_translator=translator,
        partitions_def=days,
        backfill_policy=ONE_BY_ONE,
        retry_policy=RETRY,
    )
    def core(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope], dbt: dg.ResourceParam[LoyaltyDbt]
    ) -> Iterator[DbtDagsterEventType]:
        with step(context, run, "core") as stage:
            plan = begin_build(run)
            yield from run_build(
                context,
                run,
                dbt,
                stage,
                manifest,
                values=plan_vars(run.settings, plan),
                environment=dbt_build_environment(plan.as_of, plan.previous_as_of),
                target=run.settings.paths.target / target_name(plan),
                full_refresh=plan.kind is not BuildKind.INCREMENTAL,
            )
            warn_about_data(run.settings, plan, stage)

    @dbt_assets(
        manifest=manifest,
        select="tag:marts",
        name="dbt_marts",
        dagster_dbt_translator=translator,
        partitions_def=days,
        backfill_policy=ONE_BY_ONE,
        retry_policy=RETRY,
    )
    def marts(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope], dbt: dg.ResourceParam[LoyaltyDbt]
    ) -> Iterator[DbtDagsterEventType]:
        with step(context, run, "marts") as stage:
            plan = read_plan(run.settings.paths)
            yield from run_build(
                context,
                run,
                dbt,
                stage,
                manifest,
                values=plan_vars(run.settings, plan),
                environment=dbt_build_environment(plan.as_of, plan.previous_as_of),
                target=run.settings.paths.target / target_name(plan),
                full_refresh=plan.kind is not BuildKind.INCREMENTAL,
            )

    return [staging, core, marts]


def landed_batches(settings: Settings) -> tuple[str, ...]:
    """Every committed batch, sorted."""
    return tuple(sorted(set(read_ledger(settings.home).column("batch").to_pylist())))


def landed_ages(settings: Settings) -> dict[str, int]:
    """The batches whose file was delivered again since, with the number of later deliveries."""
    return {batch: age for batch, age in sorted(delivery_ages(settings.home).items()) if age}


def begin_build(run: RunScope) -> BuildPlan:
    """The plan in force, with the daily state marked as not to be relied on until publication.

    A build that finds the mark already there (a retry, or a step executed again) builds from nothing.
    """
    paths = run.settings.paths
    plan = read_plan(paths)
    if plan.kind is BuildKind.BACKFILL:
        return plan
    state = read_state(paths.build_state)
    if state.built is not None and state.built.status is BuildStatus.IN_PROGRESS:
        plan = plan.as_full("an earlier try was not completed")
        write_plan(paths, plan)
    write_state(paths.build_state, state.model_copy(update={"built": built(plan, run, BuildStatus.IN_PROGRESS)}))
    return plan


def built(plan: BuildPlan, run: RunScope, status: BuildStatus) -> BuiltState:
    """What build.json says of a build by this plan."""
    return BuiltState(
        as_of=plan.as_of,
        fingerprint=plan.fingerprint,
        batches=plan.batches,
        ages=plan.ages,
        status=status,
        run_id=run.run_id,
    )


def plan_vars(settings: Settings, plan: BuildPlan) -> Vars:
    """The vars of a build by this plan."""
    return dbt_vars(settings, scratch_schema=plan.scratch_schema, exchange=plan.exchange(settings.paths.exchange))


def target_name(plan: BuildPlan) -> str:
    """Backfills parse with other vars, so that they have a parse cache of their own."""
    return "backfill" if plan.kind is BuildKind.BACKFILL else "daily"


def warn_about_data(settings: Settings, plan: BuildPlan, stage: StageHandle) -> None:
    """Make a warning of the run of each data issue that asks for one, and count them all."""
    schema = built_schemas(plan)[0]
    engine = settings.engine
    with open_warehouse(
        settings.paths.warehouse, threads=engine.threads, memory_limit=engine.memory_limit
    ) as connection:
        issues = read_data_issues(connection, schema)
    stage.count(data_issues=len(issues))
    for issue in issues:
        if issue.severity == WARN:
            stage.warn(issue.words(settings.currency))
