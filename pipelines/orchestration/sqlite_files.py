"""Dagster's SQLite storages in a folder of any name.

Dagster puts the path into a database's URL as it is, where `%20` means a blank and `?` ends the path. Here the path is
quoted. Nothing else is changed; the files are Dagster's and its tools read them. The events are in event_log.py.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dagster._core.storage.runs import SqliteRunStorage

# The classes are public and their places are those that dagster.yaml must name; they are exported nowhere else.
from dagster._core.storage.schedules import SqliteScheduleStorage


def url_of(database: Path) -> str:
    """The URL by which SQLAlchemy finds a database file."""
    return f"sqlite:///{quote(str(database))}"


class RunStorageAnywhere(SqliteRunStorage):
    """As SqliteRunStorage."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> "RunStorageAnywhere":
        """Made from dagster.yaml."""
        return cls(url_of(_made(SqliteRunStorage, Path(config_value["base_dir"]) / "runs.db")), inst_data)


class ScheduleStorageAnywhere(SqliteScheduleStorage):
    """As SqliteScheduleStorage."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> "ScheduleStorageAnywhere":
        """Made from dagster.yaml."""
        return cls(url_of(_made(SqliteScheduleStorage, Path(config_value["base_dir"]) / "schedules.db")), inst_data)


def _made(kind: type[SqliteRunStorage | SqliteScheduleStorage], database: Path) -> Path:
    """The database's path, with Dagster's tables in it; Dagster makes them where the path can be a URL."""
    if database.exists():
        return database
    database.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loyalty-dagster-") as folder:
        kind.from_local(folder).dispose()
        copy = database.with_name(f".{database.name}.{os.getpid()}")
        shutil.copyfile(Path(folder, database.name), copy)
    try:
        # a link, not a rename: whoever came first keeps the name
        os.link(copy, database)
    except FileExistsError:
        pass
    finally:
        copy.unlink()
    return database
