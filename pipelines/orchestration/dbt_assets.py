"""The dbt project as four steps, each with a tag: staging (ingest), links (identity), core and marts.

Each step follows a plan (pipelines/runs/plan.py) and records what it has built; how dbt is run is in dbt_build.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from pipelines.config.settings import Settings
from pipelines.orchestration.catalogue import Translator
from pipelines.orchestration.dagster_dbt import DbtDagsterEventType, dbt_assets
from pipelines.orchestration.dbt_build import BuildOptions, run_build
from pipelines.orchestration.gates import built_schemas
from pipelines.orchestration.names import FULL_REFRESH_TAG
from pipelines.orchestration.rule_checks import divided
from pipelines.orchestration.steps import RETRY, asked, import_gx_ahead, planned, step
from pipelines.quality import WARN, open_warehouse, read_data_issues
from pipelines.runs.build_state import BuildStatus, BuiltState, StagedState, read_state, write_state
from pipelines.runs.code import staging_code
from pipelines.runs.dbt_manifest import parse_cache
from pipelines.runs.dbt_vars import build_vars, staging_vars
from pipelines.runs.event_days import event_days
from pipelines.runs.marks import Step, begin_step, mark
from pipelines.runs.plan import BuildKind, BuildPlan, extends_what_is_built, plan_staging
from pipelines.runs.plan_file import write_plan
from pipelines.runs.recorder import StageHandle
from pipelines.runs.required import DBT_STEPS, dbt_parts
from pipelines.runs.scope import RunScope
from pipelines.runs.up_to_date import what_landed
from pipelines.runs.warehouse import reconciliation


def dbt_steps(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """The four steps."""
    parts = dbt_parts(manifest)
    translator, rules_divided = Translator(), divided(manifest)

    @dbt_assets(
        manifest=rules_divided,
        select="tag:ingest",
        name="dbt_staging",
        dagster_dbt_translator=translator,
        retry_policy=RETRY,
    )
    def staging(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> Iterator[DbtDagsterEventType]:
        settings, paths = run.settings, run.settings.paths
        with step(context, run, "staging") as stage:
            if context.selected_asset_keys:
                begin_step(paths.marks, Step.STAGING)
            code = staging_code(settings)
            landed = what_landed(settings.home)
            state = read_state(paths.build_state)
            plan = plan_staging(
                state,
                landed.batches,
                fingerprint=code.fingerprint,
                models=code.models,
                full_refresh=asked(context, FULL_REFRESH_TAG),
            )
            context.log.info(plan.words(code.models))
            options = BuildOptions(
                staging_vars(settings, plan),
                target=paths.target / "ingest",
                parse_cache=parse_cache(settings),
                full_refresh=plan.is_full,
            )
            done = yield from run_build(context, run, stage, manifest, options)
            if is_whole(context, done, parts[Step.STAGING]):
                stage.count(**reconciliation(paths.warehouse))
                staged = StagedState(
                    fingerprint=code.fingerprint,
                    models=dict(code.models),
                    batches=landed.batches,
                    ages=dict(landed.ages),
                    events=event_days(paths.warehouse, settings.today()),
                )
                write_state(paths.build_state, state.model_copy(update={"staged": staged}))
                mark(paths.marks, Step.STAGING, staged.id, parts[Step.STAGING])

    @dbt_assets(
        manifest=rules_divided,
        select="tag:core",
        name="dbt_core",
        dagster_dbt_translator=translator,
        retry_policy=RETRY,
    )
    def core(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> Iterator[DbtDagsterEventType]:
        with step(context, run, "core") as stage:
            plan = planned(context, run)
            import_gx_ahead()  # here, because this process mostly waits for dbt
            if context.selected_asset_keys:
                plan = begin_build(run, plan)
            done = yield from run_build(context, run, stage, manifest, build_options(run.settings, plan))
            if is_whole(context, done, parts[Step.CORE]):
                warn_about_data(run.settings, plan, stage)
                mark(run.settings.paths.marks, Step.CORE, plan.id, parts[Step.CORE])

    def planned_step(tag: str, name: str) -> dg.AssetsDefinition:
        """A step that builds the models of a tag by the plan of the day, and nothing else."""
        ended = DBT_STEPS[tag]

        @dbt_assets(
            manifest=rules_divided,
            select=f"tag:{tag}",
            name=f"dbt_{name}",
            dagster_dbt_translator=translator,
            retry_policy=RETRY,
        )
        def built_by_plan(
            context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]
        ) -> Iterator[DbtDagsterEventType]:
            with step(context, run, name) as stage:
                plan, marks = planned(context, run), run.settings.paths.marks
                if context.selected_asset_keys:
                    begin_step(marks, ended)
                done = yield from run_build(context, run, stage, manifest, build_options(run.settings, plan))
                if is_whole(context, done, parts[ended]):
                    mark(marks, ended, plan.id, parts[ended])

        return built_by_plan

    return [staging, planned_step("identity", "links"), core, planned_step("marts", "marts")]


def is_whole(context: dg.AssetExecutionContext, done: frozenset[str], parts: frozenset[str]) -> bool:
    """Whether dbt built and tested all of a step: a part of it does not count as built."""
    if missing := len(parts - done):
        context.log.warning(
            f"{missing} of {len(parts)} models and tests of this step were not selected. Nothing can be published until"
            " the job (ingest for staging, daily for links, core and marts) has built and tested all of them"
        )
    return not missing


def begin_build(run: RunScope, plan: BuildPlan) -> BuildPlan:
    """The plan to follow. Core is marked as incomplete, and the daily state as in progress until publication.

    An incremental plan becomes a full one if the tables are no longer those that it was made for: in a retry, or if the
    step is executed again.
    """
    paths = run.settings.paths
    begin_step(paths.marks, Step.CORE)
    if plan.is_backfill:
        return plan
    state = read_state(paths.build_state)
    if plan.kind is BuildKind.INCREMENTAL and not extends_what_is_built(plan, state.built):
        plan = plan.as_full("the tables have changed since the build was planned")
        write_plan(paths, plan)
    write_state(paths.build_state, state.model_copy(update={"built": built(plan, run, BuildStatus.IN_PROGRESS)}))
    return plan


def built(plan: BuildPlan, run: RunScope, status: BuildStatus) -> BuiltState:
    """What build.json records about a build by this plan."""
    return BuiltState(
        as_of=plan.as_of,
        fingerprint=plan.fingerprint,
        models=plan.models,
        batches=plan.batches,
        ages=plan.ages,
        status=status,
        run_id=run.run_id,
    )


def build_options(settings: Settings, plan: BuildPlan) -> BuildOptions:
    """How dbt builds by this plan."""
    target = settings.paths.target / ("backfill" if plan.is_backfill else "daily")
    return BuildOptions(
        build_vars(settings, plan),
        target=target,
        parse_cache=target if plan.is_backfill else parse_cache(settings),
        full_refresh=plan.kind is not BuildKind.INCREMENTAL,
    )


def warn_about_data(settings: Settings, plan: BuildPlan, stage: StageHandle) -> None:
    """Count the data issues, and warn about those with the severity `warn`."""
    schema = built_schemas(plan)[0]
    with open_warehouse(settings.paths.warehouse) as connection:
        issues = read_data_issues(connection, schema)
    stage.count(data_issues=len(issues))
    for issue in issues:
        if issue.severity == WARN:
            stage.warn(issue.words(settings.currency))
