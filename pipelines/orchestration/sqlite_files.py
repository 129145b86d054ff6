"""Dagster's SQLite storages in a folder of any name.

Dagster puts the path into the URL of a database without quoting. In a URL, `%20` means a blank and `?` ends the path.
Here the path is quoted. Nothing else is changed: Dagster's tools can read the files. The events are in event_log.py.

For each new file, Dagster reads all of its migrations (89 modules) to find the latest one. Here each process reads them
only once.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage.runs import SqliteRunStorage

# The classes are public, and dagster.yaml must name these modules; they are not exported elsewhere.
from dagster._core.storage.schedules import SqliteScheduleStorage

_read_migrations = ScriptDirectory.from_config
_migrations: dict[str, ScriptDirectory] = {}


def _kept_migrations(config: Config) -> ScriptDirectory:
    """The migrations in the folder that the config names, read once per process."""
    folder = str(config.get_main_option("script_location"))
    if folder not in _migrations:
        _migrations[folder] = _read_migrations(config)
    return _migrations[folder]


ScriptDirectory.from_config = _kept_migrations  # type: ignore[method-assign]  # Dagster calls this method


def url_of(database: Path) -> str:
    """The URL of a database file for SQLAlchemy."""
    return f"sqlite:///{quote(str(database))}"


class RunStorageAnywhere(SqliteRunStorage):
    """Like SqliteRunStorage."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> "RunStorageAnywhere":
        """Create the storage from dagster.yaml."""
        return cls(url_of(_made(SqliteRunStorage, Path(config_value["base_dir"]) / "runs.db")), inst_data)


class ScheduleStorageAnywhere(SqliteScheduleStorage):
    """Like SqliteScheduleStorage."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> "ScheduleStorageAnywhere":
        """Create the storage from dagster.yaml."""
        return cls(url_of(_made(SqliteScheduleStorage, Path(config_value["base_dir"]) / "schedules.db")), inst_data)


def _made(kind: type[SqliteRunStorage | SqliteScheduleStorage], database: Path) -> Path:
    """The path of the database, created with Dagster's tables in a temporary folder if it is missing."""
    if database.exists():
        return database
    database.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loyalty-dagster-") as folder:
        kind.from_local(folder).dispose()
        copy = database.with_name(f".{database.name}.{os.getpid()}")
        shutil.copyfile(Path(folder, database.name), copy)
    try:
        # a link, not a rename: if another process has created it first, that file stays
        os.link(copy, database)
    except FileExistsError:
        pass
    finally:
        copy.unlink()
    return database
