"""The first steps of the daily job: the plan of the day, and the files that the build reads in addition to staging.

These files contain the statuses that mappings declare and the settings in force; identity_assets.py has those of
identity. The plan itself is defined in pipelines/runs/plan.py.
"""

import logging
import shutil
from pathlib import Path

import dagster as dg

from pipelines.base.errors import BuildError, GateError
from pipelines.config.in_force import write_settings
from pipelines.config.secret_key import load_key
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing import declared_statuses, write_order_statuses
from pipelines.orchestration.names import (
    BACKFILL_TAG,
    FORCE_TAG,
    FULL_REFRESH_TAG,
    ORDER_STATUSES,
    PLAN,
    QUARANTINE_SHARE,
    SETTINGS,
)
from pipelines.orchestration.steps import RETRY, asked, planned, prepare_for_build, requested_day, step
from pipelines.publication import list_versions
from pipelines.runs.as_of import due_day, refuse_future, resolve_as_of
from pipelines.runs.build_state import SCRATCH_PREFIX, WarehouseState, landed_id, read_state
from pipelines.runs.code import core_code
from pipelines.runs.day_checks import INGEST_FIRST, check_day
from pipelines.runs.latest_day import later_corrections, latest_day
from pipelines.runs.marks import Required, Step, begin_step, mark, require
from pipelines.runs.plan import BuildPlan, plan_build
from pipelines.runs.plan_file import write_plan
from pipelines.runs.recorder import StageHandle
from pipelines.runs.scope import RunScope
from pipelines.runs.warehouse import drop_scratch

log = logging.getLogger("loyalty.run")

CUSTOMER_REFS = dg.AssetKey(["staging", "stg_customer_refs"])
RECONCILIATION = dg.AssetKey(["staging", "stg_file_reconciliation"])


