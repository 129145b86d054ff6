"""Exports an audience: who is to be contacted, who came and went since the last export, and who is left out and why.

Members come from the current version. Names and addresses come from the restricted tables of the last build, and are
joined only here. The touches of the export are written for the next run (touches.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from pipelines.activation.layouts import Contact, Layout, columns_of
from pipelines.activation.listing import require_audiences
from pipelines.activation.touches import Touch, write_touches
from pipelines.base.database import open_to_read
from pipelines.base.errors import BuildError, ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.base.text import counted
from pipelines.config.audiences import AudienceSettings
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules
from pipelines.identity.person import find_persons
from pipelines.privacy.audience_files import KEY, PART, REASON, read_rows, write_files
from pipelines.reading import open_version

LISTED, NO_ADDRESS, HELD_OUT = "listed", "no_address", "control"
_MEMBERS = """
    select customer_key, arm, suppressed_reason
    from customer_audience
    where audience = $audience
    order by customer_key
"""


@dataclass(frozen=True)
class ExportedAudience:
    """What an export wrote.

    Attributes:
        folder: The folder of the files.
        version: The version whose members they are.
        counts: The number of rows by file, and of those held out.
        unmeasured: How many of the members and of those held out have no touch, because no source has a reference of
            them.
    """

    folder: Path
    version: str
    counts: Mapping[str, int]
    unmeasured: int


def export_audience(settings: Settings, name: str, layout: Layout) -> ExportedAudience:
    """Write the files of an audience below `<home>/audiences`. The caller has the run lock.

    Raises:
        ConfigError: loyalty.yml has no such audience, or a list of suppressed customers cannot be read.
        PublicationError: Nothing is published, or by an earlier program.
        BuildError: The last build has no table of persons.
    """
    audience = _declared(settings, name)
    with open_version(settings.home) as version:
        require_audiences(version)
        with version.duckdb() as connection:
            found = connection.execute(_MEMBERS, {"audience": name}).fetchall()
        version_id, as_of = version.id, version.as_of
    contacts = _contacts(settings, name, [key for key, _, _ in found])
    never = _listed(settings, audience)
    reasons = {
        key: reason or (LISTED if never & _names_of(contacts[key]) else _without_address(contacts[key], audience))
        for key, _, reason in found
    }
    arms = {key: arm for key, arm, _ in found if not reasons[key]}
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
        "counts": counts,
    }
    write_files(folder, rows, manifest)
    touches = [Touch(contacts[key].source, contacts[key].customer_ref, arm) for key, arm in arms.items()]
    written = write_touches(settings.paths.audience_touches, name, as_of, settings.timezone, touches)
    return ExportedAudience(folder, version_id, counts, len(touches) - written)


def _declared(settings: Settings, name: str) -> AudienceSettings:
    if name not in settings.audiences:
        known = ", ".join(settings.audiences) or "none"
        near = did_you_mean(name, settings.audiences, f"the audiences are: {known}")
        raise ConfigError(f"loyalty.yml has no audience {name!r}{near}", hint="call `loyalty audience` to list them")
    return settings.audiences[name]


def _contacts(settings: Settings, audience: str, keys: Iterable[str]) -> dict[str, Contact]:
    """Each key with name and addresses, as far as the last build knows them."""
    paths, rules = settings.paths, ContactRules.of(settings.model.identity)
    found = {key: Contact(key, audience) for key in keys}
    if not paths.warehouse.is_file():
        raise BuildError("the last build was removed, so no names are known", hint="call `loyalty run` first")
    with open_to_read(paths.warehouse) as connection:
        for person in find_persons(connection, paths.exchange, found):
            usable = rules.form("email", person.email) if person.email else None
            found[person.asked] = replace(
                found[person.asked],
                source=person.source,
                customer_ref=person.customer_ref,
                name=" ".join((person.name or "").split()),
                email=person.email.strip() if person.email and usable else "",
                phone=(rules.form("phone", person.phone) or "") if person.phone else "",
            )
    return found


def _without_address(contact: Contact, audience: AudienceSettings) -> str:
    return "" if (contact.email if audience.channel == "email" else contact.phone) else NO_ADDRESS


def _names_of(contact: Contact) -> set[str]:
    return {one for one in (contact.customer_key, contact.customer_ref, contact.email.lower(), contact.phone) if one}


def _listed(settings: Settings, audience: AudienceSettings) -> set[str]:
    """Everything that the lists of suppressed customers name."""
    rules = ContactRules.of(settings.model.identity)
    found: set[str] = set()
    for path in audience.suppress_files:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigError(
                f"{path}: the list of suppressed customers cannot be read: {problem}",
                hint="correct suppress_files in loyalty.yml; nothing was exported",
            ) from problem
        for text in filter(None, map(str.strip, lines)):
            found |= {text, text.lower()} if "@" in text else {text, rules.form("phone", text) or text}
    return found


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
    counts = exported.counts
    text = (
        f"{counted(counts['members'], 'member')} ({counts['added']:,} added, {counts['removed']:,} removed),"
        f" {counts['held_out']:,} held out, {counts['suppressed']:,} suppressed: {exported.folder} ({exported.version})"
    )
    return text + (f"; not measured: {exported.unmeasured:,}" if exported.unmeasured else "")
