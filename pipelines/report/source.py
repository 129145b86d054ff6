"""Reads a version for the report: aggregates by SQL over its Parquet files. No row of a customer leaves DuckDB."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import PublicationError
from pipelines.publication.model import Manifest
from pipelines.report.blocks import Block, Parts
from pipelines.report.suppression import Group, Size, hidden_groups, is_small

Value = str | int | float | bool | Decimal | date | datetime | None
Row = tuple[Value, ...]

_MAX_ROWS = 5_000  # a block with more rows is no aggregate: a fault of the program
_DEFAULT_MIN_GROUP = 5  # of versions without the setting


@dataclass(frozen=True)
class Result:
    """The rows of a query.

    Attributes:
        columns: The names of the columns.
        rows: The rows that may be shown.
        hidden: How many rows were not shown, because their groups are smaller than the suppression limit.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    hidden: int = 0

    def column(self, name: str) -> tuple[Value, ...]:
        """The values of one column."""
        position = self.columns.index(name)
        return tuple(row[position] for row in self.rows)


class Source:
    """A version opened for the report. Use it in a `with` statement.

    Args:
        folder: The folder of the version.
        manifest: What is in it.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.tables = {table.name: table for table in manifest.tables}
        self._spill = TemporaryDirectory(prefix="loyalty-report-")  # a version is never written to
        self._connection = connect(spill=Path(self._spill.name))
        self._create_views("main", folder, manifest)
        self.min_group = self._min_group()
        month_end, year_ago = self._connection.execute(
            "select (date_trunc('month', $day) - interval 1 day)::date, ($day - interval 1 year)::date",
            {"day": manifest.as_of},
        ).fetchall()[0]
        self.days: Mapping[str, date] = {"as_of": manifest.as_of, "month_end": month_end, "year_ago": year_ago}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()

    def add(self, schema: str, folder: Path, manifest: Manifest) -> None:
        """Make the marts of another version known as `<schema>.<mart>`."""
        self._connection.execute(f"create schema {quoting.name(schema)}")
        self._create_views(schema, folder, manifest)

    def _create_views(self, schema: str, folder: Path, manifest: Manifest) -> None:
        for table in manifest.tables:
            parts = ", ".join(quoting.files(folder / file.path) for file in table.files)
            rows = f"select * from read_parquet([{parts}], hive_partitioning = false)"  # noqa: S608 (names are quoted)
            self._connection.execute(f"create view {quoting.name(schema)}.{quoting.name(table.name)} as {rows}")

    def query(self, sql: str) -> Result:
        """The rows of a query of aggregates.

        Raises:
            PublicationError: The query returns too many rows for a report.
        """
        parameters = {**self.days, "min_group": self.min_group}
        used = {name: value for name, value in parameters.items() if f"${name}" in sql}
        found = self._connection.execute(sql, used)
        columns = tuple(column[0] for column in found.description)
        rows = found.fetchmany(_MAX_ROWS + 1)
        if len(rows) > _MAX_ROWS:
            raise PublicationError(
                f"a table of the report would have more than {_MAX_ROWS} rows ({', '.join(columns)})",
                hint="This is a bug in Loyalty Marts: please report it.",
            )
        return Result(columns, tuple(rows))

    def results(self, blocks: Sequence[Block]) -> dict[str, Result]:
        """The rows of each block by its key, without hidden groups (suppression.py).

        A block has no rows if the version lacks its marts.
        """
        found = {block.key: self.query(block.sql) if self.has(block.marts) else Result((), ()) for block in blocks}
        sizes: dict[Group, Size] = {}
        totals: list[Sequence[Group]] = []
        for block in blocks:
            totals += _count(block, found[block.key], sizes)
        hidden = hidden_groups(sizes, totals, self.min_group)
        return {block.key: self._shown(block, found[block.key], hidden) for block in blocks}

    def _shown(self, block: Block, found: Result, hidden: frozenset[Group]) -> Result:
        """The rows of a block that may be shown."""
        if not block.group or not found.rows:
            return found
        groups: tuple[Group | None, ...] = (None,) * len(found.rows)
        if block.parts:
            groups = tuple(_groups(block.parts, found))
        kept = tuple(
            row
            for row, size, group in zip(found.rows, found.column(block.group), groups, strict=True)
            if self.is_shown(size) and group not in hidden
        )
        return Result(found.columns, kept, len(found.rows) - len(kept))

    def finding(self, block: Block) -> dict[str, Value] | None:
        """The figures of a block's finding; None if there are none, or if one of them is unknown."""
        return self.figures(block.finding) if block.finding and self.has(block.marts) else None

    def figures(self, sql: str) -> dict[str, Value] | None:
        """The one row of a query by column; None if there is none, or if a value is NULL."""
        found = self.query(sql)
        if not found.rows or any(value is None for value in found.rows[0]):
            return None
        return dict(zip(found.columns, found.rows[0], strict=True))

    def has(self, marts: Sequence[str]) -> bool:
        """Whether the version has these marts; versions of earlier programs may lack some."""
        return all(mart in self.tables for mart in marts)

    def is_shown(self, size: Value) -> bool:
        """Whether a group of this size may be shown: nobody is in it, or enough people are."""
        return not isinstance(size, Size) or not is_small(size, self.min_group)

    def labels(self, language: str) -> dict[tuple[str, str], str]:
        """The label of each code and column, by code set and code."""
        if not self.has(("dim_label",)):
            return {}
        rows = self._connection.execute(
            "select code_set, code, label from dim_label where language = ?", [language]
        ).fetchall()
        return {(code_set, code): label for code_set, code, label in rows}

    def _min_group(self) -> int:
        if not self.has(("rpt_setting",)):
            return _DEFAULT_MIN_GROUP
        found: list[tuple[int | None]] = self._connection.execute(
            "select try_cast(value as integer) from rpt_setting where setting = 'model.reports.min_group'"
        ).fetchall()
        return found[0][0] or _DEFAULT_MIN_GROUP if found else _DEFAULT_MIN_GROUP


def _groups(parts: Parts, found: Result) -> list[Group]:
    """The group of each row."""
    columns = [found.column(column) for column in parts.by]
    names = ((*parts.fixed.items(), *zip(parts.by, map(str, row), strict=True)) for row in zip(*columns, strict=True))
    return [(parts.of, frozenset(name)) for name in names]


def _count(block: Block, found: Result, sizes: dict[Group, Size]) -> list[Sequence[Group]]:
    """Add the groups of a block with their sizes; gives the parts of each total that readers may know."""
    if block.parts is None or not found.rows:
        return []
    parts, groups = block.parts, _groups(block.parts, found)
    counts = found.column(block.group)
    sizes |= {group: size for group, size in zip(groups, counts, strict=True) if isinstance(size, Size)}
    if parts.within is None:
        return []
    totals: dict[frozenset[tuple[str, str]], dict[Group, None]] = {}
    for group in groups:
        if group in sizes:
            common = frozenset(pair for pair in group[1] if pair[0] in parts.within)
            totals.setdefault(common, {})[group] = None
    return [tuple(one) for one in totals.values()]
