"""For each rejected column of a row: the value after the mapping, and the cells of the file that it comes from.

All of these may be personal: the caller decides whether to show them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import ConfigError
from pipelines.cli.quarantine_rows import catalogue
from pipelines.config.settings import Settings
from pipelines.landing import Mapping, load_mapping
from pipelines.landing.origin import Cells, LandedRow, cells_of

NEEDED = ("source", "entity", "rules", "file", "raw", "batch", "record", "content_hash")
"""The columns of a row that `values_of` reads."""


@dataclass(frozen=True)
class Value:
    """A column that a rule rejects.

    Attributes:
        column: The canonical column.
        mapped: Its value after the mapping, as read by staging.
        raw: The source columns that the mapping uses for it, with their texts as delivered; None if they are not known,
            because the mapping has changed since.
    """

    column: str
    mapped: str | None
    raw: dict[str, str | None] | None

    def words(self) -> str:
        """The value and its cells, on one line."""
        if self.raw is None:
            cells = "mapped by an earlier version of the mapping"
        elif self.raw:
            cells = "from " + ", ".join(f"{name}: {_text(text)}" for name, text in self.raw.items())
        else:
            cells = "from no column of the file"
        return f"{self.column}: {_text(self.mapped)}, {cells}"


def values_of(settings: Settings, rows: Sequence[dict[str, object]]) -> list[list[Value]]:
    """The values of rejected rows, in the order of the rows.

    Args:
        settings: The settings in force.
        rows: Rows with the columns in NEEDED.
    """
    mappings = _mappings(settings)
    numbered = [(number, row) for number, row in enumerate(rows) if row["content_hash"] is not None]
    found: dict[int, list[Value]] = {}
    for place, of_file in groupby(sorted(numbered, key=_place), key=_place):
        source, entity, batch, file_name = place
        numbers, listed = zip(*of_file, strict=True)
        landed = [_landed_row(row) for row in listed]
        cells: dict[tuple[int, str], Cells] = {}
        for mapping in mappings.get(source, []):
            cells |= cells_of(mapping, file_name, entity, landed, settings.paths.landing)
        part = settings.paths.landing / entity / f"source={source}" / f"batch={batch}" / "part.parquet"
        mapped = _mapped(part, [row.record for row in landed])
        for number, row, one in zip(numbers, listed, landed, strict=True):
            key = (one.record, one.content_hash)
            found[number] = _values(str(row["rules"]), mapped.get(key, {}), cells.get(key))
    return [found.get(number, []) for number in range(len(rows))]


def _place(numbered: tuple[int, dict[str, object]]) -> tuple[str, ...]:
    return tuple(str(numbered[1][name]) for name in ("source", "entity", "batch", "file"))


def _landed_row(row: dict[str, object]) -> LandedRow:
    return LandedRow(int(str(row["record"])), str(row["content_hash"]), str(row["raw"]))


def _values(rules: str, mapped: dict[str, str | None], cells: Cells | None) -> list[Value]:
    """The values of the columns that the broken rules name, each once."""
    known = catalogue()
    columns = dict.fromkeys(column for code in rules.split(", ") for column in known[code].column_name.split())
    return [Value(column, mapped.get(column), None if cells is None else cells.get(column, {})) for column in columns]


def _mappings(settings: Settings) -> dict[str, list[Mapping]]:
    """The valid mappings, by source."""
    found: dict[str, list[Mapping]] = {}
    for source in settings.sources:
        try:
            mapping = load_mapping(source.mapping)
        except ConfigError:
            continue  # `loyalty check` reports it; rows that have landed can be shown anyway
        found.setdefault(mapping.source, []).append(mapping)
    return found


def _mapped(part: Path, records: list[int]) -> dict[tuple[int, str], dict[str, str | None]]:
    """The landed rows of some records of a file, by record and hash."""
    if not part.is_file():
        return {}
    with connect() as connection:
        cursor = connection.execute(
            f"select * exclude (raw) from read_parquet({quoting.files(part)}, hive_partitioning = false)"  # noqa: S608 (a path that is quoted)
            " where list_contains(?::bigint[], record)",
            [records],
        )
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["record"], row["content_hash"]): row for row in rows}


def _text(value: str | None) -> str:
    return f"`{value}`" if value else "empty"
