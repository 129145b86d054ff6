"""Commands that only look: check, status, path."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import typer

from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.quarantine_rows import by_reason, data_issues
from pipelines.cli.say import JsonOption, err, out, print_json, say, say_error, spoken, whole_table
from pipelines.cli.summary import summary_json
from pipelines.errors import InputError, LoyaltyError
from pipelines.settings import WEBHOOK_VARIABLE, load_settings, project_root

_REASONS = 8  # that the status shows; the list has them all


@spoken
def check(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check the config, its mappings, the suites, and the files' names, headers and order statuses, without a run."""
    from pipelines.landing import SourceFiles, check_sources, load_mapping
    from pipelines.quality import load_suites
    from pipelines.secret_key import load_key

    settings = load_settings(config, home)
    if settings.notify.webhook is not None and settings.webhook_url is None:
        say(err(), "warning", "yellow", f"notify.webhook is set, and {WEBHOOK_VARIABLE} is not: nobody will be told")
    if settings.key_text or settings.paths.key.exists():
        load_key(settings.paths.key, settings.key_text)
    for stage in ("landing", "staging", "marts"):
        load_suites(project_root() / "expectations", stage)
    sources = [SourceFiles(mapping=load_mapping(source.mapping), folder=source.files) for source in settings.sources]
    engine = settings.engine
    checked = check_sources(settings.home, sources, engine.memory_limit, engine.threads)
    problems = [f"{source.source}: {problem}" for source in checked for problem in source.problems]
    if as_json:
        entries = [asdict(source) for source in checked]
        print_json({"config": settings.config_path, "home": settings.home, "sources": entries, "problems": problems})
        raise typer.Exit(InputError.exit_code if problems else 0)
    out().print(f"config {settings.config_path} and its mappings can be used; home is {settings.home}")
    for source in checked:
        out().print(
            f"{source.source}: {source.files} files to land, {source.ignored} ignored, {len(source.problems)} problems"
        )
        for note in source.notes:
            out().print(f"  {note}")
        for warning in source.warnings:
            say(err(), "warning", "yellow", warning)
        for status in source.statuses:
            if status.is_unknown:
                say(out(), "  warning", "yellow", status.words())
    if problems:
        raise InputError("\n".join(problems), hint="mend the mapping or the files, or take them out of the inbox")


@spoken
def status(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The last run, the versions that are kept, whether they are fresh, and what is quarantined, by reason."""
    from pipelines.orchestration.freshness import publication_freshness
    from pipelines.orchestration.lock import current_holder
    from pipelines.orchestration.recorder import read_report
    from pipelines.privacy.plan import read_journal
    from pipelines.publication import list_versions

    settings = load_settings(config, home)
    paths = settings.paths
    report, holder = read_report(paths.last_run), current_holder(paths.lock)
    versions = list_versions(paths.published)
    freshness = publication_freshness(settings, is_running=holder is not None)
    pending, reasons, issues = None, [], []
    problems: list[LoyaltyError] = []
    # what cannot be read must not hide the rest
    with _noted(problems):
        pending = read_journal(paths.erasures)
    # a run that goes on holds the warehouse; its quarantine can be asked for afterwards
    if holder is None and paths.warehouse.exists():
        with _noted(problems):
            reasons, issues = by_reason(settings), data_issues(settings)
    if as_json:
        print_json(
            {
                "running": str(holder) if holder else None,
                "last_run": summary_json(report) if report else None,
                "versions": [
                    {"id": one.id, "as_of": one.as_of, "is_current": one.is_current, "problem": one.problem}
                    for one in versions
                ],
                "freshness": {
                    "published": freshness.published,
                    "expected": freshness.expected,
                    "days_behind": freshness.days_behind,
                    "is_fresh": freshness.is_fresh,
                    "problem": freshness.problem,
                },
                "quarantine": reasons,
                "data_issues": [asdict(issue) for issue in issues],
                "pending_erasure": pending.id if pending else None,
                "problems": [problem.message for problem in problems],
            }
        )
        return
    if holder:
        out().print(f"running now: {holder}")
    if report is None:
        out().print("no run yet")
    else:
        how = "killed" if report.status == "running" and holder is None else report.status
        out().print(f"last run {report.run_id}: {how}, {report.as_of or 'no day'}, begun {report.started_at}")
        if report.error:
            say_error(report.error, report.hint)
    table = whole_table("version", "as of", "current", "problem", title="versions")
    for one in versions:
        table.add_row(one.id, one.as_of.isoformat(), "yes" if one.is_current else "", one.problem)
    out().print(table if versions else "no version yet")
    out().print(str(freshness))
    for problem in problems:
        say_error(problem.message, problem.hint)
    if pending:
        say_error(f"the erasure {pending.id} was stopped half-way", "the next run finishes it, or: loyalty forget")
    if reasons:
        names = ("rule", "entity", "source", "open", "resolved")
        refused = whole_table(*names, title="quarantine")
        for reason in reasons[:_REASONS]:
            refused.add_row(*(str(reason[name]) for name in names))
        out().print(refused)
        more = f"and {len(reasons) - _REASONS} reasons more; " if len(reasons) > _REASONS else ""
        out().print(f"{more}what each means: loyalty quarantine list")
    if issues:
        found = whole_table("issue", "source", "entity", "detail", "rows", "value at stake", title="data issues")
        for issue in issues:
            value = issue.value(settings.currency)
            found.add_row(issue.issue, issue.source, issue.entity, issue.detail or "", f"{issue.n_rows:,}", value)
        out().print(found)
        for meaning, action in dict.fromkeys((f"{one.issue}: {one.meaning}", one.action) for one in issues):
            out().print(f"{meaning}. {action}")


@contextmanager
def _noted(problems: list[LoyaltyError]) -> Iterator[None]:
    """Keep an error, and go on behind the block."""
    try:
        yield
    except LoyaltyError as problem:
        problems.append(problem)


@spoken
def path(config: ConfigOption = None, home: HomeOption = None) -> None:
    """Print the folder of the current version: resolve it once, then read below it."""
    from pipelines.publication import resolve_current

    typer.echo(resolve_current(load_settings(config, home).paths.published))
