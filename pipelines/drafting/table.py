"""A file as landing reads it, with its columns and a bounded sample of their values, in DuckDB.

The columns of every format are found in the same way: landing keeps each record as JSON (`landing_raw`), and DuckDB
infers the structure of a sample of them. Types are judged by the sample; times are judged by all records.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import InputError
from pipelines.drafting.layout import Layout
from pipelines.landing.binding import ITEM, RELATION, json_path
from pipelines.landing.cells import trimmed
from pipelines.landing.entity_rows import Column, EntityRows
from pipelines.landing.expressions import parse, parse_all
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import read

SAMPLED = 100_000  # records
_STRUCTURED = 1_000  # records of a table, which all have the columns of its header
_NESTED = ("json", "jsonl", "parquet")
_DEEPEST = 3
RECORDS = "draft_records"
"""The relation of all records, as JSON in the column `document`."""

Structure = dict[str, "Structure"] | list["Structure"] | str


@dataclass(frozen=True)
class Field:
    """A column of a file, or a field of its records.

    Attributes:
        name: Its name; of a nested field the dotted path.
        path: The names on the way to it, inside the record or inside the element of a list.
        sql: How a mapping names it.
        column: Its name in the sample.
    """

    name: str
    path: tuple[str, ...]
    sql: str
    column: str


@dataclass(frozen=True)
class Rows:
    """The records of a file, or the elements of a list inside them.

    Attributes:
        each: The list, as a mapping names it; None for the records.
        fields: The columns.
        others: What is not a single value and not in `Table.rows`: lists inside objects, lists of values, deep objects.
        sample: The table with the sampled values, all text; an empty text is NULL.
        whole: The relation of all records, as JSON in the column `document`.
    """

    each: str | None
    fields: tuple[Field, ...]
    others: tuple[str, ...]
    sample: str
    whole: str


@dataclass(frozen=True)
class Table:
    """A file in DuckDB.

    Attributes:
        connection: Has the relations of `rows`.
        path: The file.
        records: How many readable records it has.
        sampled: How many of them are in the sample.
        unreadable: How many parts of it cannot be read.
        rows: The records first, then each list inside them.
        ambiguous: The names that several columns have. A mapping cannot read these columns.
    """

    connection: duckdb.DuckDBPyConnection
    path: Path
    records: int
    sampled: int
    unreadable: int
    rows: tuple[Rows, ...]
    ambiguous: tuple[str, ...] = ()

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a query."""
        return self.connection.execute(sql).fetchall()


def group_of(layout: Layout, columns: dict[str, str]) -> FileGroup:
    """A file entry that reads some columns, for landing's readers."""
    entities = {"draft": EntityRows(columns={name: Column(sql=sql) for name, sql in columns.items()})}
    return FileGroup.model_validate({"match": "*", **layout.options, "entities": entities})


@contextmanager
def open_table(path: Path, layout: Layout) -> Iterator[Table]:
    """Read a file as landing does.

    Raises:
        InputError: Landing would refuse the file, or it has no record.
    """
    with TemporaryDirectory() as scratch, connect(spill=Path(scratch)) as connection:
        try:
            reading = read(connection, path, group_of(layout, {"nothing": "'x'"}), Path(scratch))
        except InputError as error:
            raise InputError(f"{path}: {error.message}", hint=error.hint) from error
        if not reading.records:
            has_header = layout.options.get("format", "csv") not in _NESTED
            what = "has a header but no records" if has_header else "has no records"
            raise InputError(f"{path}: the file {what}", hint="Give a file with data.")
        connection.execute(f"create temp view {RECORDS} as select landing_raw as document from {RELATION}")  # noqa: S608 (a name of ours)
        form = layout.options.get("format")
        structure = _structure(connection, RECORDS, SAMPLED if form in _NESTED else _STRUCTURED)
        ambiguous = _ambiguous(structure) if form not in ("json", "jsonl") else ()
        for name in [
            one for name in ambiguous for one in structure if name.lower() in (one.lower(), _first(one).lower())
        ]:
            del structure[name]
        rows = [_rows(connection, RECORDS, structure, None, ())]
        for number, (at, inner) in enumerate(_lists(structure)):
            whole = f"draft_list{number}"
            elements = f"unnest(from_json(json_extract(document, {json_path(at)}), '[\"JSON\"]'))"
            connection.execute(
                f"create temp view {whole} as select cast({elements} as varchar) as document from {RECORDS}"  # noqa: S608 (names are quoted)
                f" where json_type(document, {json_path(at)}) = 'ARRAY'"
            )
            rows.append(_rows(connection, whole, inner, written(at), (ITEM,)))
        yield Table(
            connection, path, reading.records, min(reading.records, SAMPLED), len(reading.spans), tuple(rows), ambiguous
        )


