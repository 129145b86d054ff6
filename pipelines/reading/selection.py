"""Columns and rows of one mart: names and the condition are checked, and DuckDB can read no other file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import ConfigError, PublicationError
from pipelines.base.scarcity import scarcity
from pipelines.base.spelling import did_you_mean
from pipelines.publication import Manifest, PublishedTable
from pipelines.reading.repeatable import require_repeatable

# What a condition could use to read something else than the mart. Allowed paths stay readable.
_LOCKED = (
    "set python_enable_replacements = false",
    "set autoload_known_extensions = false",
    "set enable_external_access = false",
    "set lock_configuration = true",
)


def table_named(manifest: Manifest, mart: str) -> PublishedTable:
    """A mart of a version.

    Raises:
        ConfigError: There is no such mart; the message lists the marts.
    """
    known = {table.name: table for table in manifest.tables}
    if not isinstance(mart, str) or mart not in known:  # code in notebooks is not typed
        near = did_you_mean(str(mart), known, f"the marts are {', '.join(sorted(known))}")
        raise ConfigError(
            f"there is no mart {mart!r} in the version {manifest.version}{near}", hint="Write the name of a mart."
        )
    return known[mart]


@contextmanager
def selected(
    folder: Path,
    table: PublishedTable,
    columns: Sequence[str] | None = None,
    where: str | None = None,
    *,
    writes_to: Path | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the view `selected`: the chosen columns of the rows that meet the condition, in their order.

    DuckDB's errors inside the block are reported like those of the condition.

    Args:
        folder: The folder of the version.
        table: The mart.
        columns: The columns, in this order; None for all.
        where: A SQL condition on the columns of the mart; None for all rows.
        writes_to: The only file that the connection can write.

    Raises:
        ConfigError: A column does not exist or is named twice, or the condition cannot be used, such as one whose
            result can change.
        PublicationError: The version has been removed, or its files cannot be read.
    """
    chosen = _checked(table, columns)
    if where is not None:
        require_repeatable(table, where)
    parts = [folder / file.path for file in table.files]
    allowed = ", ".join(quoting.path(path) for path in (*parts, *([writes_to] if writes_to else ())))
    try:
        with connect() as connection:
            connection.execute(
                f"create view {quoting.name(table.name)} as select * from"  # noqa: S608 (names are quoted)
                f" read_parquet([{', '.join(map(quoting.files, parts))}], hive_partitioning = false)"
            )
            connection.execute(f"set allowed_paths = [{allowed}]")
            for setting in _LOCKED:
                connection.execute(setting)
            rows = connection.view(quoting.name(table.name))
            if where is not None:
                rows = rows.filter(where)
            rows.project(", ".join(map(quoting.name, chosen))).create_view("selected")
            yield connection
    except duckdb.IOException as error:
        raise scarcity(str(error), writes_to.parent if writes_to else folder) or unreadable(folder, error) from error
    except duckdb.Error as error:
        if where is None:
            raise unreadable(folder, error) from error
        raise ConfigError(
            f"the condition {where!r} cannot be used on {table.name}: {_first_line(error)}; the columns are"
            f" {', '.join(column.name for column in table.columns)}",
            hint="Write one SQL condition on these columns, such as: rfm_segment = 'at_risk' and recency_days > 90",
        ) from error


def unreadable(folder: Path, error: duckdb.Error) -> PublicationError:
    """The error for files of a version that DuckDB cannot read."""
    if not folder.is_dir():
        return removed(folder)
    return PublicationError(
        f"{folder} cannot be read: {_first_line(error)}", hint="Choose another version from `loyalty versions`."
    )


def removed(folder: Path) -> PublicationError:
    """The error for a version that is no longer there."""
    return PublicationError(
        f"the version {folder.name} was removed: somebody deleted it, or a person in it was erased",
        hint="Open the current version.",
    )


def _checked(table: PublishedTable, columns: Sequence[str] | None) -> list[str]:
    known = [column.name for column in table.columns]
    if columns is None:
        return known
    if isinstance(columns, str) or not columns:
        raise ConfigError(
            f"columns must be a list of names, but is {columns!r}", hint="Leave it out to get all columns."
        )
    for name in columns:
        if name not in known:
            near = did_you_mean(str(name), known, f"its columns are {', '.join(known)}")
            raise ConfigError(f"{table.name} has no column {name!r}{near}", hint="Write names as they are published.")
        if list(columns).count(name) > 1:
            raise ConfigError(f"the column {name!r} is named twice", hint="Name each column once.")
    return list(columns)


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]
