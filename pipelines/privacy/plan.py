"""What an erasure is going to do, written down before it begins: the journal that lets it be finished after a kill.

The journal names the person in clear, because what is half erased can no longer be found otherwise; it is readable by
the owner alone, and goes with the last step. Names and shapes, and the journal's reading and writing.
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import BuildError
from pipelines.privacy.subject import Subject

JOURNAL = "pending.json"


class Plan(BaseModel):
    """One erasure.

    Attributes:
        id: Its id, which names its certificate.
        kind: What the person was asked for by: `ref`, `email` or `phone`; `tombstones` for everybody who was erased.
        asked: The tombstones of what was asked for; none where there was no key yet.
        subject: The person.
        customer_keys: Their pseudonyms, under every key that is known.
        shared: Identifiers of theirs that others have too, and that stay with these: how many of each kind.
        landed: Rows by data set and by what becomes of them.
        batches: (source, batch) that hold something of them.
        files: SHA-256 of the files that these came from, with the names that they had.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    asked: tuple[str, ...]
    subject: Subject
    customer_keys: tuple[str, ...] = ()
    shared: dict[str, int] = {}
    landed: dict[str, dict[str, int]] = {}
    batches: tuple[tuple[str, str], ...] = ()
    files: dict[str, list[str]] = {}

    @property
    def is_known(self) -> bool:
        """Whether anything is held about them."""
        return bool(self.landed)

    @property
    def words(self) -> list[str]:
        """Texts that tell the person wherever they stand; short references are words of everyday files."""
        texts = {*self.subject.emails, *self.subject.words, *(ref for _, ref in self.subject.refs if len(ref) >= 8)}
        return sorted(texts)


def new_erasure_id() -> str:
    """An erasure's id, `20240131T053000-1f0c9a7e`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def write_journal(folder: Path, plan: Plan) -> None:
    """Write the plan down before anything is done."""
    write_text_durably(folder / JOURNAL, plan.model_dump_json(indent=2) + "\n", mode=0o600)


def read_journal(folder: Path) -> Plan | None:
    """The erasure that was begun and not finished, if there is one.

    Raises:
        BuildError: It cannot be read, so nobody can say what is left to do.
    """
    path = folder / JOURNAL
    try:
        return Plan.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as problem:
        raise BuildError(
            f"{path} is not the journal of an erasure: {problem.error_count()} faults",
            hint="find out whom it was about, remove the file, and call `loyalty forget` for them again",
        ) from None
