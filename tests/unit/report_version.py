"""A small version for tests of the report: each of its marts comes from a query."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from pipelines.base.database import connect
from pipelines.publication.model import Manifest
from pipelines.report.source import Source


def version(folder: Path, marts: dict[str, str]) -> Source:
    """A version with these marts, each from its SQL."""
    for name, sql in marts.items():
        with connect() as connection:
            connection.execute(f"copy ({sql}) to '{folder / name}.parquet' (format parquet)")
    tables = [SimpleNamespace(name=name, files=[SimpleNamespace(path=f"{name}.parquet")]) for name in marts]
    return Source(folder, cast(Manifest, SimpleNamespace(tables=tables, as_of=date(2025, 7, 15))))
