"""`loyalty quarantine`: what was refused, by reason (list), row by row (show), as a file (export); and the rules.

Where a row stands (file and line) is shown; its key and its raw text may be personal and are shown on request only.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.quarantine_rows import PERSONAL, PLACE, Wanted, by_reason, catalogue, rows
from pipelines.cli.say import JsonOption, out, print_json, spoken, whole_table
from pipelines.settings import load_settings
from pipelines.spreadsheet import write_csv

app = typer.Typer(help="What was refused, and why.", no_args_is_help=True)

EntityOption = Annotated[str | None, typer.Option(help="Only this entity; unreadable for what is no record.")]
SourceOption = Annotated[str | None, typer.Option(help="Only this source.")]
FileOption = Annotated[str | None, typer.Option(help="Only this file.")]


@app.command("list")
@spoken
def list_reasons(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """How many rows were refused for which reason, how many are still open, and what to do about them."""
    reasons = by_reason(load_settings(config, home))
    if as_json:
        print_json(reasons)
        return
    names = ("rule", "severity", "entity", "source", "open", "resolved", "meaning", "action")
    table = whole_table(*names[:-1], "to do")
    for reason in reasons:
        table.add_row(*(str(reason[name]) for name in names))
    out().print(table if reasons else "nothing is quarantined")


@app.command("show")
@spoken
def show(
    rule: Annotated[str | None, typer.Argument(help="A rule's code, such as ORD-002; all by default.")] = None,
    entity: EntityOption = None,
    source: SourceOption = None,
    file: FileOption = None,
    resolved_too: Annotated[bool, typer.Option("--all", help="Resolved rows too; else open ones alone.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show key and raw text, which may be personal.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refused rows: where each stands, and which rules it breaks."""
    names = (*PLACE, *PERSONAL) if reveal else PLACE
    with rows(load_settings(config, home), Wanted(rule, entity, source, file, resolved_too), names, limit) as batches:
        shown = [dict(zip(names, row, strict=True)) for batch in batches for row in batch]
    if as_json:
        print_json(shown)
        return
    if not shown:
        out().print("no such row" if resolved_too else "no such row is open; --all shows resolved ones too")
    elif reveal:
        # a list, not a table: raw text is often wider than the screen, and must be seen whole
        for row in shown:
            for name in names:
                out().print(f"{name:<11} {_text(row[name])}")
            out().print()
    else:
        table = whole_table(*names)
        for row in shown:
            table.add_row(*(_text(row[name]) for name in names))
        out().print(table)


@app.command("export")
@spoken
def export(
    to: Annotated[Path, typer.Option("--out", help="The CSV file to write; only you will be able to read it.")],
    rule: Annotated[str | None, typer.Option(help="Only rows that break this rule.")] = None,
    entity: EntityOption = None,
    source: SourceOption = None,
    file: FileOption = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Key and raw text too, which may be personal.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refused rows, open and resolved, as CSV; cells that look like formulas are written as text."""
    names = (*PLACE, "sha256", "batch", *(PERSONAL if reveal else ()))
    with rows(load_settings(config, home), Wanted(rule, entity, source, file), names) as batches:
        written = write_csv(to, names, batches)
    if as_json:
        print_json({"file": to, "rows": written})
    else:
        out().print(f"{written:,} rows in {to}", markup=False)


@app.command("rules")
@spoken
def rules(as_json: JsonOption = False) -> None:
    """The catalogue: every rule's code, what a row that breaks it looks like, and what to do about it."""
    found = [asdict(rule) for rule in catalogue().values()]
    if as_json:
        print_json(found)
        return
    table = whole_table("rule", "entity", "column", "severity", "meaning", "to do")
    for rule in found:
        table.add_row(*rule.values())
    out().print(table)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
