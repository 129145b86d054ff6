"""The value models between core and marts, and the publication of a build that has passed every gate."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import JsonValue

from pipelines.base.durable import umask
from pipelines.base.errors import PublicationError
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing import read_ledger
from pipelines.orchestration.dbt_assets import built
from pipelines.orchestration.names import COMMAND_LINE_TAG, PUBLISHED, VALUE_OUTPUTS
from pipelines.orchestration.partitions import ONE_BY_ONE
from pipelines.orchestration.plan_asset import clean_scratch
from pipelines.orchestration.steps import RETRY, planned, seconds_of, step
from pipelines.publication import MartTable, Reporting, Retention, Version, publish
from pipelines.publication.changes import changes_paths
from pipelines.publication.model import REPORT
from pipelines.runs.build_state import BuildStatus, landed_id, read_state, write_state
from pipelines.runs.code import code_versions
from pipelines.runs.dbt_manifest import MARTS_SCHEMA, mart_tables
from pipelines.runs.marks import Required, Step, begin_step, mark, require
from pipelines.runs.plan import BuildPlan
from pipelines.runs.recorder import StageHandle
from pipelines.runs.required import VALUE_PARTS
from pipelines.runs.scope import RunScope
from pipelines.runs.up_to_date import BUILD_FINGERPRINT, conclude, standing_version
from pipelines.runs.warehouse import CELLS, export_cells
from pipelines.value import estimate, write_drivers

CELL_ASSETS = tuple(dg.AssetKey(["intermediate", f"int_{kind}_cell"]) for kind in CELLS)


def value_step() -> dg.AssetsDefinition:
    """Exports the cells from the warehouse, and writes the scores of every cell to exchange/."""

    @dg.multi_asset(
        name="value",
        specs=[dg.AssetSpec(key, deps=CELL_ASSETS, group_name="exchange", kinds={"parquet"}) for key in VALUE_OUTPUTS],
        # a single output can be selected, but all outputs are always written together
        can_subset=True,
        retry_policy=RETRY,
    )
    def value(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]
    ) -> Iterator[dg.MaterializeResult[None]]:
        paths = run.settings.paths
        with step(context, run, "value") as stage:
            plan = planned(context, run)
            begin_step(paths.marks, Step.VALUE)
            exchange = plan.exchange(paths.exchange)
            export_cells(paths.warehouse, exchange, plan.scratch_schema)
            done = estimate(exchange, plan.as_of, run.settings.model)
            report = done.value
            n_drivers = write_drivers(exchange, run.settings.model.reports)
            stage.count(
                purchase_cells=report.n_purchase_cells,
                fits=report.n_fits,
                fresh_fits=report.n_fresh_fits,
                return_curves=done.n_curves,
                refused_models=done.n_refused,
                drivers=n_drivers,
            )
            for warning in done.warnings:
                stage.warn(warning)
            mark(paths.marks, Step.VALUE, plan.id, VALUE_PARTS)
            stage.say(f"purchases {report.purchases.model} {report.purchases.status}, spend {report.spend.status}")
        n_rows = {"purchase_scores": report.n_purchase_cells, "drivers": n_drivers}
        for key in VALUE_OUTPUTS:
            if key not in context.selected_asset_keys:
                continue
            number = n_rows.get(key.path[-1])
            metadata: dict[str, Any] = {
                "as_of": plan.as_of.isoformat(),
                "purchases": f"{report.purchases.model}: {report.purchases.status}",
                "spend": report.spend.status.value,
                "seconds": seconds_of(run, "value"),
            }
            if number is not None:
                metadata["dagster/row_count"] = number
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)

    return value


def publication_step(
    manifest: Mapping[str, Any],
    mart_keys: Sequence[dg.AssetKey],
    days: dg.PartitionsDefinition[str],
    required: Required,
) -> dg.AssetsDefinition:
    """Publishes the marts of the day as a version.

    It is the only step with partitions: the tables of the warehouse have one day, and published versions have many.
    """

    @dg.asset(
        key=PUBLISHED,
        deps=list(mart_keys),
        partitions_def=days,
        backfill_policy=ONE_BY_ONE,
        group_name="publication",
        kinds={"duckdb", "parquet"},
        description="A folder below `published/versions`, named by day and run; `current` points to the newest day.",
    )
    def published(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.MaterializeResult[None]:
        settings, paths = run.settings, run.settings.paths
        with step(context, run, "publish") as stage:
            plan = planned(context, run)
            check_complete(paths.marks, plan, required)
            standing = None if plan.full_refresh else standing_version(settings, plan.as_of)
            if standing:
                stage.say(f"{plan.as_of} is already published from the same data and code: {standing.id}")
            version = standing or publish_build(run, plan, mart_tables(manifest), origin(context, plan), stage)
            if plan.is_backfill:
                begin_step(paths.marks, Step.CORE)
                clean_scratch(paths.warehouse, paths.exchange)
            else:
                state = read_state(paths.build_state)
                done = built(plan, run, BuildStatus.COMPLETE)
                write_state(paths.build_state, state.model_copy(update={"built": done}))
            stage.count(**version.rows)
            conclude(run.recorder, settings, version, is_new=standing is None, is_backfill=plan.is_backfill)
        return dg.MaterializeResult(
            metadata={
                "as_of": version.as_of.isoformat(),
                "version": version.id,
                "is_new": standing is None,
                "path": dg.MetadataValue.path(str(version.path)),
                "is_current": version.is_current,
                "rows": sum(version.rows.values()),
                "customers": version.rows.get("dim_customer", 0),
                "warnings": len(version.manifest.warnings) if version.manifest else 0,
                "seconds": seconds_of(run, "publish"),
                **pages_of(version, paths.published),
            }
        )

    return published


def pages_of(version: Version, published: Path) -> dict[str, dg.MetadataValue[str]]:
    """Where the pages of a version are: the report, what changed, and the results of the gates."""
    _, changes = changes_paths(published, version.id)
    files = {"report": version.path / REPORT, "what_changed": changes}
    files |= {f"quality_{page.stem}": page for page in sorted((version.path / "quality").glob("*.html"))}
    return {name: dg.MetadataValue.path(str(path)) for name, path in files.items() if path.exists()}


def check_complete(marks: Path, plan: BuildPlan, required: Required) -> None:
    """Stop unless everything of a plan is built and has passed every blocking check, however its steps were started.

    Raises:
        PublicationError: Something is missing; the message names it.
    """
    builds = dict.fromkeys(required, plan.id)
    builds |= {Step.LANDING: landed_id(plan.batches), Step.STAGING: plan.staged_id}
    hint = (
        f"run the job daily for {plan.as_of}, which builds and checks everything; if the message names staging, run the"
        " job ingest first"
    )
    require(marks, builds, required, PublicationError, hint)


def origin(context: dg.AssetExecutionContext, plan: BuildPlan) -> str:
    """What started the build, and the kind of build, for the manifest."""
    by = "command line" if COMMAND_LINE_TAG in context.run.tags else "Dagster"
    return f"{by}: {plan.kind}"


def publish_build(
    run: RunScope, plan: BuildPlan, tables: Sequence[MartTable], origin: str, stage: StageHandle
) -> Version:
    """Publish what the plan has built."""
    from pipelines.report.changes import changes_of  # late: its libraries take long to import
    from pipelines.report.page import report_of

    settings, paths = run.settings, run.settings.paths
    with umask(run.umask):  # readers may be other users than the owner
        return publish(
            paths.warehouse,
            paths.published,
            as_of=plan.as_of,
            run_id=run.run_id,
            tables=tables,
            schema=plan.schema_of(MARTS_SCHEMA),
            documents={f"quality/{page.name}": page for page in paths.quality.glob("*.html")},
            origin=origin,
            warnings=run.recorder.report.warnings,
            reporting=Reporting(currency=settings.currency, timezone=settings.timezone),
            inputs=inputs(settings, plan),
            versions={**code_versions(), BUILD_FINGERPRINT: plan.fingerprint},
            retention=Retention(settings.retention.days, settings.retention.grace_minutes),
            report=report_of,
            changes=changes_of,
            progress=lambda name, done, of: stage.say(f"{done} of {of} marts"),
        )


def inputs(settings: Settings, plan: BuildPlan) -> dict[str, JsonValue]:
    """The inputs of the build, for the manifest: every file with its hash and records, and the hash of the key."""
    names = ["source", "file_name", "file_sha256", "file_on", "batch", "records"]
    built_from = set(plan.batches)
    files = [file for file in read_ledger(settings.home).select(names).to_pylist() if file["batch"] in built_from]
    unique = {
        (file["source"], file["batch"]): {
            **file,
            "file_on": str(file["file_on"] or ""),
            "later_deliveries": plan.ages.get(file["batch"], 0),
        }
        for file in files
    }
    content: list[JsonValue] = json.loads(json.dumps([unique[key] for key in sorted(unique)]))
    key = load_key(settings.paths.key, settings.key_text)
    return {"files": content, "key_fingerprint": key_fingerprint(key)}
