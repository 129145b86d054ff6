"""`loyalty quarantine`: what staging refused, by reason (list) and row by row (show).

Where a row stands (file and line) is shown; its key and its raw text may be personal and are shown on request only.
"""

from typing import Annotated

import duckdb
import typer
from rich.table import Table

from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.say import JsonOption, out, print_json, spoken
from pipelines.errors import BuildError, LockError
from pipelines.settings import Settings, load_settings, project_root

app = typer.Typer(help="What staging refused, and why.", no_args_is_help=True)

_PLACE = ["source", "entity", "rules", "file", "file_on", "line"]
_PERSONAL = ["row_key", "raw"]
_BY_REASON = """
    select trim(rule) as rule, entity, source, count(*) as rows
    from staging.stg_quarantine, unnest(string_split(broken_rules, ',')) as broken (rule)
    group by all
    order by rows desc, rule, entity, source
"""
_ROWS = """
    select source, entity, broken_rules as rules, file_name as file, file_on, line, batch, row_key, raw
    from staging.stg_quarantine
    where (? is null or contains(broken_rules, ?))
        and (? is null or entity = ?)
        and (? is null or source = ?)
        and (? is null or file_name = ?)
    order by source, file_on, file_name, line, entity, row_key
    limit ?
"""


def _ask(settings: Settings, query: str, parameters: list[str | int | None] | None = None) -> list[dict[str, object]]:
    """Rows as dictionaries, from the warehouse read-only."""
    warehouse = settings.paths.warehouse
    if not warehouse.exists():
        raise BuildError("nothing is staged yet", hint="run first: loyalty run")
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            cursor = connection.execute(query, parameters or [])
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except duckdb.IOException as problem:
        raise LockError(f"the warehouse is in use: {problem}", hint="ask again when the run has ended") from problem
    except duckdb.CatalogException as problem:
        raise BuildError("staging is not built yet", hint="run first: loyalty run") from problem


def by_reason(settings: Settings) -> list[dict[str, object]]:
    """Rows quarantined by rule, entity and source, with what each rule means and what to do about it.

    A row that breaks two rules counts for both.
    """
    from pipelines.quality import read_rules

    rules = read_rules(project_root() / "dbt_project" / "seeds" / "quarantine_rules.csv")
    reasons = _ask(settings, _BY_REASON)
    for reason in reasons:
        rule = rules.get(str(reason["rule"]))
        reason["meaning"] = rule.meaning if rule else ""
        reason["action"] = rule.action if rule else ""
    return reasons


@app.command("list")
@spoken
def list_reasons(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """How many rows were refused for which reason, and what to do about it."""
    reasons = by_reason(load_settings(config, home))
    if as_json:
        print_json(reasons)
        return
    table = Table("rule", "entity", "source", "rows", "meaning", "to do")
    for reason in reasons:
        table.add_row(*(str(reason[name]) for name in ("rule", "entity", "source", "rows", "meaning", "action")))
    out().print(table if reasons else "nothing is quarantined")


@app.command("show")
@spoken
def show(
    rule: Annotated[str | None, typer.Argument(help="A rule's code, such as ORD-002; all by default.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only this entity.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    file: Annotated[str | None, typer.Option(help="Only this file.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show key and raw text, which may be personal.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refused rows: where each stands, and which rules it breaks."""
    asked = [value for pair in (rule, entity, source, file) for value in (pair, pair)]
    rows = _ask(load_settings(config, home), _ROWS, [*asked, limit])
    names = [*_PLACE, *_PERSONAL] if reveal else _PLACE
    shown = [{name: row[name] for name in names} for row in rows]
    if as_json:
        print_json(shown)
        return
    if not shown:
        out().print("no such row")
    elif reveal:
        # a list, not a table: raw text is often wider than the screen, and must be seen whole
        for row in shown:
            for name in names:
                out().print(f"{name:<8} {_text(row[name])}")
            out().print()
    else:
        table = Table(*names)
        for row in shown:
            table.add_row(*(_text(row[name]) for name in names))
        out().print(table)


def _text(value: object) -> str:
    return "" if value is None else str(value)
