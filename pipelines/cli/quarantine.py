"""`loyalty quarantine`: rejected rows by reason (list), one by one (show) or as a file (export), and the rules.

The place of a row (file and line) is always shown. Its key, values and raw text may be personal: only --reveal shows
them.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.base.spreadsheet import write_csv
from pipelines.base.text import counted
from pipelines.cli.console import JsonOption, out, print_entries, print_json, print_rows, print_warning, reports_errors
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.out_file import require_writable
from pipelines.cli.quarantine_rows import PERSONAL, PLACE, Wanted, by_reason, catalogue, has_landed, rows
from pipelines.config.settings import Settings, load_settings

app = typer.Typer(help="Show which rows were rejected, and why.", no_args_is_help=True)

EntityOption = Annotated[
    str | None, typer.Option(help="Only this entity, such as orders; `unreadable` for records that cannot be read.")
]
SourceOption = Annotated[str | None, typer.Option(help="Only this source.")]
FileOption = Annotated[str | None, typer.Option(help="Only this file: its path below the folder of its source.")]


@app.command("list")
@reports_errors
def list_reasons(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Count the rejected rows by reason, with what to do. Open rows are those that no later delivery has corrected."""
    reasons = by_reason(load_settings(config, home))
    if as_json:
        print_json(reasons)
    elif not reasons:
        out().print("no row is in quarantine")
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
@reports_errors
def show(
    rule: Annotated[str | None, typer.Argument(help="The code of a rule, such as ORD-002. Default: all rules.")] = None,
    entity: EntityOption = None,
    source: SourceOption = None,
    file: FileOption = None,
    resolved_too: Annotated[
        bool, typer.Option("--all", help="Show resolved rows too. Default: open rows only.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Largest number of rows to show.")] = 20,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show keys, rejected values and raw texts too. They may be personal.")
    ] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show rejected rows: file and line of each row, and the rules that it breaks."""
    settings, wanted = load_settings(config, home), Wanted(rule, entity, source, file, resolved_too)
    names: tuple[str, ...] = (*PLACE, *PERSONAL) if reveal else PLACE
    if reveal:
        # imported late: landing takes some time to import
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
            print_warning(f"no file named {file} has landed: give its path below the folder of its source")
        out().print("no row found" if resolved_too else "no open row found; --all shows resolved rows too")
    elif reveal:
        # raw text is often wider than the screen, so each value has its own line
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
@reports_errors
def export(
    to: Annotated[Path, typer.Option("--out", help="The CSV file to write (readable by you only).")],
    rule: Annotated[str | None, typer.Option(help="Only rows that break this rule.")] = None,
    entity: EntityOption = None,
    source: SourceOption = None,
    file: FileOption = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Write keys and raw texts too. They may be personal.")
    ] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write rejected rows, open and resolved, as CSV. Cells that look like formulas are written as text."""
    names = (*PLACE, "sha256", "batch", *(PERSONAL if reveal else ()))
    settings = load_settings(config, home)
    require_writable(to, settings)
    with rows(settings, Wanted(rule, entity, source, file), names) as batches:
        written = write_csv(to, names, batches)
    if as_json:
        print_json({"file": to, "rows": written})
    else:
        out().print(f"{counted(written, 'row')} in {to}", markup=False)


@app.command("rules")
@reports_errors
def rules(as_json: JsonOption = False) -> None:
    """List all rules: the code, what is wrong with a row that breaks the rule, and what to do."""
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
