"""`open_version` and what an analyst can do with an open version.

pandas is imported only when a data frame is asked for. Conditions and names are checked in selection.py.
"""

import os
import secrets
import tempfile
import weakref
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import PublicationError
from pipelines.config.home import Home
from pipelines.publication import (
    DATABASE,
    Manifest,
    PublishedTable,
    Reporting,
    current_id,
    find_whole_version,
    hold,
    read_manifest,
    resolve_current,
)
from pipelines.reading.selection import removed, selected, table_named, unreadable

if TYPE_CHECKING:
    import pandas as pd


class OpenVersion:
    """One published version, for reading. Get it from `open_version`.

    All reads are of this version, whatever is published meanwhile. Retention keeps the version until `close`, the end
    of a `with` block, or the end of the process. Only `loyalty forget` and `loyalty versions delete` remove it earlier;
    then reads raise a `PublicationError`.

    Attributes:
        folder: The folder of the version.
        manifest: What manifest.json says about it.
    """

    def __init__(self, folder: Path, manifest: Manifest, handle: int) -> None:
        self.folder = folder
        self.manifest = manifest
        self._close = weakref.finalize(self, os.close, handle)

    def __repr__(self) -> str:
        return f"<version {self.id} with {len(self.marts)} marts in {self.folder.parents[2]}>"

    def __enter__(self) -> "OpenVersion":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let retention remove the version. Connections from `duckdb` stay open."""
        self._close()

    @property
    def id(self) -> str:
        """The id of the version, such as `2026-06-30_61572b33`."""
        return self.manifest.version

    @property
    def as_of(self) -> date:
        """The as-of day: the marts know what was known at its end."""
        return self.manifest.as_of

    @property
    def reporting(self) -> Reporting | None:
        """The currency and the time zone of the figures; None in versions of early programs."""
        return self.manifest.reporting

    @property
    def marts(self) -> list[str]:
        """The names of the marts, sorted."""
        return sorted(table.name for table in self.manifest.tables)

    def read(self, mart: str, columns: Sequence[str] | None = None, where: str | None = None) -> "pd.DataFrame":
        """A mart, or a part of it, as a data frame.

        Args:
            mart: The name of a mart (see `marts`).
            columns: The columns, in this order. Default: all.
            where: A SQL condition of DuckDB on the columns of the mart, such as `rfm_segment = 'at_risk' and
                recency_days > 90`. It can use columns that are not in `columns`. It reads nothing but this mart. It is
                SQL: quote texts from elsewhere.

        Returns:
            One row per row of the mart, sorted by its key, with a new index from 0. Every column has a pyarrow type
            (`pd.ArrowDtype`): amounts are `decimal128`, days `date32`, times `timestamp[us]` in UTC without a zone. An
            unknown value is `pd.NA`.

        Raises:
            ConfigError: There is no such mart or column, or the condition cannot be used. The message lists the marts
                or columns.
            PublicationError: The version has been removed, or its files cannot be read.
        """
        import pandas as pd

        with selected(self.folder, self._table(mart), columns, where) as connection:
            table = connection.view("selected").to_arrow_table()
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def describe(self, mart: str) -> "pd.DataFrame":
        """The columns of a mart, one row each: `column`, `type` (of DuckDB), `description`.

        Raises:
            ConfigError: There is no such mart; the message lists the marts.
        """
        import pandas as pd

        named = self.reporting.named if self.reporting else str
        return pd.DataFrame(
            [(column.name, column.type, named(column.description)) for column in self._table(mart).columns],
            columns=["column", "type", "description"],
        )

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """A connection to all marts of the version as tables, with comments. They are read-only; temporary tables work.

        The caller closes the connection.

        Raises:
            PublicationError: The version has been removed, or its file cannot be read.
        """
        # Not in the version's folder, where a reader may not write. DuckDB makes and removes it.
        connection = connect(spill=Path(tempfile.gettempdir()) / f"loyalty-{secrets.token_hex(8)}")
        try:
            # attached, because one process can open a file itself only with one configuration
            connection.execute(f"attach {quoting.path(self.folder / DATABASE)} as loyalty (read_only)")
            connection.execute("use loyalty")
        except duckdb.Error as error:
            connection.close()
            raise unreadable(self.folder, error) from error
        return connection

    def path(self, mart: str) -> Path:
        """The folder of a mart's Parquet files, for Polars, Spark and others.

        Raises:
            ConfigError: There is no such mart; the message lists the marts.
        """
        return (self.folder / self._table(mart).files[0].path).parent

    def _table(self, mart: str) -> PublishedTable:
        return table_named(self.manifest, mart)


def open_version(home: str | os.PathLike[str], version: str | None = None) -> OpenVersion:
    """Open a published version for reading.

    Args:
        home: The home folder: the one that has the folder `published`.
        version: The id of a version (`loyalty versions` lists them). Default: the current one. The pointer is resolved
            once, here.

    Raises:
        PublicationError: Nothing is published there, there is no such version (the message lists the newest ones), the
            version is damaged, or the home is an address such as `s3://bucket/prefix`.
    """
    if "://" in os.fspath(home):
        raise PublicationError(
            f"open_version reads a home on this machine, but {os.fspath(home)} is an address",
            hint="Read the files of object storage with pyarrow, or copy the version that current.json names into a"
            " folder COPY/published/versions and open it as open_version('COPY', ID); docs/object-storage.md shows"
            " both.",
        )
    published = Home(Path(home).expanduser().absolute()).published
    if not published.is_dir():
        raise PublicationError(
            f"nothing is published in {published.parent}: it has no folder {published.name}",
            hint="Pass the home folder (`home` in loyalty.yml). If it is new, call `loyalty run` first.",
        )
    while True:
        pointer = current_id(published)
        try:
            return _opened(published.resolve(), version)
        except PublicationError:
            # retention can remove a version between finding and holding it; then the pointer has moved
            if version is not None or current_id(published) == pointer:
                raise


def _opened(published: Path, version_id: str | None) -> OpenVersion:
    folder = resolve_current(published) if version_id is None else find_whole_version(published, version_id).path
    try:
        handle = hold(folder)
    except FileNotFoundError as error:
        raise removed(folder) from error
    try:
        return OpenVersion(folder, read_manifest(folder), handle)
    except PublicationError:
        os.close(handle)
        raise
