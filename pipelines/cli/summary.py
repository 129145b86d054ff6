"""The summary of a run, as a table and as JSON. Both have the same figures."""

from dataclasses import asdict

from rich.table import Table

from pipelines.cli.progress import STAGES
from pipelines.runs.recorder import RunReport


def summary_json(report: RunReport) -> dict[str, object]:
    """The figures of a run as JSON."""
    land, staging, marts = report.counts("land"), report.counts("staging"), report.counts("publish")
    return {
        "run_id": report.run_id,
        "status": report.status,
        "as_of": report.as_of.isoformat() if report.as_of else None,
        "latest": asdict(report.latest) if report.latest else None,
        "build": report.kind,
        "files": {
            "landed": land.get("files", 0),
            "again": land.get("files_again", 0),
            "outdated": land.get("files_outdated", 0),
            "known": land.get("files_known", 0),
            "ignored": land.get("files_ignored", 0),
            "refused": land.get("files_refused", 0),
        },
        "records": {name: land.get(name, 0) for name in ("records", "unreadable", "skipped", "blank")},
        "rows": {
            **{name: staging.get(name, 0) for name in ("landed", "accepted", "quarantined", "superseded")},
            "erased": land.get("erased", 0),
            "emptied": land.get("emptied", 0),
        },
        "customers": marts.get("dim_customer", 0),
        "marts": marts,
        "seconds": {stage.name: stage.seconds for stage in report.stages},
        "warnings": report.warnings,
        "published": report.published,
        "is_current": report.is_current,
        "error": report.error,
        "hint": report.hint,
    }


def summary_table(report: RunReport) -> Table:
    """The figures of a run as a table."""
    land, staging, marts = report.counts("land"), report.counts("staging"), report.counts("publish")
    how = f"{report.kind} build" if report.kind else report.status  # without a kind nothing was built
    table = Table(title=f"{report.as_of} · {how} · run {report.run_id}", title_justify="left")
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    figures = [
        ("files landed", land.get("files", 0)),
        ("files landed again", land.get("files_again", 0)),
        ("files known before", land.get("files_known", 0)),
        ("records in them", land.get("records", 0)),
        ("unreadable records", land.get("unreadable", 0)),
        ("skipped records", land.get("skipped", 0)),
        ("of them without an answer", land.get("blank", 0)),
        ("rows of erased people, removed", land.get("erased", 0)),
        ("rows of erased people, emptied", land.get("emptied", 0)),
        ("rows accepted", staging.get("accepted", 0)),
        ("rows quarantined", staging.get("quarantined", 0)),
        ("rows superseded", staging.get("superseded", 0)),
        ("customers", marts.get("dim_customer", 0)),
        *sorted(marts.items()),
    ]
    seconds = [(STAGES.get(stage.name, stage.name), stage.seconds) for stage in report.stages]
    seconds.append(("all", sum(stage.seconds for stage in report.stages)))
    for position in range(max(len(figures), len(seconds))):
        what, count = figures[position] if position < len(figures) else ("", None)
        stage, took = seconds[position] if position < len(seconds) else ("", None)
        table.add_row(what, "" if count is None else f"{count:,}", stage, "" if took is None else f"{took:.1f}")
    return table
