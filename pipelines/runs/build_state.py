"""What the warehouse holds, and so how the next build goes: extend it, build it anew, or build a past day aside.

Pure decisions, and one small JSON file, `<home>/state/build.json`. The rule: what was not completed by the same code on
the same variables is built anew. No Dagster and no SQL.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import BuildError

SCRATCH_PREFIX = "backfill_"
INGEST_FIRST = "run the job ingest first, or both jobs: loyalty run"


class BuildStatus(StrEnum):
    """How the last build of core and marts ended.

    Attributes:
        IN_PROGRESS: It is running, failed, or was killed.
        COMPLETE: It was published.
    """

    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventDays(_Part):
    """The days on which customers' accepted events lie.

    Attributes:
        first_on: The first, without stray days (see event_days.py).
        last_on: The last one by the day of staging, or a later day that coverage states.
    """

    first_on: date
    last_on: date


class StagedState(_Part):
    """What staging holds.

    Attributes:
        fingerprint: Of the code and variables that staged it.
        models: The hash of each incremental model (see model_hashes.py).
        batches: The batches that the last completed staging saw.
        ages: Of those whose file was delivered again since, how many deliveries of it have come later.
        events: The days on which the accepted events lie; None if there is no event.
    """

    fingerprint: str
    models: dict[str, str] = {}
    batches: tuple[str, ...]
    ages: dict[str, int] = {}
    events: EventDays | None = None

    @property
    def id(self) -> str:
        """Names this staging among others: the same code, batches and deliveries have the same id."""
        return _id(self.fingerprint, self.batches, self.ages)


class BuiltState(_Part):
    """What core and marts hold.

    Attributes:
        as_of: Their day.
        fingerprint: Of the code, variables and key that built them.
        models: The hash of each incremental model (see model_hashes.py).
        batches: The staged batches that they were built from.
        ages: As in StagedState.
        status: Whether they can be relied on.
        run_id: Who built them.
    """

    as_of: date
    fingerprint: str
    models: dict[str, str] = {}
    batches: tuple[str, ...]
    ages: dict[str, int] = {}
    status: BuildStatus
    run_id: str


class WarehouseState(_Part):
    """Everything in build.json; None for what has never been there."""

    staged: StagedState | None = None
    built: BuiltState | None = None


class BuildKind(StrEnum):
    """How core and marts are built."""

    FULL = "full"
    INCREMENTAL = "incremental"
    BACKFILL = "backfill"


@dataclass(frozen=True)
class BuildPlan:
    """One build of core and marts.

    Attributes:
        kind: How.
        as_of: The day built.
        previous_as_of: The day that an incremental build extends, else None.
        changed_batches: The batches whose keys an incremental build touches: new ones, and those whose place among the
            deliveries of their file has changed. All of them otherwise.
        batches: All batches in it.
        new_batches: Those of the changed ones that the build before did not have.
        ages: As in StagedState.
        fingerprint: Of code, variables and key.
        models: The hash of each incremental model.
        rebuilt: The models that an incremental build builds whole, because their code has changed.
        staged_id: Which staging it is built from (StagedState.id).
        reason: Why this kind, in words for the log.
    """

    kind: BuildKind
    as_of: date
    previous_as_of: date | None
    changed_batches: tuple[str, ...]
    batches: tuple[str, ...]
    new_batches: tuple[str, ...]
    ages: dict[str, int]
    fingerprint: str
    models: dict[str, str]
    rebuilt: tuple[str, ...]
    staged_id: str
    reason: str

    @property
    def id(self) -> str:
        """Names what is built: the same day, batches, deliveries, code and place have the same id."""
        return _id(self.fingerprint, self.batches, self.ages, self.as_of.isoformat(), self.scratch_schema)

    @property
    def scratch_schema(self) -> str:
        """Prefix of a backfill's schemas; empty for a build of the daily state."""
        return f"{SCRATCH_PREFIX}{self.as_of:%Y%m%d}" if self.kind is BuildKind.BACKFILL else ""

    def exchange(self, exchange: Path) -> Path:
        """Where this build exchanges Parquet: a backfill has a folder of its own."""
        return exchange / self.scratch_schema if self.scratch_schema else exchange

    def as_full(self, reason: str) -> "BuildPlan":
        """The same build from nothing; a backfill is that already."""
        if self.kind is not BuildKind.INCREMENTAL:
            return self
        return replace(
            self,
            kind=BuildKind.FULL,
            previous_as_of=None,
            changed_batches=self.batches,
            new_batches=self.batches,
            rebuilt=(),
            reason=reason,
        )


