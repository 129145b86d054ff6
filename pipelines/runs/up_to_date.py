"""Checks whether staging is current, and whether a day is already published from the same data and code.

The answers are read from the landed batches, build.json, marks.json and the published versions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from pipelines.activation.unmatched import audience_warnings
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing import delivery_ages, landed_batches
from pipelines.publication import Manifest, Version, finish_publication, list_versions, set_current, why_not_current
from pipelines.publication.targets import follow_or_warn
from pipelines.reading import open_version
from pipelines.runs.build_state import StagedState, landed_id, read_state
from pipelines.runs.code import core_code, staging_code
from pipelines.runs.marks import Required, Step, read_marks
from pipelines.runs.recorder import Recorder

# The key in a manifest's `versions` for the fingerprint of code, variables and key (see code.core_code).
BUILD_FINGERPRINT = "build"
# A number as a whole word. Digits inside a name do not match, so that warnings about two files stay different.
_FIGURE = re.compile(r"\(?\d[\d.,]*%?\)?[,:;]?")


@dataclass(frozen=True)
class Landed:
    """What has landed.

    Attributes:
        batches: The batches.
        ages: The number of later deliveries of a batch's file; batches without any are left out.
    """

    batches: tuple[str, ...]
    ages: Mapping[str, int]


def what_landed(home: Path) -> Landed:
    """What has landed in a home."""
    return Landed(landed_batches(home), {batch: age for batch, age in sorted(delivery_ages(home).items()) if age})


def staging_is_current(settings: Settings, landed: Landed, required: Required) -> bool:
    """Whether all that has landed is staged by the code in force, and has passed every check up to staging.

    Args:
        settings: The settings in force.
        landed: What has landed.
        required: The parts and checks that landing and staging must have.
    """
    staged = read_state(settings.paths.build_state).staged
    if staged is None or staged.fingerprint != staging_code(settings).fingerprint:
        return False
    if set(staged.batches) != set(landed.batches) or staged.ages != landed.ages:
        return False
    marks = read_marks(settings.paths.marks)
    builds = {Step.LANDING: landed_id(landed.batches), Step.STAGING: staged.id}
    return not any(marks.missing(step, build, required[step]) for step, build in builds.items())


def standing_version(settings: Settings, day: date) -> Version | None:
    """The version of a day that a build from what is staged now would repeat; None if there is none."""
    staged = read_state(settings.paths.build_state).staged
    standing = standing_versions(settings, staged) if staged else []
    return next((one for one in standing if one.as_of == day), None)


def standing_versions(settings: Settings, staged: StagedState, *, keep: bool = True) -> list[Version]:
    """The version of each day that a build from what is staged would repeat; the latest day first.

    Args:
        settings: The settings in force.
        staged: What is staged.
        keep: As in `load_manifest`.
    """
    paths = settings.paths
    if not paths.key.exists() and settings.key_text is None:
        return []
    code = core_code(settings, key_fingerprint(load_key(paths.key, settings.key_text)), keep=keep)
    newest: dict[date, Version] = {}
    for one in list_versions(paths.published):
        if one.manifest:
            newest.setdefault(one.as_of, one)
    standing = (one for one in newest.values() if _repeats(one.manifest, code.fingerprint, staged))
    return sorted(standing, key=lambda one: one.as_of, reverse=True)


def conclude(recorder: Recorder, settings: Settings, version: Version, *, is_new: bool, is_backfill: bool) -> None:
    """Record which version the run ended with, write it to the targets, and warn if readers do not see it.

    Args:
        recorder: The recorder of the run.
        settings: The settings in force.
        version: The version that the run published, or that was published before from the same data and code.
        is_new: Whether the run published it.
        is_backfill: Whether it is of a past day, which readers do not see as `current`.
    """
    from pipelines.report.changes import changes_of  # late: its libraries take long to import

    published = settings.paths.published
    if finished := finish_publication(published, changes_of):
        recorder.warn("publish", f"an earlier run was stopped before readers saw {finished.id}. They see it now")
        version = finished if finished.id == version.id else version
    versions = list_versions(published)
    if versions and not is_backfill and not any(one.is_current for one in versions):
        version = set_current(published, version.id)
        lost = f"`{published / 'current'}` was missing or did not point to a version, so readers saw none"
        recorder.warn("publish", f"{lost}. It now points to {version.id}")
    manifest = version.manifest
    if manifest and not is_new:
        recorder.report.as_of = version.as_of
        reported = {_about(warning) for warning in recorder.report.warnings}
        for warning in manifest.warnings:
            if _about(warning) not in reported:
                recorder.warn("publish", warning)
    recorder.finish(published=version.path, is_current=version.is_current, is_new=is_new)
    follow_or_warn(
        settings,
        say=lambda words: recorder.listener.stage_says("publish", words),
        warn=lambda words: recorder.warn("publish", words),
    )
    if not is_backfill and settings.audiences:
        with open_version(settings.home, version.id) as opened:
            for words in chain.from_iterable(audience_warnings(opened, settings.audiences).values()):
                recorder.warn("publish", words)
    if not is_backfill and (reason := why_not_current(published, version.id)):
        recorder.warn("publish", reason)


def _repeats(manifest: Manifest | None, fingerprint: str, staged: StagedState) -> bool:
    """Whether a version is what a build from what is staged would be."""
    if manifest is None or manifest.rewritten_from is not None:
        return False  # an erasure removes rows, and leaves totals and cut points as they were
    return manifest.versions.get(BUILD_FINGERPRINT) == fingerprint and _inputs(manifest) == _staged(staged)


def _about(warning: str) -> str:
    """What a warning is about: its first line without its figures and plurals, which differ from run to run."""
    words = warning.partition("\n")[0].split()
    text = " ".join("#" if _FIGURE.fullmatch(word) else word for word in words)
    return re.sub(r"(# \w+?)s?\b", r"\1", text)


def _inputs(manifest: Manifest) -> set[tuple[str, int]]:
    """The batches that a version was built from, each with the number of later deliveries of its file."""
    files = manifest.inputs.get("files")
    listed = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    return {(str(file["batch"]), int(str(file.get("later_deliveries", 0)))) for file in listed}


def _staged(staged: StagedState) -> set[tuple[str, int]]:
    return {(batch, staged.ages.get(batch, 0)) for batch in staged.batches}
