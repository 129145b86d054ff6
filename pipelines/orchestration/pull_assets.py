"""Pulls as steps of the graph: one asset per pulled source, before landing.

How a source is pulled is in pipelines/connectors. A source that cannot be pulled does not hold the others back: its
asset warns, and landing goes on with what has been delivered, unless the source is declared `required`.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import dagster as dg

from pipelines.base.errors import LoyaltyError, PullError
from pipelines.connectors.pull_report import PullReport, is_stale, last_pull
from pipelines.connectors.pulled_source import PulledSource
from pipelines.orchestration.names import pulled_key
from pipelines.orchestration.steps import step
from pipelines.runs.recorder import StageHandle
from pipelines.runs.scope import RunScope

COMPLETE, FRESH = "complete", "fresh"
# The requests of a pull are tried again for minutes by themselves. This is for a server that is down for longer.
PULL_AGAIN = dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


class PullAgainError(Exception):
    """A pull failed for a reason that may be gone some minutes later."""


def pull_assets(sources: Iterable[PulledSource]) -> list[dg.AssetsDefinition]:
    """The assets of the sources that are pulled."""
    return [_pulled(source) for source in sources]


def _pulled(source: PulledSource) -> dg.AssetsDefinition:
    key = pulled_key(source.name)

    @dg.multi_asset(
        name=f"pull_{source.name}",
        specs=[
            dg.AssetSpec(
                key,
                group_name="pulls",
                kinds={source.settings.connector},
                description=f"Files of {source.name}, pulled by the connector {source.settings.connector}.",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(COMPLETE, asset=key, description="Every object of the source was read."),
            dg.AssetCheckSpec(
                FRESH,
                asset=key,
                description=f"A complete pull ended in the last {source.settings.stale_after_hours} hours.",
            ),
        ],
        retry_policy=PULL_AGAIN,
    )
    def pulled(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Pull what has changed."""
        attempt = context.op_execution_context.retry_number
        with step(context, run, f"pull_{source.name}") as stage:
            report = pull_and_report(source, stage, is_again=attempt > 0)
            is_last = attempt >= PULL_AGAIN.max_retries
            if not is_last and (report.is_temporary or any(one.is_temporary for one in report.failed)):
                raise PullAgainError("; ".join(report.words))
            for words in report.words:
                stage.warn(words)
            is_complete = not report.problem and not report.failed
            if not is_complete and source.settings.required:
                raise PullError(
                    f"{source.name} is required and could not be pulled: {report.words[0]}",
                    hint="correct the cause and run again; or set `required: false` to go on with what has landed",
                )
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                "dagster/partition_row_count": report.records,
                "complete": is_complete,
                "seconds": sum(one.seconds for one in report.objects),
                "objects": dg.MetadataValue.json({one.name: one.new_records for one in report.objects}),
            },
        )
        warns = dg.AssetCheckSeverity.WARN
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=COMPLETE,
            passed=is_complete,
            severity=warns,
            description="\n".join(report.words) or "every object was read",
        )
        last = report.last_complete_at
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=FRESH,
            passed=not is_stale(source, report, datetime.now(UTC)),
            severity=warns,
            description=f"the last complete pull ended at {last:%Y-%m-%d %H:%M} UTC"
            if last
            else "no complete pull yet",
        )

    return pulled


def pull_and_report(source: PulledSource, stage: StageHandle, *, is_again: bool) -> PullReport:
    """Pull a source; what fails is in the report.

    Args:
        source: The source.
        stage: The stage of the run.
        is_again: Whether the last pull failed a moment ago: then only what it lacks is pulled.
    """
    from pipelines.connectors.pulling import pull_source

    before = last_pull(source) if is_again else None
    only = [one.name for one in before.failed] if before and not before.problem else None
    try:
        report = pull_source(source, only=only, say=stage.say)
    except LoyaltyError as problem:
        found = last_pull(source)
        # a lock or a missing variable: nothing was begun
        report = found if found and found.problem == problem.message else PullReport.failed_at_once(source, problem)
    stage.count(
        objects=len(report.objects),
        failed=len(report.failed),
        records=sum(one.records for one in report.objects),
        new=report.records,
        files=sum(bool(one.file) for one in report.objects),
    )
    return report
