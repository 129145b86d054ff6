"""Writes docs/columns.md from the declared entities: every canonical column with its type, meaning and an example.

Run as `python -m pipelines.quality.column_reference` (`make docs`). A test compares the page with what this would
write. Meaning and example of a column are in dbt_project/models/staging/entities/<entity>.yml, where also dbt reads
the meaning. The meanings that entities share are doc blocks beside these files.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipelines.base.durable import write_text_durably
from pipelines.base.entities import ENTITIES, FOLDER, ColumnType, Entity
from pipelines.base.project import project_root

PAGE = Path("docs/columns.md")
_BLOCKS = FOLDER / "_entities__docs.md"
_INTRODUCTION = """\
# Canonical columns

What each column of the canonical entities means, with an example. A mapping fills these columns:
[mapping.md](mapping.md). `make docs` writes this page from
[`dbt_project/models/staging/entities/`](../dbt_project/models/staging/entities). Change a description there, not here.

The examples show the text that landing writes. The mapping brings the source's text into this form: it declares the
formats of times, and replaces decimal commas.

Every column may be empty, except the key and what the entity needs. A key that landing can make may be left out of the
mapping.

| type | what it holds |
| --- | --- |"""
_TYPES = {
    ColumnType.TEXT: "Text, without blanks at its ends.",
    ColumnType.PERSONAL: "Text about a person. It is readable only in landing and in one restricted schema.",
    ColumnType.LOWER: "Text in lower case. Landing converts it.",
    ColumnType.TIMESTAMP: "Time in UTC. Landing converts local times with the zone of the mapping.",
    ColumnType.DATE: "Day, in the source's own zone.",
    ColumnType.AMOUNT: "Amount of money with two decimals, in the currency of the row. Further decimals are rounded.",
    ColumnType.PRICE: "Number with four decimals: prices, quantities, answers.",
    ColumnType.RATE: "Exchange rate with eight decimals.",
    ColumnType.INTEGER: "Whole number.",
    ColumnType.BOOLEAN: "`true` or `false`. The mapping translates other words.",
}


def examples(root: Path) -> dict[tuple[str, str], str]:
    """The declared example of each column, by entity and column; empty if a column has none.

    Args:
        root: The clone's folder.
    """
    return {
        (name, column["name"]): column["config"]["meta"].get("example", "")
        for name in ENTITIES
        for column in _declared(root, name)["columns"]
    }


def page(root: Path) -> str:
    """docs/columns.md.

    Args:
        root: The clone's folder.
    """
    blocks = dict(re.findall(r"{% docs (\w+) %}\n(.*?)\n{% enddocs %}", (root / _BLOCKS).read_text("utf-8"), re.DOTALL))
    parts = [_INTRODUCTION, *(f"| {kind.value} | {meaning} |" for kind, meaning in _TYPES.items())]
    for entity in ENTITIES.values():
        declared = _declared(root, entity.name)
        parts += ["", f"## `{entity.name}`", "", f"{declared['description']} {_key(entity)}", ""]
        parts += ["| column | type | meaning | example |", "| --- | --- | --- | --- |"]
        parts += [_row(entity, column, blocks) for column in declared["columns"]]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write the page."""
    root = project_root()
    write_text_durably(root / PAGE, page(root))


def _declared(root: Path, entity: str) -> dict[str, Any]:
    """The table of an entity as its file declares it."""
    text = (root / FOLDER / f"{entity}.yml").read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.safe_load(text)["sources"][0]["tables"][0]
    return table


def _key(entity: Entity) -> str:
    needed = [" or ".join(f"`{column}`" for column in group) for group in entity.needs]
    keys = " and ".join(f"`{column}`" for column in entity.key)
    return f"Key: {keys}." + (f" Each row also needs {' and '.join(needed)}." if needed else "")


def _row(entity: Entity, column: Mapping[str, Any], blocks: Mapping[str, str]) -> str:
    name, example = column["name"], column["config"]["meta"]["example"]
    meaning = re.sub(r"{{ doc\('(\w+)'\) }}", lambda found: blocks[found[1]], column["description"])
    meaning = re.sub(r"docs/(\w[\w-]*\.md)", r"[\1](\1)", " ".join([*meaning.split(), *_rules(entity, name)]))
    cells = (f"`{name}`", column["data_type"], meaning, f"`{example}`")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _rules(entity: Entity, column: str) -> Iterator[str]:
    """What the rules on a row say about the values of a column."""
    if values := entity.accepted.get(column):
        yield f"One of {', '.join(f'`{value}`' for value in values)}."
    if any(rule.reject == "negative" and column in rule.columns for rule in entity.rules):
        yield "Not negative."


if __name__ == "__main__":
    main()
