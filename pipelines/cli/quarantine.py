"""`loyalty quarantine`: what was rejected, by reason (list), row by row (show), as a file (export); and the rules.

Where a row is (file and line) is shown; its key, values and raw text may be personal and are shown on request only.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.base.spreadsheet import write_csv
from pipelines.cli.console import JsonOption, err, out, print_entries, print_json, print_rows, say, spoken
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.quarantine_rows import PERSONAL, PLACE, Wanted, by_reason, catalogue, has_landed, rows
from pipelines.config.settings import Settings, load_settings

app = typer.Typer(help="What was refused, and why.", no_args_is_help=True)

EntityOption = Annotated[str | None, typer.Option(help="Only this entity; unreadable for what is no record.")]
SourceOption = Annotated[str | None, typer.Option(help="Only this source.")]
FileOption = Annotated[str | None, typer.Option(help="Only this file.")]


@app.command("list")
@spoken
def list_reasons(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """How many rows were rejected for which reason, how many are still open, and what to do about them."""
    reasons = by_reason(load_settings(config, home))
    if as_json:
        print_json(reasons)
    elif not reasons:
        out().print("nothing is quarantined")
    else:
        names = ("rule", "entity", "source")
        print_entries(
            (
                [*(str(one[name]) for name in names), f"{one['open']} open", f"{one['resolved']} resolved"],
                [str(one["meaning"]), f"To do: {one['action']}"],
            )
            for one in reasons
        )


@app.command("show")
@spoken
def show(
    rule: Annotated[str | None, typer.Argument(help="A rule's code, such as ORD-002; all by default.")] = None,
    entity: EntityOption = None,
    source: SourceOption = None,
    file: FileOption = None,
    resolved_too: Annotated[bool, typer.Option("--all", help="Resolved rows too; else open ones alone.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show key, rejected values and raw text, which may be personal.")
    ] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rejected rows: where each one is, and which rules it breaks."""
    settings, wanted = load_settings(config, home), Wanted(rule, entity, source, file, resolved_too)
    names: tuple[str, ...] = (*PLACE, *PERSONAL) if reveal else PLACE
    if reveal:
        # imported late: mappings need landing, which takes its time
        from pipelines.cli.quarantine_values import NEEDED, values_of

        found = _read(settings, wanted, tuple(dict.fromkeys((*names, *NEEDED))), limit)
        values = values_of(settings, found)
    else:
        found, values = _read(settings, wanted, names, limit), []
    shown = [{name: row[name] for name in names} for row in found]
    if as_json:
        found_values = [[asdict(value) for value in of_row] for of_row in values]
        print_json([row | {"values": v} for row, v in zip(shown, found_values, strict=True)] if reveal else shown)
    elif not shown:
        if file is not None and not has_landed(settings, file):
            say(
                err(),
                "warning",
                "yellow",
                f"no file of the name {file} has landed: give its path below the folder of the source",
            )
        out().print("no such row" if resolved_too else "no such row is open; --all shows resolved ones too")
    elif reveal:
        # raw text is often wider than the screen, and must be seen whole
        for row, of_row in zip(shown, values, strict=True):
            lines = [(name, _text(row[name])) for name in names]
            lines[-1:-1] = [("value", value.words()) for value in of_row]
            for name, text in lines:
                out().print(f"{name:<11} {text}")
            out().print()
    else:
        print_rows(names, [[_text(value) for value in row.values()] for row in shown])


def _read(settings: Settings, wanted: Wanted, names: tuple[str, ...], limit: int) -> list[dict[str, object]]:
    with rows(settings, wanted, names, limit) as batches:
        return [dict(zip(names, row, strict=True)) for batch in batches for row in batch]


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
    found = catalogue().values()
    if as_json:
        print_json([asdict(rule) for rule in found])
        return
    print_entries(
        ([rule.code, rule.entity, rule.column_name], [rule.meaning, f"To do: {rule.action}"]) for rule in found
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
