"""Verifies the files of a version on disk against its manifest. It does not use the writer's state.

It is used before the pointer moves, and to check whether a version is still as it was published.
"""

from pathlib import Path

import duckdb
from pydantic import ValidationError

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import sha256_of
from pipelines.base.errors import PublicationError
from pipelines.base.text import counted
from pipelines.publication.model import FORMAT, MANIFEST, Manifest, PublishedTable

_HINT = "Choose another version (`loyalty publish --current ID`), or publish a new one with `loyalty run`."


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a version.

    Raises:
        PublicationError: The manifest is missing or cannot be read.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PublicationError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from error
    except ValidationError as error:
        raise PublicationError(
            f"{path} is not a valid manifest: {counted(error.error_count(), 'fault')}", hint=_HINT
        ) from error
    if manifest.format > FORMAT:
        raise PublicationError(
            f"{path} has format {manifest.format}, but this program can read formats up to {FORMAT}", hint=_HINT
        )
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    """Check that every file exists and has its full size. This is fast: no file is read.

    Raises:
        PublicationError: A file is missing or has another size.
    """
    for file in manifest.files:
        path = folder / file.path
        size = path.stat().st_size if path.is_file() else None
        if size != file.bytes:
            found = "missing" if size is None else f"{counted(size, 'byte')} instead of {file.bytes:,}"
            raise PublicationError(f"{path} is {found}", hint=_HINT)


def audit(folder: Path) -> Manifest:
    """Check the hash, the number of rows and the columns of every file of a version against its manifest.

    Raises:
        PublicationError: A file differs. The message names it.
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
        raise PublicationError(f"{database} has a write-ahead log, so somebody has opened it for writing", hint=_HINT)
    try:
        with connect() as connection:
            connection.execute(f"attach {quoting.path(database)} as publication (read_only)")
            for table in manifest.tables:
                parts = ", ".join(quoting.files(folder / file.path) for file in table.files)
                _check_relation(connection, f"read_parquet([{parts}], hive_partitioning = false)", table, folder)
                _check_relation(connection, f"publication.main.{quoting.name(table.name)}", table, database)
    except duckdb.Error as error:
        raise PublicationError(f"{folder} cannot be read: {error}", hint=_HINT) from error


def _check_relation(connection: duckdb.DuckDBPyConnection, relation: str, table: PublishedTable, where: Path) -> None:
    described = connection.execute(f"describe select * from {relation}").fetchall()  # noqa: S608 (names are quoted)
    if [(row[0], row[1]) for row in described] != [(column.name, column.type) for column in table.columns]:
        raise PublicationError(f"{table.name} in {where} has other columns than its manifest", hint=_HINT)
    ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()  # noqa: S608 (names are quoted)
    if rows != table.rows:
        raise PublicationError(
            f"{table.name} in {where} has {counted(rows, 'row')}, but {table.rows:,} in its manifest", hint=_HINT
        )
