"""What a connector is, and how the one of a source is opened."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from pipelines.config.pulls import PullSettings
from pipelines.connectors.pages import Checkpoint, Record

Say = Callable[[str], None]


@dataclass(frozen=True)
class Page:
    """A page of records.

    Attributes:
        records: The records as the vendor gives them, or a table. A page may have none.
        checkpoint: From where a pull that was stopped after this page continues.
    """

    records: Sequence[Record] | pa.Table
    checkpoint: Checkpoint


@dataclass(frozen=True)
class PulledObject:
    """A kind of record that is pulled by itself, into files of its own.

    Attributes:
        name: Its name, as the vendor writes it.
        stem: The beginning of the names of its files.
        is_snapshot: Whether every pull reads all records, and its file replaces the earlier one.
        full_read_days: After this many days everything is read again; None: only the first time.
        settings: What decides the content of its files: an unfinished pull is continued only with the same.
    """

    name: str
    stem: str
    is_snapshot: bool = False
    full_read_days: int | None = None
    settings: str = ""


class Connector(Protocol):
    """Reads the objects of one vendor. It gets its settings and its callbacks when it is made."""

    def objects(self) -> Sequence[PulledObject]:
        """The objects to pull.

        Raises:
            PullError: The server cannot be used at all.
        """

    def server_time(self) -> datetime:
        """The present time by the server's clock, UTC.

        Raises:
            PullError: The server cannot be used at all.
        """

    def until(self, one: PulledObject, now: datetime) -> str:
        """The cursor of a pull that begins now; the next pull reads what comes after it. Asked before its first page.

        Args:
            one: The object.
            now: The server's time.
        """

    def pages(self, one: PulledObject, since: str | None, until: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """The pages of an object.

        Every record that the server changed after `since` must be in a page, also if it changes while pages are read;
        a record may be in several. So a connector reads from some time before `since`, and reads on after `until`.

        Two versions of a record must not have the same time of change: staging could not know which one is newer. A
        record that was changed in the very second of the answer (`Answer.server_time`) could change again in that
        second. So a page with such a record is read again when the second is over.

        Args:
            one: The object.
            since: The cursor of the last pull that delivered a file; None: everything is read.
            until: The cursor of this pull.
            checkpoint: That of the last page of a stopped pull, or None.

        Raises:
            PullError: The object cannot be read.
        """

    def is_empty(self, one: PulledObject) -> bool:
        """Whether the server has no record of an object now. False if this cannot be known by a small request.

        Asked if nothing has changed in an object that had records.

        Raises:
            PullError: The object cannot be read.
        """

    def close(self) -> None:
        """Close its connections."""


def open_connector(settings: PullSettings, warn: Say) -> Connector:
    """The connector that the settings name.

    Args:
        settings: The group `pull` of a source.
        warn: Receives what a user should know, such as a module that is missing.

    Raises:
        ConfigError: An environment variable with credentials is missing.
    """
    # imported late: each has its own libraries
    module = importlib.import_module(f"pipelines.connectors.{settings.connector}")
    connector: Connector = module.connect(settings, warn)
    return connector
