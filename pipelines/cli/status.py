"""`loyalty status`: the last run, the kept versions, freshness of the publication, quarantine and data issues."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Column, Table

from pipelines.base.errors import ConfigError, LoyaltyError, StaleError
from pipelines.base.text import counted
from pipelines.cli.console import JsonOption, out, print_error, print_json, print_warning, reports_errors, whole_table
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.quarantine_rows import by_reason, data_issues
from pipelines.cli.status_report import (
    LastRun,
    OutdatedSource,
    PublishedVersion,
    PulledStatus,
    QuarantineCount,
    StatusReport,
    freshness_report,
    issue_count,
    last_run_report,
    pulled_status,
    running_report,
    version_report,
)
from pipelines.config.settings import Settings, check_inboxes, load_settings

if TYPE_CHECKING:
    from pipelines.landing import OutdatedFiles
    from pipelines.quality import DataIssue
    from pipelines.runs.recorder import RunReport

_REASONS = 8  # `loyalty quarantine list` has them all


@reports_errors
def status(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the last run, the kept versions, freshness and quarantine. Exit code 9 if the publication is stale."""
    from pipelines.privacy.plan import read_journal
    from pipelines.publication import list_versions, pinned_id
    from pipelines.runs.freshness import publication_freshness
    from pipelines.runs.lock import current_holder
    from pipelines.runs.recorder import read_report

    settings = load_settings(config, home)
    paths, now = settings.paths, datetime.now(UTC)
    last, holder = read_report(paths.last_run), current_holder(paths.lock)
    pending, pinned = None, pinned_id(paths.published)
    issues: list[DataIssue] = []
    reasons: list[dict[str, object]] = []
    problems: list[LoyaltyError] = []
    # a part that cannot be read must not hide the others
    with _noted(problems):
        pending = read_journal(paths.erasures)
    freshness = publication_freshness(settings, is_running=holder is not None)
    # an active run has the warehouse open; its quarantine can be read after it
    if holder is None and paths.warehouse.exists():
        with _noted(problems):
            reasons, issues = by_reason(settings), data_issues(settings)
    pulls: list[PulledStatus] = []
    with _noted(problems):
        pulls = pulled_status(settings, now)
    outdated, unusable = landed_before(settings) if holder is None else ([], "")
    found = StatusReport(
        checked_at=now,
        home=str(settings.home),
        running=running_report(holder) if holder else None,
        last_run=last_run_report(last, is_held=holder is not None) if last else None,
        versions=[version_report(version, pinned) for version in list_versions(paths.published)],
        why_not_current=_why_not_current(paths.published, last),
        freshness=freshness_report(freshness, now),
        pulls=pulls,
        outdated_files=[OutdatedSource(**asdict(one)) for one in outdated],
        n_quarantine_reasons=len(reasons),
        quarantine=[
            QuarantineCount.model_validate({name: reason[name] for name in QuarantineCount.model_fields})
            for reason in reasons[:_REASONS]
        ],
        data_issues=[issue_count(issue) for issue in issues],
        pending_erasure=pending.id if pending else None,
        problems=[*(problem.message for problem in problems), *([unusable] if unusable else [])],
    )
    if as_json:
        print_json(found.model_dump(mode="json"))
        if found.freshness.is_stale:
            raise typer.Exit(StaleError.exit_code)
        return
    if holder:
        out().print(f"running now: {holder}")
    if found.last_run:
        _show_run(found.last_run, shown_below={issue.words(settings.currency) for issue in issues})
    else:
        out().print("no run yet")
    _show_versions(found.versions)
    if found.why_not_current:
        print_warning(found.why_not_current)
    out().print(str(freshness))
    if freshness.last_success_at:
        out().print(f"the last successful run ended at {_time(freshness.last_success_at)} UTC")
    _show_pulls(pulls)
    for warning in [*(words for one in outdated for words in one.messages()), *([unusable] if unusable else [])]:
        print_warning(warning)
    for problem in problems:
        print_error(problem.message, problem.hint)
    if pending:
        print_error(
            f"the erasure {pending.id} was stopped before its end, so data about that person are still stored",
            "the next run finishes it: loyalty run",
        )
    _show_quarantine(found)
    _show_issues(issues, settings.currency)
    if found.freshness.is_stale:
        raise StaleError(
            f"the publication is stale: {found.freshness.why_stale}",
            hint=found.why_not_current
            or "start a run: loyalty run; if cron, systemd or Dagster should start runs, find out why none succeeds",
        )


