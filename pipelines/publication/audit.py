"""Reads a version back and compares it with its manifest. It trusts nothing that the writer remembers.

Used before the pointer moves, and by whoever wants to know whether a version is still what was published.
"""

from pathlib import Path

import duckdb
from pydantic import ValidationError

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import PublicationError
from pipelines.publication.files import sha256_of
from pipelines.publication.model import FORMAT, MANIFEST, Manifest, PublishedTable

_HINT = "Choose another version (`loyalty publish --current ID`), or run again to publish a new one."


def read_manifest(folder: Path) -> Manifest:
    """A version's manifest.

    Raises:
        PublicationError: There is none, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PublicationError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from error
    except ValidationError as error:
        raise PublicationError(f"{path} is no manifest: {error.error_count()} faults", hint=_HINT) from error
    if manifest.format > FORMAT:
        raise PublicationError(f"{path} has format {manifest.format}, this program knows {FORMAT}", hint=_HINT)
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    """Every file is there in its full size: quick, no file is read.

    Raises:
        PublicationError: One is not.
    """
    for file in manifest.files:
        path = folder / file.path
        size = path.stat().st_size if path.is_file() else None
        if size != file.bytes:
            found = "missing" if size is None else f"{size} bytes instead of {file.bytes}"
            raise PublicationError(f"{path} is {found}", hint=_HINT)


def audit(folder: Path) -> Manifest:
    """Read a version whole: hashes, row counts and columns of each file, against its manifest.

    Raises:
        PublicationError: Something differs; the message names the file.
    """
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    for file in manifest.files:
        if sha256_of(folder / file.path) != file.sha256:
            raise PublicationError(f"{folder / file.path} is not the file that was published", hint=_HINT)
    _check_tables(folder, manifest)
    return manifest


def _check_tables(folder: Path, manifest: Manifest) -> None:
    database = folder / manifest.database.path
    if database.with_name(database.name + ".wal").exists():
        raise PublicationError(f"{database} has a write-ahead log beside it", hint=_HINT)
    try:
        with connect() as connection:
            connection.execute(f"attach {quoting.path(database)} as publication (read_only)")
            for table in manifest.tables:
                parts = ", ".join(quoting.files(folder / file.path) for file in table.files)
                _check_relation(connection, f"read_parquet([{parts}], hive_partitioning = false)", table, folder)
                _check_relation(connection, f"publication.main.{quoting.name(table.name)}", table, database)
    except duckdb.Error as error:
        raise PublicationError(f"{folder} cannot be read back: {error}", hint=_HINT) from error


def _check_relation(connection: duckdb.DuckDBPyConnection, relation: str, table: PublishedTable, where: Path) -> None:
    described = connection.execute(f"describe select * from {relation}").fetchall()  # noqa: S608 (names are quoted)
    if [(row[0], row[1]) for row in described] != [(column.name, column.type) for column in table.columns]:
        raise PublicationError(f"{table.name} in {where} has other columns than its manifest says", hint=_HINT)
    ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()  # noqa: S608 (names are quoted)
    if rows != table.rows:
        raise PublicationError(f"{table.name} in {where} has not the {table.rows} rows of its manifest", hint=_HINT)
