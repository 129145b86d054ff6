"""The canonical entities onto which every source maps, as dbt_project/models/staging/entities/ declares them.

One file per entity: its columns with type, description and rule codes, its key, and the rules on a row. dbt reads the
files as sources; this module reads them into dataclasses. Landing keeps every column as text and normalises it;
staging casts it by its type (see `ColumnType`).
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from pipelines.base.project import project_root

FOLDER = Path("dbt_project/models/staging/entities")


class ColumnType(StrEnum):
    """What a canonical column holds. Landing writes text in the normal form given here; staging casts it strictly.

    Attributes:
        TEXT: Trimmed text; empty is NULL.
        PERSONAL: As TEXT, and never seen outside the restricted staging schema.
        LOWER: As TEXT, in lower case (codes, kinds, e-mail addresses).
        TIMESTAMP: `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC.
        DATE: `YYYY-MM-DD`, in the source's own zone.
        AMOUNT: DECIMAL(18,2), a point as decimal mark; further decimals are rounded, half away from zero, and counted.
        PRICE: DECIMAL(18,4).
        RATE: DECIMAL(18,8).
        INTEGER: BIGINT, digits only with an optional sign.
        BOOLEAN: `true` or `false`.
    """

    TEXT = "text"
    PERSONAL = "personal"
    LOWER = "lower"
    TIMESTAMP = "timestamp"
    DATE = "date"
    AMOUNT = "amount"
    PRICE = "price"
    RATE = "rate"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Rule:
    """One rule on a row, beside the rules that the key exists and that text can be cast.

    Attributes:
        code: Its code, such as `ORD-101`.
        columns: The columns that it concerns, the first one first in messages.
        reject: The kind of rule (macro `condition_of`), or empty if only `where` rejects.
        beside: The second column, of the kinds `missing` and `unpaired`.
        where: A condition in SQL that also rejects the row.
        meaning: What a row that breaks the rule looks like; empty if the kind says it.
        action: What to do about it; empty if the kind says it.
    """

    code: str
    columns: tuple[str, ...]
    reject: str = ""
    beside: str = ""
    where: str = ""
    meaning: str = ""
    action: str = ""


@dataclass(frozen=True)
class Entity:
    """One canonical entity.

    Attributes:
        name: Its name, as in `landing/<name>/` and `stg_<name>`.
        prefix: The first three letters of its rule codes.
        key: Its key columns, beside `source`.
        columns: Every canonical column except `source`, key columns first, `updated_at` last.
        added: The columns that were added after rows had landed. They change the hash of a row only if they have a
            value, so rows that landed before keep their hash.
        malformed: The code of the rule that a column breaks if its text cannot be cast.
        accepted: The accepted values of the columns that have a list of them.
        rules: The other rules on a row, by code.
        event: The column that says when it happened, or None for standing data.
        masked: Times of later events, read as NULL if they are after the as-of day.
        state: Columns that describe the masked times, read as NULL if one of these is after the as-of day.
        is_reference: Whether it describes people or the world, so that its event does not show when customers were
            last active.
    """

    name: str
    prefix: str
    key: tuple[str, ...]
    columns: dict[str, ColumnType]
    added: frozenset[str]
    malformed: dict[str, str]
    accepted: dict[str, tuple[str, ...]]
    rules: tuple[Rule, ...]
    event: str | None = None
    masked: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    is_reference: bool = False

    @property
    def is_activity(self) -> bool:
        """Whether its rows are events of customers: they decide which day `latest` is."""
        return self.event is not None and not self.is_reference

    @property
    def ids(self) -> tuple[str, ...]:
        """The columns with the ID of a record of the source, of this entity or of another one."""
        return tuple(
            name for name, kind in self.columns.items() if kind is ColumnType.TEXT and name.endswith(("_id", "_ref"))
        )

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """What staging requires of a row beside its key: of each group, one column that is not NULL."""
        return tuple(
            (rule.columns[0], *([rule.beside] if rule.beside else []))
            for rule in self.rules
            if rule.reject == "missing"
        )

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Columns of which staging accepts both or none."""
        return tuple((rule.columns[0], rule.beside) for rule in self.rules if rule.reject == "unpaired")


def read_entities(root: Path) -> dict[str, Entity]:
    """The declared entities, by name, in the order of their files.

    Args:
        root: The clone's folder.
    """
    paths = sorted((root / FOLDER).glob("*.yml"))
    names = [path.stem for path in paths]
    return {path.stem: _entity(root, path, names) for path in paths}


def _entity(root: Path, path: Path, names: list[str]) -> Entity:
    declared = yaml.load(path.read_bytes(), Loader=_LOADER)
    (table,) = declared["sources"][0]["tables"]
    meta = table["config"]["meta"]
    columns = {column["name"]: column for column in table["columns"]}
    details = {name: column.get("config", {}).get("meta", {}) for name, column in columns.items()}
    return Entity(
        name=table["name"],
        prefix=meta["prefix"],
        key=tuple(meta["key"]),
        columns={name: ColumnType(column["data_type"]) for name, column in columns.items()},
        added=frozenset(name for name, one in details.items() if one.get("added")),
        malformed={name: one["malformed"] for name, one in details.items() if "malformed" in one},
        accepted={
            name: tuple(_accepted(root, one["accepts"], names, table["name"]))
            for name, one in details.items()
            if "accepts" in one
        },
        rules=tuple(_rule(rule) for rule in meta["rules"]),
        event=meta.get("event"),
        masked=tuple(meta.get("masked", ())),
        state=tuple(meta.get("state", ())),
        is_reference=meta.get("is_reference", False),
    )


def _rule(declared: Mapping[str, Any]) -> Rule:
    column = declared["column"]
    return Rule(
        code=declared["code"],
        columns=tuple(column) if isinstance(column, list) else (column,),
        reject=declared.get("reject", ""),
        beside=declared.get("with", ""),
        where=declared.get("where", ""),
        meaning=declared.get("meaning", ""),
        action=declared.get("action", ""),
    )


def _accepted(root: Path, declared: list[str] | str, names: list[str], own: str) -> Iterator[str]:
    """The values of a list, of the first column of a seed, or (`entities`) the names of all other entities."""
    if isinstance(declared, list):
        yield from declared
    elif declared == "entities":
        yield from (name for name in names if name != own)
    else:
        with (root / "dbt_project" / declared).open(encoding="utf-8", newline="") as lines:
            yield from (row[0] for row in list(csv.reader(lines))[1:])


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ENTITIES: dict[str, Entity] = read_entities(project_root())
