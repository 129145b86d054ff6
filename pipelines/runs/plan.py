"""Decides how staging and a day are built: as a whole, by extending what is there, or beside it (a backfill).

This is the only place that decides it, in pure functions. The rule: what was not completed by the same code on the same
variables is built again as a whole. The plan of a day is kept in `<home>/state/plan.json` (plan_file.py), and every
later step follows it. The models get it as vars (dbt_vars.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from pipelines.base.errors import BuildError
from pipelines.base.text import counted
from pipelines.runs.build_state import SCRATCH_PREFIX, BuildStatus, BuiltState, Content, WarehouseState, content_id
from pipelines.runs.day_checks import INGEST_FIRST, check_aside

_REQUESTED = "a full refresh was requested"


class BuildKind(StrEnum):
    """How core and marts are built.

    Attributes:
        FULL: As a whole.
        INCREMENTAL: By extending the last build.
        BACKFILL: As a whole, beside the last build, which stays as it is.
    """

    FULL = "full"
    INCREMENTAL = "incremental"
    BACKFILL = "backfill"


@dataclass(frozen=True)
class StagingPlan:
    """How staging is built.

    Attributes:
        reason: Why it is built as a whole; empty if new batches are added to what is there.
        rebuilt: The incremental models that are built as a whole all the same, because their code has changed.
    """

    reason: str
    rebuilt: tuple[str, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether all of it is built as a whole."""
        return bool(self.reason)

    def words(self, models: Mapping[str, str]) -> str:
        """The plan for the log.

        Args:
            models: The incremental models in force.
        """
        if self.is_full:
            return f"staging is built as a whole: {self.reason}"
        return f"new batches are added to staging{rebuilt_words(self.rebuilt, models)}"


class BuildPlan(Content):
    """How core and marts are built for one day.

    Attributes:
        kind: How.
        as_of: The day that is built.
        previous_as_of: The day of the build that an incremental build extends, else None.
        changed_batches: The batches whose keys an incremental build computes again: new ones, and those with another
            number of later deliveries than in the last build. All batches for other kinds.
        new_batches: Those of the changed batches that are not in the last build.
        rebuilt: The models that an incremental build builds as a whole, because their code has changed.
        staged_id: What is staged (StagedState.id).
        full_refresh: Whether the user requested a full refresh: the day is published even if nothing has changed.
        reason: Why this kind, for the log.
    """

    kind: BuildKind
    as_of: date
    previous_as_of: date | None = None
    changed_batches: tuple[str, ...]
    new_batches: tuple[str, ...]
    rebuilt: tuple[str, ...] = ()
    staged_id: str
    full_refresh: bool = False
    reason: str

    @property
    def id(self) -> str:
        """Identifies what is built: the same day, batches, deliveries, code and place have the same id."""
        return content_id(self, self.as_of.isoformat(), self.scratch_schema)

    @property
    def is_backfill(self) -> bool:
        """Whether the tables of the last build stay as they are."""
        return self.kind is BuildKind.BACKFILL

    @property
    def scratch_schema(self) -> str:
        """Prefix of a backfill's schemas, and the name of its exchange folder; empty for other kinds.

        It is the same for every day: the project is parsed with it, and one parse serves all days of a range.
        """
        return f"{SCRATCH_PREFIX}day" if self.is_backfill else ""

    def schema_of(self, name: str) -> str:
        """The schema in which this build has the tables of a schema of core or marts."""
        return f"{self.scratch_schema}_{name}" if self.is_backfill else name

    def exchange(self, exchange: Path) -> Path:
        """The folder in which this build exchanges Parquet: a backfill has its own."""
        return exchange / self.scratch_schema

    def as_full(self, reason: str) -> "BuildPlan":
        """An incremental plan as a full one; other plans as they are."""
        if self.kind is not BuildKind.INCREMENTAL:
            return self
        whole = {"changed_batches": self.batches, "new_batches": self.batches, "rebuilt": (), "previous_as_of": None}
        return self.model_copy(update={"kind": BuildKind.FULL, "reason": reason, **whole})


