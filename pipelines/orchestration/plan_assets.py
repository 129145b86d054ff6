"""The first steps of the daily job: decide how the day is built, say which batches are new, and give pseudonyms."""

import shutil
from datetime import date
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.durable import write_durably
from pipelines.orchestration.build_state import SCRATCH_PREFIX, BuildPlan, plan_build, read_state
from pipelines.orchestration.code import core_fingerprint
from pipelines.orchestration.names import BACKFILL_TAG, CHANGED_BATCHES, FULL_REFRESH_TAG, PSEUDONYMS, QUARANTINE_SHARE
from pipelines.orchestration.partitions import ONE_BY_ONE
from pipelines.orchestration.plan_file import read_plan, write_plan
from pipelines.orchestration.run_scope import RunScope
from pipelines.orchestration.steps import RETRY, asked, step
from pipelines.orchestration.warehouse import drop_scratch
from pipelines.pseudonyms import key_fingerprint, write_pseudonyms
from pipelines.secret_key import load_key

CUSTOMER_REFS = dg.AssetKey(["staging", "stg_customer_refs"])
RECONCILIATION = dg.AssetKey(["staging", "stg_file_reconciliation"])


def plan_assets(days: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """Both steps, partitioned by as-of day."""

    @dg.asset(
        key=CHANGED_BATCHES,
        deps=[CUSTOMER_REFS, RECONCILIATION, QUARANTINE_SHARE],
        partitions_def=days,
        backfill_policy=ONE_BY_ONE,
        group_name="exchange",
        kinds={"parquet"},
        retry_policy=RETRY,
        description="Batches staged since the last complete build; all of them for a full build.",
    )
    def changed_batches(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]
    ) -> dg.MaterializeResult[None]:
        settings, paths = run.settings, run.settings.paths
        with step(context, run, "plan") as stage:
            key = load_key(paths.key, settings.key_text)
            plan = plan_build(
                read_state(paths.build_state),
                as_of=date.fromisoformat(context.partition_key),
                fingerprint=core_fingerprint(settings, key_fingerprint(key)),
                full_refresh=asked(context, FULL_REFRESH_TAG),
                aside=asked(context, BACKFILL_TAG),
            )
            stage.say(f"{plan.as_of}: {plan.kind} build: {plan.reason}")
            stage.count(batches=len(plan.batches), batches_changed=len(plan.changed_batches))
            run.recorder.report.as_of, run.recorder.report.kind = plan.as_of, plan.kind.value
            clean_scratch(paths.warehouse, paths.exchange)
            plan.exchange(paths.exchange).mkdir(mode=0o700, parents=True, exist_ok=True)
            write_changed_batches(plan, paths.exchange)
            write_plan(paths, plan)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": len(plan.changed_batches),
                "kind": plan.kind.value,
                "reason": plan.reason,
            }
        )

    @dg.asset(
        key=PSEUDONYMS,
        deps=[CUSTOMER_REFS, CHANGED_BATCHES],
        partitions_def=days,
        backfill_policy=ONE_BY_ONE,
        group_name="exchange",
        kinds={"parquet"},
        retry_policy=RETRY,
        description="One row a (source, ref), with the customer_key that stands for it everywhere downstream.",
    )
    def pseudonyms(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.MaterializeResult[None]:
        paths = run.settings.paths
        with step(context, run, "pseudonyms") as stage:
            report = write_pseudonyms(paths.warehouse, paths.exchange, load_key(paths.key, run.settings.key_text))
            stage.count(known=report.known, new=report.new)
            share_pseudonyms(paths.exchange, read_plan(paths).exchange(paths.exchange))
        return dg.MaterializeResult(metadata={"dagster/row_count": report.known + report.new, "new": report.new})

    return [changed_batches, pseudonyms]


def write_changed_batches(plan: BuildPlan, exchange: Path) -> None:
    """`changed_batches.parquet` (batch text, is_new boolean), where this build exchanges Parquet."""
    new = set(plan.new_batches)
    table = pa.table(
        {
            "batch": pa.array(plan.changed_batches, pa.string()),
            "is_new": pa.array([batch in new for batch in plan.changed_batches], pa.bool_()),
        }
    )
    write_durably(
        plan.exchange(exchange) / "changed_batches.parquet",
        lambda path: pq.write_table(table, path, compression="zstd"),
    )


def share_pseudonyms(exchange: Path, used: Path) -> None:
    """Give a backfill's exchange folder the same pseudonyms as the daily one."""
    if used != exchange:
        write_durably(
            used / "pseudonyms.parquet", lambda path: shutil.copyfile(exchange / "pseudonyms.parquet", path), mode=0o600
        )


def clean_scratch(warehouse: Path, exchange: Path) -> None:
    """Remove what backfills made, also killed ones: their schemas and their exchange folders."""
    drop_scratch(warehouse)
    for folder in exchange.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(folder)
