"""Counts the statuses of a source's orders and order lines, without landing anything.

Files that the next run will land are read in the same way as landing reads them. For all other files the landed Parquet
is read, as the next build does. DuckDB counts, and only the counts come to Python.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import InputError
from pipelines.base.text import counted, printable_name
from pipelines.landing.batches import PART
from pipelines.landing.delivered import sha256_of
from pipelines.landing.inbox import Found, SourceFiles
from pipelines.landing.lookups import add_look_ups
from pipelines.landing.model import FileGroup
from pipelines.landing.order_statuses import UNKNOWN, class_of
from pipelines.landing.outdated import Comparison, Landed, Versions, compare
from pipelines.landing.readers import read
from pipelines.landing.rows import FileFacts, RowSql

# The value of a row, in the currency of the order.
_AMOUNTS = {
    "orders": "coalesce(try_cast(total as decimal(18, 2)), try_cast(gross as decimal(18, 2)))",
    "order_lines": (
        "coalesce(try_cast(total as decimal(18, 2)),"
        " try_cast(try_cast(quantity as decimal(18, 4)) * try_cast(unit_price as decimal(18, 4)) as decimal(18, 2)))"
    ),
}
_LISTED = 200  # statuses; a source has few, unless free text was mapped by mistake


_UNKNOWN_COUNTS = {
    "orders": "Orders with this status do not count.",
    "order_lines": "Lines with this status count only if their order has a header that is a sale.",
}


@dataclass(frozen=True)
class StatusCount:
    """One status of a source.

    Attributes:
        entity: `orders` or `order_lines`.
        status: The status as landing writes it.
        status_class: Its class, or `unknown`.
        currency: The currency of the amount; None if the rows have none.
        rows: The number of delivered rows: an order that was delivered twice counts as two.
        amount: The value of the rows in that currency; None if no row has a value.
    """

    entity: str
    status: str
    status_class: str
    currency: str | None
    rows: int
    amount: Decimal | None

    @property
    def is_unknown(self) -> bool:
        """Whether neither the mapping nor the built-in list has a class for it."""
        return self.status_class == UNKNOWN

    def message(self) -> str:
        """The warning about an unknown status."""
        value = f", {self.amount:,.2f} {self.currency or ''}".rstrip() if self.amount is not None else ""
        return (
            f"the status `{printable_name(self.status)}` of {self.entity} is unknown:"
            f" {counted(self.rows, 'row')}{value}."
            f" {_UNKNOWN_COUNTS[self.entity]} Add the status to `order_statuses` in the mapping, under sale, pending,"
            " cancelled or test"
        )


def count_statuses(
    home: Path,
    landed: Sequence[Landed],
    source: SourceFiles,
    found: Iterable[Found],
) -> tuple[tuple[StatusCount, ...], list[str]]:
    """The statuses of a source's orders and lines, most frequent first, and the problems of files that cannot be read.

    Args:
        home: The home folder.
        landed: What has landed.
        source: The source.
        found: The files of the source.
    """
    mapping = source.mapping
    entities = sorted({entity for group in mapping.files for entity in _with_status(group)})
    if not entities:
        return (), []
    versions = Versions([source])
    compared = compare(landed, versions)
    problems: list[str] = []
    to_read: list[tuple[Found, str]] = []
    replaced: list[str] = []
    for file in found:
        with _collecting(file, problems):
            if to_land := _to_land(file, compared, versions):
                to_read.append((file, to_land[0]))
                replaced += to_land[1]
    with TemporaryDirectory(prefix="loyalty-check-") as folder, connect(spill=Path(folder)) as connection:
        scratch = Path(folder)
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            "create temp table counted"
            " (entity varchar, status varchar, currency varchar, n bigint, amount decimal(38, 2))"
        )
        for entity in entities:
            parts = home / "landing" / entity / f"source={mapping.source}"
            if any(parts.glob(f"batch=*/{PART}")):
                # earlier versions of this program landed lines without `total`
                landed_rows = (
                    f"select * from read_parquet({quoting.files(parts, f'batch=*/{PART}')}, union_by_name = true,"  # noqa: S608 (names are quoted)
                    " hive_partitioning = true, hive_types = {'batch': 'VARCHAR'})"
                    " union all by name select null::varchar as total where false"
                )
                left = f"select * from ({landed_rows}) where not list_contains($replaced, batch)"  # noqa: S608
                _count(connection, entity, left, {"replaced": replaced})
        for file, sha256 in to_read:
            with _collecting(file, problems):
                _count_file(connection, file, sha256, scratch)
        return _counts(connection, source), problems


@contextmanager
def _collecting(file: Found, problems: list[str]) -> Iterator[None]:
    """Add the reason why a file cannot be read to `problems`, and continue."""
    try:
        yield
    except InputError as error:
        problems.append(f"{printable_name(file.name)}: {error.message}. {error.hint}")


def _with_status(group: FileGroup) -> list[str]:
    """The entities of a group for which the mapping has a status."""
    return [
        name
        for name, rows in group.entities.items()
        if name in _AMOUNTS and any("status" in block for block in rows.blocks())
    ]


def _to_land(file: Found, compared: Comparison, versions: Versions) -> tuple[str, list[str]] | None:
    """The hash of a file that the next run will land, and the batches that it will replace.

    None if the file has landed, or has no status.
    """
    if file.group is None or not _with_status(file.group):
        return None
    sha256 = sha256_of(file.path)
    if versions.target(file.source, file.group, file.file_on).key(sha256) in compared.current:
        return None
    changes = (change for change in compared.changes if change.needs_rows and change.landed.sha256 == sha256)
    return sha256, [change.landed.batch for change in changes if file.name in change.names]


def _count_file(connection: duckdb.DuckDBPyConnection, file: Found, sha256: str, scratch: Path) -> None:
    mapping, group = file.source.mapping, file.group
    assert group is not None
    try:
        read(connection, file.path, group, scratch)
        add_look_ups(connection, mapping, group)
        sql = RowSql(connection, mapping, group)
        for entity in _with_status(group):
            _count(connection, entity, sql.rows(entity, FileFacts(file.name, sha256, file.file_on, date.min)))
    except duckdb.Error as error:
        raise InputError(
            f"the mapping does not fit the file: {type(error).__name__}",
            hint="An expression fails on a value of the file. `loyalty run` names its line in the mapping.",
        ) from error


def _count(
    connection: duckdb.DuckDBPyConnection, entity: str, rows: str, values: dict[str, list[str]] | None = None
) -> None:
    connection.execute(
        f"insert into counted select '{entity}', status, currency, count(*), sum({_AMOUNTS[entity]})"  # noqa: S608 (names of ours)
        f" from ({rows}) where status is not null group by status, currency",
        values,
    )


def _counts(connection: duckdb.DuckDBPyConnection, source: SourceFiles) -> tuple[StatusCount, ...]:
    rows: Sequence[tuple[str, str, str | None, int, Decimal | None]] = connection.execute(
        "select entity, status, currency, sum(n)::bigint, sum(amount)::decimal(38, 2) from counted"  # noqa: S608 (a number)
        f" group by entity, status, currency order by 4 desc, 1, 2, 3 limit {_LISTED}"
    ).fetchall()
    declared = source.mapping.order_statuses
    return tuple(
        StatusCount(entity, status, class_of(status, declared), currency, n, amount)
        for entity, status, currency, n, amount in rows
    )