def plan_assets(required: Required) -> list[dg.AssetsDefinition]:
    """The assets of the plan, the order statuses and the settings.

    Args:
        required: The parts and checks that staging must have completed before a day is planned.
    """

    @dg.asset(
        key=PLAN,
        deps=[CUSTOMER_REFS, RECONCILIATION, QUARANTINE_SHARE],
        group_name="exchange",
        kinds={"json"},
        retry_policy=RETRY,
        description="How the day is built: as a whole, by extending the last build, or in separate schemas (backfill)."
        " Every later step builds by this plan.",
    )
    def build_plan(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.MaterializeResult[None]:
        settings, paths = run.settings, run.settings.paths
        prepare_for_build(run)
        with step(context, run, "plan") as stage:
            begin_step(paths.marks, Step.EXCHANGE)
            state = read_state(paths.build_state)
            check_staged(state, paths.marks, required)
            day = requested_day(context) or resolve_as_of(settings)
            refuse_future(settings, day)
            if state.staged is not None and not asked(context, FORCE_TAG):
                check_day(state.staged, day, settings.max_days_after_data)
            key = load_key(paths.key, settings.key_text)
            code = core_code(settings, key_fingerprint(key))
            plan = plan_build(
                state,
                as_of=day,
                fingerprint=code.fingerprint,
                models=code.models,
                due=due_day(settings),
                full_refresh=asked(context, FULL_REFRESH_TAG),
                aside=asked(context, BACKFILL_TAG),
            )
            stage.say(f"{plan.as_of}: {plan.kind} build: {plan.reason}")
            stage.count(batches=len(plan.batches), batches_changed=len(plan.changed_batches))
            run.recorder.follows(plan.as_of, plan.kind)
            explain_latest(run, plan, stage)
            if changed := key_change_warning(paths.published, key_fingerprint(key)):
                stage.warn(changed)
            clean_scratch(paths.warehouse, paths.exchange)
            plan.exchange(paths.exchange).mkdir(mode=0o700, parents=True, exist_ok=True)
            write_plan(paths, plan)
            mark(paths.marks, Step.EXCHANGE, plan.id, [PLAN.path[-1]])
        return dg.MaterializeResult(
            metadata={
                "batches": len(plan.batches),
                "batches_changed": len(plan.changed_batches),
                "as_of": plan.as_of.isoformat(),
                "kind": plan.kind.value,
                "reason": plan.reason,
            }
        )

    @dg.asset(
        key=ORDER_STATUSES,
        deps=[PLAN],
        group_name="exchange",
        kinds={"parquet"},
        retry_policy=RETRY,
        description="Statuses of orders and order lines that the mappings declare, with their classes.",
    )
    def order_statuses(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]
    ) -> dg.MaterializeResult[None]:
        settings = run.settings
        with step(context, run, "order_statuses") as stage:
            plan, part = planned(context, run), ORDER_STATUSES.path[-1]
            begin_step(settings.paths.marks, Step.EXCHANGE, [part])
            declared = declared_statuses(source.mapping for source in settings.sources)
            write_order_statuses(plan.exchange(settings.paths.exchange), declared)
            stage.count(declared=len(declared))
            mark(settings.paths.marks, Step.EXCHANGE, plan.id, [part])
        return dg.MaterializeResult(metadata={"dagster/row_count": len(declared)})

    @dg.asset(
        key=SETTINGS,
        deps=[PLAN],
        group_name="exchange",
        kinds={"parquet"},
        retry_policy=RETRY,
        description="One row per setting in force, for the mart rpt_setting.",
    )
    def settings(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.MaterializeResult[None]:
        paths = run.settings.paths
        with step(context, run, "settings") as stage:
            plan, part = planned(context, run), SETTINGS.path[-1]
            begin_step(paths.marks, Step.EXCHANGE, [part])
            rows = write_settings(plan.exchange(paths.exchange), run.settings)
            stage.count(settings=rows)
            mark(paths.marks, Step.EXCHANGE, plan.id, [part])
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return [build_plan, order_statuses, settings]


def check_staged(state: WarehouseState, marks: Path, required: Required) -> None:
    """Do nothing if staging is completely built from what has landed, and every check up to staging has passed.

    Raises:
        GateError: Staging is not complete, or a check has not passed.
    """
    if state.staged is None:
        raise GateError("nothing is staged yet", hint=INGEST_FIRST)
    builds = {Step.LANDING: landed_id(state.staged.batches), Step.STAGING: state.staged.id}
    require(marks, builds, required, GateError, INGEST_FIRST)


def key_change_warning(published: Path, fingerprint: str) -> str:
    """The warning that customers get other pseudonyms than in the newest version; empty if the key is the same.

    Args:
        published: The folder of versions.
        fingerprint: The fingerprint of the key in force.
    """
    newest = next((version for version in list_versions(published) if version.manifest), None)
    before = newest.manifest.inputs.get("key_fingerprint") if newest and newest.manifest else None
    if newest is None or before in (None, fingerprint):
        return ""
    return (
        f"the key differs from the key of version {newest.id}, so every customer has a new customer_key. If you did not"
        " intend this, restore the previous key (LOYALTY_KEY, or the file `key` in the home folder) and run again"
    )


def explain_latest(run: RunScope, plan: BuildPlan, stage: StageHandle) -> None:
    """If the latest day is built, report what decided it, and warn of corrections that its build leaves out."""
    settings, warehouse = run.settings, run.settings.paths.warehouse
    today = settings.today()
    try:
        latest = latest_day(warehouse, today, settings.latest_correction_days)
    except BuildError:  # the day was given by the user, and there is no event up to today
        return
    if latest.day != plan.as_of:
        return
    run.recorder.report.latest = latest
    stage.say(str(latest))
    log.info("run %s: %s", run.run_id, latest)
    if later := later_corrections(warehouse, latest.day, today):
        span = f"on {later.last_on}" if later.first_on == later.last_on else f"from {later.first_on} to {later.last_on}"
        stage.warn(
            f"corrections after the latest day {latest.day}, which its marts do not use: {later.n_rows:,}"
            f" ({later.entities}), known {span}. To build with them, run --as-of {later.last_on},"
            " or raise latest_correction_days in loyalty.yml"
        )


def clean_scratch(warehouse: Path, exchange: Path) -> None:
    """Remove the schemas and exchange folders of backfills, including those of killed backfills."""
    drop_scratch(warehouse)
    for folder in exchange.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(folder)
