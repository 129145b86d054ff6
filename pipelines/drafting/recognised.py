"""Recognises files that a built-in mapping reads: by the same check of columns that landing makes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import InputError
from pipelines.drafting.layout import Layout, layout_of
from pipelines.drafting.table import open_table
from pipelines.landing.binding import record_tree, references
from pipelines.landing.expressions import parse_all
from pipelines.landing.inbox import place_of
from pipelines.landing.mapping import BUILT_IN, read_mapping
from pipelines.landing.model import GENERATED_KEYS, EntityRows, FileGroup, Mapping
from pipelines.landing.readers import check_layout
from pipelines.landing.readers.csvpass import read_header
from pipelines.landing.readers.wide import COLUMNS, reads_columns

# An entry reads columns that few files have all of: those of other versions of the system, and fields that a document
# leaves out. So a file has this share of them, or an entry reads this share of the file's columns.
_LEAST_SHARE = 0.3
_LEAST_OF_FILE = 0.6
_LEAST_COLUMNS = 5
_READING = ("encoding", "delimiter")
_FOLDERS = 3  # above a file, that a glob may name


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


def ignored(mapping: str, path: Path) -> str | None:
    """Why a built-in mapping ignores a file, by its name; None if it does not."""
    found = dict(_built_in())[mapping]
    groups = (place_of(found, name).group for name in _names(path))
    return next((group.ignore for group in groups if group is not None), None)


def systems_of(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Files by the built-in mapping that reads them best; those that none reads are under an empty name."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        fit = fits(path, layout_of(path))
        found.setdefault(fit[0].mapping if fit else "", []).append(path)
    return found


def _names(path: Path) -> list[str]:
    """The names by which a glob may find a file: with folders above it first."""
    parts = path.parts[-_FOLDERS - 1 :]
    return ["/".join(parts[-count:]) for count in range(len(parts), 0, -1)]


def _fit(path: Path, layout: Layout, name: str, mapping: Mapping, group: FileGroup) -> Fit | None:
    if group.format != layout.options.get("format", "csv") or ignored(name, path):
        return None
    own = {key: value for key, value in layout.options.items() if key in _READING}
    for options in ({}, own) if own else ({},):
        entry = group.model_copy(update=options)
        try:
            check_layout(path, entry)
            there = _columns(path, layout, entry)
        except InputError:
            continue
        listed = {COLUMNS} if reads_columns(entry, list(there)) else set()
        read = {column.lower() for column in record_tree(entry).children} - listed
        least = min(_LEAST_SHARE * len(read), max(_LEAST_OF_FILE * len(there), _LEAST_COLUMNS))
        if len(read & there) >= max(1, least) and all(_is_there(one, there | listed) for one in _needed(entry)):
            is_named = any(place_of(mapping, one).group is group for one in _names(path))
            if not is_named and group.name is None:
                return None  # no mapping could extend this entry
            return Fit(name, group.name, len(read & there), is_named, tuple(sorted(options.items())))
    return None


def _columns(path: Path, layout: Layout, group: FileGroup) -> frozenset[str]:
    """The columns of a file, or the fields of its records, in lower case."""
    if group.is_text_table:
        return frozenset(name.lower() for name in read_header(path, group))
    options = layout.options
    if group.format == "json":
        options = {**options, "encoding": group.encoding, "records": group.records or options.get("records", "")}
        if group.records != options["records"]:
            return frozenset()
    about = path.stat()
    return _fields(path, tuple(options.items()), (about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=256)
def _fields(path: Path, options: tuple[tuple[str, str | int], ...], version: tuple[int, int]) -> frozenset[str]:
    """The fields of a file's records. The version distinguishes contents."""
    with open_table(path, Layout({key: value for key, value in options if value})) as table:
        records, *lists = table.rows
        fields = {one.path[0].lower() for one in records.fields}
        return frozenset(fields | {(rows.each or "").strip('"').lower() for rows in lists})


def _is_there(paths: frozenset[str], there: frozenset[str]) -> bool:
    """Whether a file has one of the columns that an expression reads: keys have other names in other versions."""
    return not paths or bool(paths & there)


def _needed(group: FileGroup) -> Iterator[frozenset[str]]:
    """The columns of each expression without which an entity of the entry has no key, no time or no list."""
    for name, rows in group.entities.items():
        entity = ENTITIES[name]
        names = [column for column in entity.key if column != GENERATED_KEYS.get(name)]
        names += [need[0] for need in entity.needs if len(need) == 1]
        texts = [block[column].sql for block in rows.blocks() for column in names if column in block]
        yield from (_roots(text, rows) for text in [*texts, *([rows.each] if rows.each else [])])


def _roots(text: str, rows: EntityRows) -> frozenset[str]:
    found = {path[0].lower() for path in references(text)}
    return frozenset(found - {"item", "item_no"} if rows.each else found)
