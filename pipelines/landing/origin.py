"""Finds the source cells of a landed row: the delivered values from which each column was made.

The records come from the landed column `raw`. The current mapping makes rows from them again. If it does not make the
same row, another version of the mapping landed that row, and its source cells are not known.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from pathlib import Path as Folder

import duckdb

from pipelines.base import quoting
from pipelines.base.database import small_query_connection
from pipelines.landing.binding import RELATION, content_of, is_of_item, items_of, json_leaf, record_leaf, references
from pipelines.landing.entity_rows import EntityRows
from pipelines.landing.expressions import Path
from pipelines.landing.inbox import place_of
from pipelines.landing.lookups import add_look_ups, given_sql, make_state
from pipelines.landing.model import FileGroup, Mapping
from pipelines.landing.readers.relation import TABLE, Own, make_view
from pipelines.landing.readers.wide import file_columns
from pipelines.landing.rows import RowSql

Cells = dict[str, dict[str, str | None]]
"""Canonical column to its source columns, each with its text as delivered."""

_ITEMS = "landing_items"
_LOOKED_UP = f"(select *, landing_record as record, 0 as number from {RELATION})"  # noqa: S608 (a name of ours)
_Texts = dict[tuple[int, int], dict[Path, str | None]]
"""By record and element of `each` (0 for the record itself): the text at each path."""


@dataclass(frozen=True)
class LandedRow:
    """A landed row.

    Attributes:
        record: The number of its record in the file.
        content_hash: The hash of the row.
        raw: The record as JSON.
    """

    record: int
    content_hash: str
    raw: str


def cells_of(
    mapping: Mapping, file_name: str, entity: str, rows: Sequence[LandedRow], landing: Folder
) -> dict[tuple[int, str], Cells]:
    """The source cells of rows of one file, by record and hash. Rows whose cells are not known are left out.

    Args:
        mapping: The mapping of the file's source.
        file_name: The file name below the source's folder.
        entity: The entity of the rows.
        rows: The rows.
        landing: The landing folder, for values from look-ups.
    """
    group = place_of(mapping, file_name).group
    if group is None or entity not in group.entities or not rows:
        return {}
    spec = group.entities[entity]
    paths = {path for block in spec.blocks() for column in block.values() for path in references(column.sql)}
    of_items = {path for path in paths if spec.each and is_of_item(path)}
    try:
        with small_query_connection() as connection:
            leaf = _make_records(connection, group, rows)
            if group.look_up:
                make_state(connection, given_sql(landing))
                add_look_ups(connection, mapping, group)
            found = connection.execute(RowSql(connection, mapping, group).origins(entity)).fetchall()
            looked_up = {path for path in paths - of_items if path[0].lower() in group.look_up}
            own = paths - of_items - looked_up
            texts: _Texts = _texts(connection, f"{TABLE}, (select 0 as number)", leaf, own)
            for key, more in _texts(connection, _LOOKED_UP, _field, looked_up).items():
                texts[key] |= more
            if spec.each:
                _make_items(connection, spec.each)
                item = json_leaf("item")
                texts |= _texts(connection, _ITEMS, lambda path: item(path[1:]), {p for p in of_items if len(p) > 1})
    except duckdb.Error:
        return {}  # the mapping no longer fits these records
    wanted = {(row.record, row.content_hash) for row in rows}
    return {
        (record, content_hash): _cells(spec, block, texts.get((record, 0), {}) | texts.get((record, block), {}))
        for record, content_hash, block in found
        if (record, content_hash) in wanted
    }


def _make_records(
    connection: duckdb.DuckDBPyConnection, group: FileGroup, rows: Sequence[LandedRow]
) -> Callable[[Path], str]:
    """Create the table of records and the view that expressions read. Returns a function for the SQL of a cell."""
    connection.execute("set TimeZone = 'UTC'")
    documents = sorted({row.record: row.raw for row in rows}.items())
    connection.execute(f"create temp table {TABLE} (record bigint, document varchar)")
    connection.executemany(f"insert into {TABLE} values (?, ?)", documents)  # noqa: S608 (a name of ours)
    named = connection.execute(f"select distinct unnest(json_keys(document)) from {TABLE}").fetchall()  # noqa: S608 (a name of ours)
    # Column names of tables are not case-sensitive, fields of JSON are.
    by_lower = {} if group.format in ("json", "jsonl") else {name.lower(): name for (name,) in named}

    read = record_leaf(group, "document", content_of(group, "document"))

    def leaf(path: Path) -> str:
        if path[0].lower() in group.from_name:
            return quoting.text(group.name_texts[path[0].lower()] or "")
        return read((by_lower.get(path[0].lower(), path[0]), *path[1:]))

    keys = f"select unnest(json_keys(document)) from (from {TABLE} limit 1)"  # noqa: S608 (a name of ours)
    header = [] if group.format == "parquet" else [name for (name,) in connection.execute(keys).fetchall()]
    columns = file_columns([header], [leaf((name,)) for name in header])
    make_view(connection, group, Own("record", "record", "document"), leaf, header=columns)
    return leaf


def _field(path: Path) -> str:
    return ".".join(map(quoting.name, path))


def _make_items(connection: duckdb.DuckDBPyConnection, each: str) -> None:
    items = items_of(each)
    connection.execute(
        f"create temp table {_ITEMS} as select landing_record as record, unnest({items})::varchar as item,"  # noqa: S608 (names are quoted)
        f" generate_subscripts({items}, 1) as number from {RELATION}"
    )


def _texts(
    connection: duckdb.DuckDBPyConnection, relation: str, leaf: Callable[[Path], str], paths: Iterable[Path]
) -> _Texts:
    ordered = sorted(paths)
    columns = ", ".join(["record", "number", *map(leaf, ordered)])
    found = connection.execute(f"select {columns} from {relation}").fetchall()  # noqa: S608 (names are quoted)
    return {(record, int(number)): dict(zip(ordered, values, strict=True)) for record, number, *values in found}


def _cells(spec: EntityRows, block: int, texts: Dict[Path, str | None]) -> Cells:
    # With `each`, the number is that of the element, so the block of `unpivot` that made the row is not known.
    columns = spec.columns if spec.each else spec.blocks()[block if spec.unpivot else 0]
    return {
        column: {".".join(path): texts.get(path) for path in sorted(references(one.sql))}
        for column, one in columns.items()
    }
