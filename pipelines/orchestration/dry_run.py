"""What a run would do: the new files, the day, how it would be built, and why. No Dagster; nothing is written.

It is based on what is staged now; new files can still change the latest day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pipelines.errors import BuildError, LoyaltyError
from pipelines.landing import landed_batches, outdated_files, read_landed
from pipelines.orchestration.as_of import resolve_as_of
from pipelines.orchestration.build_state import (
    BuildKind,
    WarehouseState,
    check_day,
    plan_build,
    read_state,
    staging_needs_refresh,
)
from pipelines.orchestration.code import core_fingerprint, staging_fingerprint
from pipelines.orchestration.inbox_watch import unlanded_files
from pipelines.orchestration.landing_assets import source_files
from pipelines.orchestration.standing import standing_version
from pipelines.pseudonyms import key_fingerprint
from pipelines.secret_key import load_key
from pipelines.settings import Settings


@dataclass(frozen=True)
class DryRun:
    """What a run would do.

    Attributes:
        new_files: Files that would land, by source.
        files_again: Landed files that the mapping lands in another way now, and that would be brought up to date.
        staging: How staging would be built, and why.
        as_of: The day; None if only the new files decide it.
        kind: How core and marts would be built: full, incremental or backfill; `none` if nothing would be built.
        reason: Why.
        problem: What would stop the run, as far as it can be known in advance; empty if nothing is known.
    """

    new_files: Mapping[str, int]
    files_again: Mapping[str, int]
    staging: str
    as_of: date | None
    kind: str
    reason: str
    problem: str = ""


def dry_run(
    settings: Settings, *, as_of: str | date | None = None, full_refresh: bool = False, force: bool = False
) -> DryRun:
    """Say what `run_pipeline` would do with the same arguments.

    Raises:
        LoyaltyError: The config, a mapping or a folder cannot be used.
    """
    new_files = unlanded_files(settings)
    state = read_state(settings.paths.build_state)
    refresh = staging_needs_refresh(state, staging_fingerprint(settings), landed_batches(settings.home))
    outdated = outdated_files(read_landed(settings.home), source_files(settings))
    again = {source: n for source, one in outdated.items() if (n := one.in_inbox + one.redeclared)}
    if again and not refresh:
        refresh = f"the mapping has changed for {sum(again.values())} landed files"
    if full_refresh:
        refresh = "it was asked for"
    staging = f"built anew: {refresh}" if refresh else f"{sum(new_files.values())} new files are added"
    day, problem = _day(settings, as_of)
    if state.staged is None or day is None:
        return DryRun(new_files, again, staging, day, "full", "nothing was built before", problem)
    if not any(new_files.values()) and not refresh and (standing := standing_version(settings, day)):
        return DryRun(
            new_files, again, staging, day, "none", f"published already from the same data and code: {standing.id}"
        )
    try:
        if not force and not any(new_files.values()):
            check_day(state.staged, day, settings.max_days_after_data)
    except BuildError as error:
        problem = f"{error.message}. {error.hint}"
    kind, reason = _plan(settings, state, day, full_refresh=full_refresh)
    if again and kind == BuildKind.INCREMENTAL.value:
        kind, reason = BuildKind.FULL.value, f"{sum(again.values())} batches are replaced"
    return DryRun(new_files, again, staging, day, kind, reason, problem)


def _day(settings: Settings, as_of: str | date | None) -> tuple[date | None, str]:
    try:
        return resolve_as_of(settings, as_of), ""
    except BuildError:  # latest, and nothing is staged: the new files decide
        return None, ""
    except LoyaltyError as error:
        return None, f"{error.message}. {error.hint}"


def _plan(settings: Settings, state: WarehouseState, day: date, *, full_refresh: bool) -> tuple[str, str]:
    paths = settings.paths
    if not paths.key.exists() and settings.key_text is None:
        return "full", "there is no key of the pseudonyms yet"
    fingerprint = core_fingerprint(settings, key_fingerprint(load_key(paths.key, settings.key_text)))
    plan = plan_build(state, as_of=day, fingerprint=fingerprint, full_refresh=full_refresh)
    return plan.kind.value, plan.reason
