"""Finds out whether a file has times whose zone only the mapping says."""

from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.drafting.file_text import head_of
from pipelines.drafting.names import compared
from pipelines.landing import normal
from pipelines.landing.binding import reads_look_up, references, relation_of, text_of
from pipelines.landing.entity_rows import Column, EntityRows
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import read

_OTHER = "Pacific/Kiritimati"  # no zone is further from UTC
_IN_UTC = ("utc", "gmt")


def has_local_times(path: Path, group: FileGroup) -> bool:
    """Whether a file has times that mean another moment in another zone, and whose column does not say its zone.

    Args:
        path: The file. Of a large text file only the beginning is read.
        group: The entry of a mapping that reads it.

    Raises:
        InputError: The file cannot be read.
    """
    columns = [
        (rows, spec)
        for name, rows in group.entities.items()
        for block in rows.blocks()
        for column, spec in block.items()
        if ENTITIES[name].columns[column] is ColumnType.TIMESTAMP and _is_left_to_the_mapping(group, spec)
    ]
    if not columns:
        return False
    with TemporaryDirectory() as folder, connect(spill=Path(folder), threads=1) as connection:
        read(connection, beginning(path, group, Path(folder)), group, Path(folder))
        return any(connection.execute(_differing(group, *one)).fetchall() for one in columns)


def says_utc(name: str) -> bool:
    """Whether the name of a column says that its times are in UTC."""
    return compared(name).endswith(_IN_UTC)


def _is_left_to_the_mapping(group: FileGroup, spec: Column) -> bool:
    says = any(says_utc(path[-1]) for path in references(spec.sql))
    return not (spec.timezone or group.timezone or says or any(reads_look_up(spec.sql, name) for name in group.look_up))


def beginning(path: Path, group: FileGroup, folder: Path) -> Path:
    """The file, or a copy of the beginning of a text file whose records are lines."""
    head = head_of(path)
    whole = head[: head.rfind(b"\n") + 1]
    is_lines = group.is_text_table or group.format == "jsonl"
    if not is_lines or group.encoding == "utf-16" or path.suffix == ".zip" or len(whole) < len(head) // 2:
        return path
    copy = folder / f"beginning.{group.format}"
    copy.write_bytes(whole)
    return copy


def _differing(group: FileGroup, rows: EntityRows, spec: Column) -> str:
    """A query with a row if a time of a column is another moment in another zone."""
    formats = spec.timestamps or group.timestamps
    here, there = (normal.readings(ColumnType.TIMESTAMP, "value", formats, zone) for zone in ("UTC", _OTHER))
    values = f"(select {text_of(spec.sql)} as value from {relation_of(group, rows)})"  # noqa: S608 (names are quoted)
    return f"select 1 from {values} where coalesce({', '.join(here)}) <> coalesce({', '.join(there)}) limit 1"  # noqa: S608 (names are quoted)