def plan_build(
    state: WarehouseState,
    *,
    as_of: date,
    fingerprint: str,
    models: Mapping[str, str] | None = None,
    due: date | None = None,
    full_refresh: bool = False,
    aside: bool = False,
) -> BuildPlan:
    """Decide how to build a day from what is staged.

    Args:
        state: What the warehouse holds.
        as_of: The day to build.
        fingerprint: Of the code, variables and key in force.
        models: The hash of each incremental model in force.
        due: The day that the config asks for; None if it is not known. If `as_of` is this day, it is built as the daily
            state, even if the tables hold a later day. Other earlier days are backfills.
        full_refresh: Whether the user asked for a build from nothing.
        aside: Whether the daily state must stay as it is, also where the day is its own.

    Raises:
        BuildError: Nothing is staged; or a backfill is asked for, and no daily build at or after the day exists.
    """
    staged, built = state.staged, state.built
    if staged is None:
        raise BuildError("nothing is staged yet", hint=INGEST_FIRST)
    batches, ages = staged.batches, staged.ages

    def plan(kind: BuildKind, reason: str) -> BuildPlan:
        hashes = dict(models or {})
        return BuildPlan(kind, as_of, None, batches, batches, batches, ages, fingerprint, hashes, (), staged.id, reason)

    if aside:
        check_aside(state, as_of)
        return plan(BuildKind.BACKFILL, "a backfill leaves the daily state as it is")
    if built is None:
        return plan(BuildKind.FULL, "nothing was built before")
    if as_of < built.as_of and as_of != due:
        return plan(BuildKind.BACKFILL, f"{as_of} lies before {built.as_of}, which stays as it is")
    if full_refresh:
        return plan(BuildKind.FULL, "asked for")
    if as_of < built.as_of:
        return plan(BuildKind.FULL, f"the config asks for {as_of}, but the tables hold the later day {built.as_of}")
    if built.status is not BuildStatus.COMPLETE:
        return plan(BuildKind.FULL, f"the build of run {built.run_id} was not completed")
    rebuilt = changed_models(built.fingerprint, built.models, fingerprint, models or {})
    if rebuilt is None:
        return plan(BuildKind.FULL, "code, variables or key have changed")
    if gone := set(built.batches) - set(batches):
        return plan(BuildKind.FULL, f"{len(gone)} batches are no longer there")
    before = set(built.batches)
    new = tuple(batch for batch in batches if batch not in before)
    changed = tuple(b for b in batches if b not in before or ages.get(b, 0) != built.ages.get(b, 0))
    return replace(
        plan(BuildKind.INCREMENTAL, f"extends {built.as_of}{rebuilt_words(rebuilt, models or {})}"),
        rebuilt=rebuilt,
        previous_as_of=built.as_of,
        changed_batches=changed,
        new_batches=new,
    )


def check_day(staged: StagedState, day: date, max_days_after_data: int) -> None:
    """Do nothing if there is data for a day.

    Args:
        staged: What is staged.
        day: The day to build.
        max_days_after_data: How many days after the last event a day may lie.

    Raises:
        BuildError: The day lies before the first event, or too long after the last one.
    """
    force = "; to build it anyway: loyalty run --force (in Dagster: the run tag loyalty/force: true)"
    if staged.events is None:
        raise BuildError(
            f"no event of a customer was accepted, so there is nothing to build for {day}",
            hint=f"see what was rejected: loyalty quarantine list{force}",
        )
    first, last = staged.events.first_on, staged.events.last_on
    if day < first:
        raise BuildError(
            f"{day} is before {first}, the first day with an event", hint=f"build {first} or a later day{force}"
        )
    if (days := (day - last).days) > max_days_after_data:
        raise BuildError(
            f"the data ends on {last}, {days} days before {day}: all customers would seem to have stopped buying",
            hint=f"deliver the missing files, build {last}, or raise max_days_after_data (now {max_days_after_data})"
            f" in loyalty.yml{force}",
        )


