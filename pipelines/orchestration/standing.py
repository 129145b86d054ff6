"""Whether a day is published already, from the same data by the same code. No Dagster.

The answer is read from the published versions alone; it is not stored elsewhere.
"""

from datetime import date

from pipelines.orchestration.build_state import StagedState, read_state
from pipelines.orchestration.code import core_fingerprint
from pipelines.orchestration.recorder import Recorder
from pipelines.pseudonyms import key_fingerprint
from pipelines.publication import Manifest, Version, list_versions, set_current, why_not_current
from pipelines.secret_key import load_key
from pipelines.settings import Settings

# In a manifest's `versions`: code, variables and key of the build (see code.core_fingerprint).
BUILD_FINGERPRINT = "build"


def standing_version(settings: Settings, day: date) -> Version | None:
    """The version of a day that a build from what is staged now would only repeat; None if there is none."""
    paths = settings.paths
    staged = read_state(paths.build_state).staged
    if staged is None or (not paths.key.exists() and settings.key_text is None):
        return None
    fingerprint = core_fingerprint(settings, key_fingerprint(load_key(paths.key, settings.key_text)))
    newest = next((one for one in list_versions(paths.published) if one.as_of == day and one.manifest), None)
    if newest is None or newest.manifest is None or newest.manifest.rewritten_from is not None:
        return None  # an erasure takes rows away, and leaves totals and cut points as they were with them
    same = newest.manifest.versions.get(BUILD_FINGERPRINT) == fingerprint
    return newest if same and _inputs(newest.manifest) == _staged(staged) else None


def conclude(recorder: Recorder, settings: Settings, version: Version, *, is_new: bool, is_backfill: bool) -> None:
    """Record which version the run ended with, and warn if readers do not see it.

    Args:
        recorder: The run's.
        settings: The settings in force.
        version: The version that the run published, or that was published before from the same data and code.
        is_new: Whether the run published it.
        is_backfill: Whether it is of a day that has passed; readers are not meant to see it.
    """
    published = settings.paths.published
    if not is_backfill and not any(one.is_current for one in list_versions(published)):
        version = set_current(published, version.id)
        recorder.warn("publish", f"readers saw no version, for `{published / 'current'}` was gone or led elsewhere")
    manifest = version.manifest
    if manifest and not is_new:
        recorder.report.as_of = version.as_of
        for warning in manifest.warnings:
            recorder.warn("publish", warning)
    recorder.finish(published=version.path, is_current=version.is_current, is_new=is_new)
    if not is_backfill and (reason := why_not_current(published, version.id)):
        recorder.warn("publish", reason)


def _inputs(manifest: Manifest) -> set[tuple[str, int]]:
    """The batches that a version was built from, each with the number of later deliveries of its file."""
    files = manifest.inputs.get("files")
    listed = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    return {(str(file["batch"]), int(str(file.get("later_deliveries", 0)))) for file in listed}


def _staged(staged: StagedState) -> set[tuple[str, int]]:
    return {(batch, staged.ages.get(batch, 0)) for batch in staged.batches}
