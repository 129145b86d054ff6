"""Versions with one mart, whose rows are those of a query of DuckDB. No test stands here."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.publication import Manifest, PublishedTable, Version
from pipelines.publication.model import PublishedFile

ID = "2026-01-30_rows"
MART = f'"loyalty_{ID}"."m"'  # in the database, before the version is shown


def write_mart(folder: Path, select: str, *, files: int = 1, row_group_rows: int = 2_048) -> Version:
    """Write a version with the mart `m`.

    Args:
        folder: The folder of the version.
        select: The query.
        files: The number of files, which divide the rows.
        row_group_rows: The rows of a row group.
    """
    parts = [Path("marts") / "m" / f"part-{number}.parquet" for number in range(files)]
    (folder / "marts" / "m").mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table m as {select}")
        ((rows,),) = connection.execute("select count(*) from m").fetchall()
        for number, part in enumerate(parts):
            some = f"from m where rowid % {files} = {number} order by rowid"
            options = f"format parquet, row_group_size {row_group_rows}"
            connection.execute(f"copy ({some}) to {quoting.path(folder / part)} ({options})")
    table = PublishedTable(
        name="m",
        description="",
        key=(),
        rows=rows,
        columns=(),
        files=tuple(PublishedFile(path=str(part), bytes=0, sha256="") for part in parts),
    )
    manifest = Manifest(
        version=ID,
        sequence=1,
        as_of=date(2026, 1, 30),
        run_id="rows",
        published_at=datetime.now(UTC),
        inputs={},
        versions={},
        tables=(table,),
        database=PublishedFile(path="none", bytes=0, sha256=""),
    )
    return Version(ID, folder, manifest.as_of, True, manifest)