def check_aside(state: WarehouseState, day: date) -> None:
    """Do nothing where a day can be backfilled.

    Raises:
        BuildError: There is no daily state, or the day lies after it.
    """
    if state.built is None:
        raise BuildError("there is no daily build yet, so no day before it", hint="build one first: loyalty run")
    if day > state.built.as_of:
        raise BuildError(
            f"{day} lies after {state.built.as_of}, the day of the daily build",
            hint=f"build it as the day: loyalty run --as-of {day}",
        )


def changed_models(
    fingerprint_before: str, before: Mapping[str, str], fingerprint: str, models: Mapping[str, str]
) -> tuple[str, ...] | None:
    """The incremental models whose code has changed since a build; None if all must count as changed.

    Args:
        fingerprint_before: Of the code of that build.
        before: The hash of each of its incremental models; empty if it was made before these were kept.
        fingerprint: Of the code in force.
        models: The hash of each incremental model in force.
    """
    if fingerprint == fingerprint_before:
        return ()
    changed = tuple(sorted(name for name, value in models.items() if before.get(name) != value))
    return None if not models or len(changed) == len(models) else changed


def rebuilt_words(rebuilt: tuple[str, ...], models: Mapping[str, str]) -> str:
    """What is built whole, for the log; empty if nothing is."""
    if not rebuilt:
        return ""
    return f"; {len(rebuilt)} of {len(models)} incremental models are built whole, because their code has changed"


def staging_needs_refresh(
    state: WarehouseState, fingerprint: str, landed: Iterable[str], models: Mapping[str, str] | None = None
) -> str:
    """Why staging must be built anew, in words; empty where new batches can be appended."""
    if state.staged is None:
        return "nothing was staged before"
    if changed_models(state.staged.fingerprint, state.staged.models, fingerprint, models or {}) is None:
        return "code or variables of staging have changed"
    if gone := set(state.staged.batches) - set(landed):
        return f"{len(gone)} batches are no longer there"
    return ""


def extends_what_is_built(plan: BuildPlan, built: BuiltState | None) -> bool:
    """Whether an incremental plan still finds the tables that it was made for."""
    return (
        built is not None
        and built.status is BuildStatus.COMPLETE
        and built.as_of == plan.previous_as_of
        and set(built.batches) == set(plan.batches) - set(plan.new_batches)
    )


def landed_id(batches: Iterable[str]) -> str:
    """Names what is landed: the same batches have the same id."""
    return _id("", tuple(batches), {})


def read_state(path: Path) -> WarehouseState:
    """What build.json says; nothing where it is missing or not ours (then all is built anew)."""
    try:
        return WarehouseState.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return WarehouseState()


def write_state(path: Path, state: WarehouseState) -> None:
    """Replace build.json in one step."""
    write_text_durably(path, state.model_dump_json(indent=2) + "\n")


def _id(fingerprint: str, batches: tuple[str, ...], ages: Mapping[str, int], *more: str) -> str:
    content = json.dumps([fingerprint, sorted(batches), sorted(ages.items()), *more])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def fingerprint_of(files: Iterable[Path], root: Path, values: Mapping[str, object]) -> str:
    """16 hex digits over the names and bytes of files and over values; order does not matter.

    Args:
        files: Files below `root`.
        root: Names are taken relative to it.
        values: What else the result depends on; JSON.
    """
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(root).as_posix()}\0{content}".encode())
    return digest.hexdigest()[:16]
