"""`loyalty status`: the last run, the versions that are kept, whether they are fresh, and what is in quarantine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Column, Table

from pipelines.base.errors import ConfigError, LoyaltyError, StaleError
from pipelines.cli.console import JsonOption, err, out, print_json, say, say_error, spoken, whole_table
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.quarantine_rows import by_reason, data_issues
from pipelines.cli.status_report import (
    LastRun,
    OutdatedSource,
    PublishedVersion,
    QuarantineCount,
    StatusReport,
    freshness_report,
    issue_count,
    last_run_report,
    running_report,
    version_report,
)
from pipelines.config.settings import Settings, check_inboxes, load_settings

if TYPE_CHECKING:
    from pipelines.landing import OutdatedFiles
    from pipelines.quality import DataIssue
    from pipelines.runs.recorder import RunReport

_REASONS = 8  # `loyalty quarantine list` has them all


@spoken
def status(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The last run, the kept versions, whether they are fresh, and the quarantine; exit code 9 if they are stale."""
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
    # what cannot be read must not hide the rest
    with _noted(problems):
        pending = read_journal(paths.erasures)
    freshness = publication_freshness(settings, is_running=holder is not None)
    # a run that goes on holds the warehouse; its quarantine can be asked for afterwards
    if holder is None and paths.warehouse.exists():
        with _noted(problems):
            reasons, issues = by_reason(settings), data_issues(settings)
    outdated, unusable = landed_before(settings) if holder is None else ([], "")
    found = StatusReport(
        checked_at=now,
        home=str(settings.home),
        running=running_report(holder) if holder else None,
        last_run=last_run_report(last, is_held=holder is not None) if last else None,
        versions=[version_report(version, pinned) for version in list_versions(paths.published)],
        why_not_current=_why_not_current(paths.published, last),
        freshness=freshness_report(freshness, now),
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
        say(err(), "warning", "yellow", found.why_not_current)
    out().print(str(freshness))
    if freshness.last_success_at:
        out().print(f"the last successful run ended at {_time(freshness.last_success_at)} UTC")
    for warning in [*(words for one in outdated for words in one.messages()), *([unusable] if unusable else [])]:
        say(err(), "warning", "yellow", warning)
    for problem in problems:
        say_error(problem.message, problem.hint)
    if pending:
        say_error(f"the erasure {pending.id} was stopped half-way", "the next run finishes it, or: loyalty forget")
    _show_quarantine(found)
    _show_issues(issues, settings.currency)
    if found.freshness.is_stale:
        raise StaleError(
            f"the publication is stale: {found.freshness.why_stale}",
            hint=found.why_not_current
            or "run: loyalty run; if runs are started by cron, systemd or Dagster, look at why none succeeds",
        )


@contextmanager
def _noted(problems: list[LoyaltyError]) -> Iterator[None]:
    """Keep an error, and go on behind the block."""
    try:
        yield
    except LoyaltyError as problem:
        problems.append(problem)


def landed_before(settings: Settings) -> "tuple[list[OutdatedFiles], str]":
    """What was landed with an older version of the mapping, or why that is not known, such as a missing folder."""
    from pipelines.landing import SourceFiles, outdated_files, read_landed, read_mapping

    try:
        check_inboxes(settings)
        sources = [SourceFiles(read_mapping(source.mapping), source.files) for source in settings.sources]
    except ConfigError as problem:
        return [], f"{problem.message}; {problem.hint}"
    return list(outdated_files(read_landed(settings.home), sources).values()), ""


def _why_not_current(published: Path, last: "RunReport | None") -> str:
    from pipelines.publication import why_not_current

    if last is None or not last.published or last.kind == "backfill":
        return ""
    return why_not_current(published, Path(last.published).name)


def _show_run(run: LastRun, shown_below: set[str]) -> None:
    build = f", {run.build} build" if run.build else ""
    out().print(f"last run {run.run_id}: {run.status}, {run.as_of or 'no day'}{build}")
    if run.finished_at:
        seconds = f"{(run.finished_at - run.started_at).total_seconds():,.0f}"
        out().print(f"  from {_time(run.started_at)} to {_time(run.finished_at)} UTC ({seconds} s)")
    else:
        out().print(f"  begun at {_time(run.started_at)} UTC")
    rows = run.rows
    out().print(
        f"  {rows.records:,} records landed, {rows.accepted:,} rows accepted, {rows.quarantined:,} quarantined,"
        f" {rows.published:,} rows published, {rows.customers:,} customers"
    )
    if run.error:
        say_error(run.error, run.hint)
    for warning in run.warnings:
        if warning not in shown_below:
            # the other lines are details, which the tables below and `--json` have
            say(err(), "warning", "yellow", warning.partition("\n")[0])


def _show_versions(versions: list[PublishedVersion]) -> None:
    if not versions:
        out().print("no version yet")
        return
    # an id is to be copied, and so is never broken
    names = [Column(name, no_wrap=True) for name in ("version", "published (UTC)")]
    table = Table(*names, Column("rows", justify="right"), "current", title="versions", title_justify="left")
    for one in versions:
        at = f"{one.published_at:%Y-%m-%d %H:%M}" if one.published_at else ""
        table.add_row(one.id, at, "" if one.rows is None else f"{one.rows:,}", _state(one))
    out().print(table)
    for one in versions:
        if one.problem:
            say_error(one.problem, "")


def _state(version: PublishedVersion) -> str:
    return "pinned" if version.is_pinned else "yes" if version.is_current else ""


def _show_quarantine(found: StatusReport) -> None:
    if not found.quarantine:
        return
    refused = whole_table("rule", "entity", "source", "open", "resolved", title="quarantine")
    for one in found.quarantine:
        refused.add_row(one.rule, one.entity, one.source, str(one.open), str(one.resolved))
    out().print(refused)
    others = found.n_quarantine_reasons - len(found.quarantine)
    more = f"and {others} more reasons; " if others else ""
    out().print(f"{more}what each means: loyalty quarantine list")


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
