"""What the warehouse contains, as `<home>/state/build.json` records it: what is staged, and what is built from it.

plan.py decides from it how the next day is built. No Dagster and no SQL.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.durable import write_text_durably

# The prefix of the schemas and exchange folders of backfills.
SCRATCH_PREFIX = "backfill_"


class BuildStatus(StrEnum):
    """How the last build of core and marts ended.

    Attributes:
        IN_PROGRESS: It is running, failed, or was killed.
        COMPLETE: It was published.
    """

    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"


class StatePart(BaseModel):
    """A part of a file of state: it cannot be changed, and a field that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EventDays(StatePart):
    """The first and the last day with an accepted event of a customer.

    Attributes:
        first_on: The first day, without stray days (see event_days.py).
        last_on: The last one by the day of staging, or a later day that coverage states.
    """

    first_on: date
    last_on: date


class Content(StatePart):
    """What tables are made from.

    Attributes:
        fingerprint: The hash of the code, the variables and, after staging, the key of the pseudonyms.
        models: The hash of each incremental model (see model_hashes.py).
        batches: The batches.
        ages: How many later deliveries of its file each batch has; a batch without any is left out.
    """

    fingerprint: str
    models: dict[str, str] = {}
    batches: tuple[str, ...]
    ages: dict[str, int] = {}


class StagedState(Content):
    """What the last completed staging contains.

    Attributes:
        events: The first and the last day with an accepted event; None if there is no event.
    """

    events: EventDays | None = None

    @property
    def id(self) -> str:
        """Identifies what is staged: the same code, batches and deliveries have the same id."""
        return content_id(self)


class BuiltState(Content):
    """What core and marts contain.

    Attributes:
        as_of: The day that was built.
        status: Whether the tables are complete.
        run_id: The run that built them.
    """

    as_of: date
    status: BuildStatus
    run_id: str


class WarehouseState(StatePart):
    """Everything in build.json; None for a part that was never built."""

    staged: StagedState | None = None
    built: BuiltState | None = None


def content_id(content: Content, *more: str) -> str:
    """Identifies content, and more about it: the same code, batches and deliveries have the same id."""
    return _id(content.fingerprint, content.batches, content.ages, *more)


def landed_id(batches: Iterable[str]) -> str:
    """Identifies what has landed: the same batches have the same id."""
    return _id("", batches, {})


def _id(fingerprint: str, batches: Iterable[str], ages: Mapping[str, int], *more: str) -> str:
    content = json.dumps([fingerprint, sorted(batches), sorted(ages.items()), *more])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def read_state(path: Path) -> WarehouseState:
    """The content of build.json. If it is missing or cannot be read, it is empty, so that everything is built again."""
    try:
        return WarehouseState.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return WarehouseState()


def write_state(path: Path, state: WarehouseState) -> None:
    """Replace build.json in one step."""
    write_text_durably(path, state.model_dump_json(indent=2) + "\n")