@contextmanager
def _noted(problems: list[LoyaltyError]) -> Iterator[None]:
    """Collect an error, and continue after the block."""
    try:
        yield
    except LoyaltyError as problem:
        problems.append(problem)


def landed_before(settings: Settings) -> "tuple[list[OutdatedFiles], str]":
    """Files landed with an older version of the mapping, or why they are not known, such as a missing folder."""
    from pipelines.landing import SourceFiles, outdated_files, read_landed, read_mapping
    from pipelines.landing.sources import audience_touches

    try:
        check_inboxes(settings)
        sources = [
            SourceFiles(read_mapping(source.mapping), source.files)
            for source in settings.sources
            if source.files.is_dir()
        ]
        sources += audience_touches(settings, {source.mapping.source for source in sources})
    except ConfigError as problem:
        return [], f"{problem.message}; {problem.hint}"
    return list(outdated_files(read_landed(settings.home), sources).values()), ""


def _why_not_current(published: Path, last: "RunReport | None") -> str:
    from pipelines.publication import why_not_current

    if last is None or not last.published or last.kind == "backfill":
        return ""
    return why_not_current(published, Path(last.published).name)


def _show_pulls(pulls: list[PulledStatus]) -> None:
    for one in pulls:
        if one.last_complete_at is None:
            print_warning(f"{one.source} has never been pulled completely: call `loyalty pull {one.source}`")
        elif one.is_stale:
            print_warning(f"{one.source} was last pulled completely at {_time(one.last_complete_at)} UTC")
        else:
            out().print(f"{one.source}: the last complete pull ended at {_time(one.last_complete_at)} UTC")
        for words in one.messages:
            print_warning(words)


def _show_run(run: LastRun, shown_below: set[str]) -> None:
    build = f", {run.build} build" if run.build else ""
    out().print(f"last run {run.run_id}: {run.status}, {run.as_of or 'no day'}{build}")
    if run.finished_at:
        seconds = f"{(run.finished_at - run.started_at).total_seconds():,.0f}"
        out().print(f"  from {_time(run.started_at)} to {_time(run.finished_at)} UTC ({seconds} s)")
    else:
        out().print(f"  started at {_time(run.started_at)} UTC")
    rows = run.rows
    out().print(
        f"  {counted(rows.records, 'record')} landed, {counted(rows.accepted, 'row')} accepted, {rows.quarantined:,}"
        f" quarantined, {counted(rows.published, 'row')} published, {counted(rows.customers, 'customer')}"
    )
    if run.error:
        print_error(run.error, run.hint)
    for warning in run.warnings:
        if warning not in shown_below:
            # only the first line: the details are in the tables below and in `--json`
            print_warning(warning.partition("\n")[0])


def _show_versions(versions: list[PublishedVersion]) -> None:
    if not versions:
        out().print("no version yet")
        return
    # ids are copied, so they are never wrapped
    names = [Column(name, no_wrap=True) for name in ("version", "published (UTC)")]
    numbers = [Column(name, justify="right") for name in ("rows", "restated")]
    table = Table(*names, *numbers, "current", title="versions", title_justify="left")
    for one in versions:
        at = f"{one.published_at:%Y-%m-%d %H:%M}" if one.published_at else ""
        counts = ["" if number is None else f"{number:,}" for number in (one.rows, one.n_restated)]
        table.add_row(one.id, at, *counts, _state(one))
    out().print(table)
    for one in versions:
        if one.problem:
            print_error(one.problem, "")


def _state(version: PublishedVersion) -> str:
    return "pinned" if version.is_pinned else "yes" if version.is_current else ""


def _show_quarantine(found: StatusReport) -> None:
    if not found.quarantine:
        return
    rejected = whole_table("rule", "entity", "source", "open", "resolved", title="quarantine")
    for one in found.quarantine:
        rejected.add_row(one.rule, one.entity, one.source, str(one.open), str(one.resolved))
    out().print(rejected)
    others = found.n_quarantine_reasons - len(found.quarantine)
    more = f"and {others} more reasons; " if others else ""
    out().print(f"{more}the meaning of each: loyalty quarantine list")


def _show_issues(issues: "list[DataIssue]", currency: str) -> None:
    if not issues:
        return
    found = whole_table("issue", "source", "entity", "detail", "rows", "value at stake", title="data issues")
    for issue in issues:
        value = issue.value(currency)
        found.add_row(issue.issue, issue.source, issue.entity, issue.detail or "", f"{issue.n_rows:,}", value)
    out().print(found)
    for meaning, action in dict.fromkeys((f"{one.issue}: {one.meaning}", one.action) for one in issues):
        out().print(f"{meaning}. {action}")


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
