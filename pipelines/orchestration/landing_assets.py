"""Landing as one step of the graph: an asset for every landed entity, the unreadable records and the ledger.

How files become batches is in pipelines/landing.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from pipelines.base.text import counted
from pipelines.landing import (
    FileOutcome,
    LandingReport,
    Outcome,
    RefusedFiles,
    land,
)
from pipelines.landing.sources import source_files
from pipelines.orchestration.names import FULL_REFRESH_TAG, ORIGINALS_TAG, landed_key
from pipelines.orchestration.steps import RETRY, asked, import_gx_ahead, step
from pipelines.privacy import landing_eraser
from pipelines.runs.build_state import landed_id
from pipelines.runs.marks import Required, Step, begin_step, mark, read_marks, restore_marks, warnings_of
from pipelines.runs.recorder import StageHandle
from pipelines.runs.required import LANDED
from pipelines.runs.scope import RunScope
from pipelines.runs.up_to_date import staging_is_current, what_landed


def landing_step(required: Required, pulled: Sequence[dg.AssetKey] = ()) -> dg.AssetsDefinition:
    """Landing. If nothing has landed and staging is complete and current, the later steps of the job are not executed.

    Args:
        required: The parts and checks that landing and staging need to be complete.
        pulled: The assets of pulled sources. Their files are in the inboxes before landing begins.
    """

    @dg.multi_asset(
        name="land",
        specs=[
            dg.AssetSpec(
                landed_key(entity),
                deps=pulled,
                group_name="landing",
                kinds={"parquet"},
                description=f"Landed {entity}, as text.",
                skippable=True,
            )
            for entity in LANDED
        ],
        # a single asset can be selected, but all files always land together
        can_subset=True,
        retry_policy=RETRY,
    )
    def landed_entities(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Land every new file, and again each file landed with an older version of the mapping; skip the others."""
        settings, marks = run.settings, run.settings.paths.marks
        with step(context, run, "land") as stage:
            before, landed_before = read_marks(marks), what_landed(settings.home)
            begin_step(marks, Step.LANDING)

            def prepare() -> None:
                run.dbt.start()
                import_gx_ahead()

            def progress(file: FileOutcome, done: int, total: int) -> None:
                if file.outcome in (Outcome.LANDED, Outcome.AGAIN):
                    prepare()
                stage.say(f"{done} of {counted(total, 'file')}")

            try:
                report = land(
                    settings.home,
                    source_files(settings),
                    today=settings.today(),
                    progress=progress,
                    erase=landing_eraser(settings),
                    originals=Path(originals) if (originals := context.run.tags.get(ORIGINALS_TAG)) else None,
                )
            except RefusedFiles as refused:
                _report(stage, refused.report)
                raise
            _report(stage, report)
            landed = what_landed(settings.home)
            if landed == landed_before:
                restore_marks(marks, before)
            if not asked(context, FULL_REFRESH_TAG) and staging_is_current(settings, landed, required):
                stage.say("no new files: staging is complete")
                for warning in warnings_of(before, (Step.LANDING, Step.STAGING)):
                    stage.warn(warning)
                return
            prepare()
            mark(marks, Step.LANDING, landed_id(landed.batches), LANDED)
        rows = {**report.rows, "unreadable": report.unreadable, "ledger": len(report.landed_batches)}
        for entity in LANDED:
            if landed_key(entity) not in context.selected_asset_keys:
                continue
            yield dg.MaterializeResult(
                asset_key=landed_key(entity),
                metadata={
                    "dagster/partition_row_count": rows.get(entity, 0),
                    "batches": len(report.landed_batches),
                    "seconds": report.seconds,
                },
            )

    return landed_entities


def _report(stage: StageHandle, report: LandingReport) -> None:
    stage.count(
        files=len(report.of(Outcome.LANDED)),
        files_again=len(report.of(Outcome.AGAIN)),
        files_redeclared=report.redeclared,
        files_outdated=report.outdated,
        files_known=len(report.of(Outcome.SKIPPED)),
        files_ignored=len(report.of(Outcome.IGNORED)),
        files_refused=len(report.of(Outcome.REFUSED)),
        records=report.records,
        unreadable=report.unreadable,
        skipped=report.skipped,
        blank=report.blank,
        erased=report.erased,
        emptied=report.emptied,
    )
    for warning in report.warnings:
        stage.warn(warning)
