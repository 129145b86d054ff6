"""The plan of an erasure, and its journal: the plan is written to disk first, so that it can be finished after a kill.

The journal has the person's identifiers in plain text, because half-erased data could not be found otherwise. Only the
owner can read it, and the last step removes it.
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import BuildError
from pipelines.base.text import counted
from pipelines.privacy.certificate import HomeErased
from pipelines.privacy.members import ShownMember
from pipelines.privacy.subject import Subject

JOURNAL = "pending.json"


class Plan(BaseModel):
    """One erasure.

    Attributes:
        id: The id, which is also the name of the certificate.
        kind: How the person was searched for: `ref`, `email` or `phone`; `tombstones` for all people erased before.
        asked: The tombstones of the searched value; empty if there was no key yet.
        subject: The person.
        members: All references of the person and the links between them, masked.
        left: (source, reference) of the person that are not erased, because only others were asked for.
        joined_before: (source, reference) of others that earlier builds may have joined with the person, until the
            user decided otherwise.
        customer_keys: The pseudonyms of all references of the person and of those in `joined_before`, with every known
            key. Published rows have one of them, whichever references are erased.
        shared: The numbers of their identifiers that other people have too. The other people keep these.
        landed: The number of rows by data set and outcome.
        batches: (source, batch) with data of the person.
        files: The SHA-256 of the files of these batches, with the names of the files.
        erased: What earlier attempts removed from the home: one was killed, or could not reach a target.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    asked: tuple[str, ...]
    subject: Subject
    members: tuple[ShownMember, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    joined_before: tuple[tuple[str, str], ...] = ()
    customer_keys: tuple[str, ...] = ()
    shared: dict[str, int] = {}
    landed: dict[str, dict[str, int]] = {}
    batches: tuple[tuple[str, str], ...] = ()
    files: dict[str, list[str]] = {}
    erased: HomeErased = HomeErased()

    @property
    def is_known(self) -> bool:
        """Whether there is any data about the person."""
        return bool(self.landed)

    @property
    def words(self) -> list[str]:
        """Texts that identify the person anywhere. Short references are left out: they occur as ordinary words."""
        texts = {*self.subject.emails, *self.subject.words, *(ref for _, ref in self.subject.refs if len(ref) >= 8)}
        return sorted(texts)


def new_erasure_id() -> str:
    """A new id, such as `20240131T053000-1f0c9a7e`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def write_journal(folder: Path, plan: Plan) -> None:
    """Write the journal: before the first step, before anything is removed, and before the targets."""
    write_text_durably(folder / JOURNAL, plan.model_dump_json(indent=2) + "\n", mode=0o600)


def read_journal(folder: Path) -> Plan | None:
    """The erasure that was begun but not finished, if there is one.

    Raises:
        BuildError: The journal cannot be read, so the rest of the erasure is not known.
    """
    path = folder / JOURNAL
    try:
        return Plan.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as problem:
        raise BuildError(
            f"{path} is not a valid journal of an erasure ({counted(problem.error_count(), 'fault')}), so the"
            " interrupted erasure cannot be finished",
            hint="find out which person was being erased, remove the file, and call `loyalty forget` for them again",
        ) from None
