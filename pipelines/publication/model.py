"""The models of publication: the marts to publish, the manifest of a version, and a version on disk.

Only data types are here, and the text form of a manifest. Folders are handled in other modules.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

_CURRENCY = "the reporting currency"  # as the descriptions in the dbt project call it
MANIFEST = "manifest.json"
REPORT = "report/index.html"  # for people; see pipelines/report
DATABASE = "loyalty.duckdb"
FORMAT = 5  # of the manifest; a reader cannot use a manifest with a higher number than its own
# Of the names, columns and codes of the marts. Raise it with each change of them; docs/changelog.md lists the changes.
SCHEMA_VERSION = 13


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(_Strict):
    """A column of a mart whose values are keys of another mart, or NULL."""

    column: str
    mart: str
    to_column: str


@dataclass(frozen=True)
class MartTable:
    """One mart to publish.

    Attributes:
        name: The name of the table or view in the marts schema: letters, digits and underscores (it becomes a folder).
        key: The columns that identify a row. The published rows are sorted by them.
        description: What one row is.
        columns: The description of each column by its name; other columns have none.
        references: Its columns that are keys of other marts.
    """

    name: str
    key: tuple[str, ...]
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Retention:
    """How long versions are kept.

    Attributes:
        days: How many as-of days are kept, counted from the newest. Of each day its newest version is kept.
        grace_minutes: For how long a version is kept after it was current, because somebody may still be reading it.
    """

    days: int = 30
    grace_minutes: float = 60


class Reporting(_Strict):
    """The currency and the time zone of a version's figures.

    Attributes:
        currency: The currency of every amount, three capital letters.
        timezone: The time zone of every date. Timestamps are UTC.
    """

    currency: str
    timezone: str

    def __str__(self) -> str:
        return f"Amounts are in {self.currency}, days are of the zone {self.timezone}, times are UTC."

    def named(self, description: str) -> str:
        """A column's description, with the name of the reporting currency."""
        return description.replace(_CURRENCY, f"{_CURRENCY} ({self.currency})")


class PublishedFile(_Strict):
    """One file of a version: its path below the version's folder, size in bytes, and SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


class PublishedColumn(_Strict):
    """One column of a mart; `type` is the DuckDB type."""

    name: str
    type: str
    description: str


class PublishedTable(_Strict):
    """One mart of a version."""

    name: str
    description: str
    key: tuple[str, ...]
    rows: int
    columns: tuple[PublishedColumn, ...]
    references: tuple[Reference, ...] = ()
    files: tuple[PublishedFile, ...]


# In a manifest's `inputs`: see Manifest.rewritten_from.
REWRITTEN_FROM = "rewritten_from"


class Manifest(_Strict):
    """The content of a version and its inputs.

    Attributes:
        format: The number of the manifest's layout.
        schema_version: The number of the names, columns and codes of the marts (SCHEMA_VERSION). It is 1 in versions
            that were published before these were numbered.
        version: The id of the version, which is also the name of its folder.
        sequence: Counts publications. Of two versions of a day, the one with the higher number is newer (clocks can go
            back).
        as_of: The as-of day of the marts.
        run_id: The run that built the marts.
        published_at: The time of publication, in UTC.
        origin: What started the build, and the kind of the build; empty in formats before 3.
        warnings: The warnings of the run.
        reporting: The currency and the time zone of the figures; None in versions of earlier programs.
        inputs: The inputs of the build, given by the caller.
        versions: The versions of the code and its locks, given by the caller.
        tables: The marts, by name.
        database: The same marts as one DuckDB file.
        documents: Pages for people (the report, the results of the gates), and restatement.json (see restatement.py).
            They depend on the run and on earlier versions, so their bytes differ between runs.
    """

    format: int = FORMAT
    schema_version: int = 1
    version: str
    sequence: int
    as_of: date
    run_id: str
    published_at: datetime
    origin: str = ""
    warnings: tuple[str, ...] = ()
    reporting: Reporting | None = None
    inputs: dict[str, JsonValue]
    versions: dict[str, str]
    tables: tuple[PublishedTable, ...]
    database: PublishedFile
    documents: tuple[PublishedFile, ...] = ()

    @property
    def rewritten_from(self) -> str | None:
        """The version that an erasure replaced by this one; None if no erasure wrote it."""
        found = self.inputs.get(REWRITTEN_FROM)
        return found if isinstance(found, str) else None

    @property
    def files(self) -> tuple[PublishedFile, ...]:
        """Every file of the version except the manifest."""
        return (self.database, *(file for table in self.tables for file in table.files), *self.documents)

    def to_text(self) -> str:
        """The manifest as JSON with sorted keys."""
        return json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


# Makes the report of a version from its folder and its manifest: one HTML file.
MakeReport = Callable[[Path, Manifest], str]


@dataclass(frozen=True)
class Version:
    """A version on disk.

    Attributes:
        id: The name of its folder, `<as-of>_<run>`.
        path: Its folder.
        as_of: Its as-of day.
        is_current: Whether the pointer names it.
        manifest: Its manifest; None if it cannot be used. Then `problem` says why.
        problem: What is wrong with the version; empty if nothing is.
    """

    id: str
    path: Path
    as_of: date
    is_current: bool
    manifest: Manifest | None
    problem: str = ""

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each mart; empty if the version is damaged."""
        return {table.name: table.rows for table in self.manifest.tables} if self.manifest else {}

    @property
    def schema_version(self) -> int | None:
        """The manifest's schema version; None if the version is broken."""
        return self.manifest.schema_version if self.manifest else None

    @property
    def sequence(self) -> int:
        """The manifest's sequence; -1 if the version is damaged, so that it is never the newest."""
        return self.manifest.sequence if self.manifest else -1
