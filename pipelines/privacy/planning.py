"""Plans an erasure: whom it concerns, and which landed rows. Nothing is changed. forget.py performs the plan."""

from collections.abc import Sequence

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import BuildError
from pipelines.config.secret_key import existing_keys
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules
from pipelines.identity.plain_contacts import email_of, phone_of
from pipelines.landing import load_mapping, read_ledger
from pipelines.privacy.customer_keys import customer_keys, refs_of
from pipelines.privacy.find import find_person, open_landed
from pipelines.privacy.landed import affected, batches_about
from pipelines.privacy.members import shown
from pipelines.privacy.plan import Plan, new_erasure_id
from pipelines.privacy.rewrite import DATASETS
from pipelines.privacy.subject import Subject
from pipelines.privacy.tombstones import (
    EMAIL,
    PHONE,
    REF,
    TOMBSTONES,
    read_tombstones,
    recognised,
    tombstone,
)


def plan_erasure(
    settings: Settings, asked: str, *, by: str | None = None, source: str | None = None, only: Sequence[str] = ()
) -> Plan:
    """Plan the erasure of a person. Nothing is changed, not even the leftovers of a killed run.

    Args:
        settings: The settings.
        asked: A reference, an e-mail address or a phone number.
        by: The kind of `asked`; None to detect it.
        source: The source of the reference.
        only: Erase only these references of the person (SOURCE:REF, or REF); empty for all.

    Raises:
        ConfigError: `asked` could mean different people, or a reference in `only` is not one of the person.
    """
    keys = existing_keys(settings.paths.key, settings.key_text)
    try:
        with open_landed(settings.paths.landing) as landed:
            found = find_person(landed, settings, asked, by=by, source=source, only=only)
            subject = found.subject or _unknown_subject(settings, found.kind, asked, source)
            counts, batches = affected(landed, subject)
            files = batches_about(landed, settings.paths.landing, batches)
    except duckdb.Error as error:
        raise search_failed(error) from None
    return Plan(
        id=new_erasure_id(),
        kind=found.kind,
        asked=_asked(keys[0], found.kind, asked, subject) if keys else (),
        subject=subject,
        members=shown(found.members, erased := refs_of(subject)),
        left=tuple(sorted({member.ref for member in found.members} - erased)),
        joined_before=tuple(sorted(found.joined_before)),
        customer_keys=customer_keys(keys, erased | {member.ref for member in found.members} | found.joined_before),
        shared=found.shared,
        landed=counts,
        batches=tuple(sorted(batches)),
        files=files,
    )


def plan_erasures_again(settings: Settings) -> Plan | None:
    """Plan a second erasure of everyone who has a tombstone; None if there are no tombstones. Nothing is changed.

    This is for a home that was restored from a backup older than an erasure. Tombstones contain no names, but every
    stored value can be compared with them, as landing does with files.

    Args:
        settings: The settings.

    Raises:
        ConfigError: The key of some tombstones is missing.
    """
    paths = settings.paths
    keys = existing_keys(paths.key, settings.key_text)
    tombstones = read_tombstones(paths.erasures, lambda: keys, ContactRules.of(settings.model.identity))
    if tombstones is None:
        return None
    subject = Subject()
    try:
        with open_landed(paths.landing) as landed:
            for source in sorted(set(read_ledger(settings.home).column("source").to_pylist())):
                mine = f"where source = {quoting.text(source)}"
                relations = {dataset: f"(select * from {dataset} {mine})" for dataset in DATASETS}  # noqa: S608 (names of ours)
                subject = subject.joined(recognised(landed, tombstones, relations, source))
            counts, batches = affected(landed, subject)
            files = batches_about(landed, paths.landing, batches)
    except duckdb.Error as error:
        raise search_failed(error) from None
    return Plan(
        id=new_erasure_id(),
        kind=TOMBSTONES,
        asked=(),
        subject=subject,
        customer_keys=customer_keys(keys, refs_of(subject)),
        landed=counts,
        batches=tuple(sorted(batches)),
        files=files,
    )


def search_failed(error: duckdb.Error) -> BuildError:
    """The error without the engine's message, which could quote the searched value."""
    return BuildError(
        f"landed files cannot be searched: {type(error).__name__}",
        hint="raise `engine.memory_limit` in loyalty.yml, and try again",
    )


def _unknown_subject(settings: Settings, kind: str, asked: str, source: str | None) -> Subject:
    """The identifiers for tombstones if there is no data: the person may be in a file that is delivered later."""
    landed = set(read_ledger(settings.home).column("source").to_pylist())
    sources = {source} if source else landed | {load_mapping(one.mapping).source for one in settings.sources}
    if kind == REF:
        return Subject(refs=frozenset((name, asked.strip()) for name in sources))
    form = ContactRules.of(settings.model.identity).recognised_form("email" if kind == EMAIL else "phone", asked)
    forms = frozenset({form} if form is not None else ())
    if kind == PHONE:
        return Subject(phones=frozenset({phone_of(asked)}), forms=forms)
    # kept versions may have them as a guest
    guests = frozenset((name, form) for name in sources for form in forms)
    return Subject(emails=frozenset({email_of(asked)}), forms=forms, guests=guests)


def _asked(key: bytes, kind: str, asked: str, subject: Subject) -> tuple[str, ...]:
    if kind == EMAIL:
        return (tombstone(key, EMAIL, "", email_of(asked)),)
    if kind == PHONE:
        return (tombstone(key, PHONE, "", phone_of(asked)),)
    named = [pair for pair in sorted(subject.refs) if pair[1] == asked.strip()] or sorted(subject.refs)
    return tuple(tombstone(key, REF, source, ref) for source, ref in named)