def written(path: Sequence[str]) -> str:
    """How an expression of a mapping names a column, or a field inside it."""
    if len(path) == 1:
        (name,) = path
        expression = parse(name)
        is_plain = not expression.problem and expression.references == {(name,)}
        # a name that is not SQL is the name of a column, but not inside an expression
        return name if is_plain or (expression.problem and not set(name) & set("'\"|:()<>=*")) else quoting.name(name)
    return ".".join(part if parse(part).references == {(part,)} else quoting.name(part) for part in path)


def _structure(connection: duckdb.DuckDBPyConnection, relation: str, sampled: int) -> dict[str, Structure]:
    ((found,),) = connection.execute(
        f"select json_group_structure(document::json) from (from {relation} limit {sampled})"  # noqa: S608 (names of ours)
    ).fetchall()
    structure = json.loads(found)
    return structure if isinstance(structure, dict) else {}


def _rows(
    connection: duckdb.DuckDBPyConnection,
    whole: str,
    structure: dict[str, Structure],
    each: str | None,
    prefix: tuple[str, ...],
) -> Rows:
    leaves = list(_leaves(structure))
    parse_all({part for path in leaves for part in path})
    fields = tuple(
        Field(".".join(path), path, written((*prefix, *path)), f"f{index}") for index, path in enumerate(leaves)
    )
    cells = ", ".join(f"json_extract_string(document, {json_path(field.path)}) as {field.column}" for field in fields)
    values = ", ".join(f"{trimmed(field.column)} as {field.column}" for field in fields)
    sample = f"{whole}_sample"
    connection.execute(
        f"create temp table {sample} as select {values or 'null as nothing'}"  # noqa: S608 (names are quoted)
        f" from (select {cells or 'null as nothing'} from {whole} limit {SAMPLED})"
    )
    return Rows(each, fields, tuple(_others(structure, is_record=each is None)), sample, whole)


def _ambiguous(structure: dict[str, Structure]) -> tuple[str, ...]:
    """The names of which a reader has numbered the repetitions: `Total`, `total (2)`. Case does not count."""
    there = {name.lower(): name for name in structure}
    return tuple(dict.fromkeys(there[first] for name in structure if (first := _first(name).lower()) in there))


def _first(name: str) -> str:
    """The name that a numbered repetition stands for; empty if it has no number."""
    found = re.fullmatch(r"(.+) \(\d+\)", name)
    return found[1] if found else ""


def _leaves(structure: dict[str, Structure], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of single values."""
    for name, inner in structure.items():
        if isinstance(inner, dict) and inner and len(at) < _DEEPEST:
            yield from _leaves(inner, (*at, name))
        elif isinstance(inner, str):
            yield (*at, name)


def _others(structure: dict[str, Structure], at: tuple[str, ...] = (), *, is_record: bool) -> Iterator[str]:
    """What `_leaves` and, in a record, `_lists` leave out."""
    for name, inner in structure.items():
        if isinstance(inner, dict) and inner:
            if len(at) < _DEEPEST:
                yield from _others(inner, (*at, name), is_record=is_record)
            else:
                yield f"{written((*at, name))} (an object)"
        elif isinstance(inner, list) and (at or not is_record or not (inner and isinstance(inner[0], dict))):
            yield f"{written((*at, name))} (a list)"


def _lists(structure: dict[str, Structure]) -> Iterator[tuple[tuple[str, ...], dict[str, Structure]]]:
    """The lists of objects directly in a record."""
    for name, inner in structure.items():
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield (name,), inner[0]
