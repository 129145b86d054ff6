"""What a version is: the marts asked for, the manifest that describes them, and a version as it lies on disk.

Names and shapes only. Reading and writing a manifest's text is here because both ends must agree; folders are not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

_CURRENCY = "the reporting currency"  # as the descriptions in the dbt project call it
MANIFEST = "manifest.json"
DATABASE = "loyalty.duckdb"
FORMAT = 4  # of the manifest; a reader that meets a higher number does not know this layout
# Of the marts' names, columns and codes. Raise it with each change of them, and add the change to docs/changelog.md.
SCHEMA_VERSION = 2


@dataclass(frozen=True)
class MartTable:
    """One mart to publish.

    Attributes:
        name: The table's or view's name in the marts schema; letters, digits and underscores (it becomes a folder).
        key: The columns that tell one row from another; the rows are published in their order.
        description: What one row is.
        columns: Each column's description by its name; columns that are not named get none.
    """

    name: str
    key: tuple[str, ...]
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Retention:
    """How long versions are kept.

    Attributes:
        days: The number of as-of days kept, counted from the newest; of each day its newest version.
        grace_minutes: A version that was current this recently is kept, because somebody may be reading it.
    """

    days: int = 30
    grace_minutes: float = 60


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reporting(_Strict):
    """In which currency and time zone a version's figures are.

    Attributes:
        currency: Of every amount, three capital letters.
        timezone: Of every day. Times are UTC.
    """

    currency: str
    timezone: str

    def __str__(self) -> str:
        return f"Amounts are in {self.currency}, days are of the zone {self.timezone}, times are UTC."

    def named(self, description: str) -> str:
        """A column's description with the currency that it is about."""
        return description.replace(_CURRENCY, f"{_CURRENCY} ({self.currency})")


class PublishedFile(_Strict):
    """One file of a version: its path below the version's folder, size in bytes, and SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


class PublishedColumn(_Strict):
    """One column of a mart; `type` is DuckDB's name for it."""

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
    files: tuple[PublishedFile, ...]


# In a manifest's `inputs`: see Manifest.rewritten_from.
REWRITTEN_FROM = "rewritten_from"


class Manifest(_Strict):
    """What a version holds and what it was made from.

    Attributes:
        format: The layout's number.
        schema_version: The number of the marts' names, columns and codes (SCHEMA_VERSION). It is 1 in versions
            published before these were numbered.
        version: The version's id, which is its folder's name.
        sequence: Counts publications; of two versions of a day the higher is the newer (a clock may go back).
        as_of: The day that the marts describe.
        run_id: The run that built them.
        published_at: When, in UTC.
        origin: What started the build, and which kind of build it was; empty in formats before 3.
        warnings: What the run warned about.
        reporting: The currency and the time zone of the figures; None in versions that an earlier program published.
        inputs: What went in, as the caller tells it.
        versions: Of the code and its locks, as the caller tells them.
        tables: The marts, by name.
        database: The same marts as one DuckDB file.
        documents: Pages for people beside the marts, such as what the gates found. They tell when and how a run went,
            so that no two runs have the same bytes of them.
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
        """Every file of the version but the manifest itself."""
        return (self.database, *(file for table in self.tables for file in table.files), *self.documents)

    def to_text(self) -> str:
        """The manifest as JSON with sorted keys."""
        return json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Version:
    """A version as it lies on disk.

    Attributes:
        id: Its folder's name, `<as-of>_<run>`.
        path: Its folder.
        as_of: The day that it describes.
        is_current: Whether the pointer names it.
        manifest: Its manifest, or None where `problem` says why there is none that can be used.
        problem: What is wrong with it; empty where nothing is.
    """

    id: str
    path: Path
    as_of: date
    is_current: bool
    manifest: Manifest | None
    problem: str = ""

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each mart; nothing if the version is broken."""
        return {table.name: table.rows for table in self.manifest.tables} if self.manifest else {}

    @property
    def schema_version(self) -> int | None:
        """The manifest's schema version; None if the version is broken."""
        return self.manifest.schema_version if self.manifest else None

    @property
    def sequence(self) -> int:
        """The manifest's sequence; -1 where the version is broken, so that it is never the newest."""
        return self.manifest.sequence if self.manifest else -1
