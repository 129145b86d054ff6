"""The certificate of an erasure: what was removed where, and what remains to be done. It does not name the person.

This module defines the certificate and writes its file. forget.py erases.
"""

from collections import Counter
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pipelines.base.durable import write_text_durably


class VersionErased(BaseModel):
    """A published version with data of the person: its id, its replacement (None: removed), rows per mart."""

    model_config = ConfigDict(frozen=True)

    id: str
    became: str | None
    rows: dict[str, int]


class TargetErased(BaseModel):
    """A target that repeats versions, such as a database: its name, the versions that it lost, those that it has now.

    Every version that it has now is a version of the home, and so has no data of the person.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    removed: tuple[str, ...]
    versions: tuple[str, ...]


class HomeErased(BaseModel):
    """What is removed from the home. The fields that the certificate has too are explained there.

    An erasure notes what it is about to remove, so what was noted before a kill is noted again if it is still there.

    Attributes:
        in_crms: What remains to be done in CRMs, as text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decisions: int = 0
    state: tuple[str, ...] = ()
    versions: tuple[VersionErased, ...] = ()
    audiences: tuple[str, ...] = ()
    inbox_removed: tuple[str, ...] = ()
    logs_removed: tuple[str, ...] = ()
    in_crms: tuple[str, ...] = ()

    def after(self, earlier: "HomeErased") -> "HomeErased":
        """This, and what the same erasure has noted before."""
        return HomeErased(
            decisions=max(earlier.decisions, self.decisions),  # all of them are replaced at once
            state=tuple(dict.fromkeys(earlier.state + self.state)),
            versions=tuple({one.id: one for one in earlier.versions + self.versions}.values()),
            audiences=tuple(dict.fromkeys(earlier.audiences + self.audiences)),
            # files of two sources can have the same name
            inbox_removed=tuple((Counter(earlier.inbox_removed) | Counter(self.inbox_removed)).elements()),
            logs_removed=tuple(dict.fromkeys(earlier.logs_removed + self.logs_removed)),
            in_crms=tuple(dict.fromkeys(earlier.in_crms + self.in_crms)),
        )


class Certificate(BaseModel):
    """The result of one erasure.

    Attributes:
        id: The id of the erasure.
        done_at: The time, in UTC.
        by: How the person was searched for: `ref`, `email` or `phone`; `tombstones` for all people erased before.
        asked: Keyed hashes of the searched value, in the form of tombstones.
        was_held: Whether there was any data about them.
        identifiers: How many of their references, e-mails, phones and orders have a tombstone.
        links: How many references and guests of the person each kind of link led to.
        removed_keys: The pseudonyms of the erased references and guests, with every key. No customer has one of them.
        remaining_keys: The pseudonyms of the person's other references that are still stored, if only some were erased.
            The next run chooses the `customer_key` of these references among them.
        shared: How many of their e-mails and phones other people have too. These are not erased.
        landed: Per data set, how many rows were removed, anonymised (amounts stay without a person) or
            blanked (free text and raw record of other people).
        decisions: How many decisions about identity named them, and were replaced by entries without references.
        state: The removed files of the warehouse, removed files that steps exchange, and temporary files of killed
            commands.
        versions: The published versions with their data.
        targets: The targets of `publish`, which no longer have these versions.
        audiences: The exports of audiences that named the person, as `audience/format`.
        inbox_removed: Original files below home with their data, which were removed.
        inbox_left: Original files elsewhere with their data, which this program must not remove.
        logs_removed: Logs and artifacts that named them.
        to_do: What remains to be done, as text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    done_at: datetime
    by: str
    asked: tuple[str, ...]
    was_held: bool
    identifiers: dict[str, int]
    links: dict[str, int] = {}
    removed_keys: tuple[str, ...] = ()
    remaining_keys: tuple[str, ...] = ()
    shared: dict[str, int]
    landed: dict[str, dict[str, int]]
    decisions: int = 0
    state: tuple[str, ...]
    versions: tuple[VersionErased, ...]
    targets: tuple[TargetErased, ...] = ()
    audiences: tuple[str, ...] = ()
    inbox_removed: tuple[str, ...]
    inbox_left: tuple[str, ...]
    logs_removed: tuple[str, ...]
    to_do: tuple[str, ...]


def write_certificate(folder: Path, certificate: Certificate) -> Path:
    """Write a certificate to `<folder>/<id>.json`, readable only by the owner."""
    path = folder / f"{certificate.id}.json"
    write_text_durably(path, certificate.model_dump_json(indent=2) + "\n", mode=0o600)
    return path
