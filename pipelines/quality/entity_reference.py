"""Writes what is generated from the declared entities: a dbt macro, and the catalogue of rules (a dbt seed).

Run as `python -m pipelines.quality.entity_reference` (`make docs`). A test compares both files with what this would
write. The words of a kind of rule are here, once for all columns; how the kind is checked is SQL (macro
`condition_of`).
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipelines.base.durable import write_text_durably
from pipelines.base.entities import ENTITIES, ColumnType, Entity, Rule
from pipelines.base.project import project_root

MACRO, CATALOGUE = Path("dbt_project/macros/staging/entities.sql"), Path("dbt_project/seeds/quarantine_rules.csv")
SOURCES = Path("dbt_project/models/staging/_sources.yml")
_WIDTH = 118
_HEAD = """\
{#-
The canonical entities, by name: key, event, times that are masked after the as-of day, the columns that describe those
times (state), the columns with IDs, each column with its type and the code of the rule that malformed text breaks, and
the other rules.
Written by `make docs` from models/staging/entities/: change them there.
-#}
"""

_KEY_ACTION = (
    "Map the key. If the source has none, leave the last key column out of the mapping: landing then generates one."
)
_NUMBER = (
    "{} is not a number with at most %d digits before the point.",
    "Clean the number in the mapping expression, or have the source corrected."
    " Further decimals are rounded, not rejected.",
)
_MALFORMED = {
    ColumnType.TIMESTAMP: (
        "{} is not a UTC time of the form YYYY-MM-DD HH:MM:SS.",
        "Declare the time format of the file in the mapping (timestamps).",
    ),
    ColumnType.DATE: (
        "{} is not a date of the form YYYY-MM-DD.",
        "Declare the date format of the file in the mapping (timestamps).",
    ),
    ColumnType.AMOUNT: (_NUMBER[0] % 12, _NUMBER[1]),
    ColumnType.PRICE: (_NUMBER[0] % 10, _NUMBER[1]),
    ColumnType.RATE: (_NUMBER[0] % 8, _NUMBER[1]),
    ColumnType.INTEGER: (
        "{} is not a whole number.",
        "Cut off the decimals in the mapping expression if they mean nothing.",
    ),
    ColumnType.BOOLEAN: ("{} is neither true nor false.", "Translate the value in the mapping expression."),
}
_KINDS = {
    "missing": ("{} is missing.", "Map {}."),
    "future": (
        "{} is after the day of landing.",
        "Check the time zone and the format in the mapping. If the clock of the source runs ahead, have it corrected.",
    ),
    "negative": ("{} is negative.", "Have the source corrected, or map the sign."),
    "unaccepted": (
        "{} is not one of the accepted values.",
        "Translate the value in the mapping. dbt_project/models/staging/entities/ has the accepted values.",
    ),
    "not_currency": (
        "{} is not a code of three capital letters.",
        "Map the code, such as GBP: a symbol does not say which currency it is.",
    ),
}


def macro() -> str:
    """macros/staging/entities.sql."""
    names = ", ".join(f"'{name}'" for name in ENTITIES)
    parts = [_HEAD, "{% macro entity(name) -%}\n"]
    for number, entity in enumerate(ENTITIES.values()):
        parts.append(f"    {{%- {'elif' if number else 'if'} name == '{entity.name}' -%}}\n    {{{{ return({{\n")
        parts += [f"        {line},\n" for line in _fields(entity)]
        parts.append("    }) }}\n")
    parts.append("    {%- endif -%}\n{%- endmacro %}\n\n{#- The names of the entities. -#}\n{% macro entities() -%}\n")
    parts.append(f"    {{{{ return([\n{_wrapped(names)}\n    ]) }}}}\n{{%- endmacro %}}\n")
    return "".join(parts)


def catalogue(root: Path) -> str:
    """seeds/quarantine_rules.csv: the rules of staging, then those of landing, as the source `unreadable` has them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("code", "entity", "column_name", "severity", "meaning", "action"))
    for entity in ENTITIES.values():
        writer.writerows(_rows(entity))
    for rule in _landing_rules(root):
        writer.writerow((rule["code"], "unreadable", "raw", "error", rule["meaning"], rule["action"]))
    return text.getvalue()


def main() -> None:
    """Write both files."""
    root = project_root()
    write_text_durably(root / MACRO, macro())
    write_text_durably(root / CATALOGUE, catalogue(root))


def _fields(entity: Entity) -> Iterator[str]:
    """The parts of an entity as Jinja reads them; JSON is Jinja as long as it has no null."""
    event = json.dumps(entity.event) if entity.event else "none"
    yield f'"prefix": "{entity.prefix}", "key": {json.dumps(entity.key)}, "event": {event}'
    yield f'"masked": {json.dumps(entity.masked)}, "state": {json.dumps(entity.state)}'
    yield f'"ids": {json.dumps(entity.ids)}'
    columns = (
        json.dumps([kind, *([entity.malformed[name]] if name in entity.malformed else [])])
        for name, kind in entity.columns.items()
    )
    yield _block("columns", "{}", [f'"{name}": {kinds}' for name, kinds in zip(entity.columns, columns, strict=True)])
    yield _block("accepts", "{}", [f'"{name}": {json.dumps(values)}' for name, values in entity.accepted.items()])
    yield _block("rules", "[]", [json.dumps(_checked(rule)) for rule in entity.rules])


def _checked(rule: Rule) -> dict[str, Any]:
    """What staging needs of a rule in order to check it."""
    fields = {"reject": rule.reject, "with": rule.beside, "where": rule.where}
    return {"code": rule.code, "columns": rule.columns, **{name: value for name, value in fields.items() if value}}


def _block(name: str, brackets: str, items: list[str]) -> str:
    inner = "".join(f"            {item},\n" for item in items)
    return f'"{name}": {brackets[0]}\n{inner}        {brackets[1]}' if items else f'"{name}": {brackets}'


def _wrapped(names: str) -> str:
    lines = [""]
    for name in names.split(", "):
        if len(lines[-1]) + len(name) > _WIDTH - 8:
            lines.append("")
        lines[-1] += f"{name}, "
    return "\n".join(f"        {line.strip()}" for line in lines)


def _rows(entity: Entity) -> Iterator[tuple[str, ...]]:
    """The lines of an entity in the catalogue, by code."""
    missing = "The key is missing." if len(entity.key) == 1 else "A key column is missing."
    found = [(f"{entity.prefix}-001", " ".join(entity.key), missing, _KEY_ACTION)]
    for column, code in entity.malformed.items():
        meaning, action = _MALFORMED[entity.columns[column]]
        found.append((code, column, meaning.format(column), action))
    for rule in entity.rules:
        meaning, action = _KINDS.get(rule.reject, ("", ""))
        words = " or ".join(rule.columns)
        found.append(
            (
                rule.code,
                " ".join(rule.columns),
                rule.meaning or meaning.format(words),
                rule.action or action.format(words),
            )
        )
    for code, columns, meaning, action in sorted(found):
        yield code, entity.name, columns, "error", meaning, action


def _landing_rules(root: Path) -> list[dict[str, str]]:
    declared = yaml.safe_load((root / SOURCES).read_text(encoding="utf-8"))
    (landing,) = (source for source in declared["sources"] if source["name"] == "landing")
    (unreadable,) = (table for table in landing["tables"] if table["name"] == "unreadable")
    rules: list[dict[str, str]] = unreadable["config"]["meta"]["rules"]
    return rules


if __name__ == "__main__":
    main()
