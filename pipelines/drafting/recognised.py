"""Recognises files that a built-in mapping reads: by the same check of columns that landing makes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import InputError
from pipelines.drafting.layout import Layout, layout_of
from pipelines.drafting.table import Table, open_table
from pipelines.landing.binding import record_tree, references
from pipelines.landing.expressions import parse_all
from pipelines.landing.inbox import place_of
from pipelines.landing.mapping import BUILT_IN, read_mapping
from pipelines.landing.model import GENERATED_KEYS, FileGroup, Mapping
from pipelines.landing.readers import check_layout

_LEAST_SHARE = 0.6  # of the fields that an entry for JSON reads: a field that no record has is left out of a document
_READING = ("encoding", "delimiter")


@dataclass(frozen=True)
class Fit:
    """A built-in entry that reads a file.

    Attributes:
        mapping: The built-in mapping.
        entry: The name of its entry; None if it has none, so that no mapping can extend it.
        read: How many columns of the file it reads.
        is_named: Whether the file's name leads to this entry.
        options: What the entry must say differently so that it reads the file.
    """

    mapping: str
    entry: str | None
    read: int
    is_named: bool
    options: tuple[tuple[str, str | int], ...] = ()


@cache
def _built_in() -> tuple[tuple[str, Mapping], ...]:
    mappings = tuple((path.stem, read_mapping(path.stem)) for path in sorted(BUILT_IN.glob("*.yml")))
    # together, because each call of the parser takes a moment
    parse_all(text for _, mapping in mappings for group in mapping.files for _, text in group.expressions())
    return mappings


def fits(path: Path, layout: Layout) -> list[Fit]:
    """Every built-in entry that reads a file, the best one first: the most columns, then the name of the file."""
    found = [
        fit
        for name, mapping in _built_in()
        for group in mapping.files
        if group.ignore is None and (fit := _fit(path, layout, name, mapping, group)) is not None
    ]
    return sorted(found, key=lambda fit: (-fit.read, not fit.is_named, len(fit.options), fit.mapping))


def systems_of(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Files by the built-in mapping that reads them best; those that none reads are under an empty name."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        fit = fits(path, layout_of(path))
        found.setdefault(fit[0].mapping if fit else "", []).append(path)
    return found


def _fit(path: Path, layout: Layout, name: str, mapping: Mapping, group: FileGroup) -> Fit | None:
    if group.format != layout.options.get("format", "csv"):
        return None
    own = {key: value for key, value in layout.options.items() if key in _READING}
    for options in ({}, own) if own else ({},):
        entry = group.model_copy(update=options)
        try:
            check_layout(path, entry)
        except InputError:
            continue
        if not _has_fields(path, layout, entry):
            continue
        is_named = place_of(mapping, path.name).group is group
        return Fit(name, group.name, len(record_tree(group).children), is_named, tuple(sorted(options.items())))
    return None


def _has_fields(path: Path, layout: Layout, group: FileGroup) -> bool:
    """Whether the records of a JSON file have the fields that an entry needs, and most of those that it reads."""
    if group.format not in ("json", "jsonl"):
        return True
    records = group.records or layout.options.get("records", "")
    if group.records != records:
        return False
    try:
        there = _fields(path, group.format, group.encoding, group.records)
    except InputError:
        return False
    read = {name.lower() for name in record_tree(group).children}
    return _needed(group) <= there and len(read & there) >= _LEAST_SHARE * len(read)


@cache
def _fields(path: Path, form: str, encoding: str, records: str) -> frozenset[str]:
    options: dict[str, str | int] = {"format": form, "encoding": encoding, **({"records": records} if records else {})}
    with open_table(path, Layout(options)) as table:
        return frozenset(_roots(table))


def _roots(table: Table) -> Iterator[str]:
    for rows in table.rows:
        if rows.each:
            yield rows.each.strip('"').lower()
        else:
            yield from (field.path[0].lower() for field in rows.fields)


def _needed(group: FileGroup) -> set[str]:
    """The fields without which an entity of the entry has no key, no time or no list."""
    found = set()
    for name, rows in group.entities.items():
        entity = ENTITIES[name]
        key = [column for column in entity.key if column != GENERATED_KEYS.get(name)]
        texts = [rows.columns[column].sql for column in key if column in rows.columns]
        texts += [
            rows.columns[column].sql for need in entity.needs for column in need if len(need) == 1 and column in rows.columns
        ]
        texts += [rows.each] if rows.each else []
        found |= {path[0].lower() for text in texts for path in references(text) if path[0] not in ("item", "item_no")}
    return found
