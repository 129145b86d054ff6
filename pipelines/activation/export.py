"""Exports an audience: who is to be contacted, who came and went since the last export, and who is left out and why.

Members come from the current version. Names, addresses and later withdrawals of consent come from the tables of the
last build, and are joined only here. The touches of the export are written for the next run (touches.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipelines.activation.declared import declared_audience
from pipelines.activation.layouts import Contact, Layout, columns_of
from pipelines.activation.members import HELD_OUT, LISTED, TREATED, members_of
from pipelines.activation.touches import Touch, read_touches, write_touches
from pipelines.base.text import counted
from pipelines.config.audiences import AudienceSettings
from pipelines.config.settings import Settings
from pipelines.privacy.audience_files import KEY, PART, REASON, read_rows, write_files
from pipelines.reading import open_version


@dataclass(frozen=True)
class ExportedAudience:
    """What an export wrote.

    Attributes:
        folder: The folder of the files.
        version: The version whose members they are.
        counts: The number of rows by file, and of those held out.
        unmeasured: How many of the members and of those held out have no touch, because no source has a reference of
            them.
        list_lines: How many lines of `suppress_files` name a customer (`named`), and how many do not (`unknown`).
        suppressed_since: How many members are suppressed only because of what is known since the version.
    """

    folder: Path
    version: str
    counts: Mapping[str, int]
    unmeasured: int
    list_lines: Mapping[str, int]
    suppressed_since: int


def export_audience(settings: Settings, name: str, layout: Layout) -> ExportedAudience:
    """Write the files of an audience below `<home>/audiences`. The caller has the run lock.

    Raises:
        ConfigError: loyalty.yml has no such audience, or a list of suppressed customers cannot be read.
        PublicationError: Nothing is published, or by an earlier program or with another declaration of the audience.
        BuildError: The last build has no table of persons.
    """
    audience = declared_audience(settings, name)
    with open_version(settings.home) as version:
        version_id, as_of = version.id, version.as_of
        before = read_touches(settings.paths.audience_touches, name, as_of)
        members = members_of(
            settings, version, name, audience, lambda one: before.get((one.source, one.customer_ref)) == TREATED
        )
    contacts, reasons, arms = members.contacts, members.reasons, members.arms
    list_lines = {"named": members.listed.named, "unknown": members.listed.unknown}
    rows, counts = _rows(settings, name, audience, layout, contacts, reasons, arms)
    folder = settings.paths.audiences / name / layout
    manifest = {
        "audience": name,
        "description": audience.description,
        "version": version_id,
        "as_of": as_of.isoformat(),
        "format": str(layout),
        "channel": audience.channel,
        "rule": audience.rule,
        "holdout": audience.holdout,
        "suppress": [*audience.suppress, *([LISTED] if audience.suppress_files else [])],
        "quiet_days": audience.quiet_days,
        "suppress_lines": list_lines,
        "suppressed_since": members.n_since,
        "counts": counts,
    }
    write_files(folder, rows, manifest)
    touches = [Touch(contacts[key].source, contacts[key].customer_ref, arm) for key, arm in arms.items()]
    written = write_touches(settings.paths.audience_touches, name, as_of, settings.timezone, touches)
    return ExportedAudience(folder, version_id, counts, len(touches) - written, list_lines, members.n_since)


def _rows(
    settings: Settings,
    name: str,
    audience: AudienceSettings,
    layout: Layout,
    contacts: Mapping[str, Contact],
    reasons: Mapping[str, str],
    arms: Mapping[str, str],
) -> tuple[pa.Table, dict[str, int]]:
    """The rows of all files, and their counts."""
    columns = columns_of(layout, audience.channel)
    before = read_rows(settings.paths.audiences / name / layout)
    last = [one for one in (before.to_pylist() if before else []) if one[PART] == "members"]
    members = [key for key, arm in arms.items() if arm != HELD_OUT]
    earlier = {one[KEY] for one in last}
    parts = {
        "members": members,
        "added": [key for key in members if key not in earlier],
        "suppressed": [key for key, reason in reasons.items() if reason],
    }
    rows: list[dict[str, str | None]] = [
        {
            PART: part,
            KEY: key,
            REASON: reasons[key] or None,
            **{header: value(contacts[key]) for header, value in columns.items()},
        }
        for part, keys in parts.items()
        for key in keys
    ]
    # those who left are written as they were, because the last build may not know them any more
    now = set(members)
    gone = [{**one, PART: "removed"} for one in last if one[KEY] not in now]
    rows += [{header: one.get(header) for header in (PART, KEY, REASON, *columns)} for one in gone]
    schema = pa.schema([(header, pa.string()) for header in (PART, KEY, REASON, *columns)])
    counts = {**{part: len(keys) for part, keys in parts.items()}, "removed": len(gone)}
    counts["held_out"] = len(arms) - len(members)
    return pa.Table.from_pylist(rows, schema=schema), counts


def summary(exported: ExportedAudience) -> str:
    """What an export did, in one line."""
    counts, named = exported.counts, exported.list_lines["named"]
    lines = named + exported.list_lines["unknown"]
    of_lists = f" ({named:,} of {counted(lines, 'line')} of suppress_files named a customer)" if lines else ""
    n_since = exported.suppressed_since
    since = f", {n_since:,} of them only because of newer data, such as withdrawn consent" if n_since else ""
    text = (
        f"{counted(counts['members'], 'member')} ({counts['added']:,} added, {counts['removed']:,} removed),"
        f" {counts['held_out']:,} held out, {counts['suppressed']:,} suppressed{since}{of_lists}:"
        f" {exported.folder} ({exported.version})"
    )
    return text + (f"; not measured: {exported.unmeasured:,}" if exported.unmeasured else "")
