"""The certificate of an erasure: what was removed where, and what is left to do. It names nobody.

Its shape, its words and its file. The doing is in forget.py.
"""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pipelines.base.durable import write_text_durably


class VersionErased(BaseModel):
    """A published version that held the person: its id, the one in its place (None: removed), rows by mart."""

    model_config = ConfigDict(frozen=True)

    id: str
    became: str | None
    rows: dict[str, int]


class Certificate(BaseModel):
    """What one erasure did.

    Attributes:
        id: The erasure's id.
        done_at: When, in UTC.
        by: What the person was asked for by: `ref`, `email` or `phone`; `tombstones` for everybody who was erased.
        asked: Keyed hashes of what was asked for, as among the tombstones.
        was_held: Whether anything was held about them.
        identifiers: How many references, e-mails, phones and orders of theirs have a tombstone.
        shared: How many e-mails and phones of theirs others have too; these stay with the others.
        landed: Rows by data set: removed, anonymised (money, now nobody's), blanked (others' free text and raw record).
        state: What was removed of the warehouse and of what passed between steps.
        versions: Published versions that held them.
        inbox_removed: Original files below home that held them, and were removed.
        inbox_left: Original files elsewhere that hold them, and are not ours to remove.
        logs_removed: Logs and artifacts that named them.
        to_do: What remains to be done, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    done_at: datetime
    by: str
    asked: tuple[str, ...]
    was_held: bool
    identifiers: dict[str, int]
    shared: dict[str, int]
    landed: dict[str, dict[str, int]]
    state: tuple[str, ...]
    versions: tuple[VersionErased, ...]
    inbox_removed: tuple[str, ...]
    inbox_left: tuple[str, ...]
    logs_removed: tuple[str, ...]
    to_do: tuple[str, ...]


def write_certificate(folder: Path, certificate: Certificate) -> Path:
    """Keep a certificate as `<folder>/<id>.json`, for the owner alone."""
    path = folder / f"{certificate.id}.json"
    write_text_durably(path, certificate.model_dump_json(indent=2) + "\n", mode=0o600)
    return path
