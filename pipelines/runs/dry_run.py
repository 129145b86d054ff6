"""What a run would do: the new files, the day, how it would be built, and why. No Dagster here; nothing is written.

Files are recognised by their content, as in landing. The day is based on what is staged now; new files can still change
the latest day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipelines.base.database import open_to_read
from pipelines.base.errors import BuildError, ConfigError, LoyaltyError
from pipelines.base.text import counted
from pipelines.config.secret_key import load_key, refuse_if_used
from pipelines.config.settings import Settings
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing import LandingPreview, preview_landing
from pipelines.landing.sources import source_files
from pipelines.runs.as_of import due_day, resolve_as_of
from pipelines.runs.build_state import StagedState, WarehouseState, read_state
from pipelines.runs.code import core_code, staging_code
from pipelines.runs.event_days import check_day_by_now
from pipelines.runs.plan import plan_build, plan_staging
from pipelines.runs.up_to_date import standing_versions


@dataclass(frozen=True)
class DryRun:
    """What a run would do, up to the point where it would fail.

    Attributes:
        new_files: Files that would land, by source.
        files_again: Landed files that the changed mapping lands differently, and that would land again.
        staging: How staging would be built, and why; empty if the run would fail before.
        as_of: The day; None if it is known only after the files are staged, or if the run would fail before.
        may_move: Whether the day is the latest one, and new files can still change it.
        kind: How core and marts would be built: full, incremental or backfill; `none` if nothing would be built.
        reason: Why.
        look_ups: What files would find in look-ups, and what they would not.
        problem: What would stop the run, as far as it can be known in advance; empty if nothing is known.
        exit_code: The exit code that the run would have, as far as it can be known in advance.
    """

    new_files: Mapping[str, int]
    files_again: Mapping[str, int]
    staging: str = ""
    as_of: date | None = None
    may_move: bool = False
    kind: str = "none"
    reason: str = ""
    look_ups: tuple[str, ...] = ()
    problem: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class _Request:
    """What the user requested, in addition to the settings."""

    as_of: str | date | None
    full_refresh: bool
    force: bool


@dataclass(frozen=True)
class _Outlook:
    """The state of the warehouse now, and after the files are staged.

    Attributes:
        before: The state now.
        staged: What would be staged.
        reason: Why staging would be rebuilt; empty if it would not.
        added: How many batches would be added to the staged ones.
        is_same_data: Whether the same data are already staged.
    """

    before: WarehouseState
    staged: StagedState
    reason: str
    added: int
    is_same_data: bool

    def additions(self) -> str:
        """What would be added to staging, as text."""
        if self.added:
            return f"{counted(self.added, 'new file is', 'new files are')} added"
        return "nothing is added" if self.is_same_data else "an earlier delivery of a file counts again"

    @property
    def after(self) -> WarehouseState:
        """The state that the build would find."""
        return WarehouseState(staged=self.staged, built=self.before.built)


def dry_run(
    settings: Settings,
    *,
    as_of: str | date | None = None,
    full_refresh: bool = False,
    force: bool = False,
    originals: Path | None = None,
) -> DryRun:
    """What `run_pipeline` would do with the same arguments.

    Raises:
        LoyaltyError: The run would stop before it does anything: the requested day, the config, a mapping, a folder or
            the warehouse cannot be used.
    """
    if as_of not in (None, "latest", "yesterday"):
        resolve_as_of(settings, as_of)
    sources = source_files(settings)
    state = _state(settings)
    files = preview_landing(settings.home, sources, today=settings.today(), originals=originals)
    if files.refused:
        return _refused(DryRun(files.new, files.again, look_ups=files.look_ups), files.refused)
    asked = _Request(as_of, full_refresh, force)
    found = _of_build(settings, asked, files, _outlook(settings, asked, files, state))
    return replace(found, look_ups=files.look_ups)


def _state(settings: Settings) -> WarehouseState:
    """The state of the warehouse; empty if the warehouse does not exist.

    Raises:
        LoyaltyError: It cannot be opened.
    """
    warehouse = settings.paths.warehouse
    if not warehouse.exists():
        return WarehouseState()
    with open_to_read(warehouse):
        return read_state(settings.paths.build_state)


def _outlook(settings: Settings, asked: _Request, files: LandingPreview, before: WarehouseState) -> _Outlook:
    code = staging_code(settings, keep=False)
    fingerprint = code.fingerprint
    reason = plan_staging(
        before, files.batches, fingerprint=fingerprint, models=code.models, full_refresh=asked.full_refresh
    ).reason
    held = before.staged or StagedState(fingerprint="", batches=())
    if files.again and reason and not asked.full_refresh and held.fingerprint == fingerprint:
        reason = f"the mapping has changed for {counted(sum(files.again.values()), 'landed file')}"
    ages = {batch: age for batch, age in files.ages.items() if age}
    return _Outlook(
        before=before,
        staged=StagedState(fingerprint=fingerprint, batches=files.batches, ages=ages, events=held.events),
        reason=reason,
        added=len(set(files.batches) - set(held.batches)),
        is_same_data=before.staged is not None and (set(held.batches), held.ages) == (set(files.batches), ages),
    )


def _of_build(settings: Settings, asked: _Request, files: LandingPreview, outlook: _Outlook) -> DryRun:
    """How the files would be staged and how the day would be built."""
    staging = f"rebuilt: {outlook.reason}" if outlook.reason else outlook.additions()
    try:
        day = _day(settings, asked, outlook)
    except (BuildError, ConfigError) as error:
        return _refused(DryRun(files.new, files.again, staging), error)
    is_latest = (settings.as_of if asked.as_of is None else asked.as_of) == "latest"
    found = DryRun(files.new, files.again, staging, day, is_latest and day is not None and not outlook.is_same_data)
    standing = [] if asked.full_refresh else standing_versions(settings, outlook.staged, keep=False)
    version = next((one for one in standing if day in (None, one.as_of)), None)
    if version:
        reason = f"already published from the same data and code: {version.id}"
        if day is None:
            reason = f"if the day is {version.as_of}, {reason}; otherwise a full build"
        return replace(found, kind="none", reason=reason)
    try:
        if not settings.paths.key.exists() and settings.key_text is None:
            refuse_if_used(settings.paths.key)
        if not asked.force and day is not None and outlook.is_same_data:
            check_day_by_now(settings, outlook.staged, day)
    except (BuildError, ConfigError) as error:
        return _refused(found, error)
    kind, reason = _plan(settings, outlook.after, day, full_refresh=asked.full_refresh)
    return replace(found, kind=kind, reason=reason)


def _day(settings: Settings, asked: _Request, outlook: _Outlook) -> date | None:
    """The day; None for the latest day of files that are not staged yet.

    Raises:
        ConfigError: It is in the future.
        BuildError: There is no latest day.
    """
    try:
        return resolve_as_of(settings, asked.as_of)
    except BuildError:
        if outlook.is_same_data and not outlook.reason:
            raise
        return None


def _plan(settings: Settings, state: WarehouseState, day: date | None, *, full_refresh: bool) -> tuple[str, str]:
    paths = settings.paths
    if state.built is None:
        return "full", "nothing was built before"
    if not paths.key.exists() and settings.key_text is None:
        return "full", "there is no key for the pseudonyms yet"
    code = core_code(settings, key_fingerprint(load_key(paths.key, settings.key_text)), keep=False)
    plan = plan_build(
        state,
        as_of=day or state.built.as_of,
        fingerprint=code.fingerprint,
        models=code.models,
        due=due_day(settings),
        full_refresh=full_refresh,
    )
    return plan.kind.value, plan.reason


def _refused(found: DryRun, error: LoyaltyError) -> DryRun:
    problem = f"{error.message}. {error.hint}" if error.hint else error.message
    return replace(found, problem=problem, exit_code=error.exit_code)
