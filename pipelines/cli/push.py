"""`loyalty push`: columns of the marts, written into the fields of a CRM."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.base.errors import ConfigError, LoyaltyError, PushError
from pipelines.base.spelling import did_you_mean
from pipelines.base.text import counted, printable_name
from pipelines.cli.console import (
    JsonOption,
    err,
    out,
    print_error,
    print_json,
    print_rows,
    print_warning,
    reports_errors,
)
from pipelines.cli.exclusive import exclusive
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.push import PushSettings
from pipelines.config.settings import Settings, load_settings

if TYPE_CHECKING:  # imported late elsewhere: the libraries of the connectors take time
    from pipelines.activation.push_report import PushReport


@reports_errors
def push(
    name: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="One source, or all sources of one connector. Default: all.")
    ] = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")
    ] = False,
    is_full: Annotated[
        bool, typer.Option("--full", help="Compare all records with the CRM, not only those changed in the marts.")
    ] = False,
    most_shown: Annotated[int, typer.Option("--show", min=0, help="How many changes a dry run lists.")] = 20,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write values of the marts into a CRM, as `push` in loyalty.yml says. Only changed values are written.

    If a push was stopped, it continues where it stopped. An unknown value never overwrites a value in the CRM.
    """
    from pipelines.activation.push import push as push_entry

    settings = load_settings(config, home)
    entries = _entries(settings, name)
    reports: list[PushReport] = []
    problems: list[LoyaltyError] = []
    with exclusive(settings, "push", read_only=False), err().status("") as status:
        for entry in entries:

            def say(words: str, of: str = f"{entry.source}: {entry.object}") -> None:
                status.update(f"{of}: {words}")

            try:
                reports.append(
                    push_entry(settings, entry, dry_run=is_dry_run, is_full=is_full, most_shown=most_shown, say=say)
                )
            except LoyaltyError as error:
                problems.append(error)
    if as_json:
        print_json([asdict(report) for report in reports])
    else:
        _print(reports)
    for problem in problems[1:]:
        print_error(problem.message, problem.hint)
    if problems:
        raise problems[0]
    if any(report.refused for report in reports):
        raise PushError(
            "\n".join(
                f"{one.source}: {one.object}: the CRM refused {one.refused:,} of {counted(one.pending, 'record')}"
                for one in reports
                if one.refused
            ),
            hint="correct these records in the CRM; the next push writes them",
        )


def _entries(settings: Settings, name: str | None) -> list[PushSettings]:
    from pipelines.connectors.pulled_source import chosen, pulled_sources

    if not settings.push:
        raise ConfigError("loyalty.yml has no `push`", hint="docs/push.md shows how values are written into a CRM")
    if name is None:
        return list(settings.push)
    names = {one.name for one in chosen(pulled_sources(settings), name)}
    if found := [one for one in settings.push if one.source in names]:
        return found
    known = sorted({one.source for one in settings.push})
    near = did_you_mean(name, known, f"there are {', '.join(known)}")
    raise ConfigError(f"nothing is pushed into `{name}`{near}", hint="add an entry to `push` in loyalty.yml")


def _print(reports: "list[PushReport]") -> None:
    from pipelines.activation.never import list_warning

    if not reports:
        return
    written = "would write" if any(report.is_dry_run for report in reports) else "written"
    print_rows(("source", "object", "compared", written, "up to date", "not found", "refused"), _rows(reports))
    for report in reports:
        if not report.pending:
            out().print(f"{report.object}: nothing has changed since the last push")
        if report.absent:
            found = counted(report.absent, "reference has", "references have")
            out().print(
                f"{report.object}: {found} no record in this object: it was deleted, or belongs to another object"
            )
        would = "would change" if report.is_dry_run else "changed"
        for field, count in report.fields.items():
            out().print(f"{report.object}: {field} {would} in {counted(count, 'record')}")
        if report.is_dry_run:
            for one in report.changes:
                old, new = (printable_name(text) or "(empty)" for text in (one.old, one.new))
                out().print(f"{report.object} {one.record_id}: {one.field}: {old} -> {new}", markup=False)
        for audience, groups in report.touches.items():
            shown = ", ".join(f"{count:,} {arm}" for arm, count in groups.items())
            out().print(f"{report.object}: audience {audience}: new touches: {shown}")
        for audience, unknown in report.unknown_lines.items():
            if warning := list_warning(audience, unknown):
                print_warning(warning)
        if report.erased:
            print_warning(f"{report.object}: {counted(report.erased, 'record')} of erased people not changed")
        for each in report.problems:
            print_warning(f"{report.object} {each.record_id}: {each.problem}")


def _rows(reports: "list[PushReport]") -> Iterator[list[str]]:
    for one in reports:
        counts = (one.pending, one.written, one.same, one.absent, one.refused)
        yield [one.source, one.object, *(f"{n:,}" for n in counts)]