def plan_staging(
    state: WarehouseState,
    landed: Iterable[str],
    *,
    fingerprint: str,
    models: Mapping[str, str] | None = None,
    full_refresh: bool = False,
) -> StagingPlan:
    """Decide how to stage what has landed.

    Args:
        state: What the warehouse contains.
        landed: The landed batches.
        fingerprint: The fingerprint of the code and variables of staging in force.
        models: The hash of each incremental model in force.
        full_refresh: Whether the user requested a full refresh.
    """
    staged = state.staged
    if full_refresh:
        return StagingPlan(_REQUESTED)
    if staged is None:
        return StagingPlan("nothing was staged before")
    rebuilt = changed_models(staged, fingerprint, models or {})
    if rebuilt is None:
        return StagingPlan("code or settings of staging have changed")
    if gone := set(staged.batches) - set(landed):
        return StagingPlan(f"{counted(len(gone), 'landed batch was', 'landed batches were')} removed")
    return StagingPlan("", rebuilt)


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
        state: What the warehouse contains.
        as_of: The day to build.
        fingerprint: The fingerprint of the code, variables and key in force.
        models: The hash of each incremental model in force.
        due: The day that `as_of` of the config gives; None if it is not known. If it is the day to build, it is built
            as the daily state, even if the tables contain a later day. Other earlier days are backfills.
        full_refresh: Whether the user requested a full refresh.
        aside: Whether the user requested a backfill: the last build stays as it is, even if it is of the same day.

    Raises:
        BuildError: Nothing is staged; or a backfill is requested, and there is no daily build of the day or later.
    """
    staged, built = state.staged, state.built
    if staged is None:
        raise BuildError("nothing is staged yet", hint=INGEST_FIRST)
    whole = BuildPlan(
        kind=BuildKind.FULL,
        as_of=as_of,
        fingerprint=fingerprint,
        models=dict(models or {}),
        batches=staged.batches,
        ages=staged.ages,
        changed_batches=staged.batches,
        new_batches=staged.batches,
        staged_id=staged.id,
        full_refresh=full_refresh,
        reason="nothing was built before",
    )

    def plan(kind: BuildKind, reason: str) -> BuildPlan:
        return whole.model_copy(update={"kind": kind, "reason": reason})

    if aside:
        check_aside(state, as_of)
        return plan(BuildKind.BACKFILL, "a backfill leaves the daily state as it is")
    if built is None:
        return whole
    if as_of < built.as_of and as_of != due:
        return plan(BuildKind.BACKFILL, f"{as_of} is before {built.as_of}, which stays as it is")
    if full_refresh:
        return plan(BuildKind.FULL, _REQUESTED)
    if as_of < built.as_of:
        return plan(BuildKind.FULL, f"`as_of` is {as_of}, but the tables contain the later day {built.as_of}")
    if built.status is not BuildStatus.COMPLETE:
        return plan(BuildKind.FULL, f"the build of run {built.run_id} was not completed")
    rebuilt = changed_models(built, fingerprint, models or {})
    if rebuilt is None:
        return plan(BuildKind.FULL, "code, settings or the pseudonym key have changed")
    if gone := set(built.batches) - set(staged.batches):
        return plan(BuildKind.FULL, f"{counted(len(gone), 'landed batch was', 'landed batches were')} removed")
    return _extension(plan(BuildKind.INCREMENTAL, f"extends {built.as_of}"), built, rebuilt)


def _extension(plan: BuildPlan, built: BuiltState, rebuilt: tuple[str, ...]) -> BuildPlan:
    """The plan of an incremental build, with what differs from the last build."""
    before = set(built.batches)
    new = tuple(batch for batch in plan.batches if batch not in before)
    redelivered = {batch for batch in before if plan.ages.get(batch, 0) != built.ages.get(batch, 0)}
    return plan.model_copy(
        update={
            "previous_as_of": built.as_of,
            "new_batches": new,
            "changed_batches": tuple(batch for batch in plan.batches if batch in redelivered or batch not in before),
            "rebuilt": rebuilt,
            "reason": plan.reason + rebuilt_words(rebuilt, plan.models),
        }
    )


def changed_models(before: Content, fingerprint: str, models: Mapping[str, str]) -> tuple[str, ...] | None:
    """The incremental models whose code has changed since a build; None if all count as changed.

    Args:
        before: What was built; it has no hashes of models if an older version of this project built it.
        fingerprint: The fingerprint of the code in force.
        models: The hash of each incremental model in force.
    """
    if fingerprint == before.fingerprint:
        return ()
    changed = tuple(sorted(name for name, value in models.items() if before.models.get(name) != value))
    return None if not models or len(changed) == len(models) else changed


def rebuilt_words(rebuilt: tuple[str, ...], models: Mapping[str, str]) -> str:
    """Which models are built as a whole, for the log; empty if none is."""
    if not rebuilt:
        return ""
    return f"; {len(rebuilt)} of {len(models)} incremental models are built as a whole, because their code has changed"


def extends_what_is_built(plan: BuildPlan, built: BuiltState | None) -> bool:
    """Whether the tables are still those that an incremental plan was made for."""
    return (
        built is not None
        and built.status is BuildStatus.COMPLETE
        and built.as_of == plan.previous_as_of
        and set(built.batches) == set(plan.batches) - set(plan.new_batches)
    )
