"""The fingerprint of everything in a mapping that decides the landed rows of a file. The ledger records it per file.

It does not include comments, globs, other groups and settings that only the build reads: if only these change, no file
is landed again. The ledger also records what `delivery` and `lines` declare. Both are part of a batch's name
(`version`).
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from pipelines.base.entities import ENTITIES
from pipelines.landing.batches import LOOKUPS
from pipelines.landing.entity_rows import Column, Columns, EntityRows
from pipelines.landing.model import FileGroup, Mapping
from pipelines.landing.normal import TIMES

Declared = frozenset[tuple[str, str | None, str | None]]
"""Per entity of a file: its name, `delivery` and `line_lists`, as in the ledger."""

# Keys of a group that do not decide rows: they choose files or say which ones are refused, give their date (which is
# compared separately), or declare something about deliveries.
_NOT_ROWS = {
    "name",
    "match",
    "ignore",
    "known_by",
    "optional",
    "last_header",
    "file_on",
    "file_on_format",
    "from_name",
    "delivery",
    "lines",
}
# Keys that are included below in another form.
_BY_COLUMN = {"delimiter", "nulls", "timestamps", "timezone", "entities", "skips", "lookups", "look_up"}

# The earlier fingerprint did not include these keys if they had their default.
_LATER_KEYS = (
    "quoting",
    "delivery",
    "lines",
    "sheet",
    "known_by",
    "fields",
    "positions_in",
    "short_lines",
    "optional",
    "last_header",
    "unwrap",
    "from_name",
)


def fingerprint(mapping: Mapping, group: FileGroup) -> str:
    """The SHA-256 of everything in a mapping that decides the landed rows of a group's files, and of nothing else."""
    decides: dict[str, object] = {
        "reading": group.model_dump(mode="json", exclude=_NOT_ROWS | _BY_COLUMN, exclude_defaults=True),
        "separator": group.separator if group.is_text_table else None,
        "nulls": sorted(set(group.nulls)),
        "skips": [[skip.name, skip.where.strip()] for skip in group.skips],
        "entities": {name: _entity(mapping, group, name, rows) for name, rows in group.entities.items()},
    }
    if group.lookups:
        decides["lookups"] = group.model_dump(mode="json", include={"lookups"})
    if group.from_name:
        decides["from_name"] = group.name_texts
    if group.look_up:
        abouts = {name: [one.about for one in mapping.lookups_named(name)][:1] for name in group.look_up}
        decides["look_up"] = {name: [key.strip(), *abouts[name]] for name, key in group.look_up.items()}
    return _sha256(decides)


def earlier_fingerprints(mapping: Mapping, group: FileGroup, delivery: str | None) -> frozenset[str]:
    """The fingerprints that an earlier version of this program may have written for the same rows.

    They included more than what decides the rows. `delivery` is known from the ledger; every value of `lines` is tried.
    """
    newer = any(rows.wording or any(column.values for column in _specs(rows)) for rows in group.entities.values())
    if group.lookups or group.look_up or group.from_name or newer:
        return frozenset()  # no earlier version had look-ups, texts of file names, value maps and wordings
    given = (group.model_copy(update={"delivery": delivery, "lines": lines}) for lines in (None, "complete", "partial"))
    return frozenset(_earlier(mapping, one) for one in given)


def declared(group: FileGroup) -> Declared:
    """What a group declares about later deliveries and about lists of order lines."""
    entities = (*group.entities, *([LOOKUPS] if group.lookups else []))
    return frozenset((name, group.delivery, group.line_lists(name)) for name in entities)


def version(rows: str, declares: Declared, lookups: str) -> str:
    """The version of a content's landing: a hash of the rows' fingerprint and of what is declared about them.

    Args:
        rows: The fingerprint.
        declares: What is declared.
        lookups: The digest of the look-ups in force; empty if the file does not look up.
    """
    parts = [rows, sorted([name, delivery or "", lists or ""] for name, delivery, lists in declares)]
    return _sha256([*parts, lookups] if lookups else parts)


def _entity(mapping: Mapping, group: FileGroup, name: str, rows: EntityRows) -> dict[str, object]:
    """How the records become rows of one entity."""
    is_filled = (
        name != "fx_rates"
        and "currency" in ENTITIES[name].columns
        and not all("currency" in block for block in rows.blocks())
    )
    return {
        "where": rows.where.strip(),
        "each": rows.each and rows.each.strip(),
        "amount_basis": rows.amount_basis,
        "currency": mapping.currency if is_filled else None,
        "columns": _columns(mapping, group, name, rows.columns),
        "unpivot": [_columns(mapping, group, name, block) for block in rows.unpivot],
        **({"wording": rows.wording.strip()} if rows.wording else {}),
    }


def _columns(mapping: Mapping, group: FileGroup, name: str, columns: Columns) -> dict[str, list[object]]:
    """The expression of each column; for times also the formats and the time zone that apply."""
    return {column: _column(mapping, group, name, column, spec) for column, spec in columns.items()}


def _column(mapping: Mapping, group: FileGroup, name: str, column: str, spec: Column) -> list[object]:
    sql: list[object] = [spec.sql.strip()]
    if spec.values is not None:
        sql.append({"values": sorted(spec.values.items(), key=str)})
    if ENTITIES[name].columns[column] not in TIMES:
        return sql
    return [*sql, list(spec.timestamps or group.timestamps), mapping.zone(group, spec)]


def _specs(rows: EntityRows) -> Iterator[Column]:
    return (column for block in rows.blocks() for column in block.values())


def _earlier(mapping: Mapping, group: FileGroup) -> str:
    fields = FileGroup.model_fields
    later = [key for key in _LATER_KEYS if getattr(group, key) == fields[key].get_default(call_default_factory=True)]
    without = dict.fromkeys(["name", "match", "ignore", "lookups", "look_up", *later], True)
    # These are newer than this fingerprint. `items` is empty once a mapping has been read.
    values = {"__all__": {"values"}}
    newer = {"items": True, "wording": True, "columns": values, "unpivot": {"__all__": values}}
    exclude: dict[str, Any] = {**without, "entities": {"__all__": newer}}
    return _sha256(
        {
            "source": mapping.source,
            "timezone": mapping.timezone,
            "currency": mapping.currency,
            "group": group.model_dump(mode="json", exclude=exclude),
        }
    )


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
