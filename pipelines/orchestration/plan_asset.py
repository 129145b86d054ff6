"""The first step of the daily job: the plan of the day. How a day is planned is in pipelines/runs/plan.py."""

import logging
import shutil
from pathlib import Path

import dagster as dg

from pipelines.base.errors import BuildError, GateError
from pipelines.config.secret_key import load_key
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.orchestration.names import BACKFILL_TAG, FORCE_TAG, FULL_REFRESH_TAG, PLAN, QUARANTINE_SHARE
from pipelines.orchestration.steps import RETRY, asked, requested_day, step
from pipelines.publication import list_versions
from pipelines.runs.as_of import due_day, refuse_future, resolve_as_of
from pipelines.runs.build_state import SCRATCH_PREFIX, WarehouseState, landed_id, read_state
from pipelines.runs.code import core_code, staging_code
from pipelines.runs.day_checks import INGEST_FIRST
from pipelines.runs.event_days import check_day_by_now
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


def plan_asset(required: Required) -> dg.AssetsDefinition:
    """The asset of the plan.

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
        run.dbt.start()  # dbt is imported while the day is planned
        with step(context, run, "plan") as stage:
            begin_step(paths.marks, Step.EXCHANGE)
            state = read_state(paths.build_state)
            check_staged(state, paths.marks, required, staging_code(settings).fingerprint)
            day = requested_day(context) or resolve_as_of(settings)
            refuse_future(settings, day)
            if state.staged is not None and not asked(context, FORCE_TAG):
                check_day_by_now(settings, state.staged, day)
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

    return build_plan


def check_staged(state: WarehouseState, marks: Path, required: Required, fingerprint: str) -> None:
    """Do nothing if staging is completely built from what has landed, and every check up to staging has passed.

    Args:
        state: What the warehouse contains.
        marks: The file of the marks.
        required: What must have passed.
        fingerprint: That of the code and the settings of staging as they are now.

    Raises:
        GateError: Staging is not complete or was built by other code or settings, or a check has not passed.
    """
    if state.staged is None:
        raise GateError("nothing is staged yet", hint=INGEST_FIRST)
    if state.staged.fingerprint != fingerprint:
        raise GateError("the code or a setting of staging has changed since it was built", hint=INGEST_FIRST)
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
