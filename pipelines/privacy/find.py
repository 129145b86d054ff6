"""Finds a person in the landed data: from one reference, e-mail or phone to all their identifiers.

This module only reads. The links between references are in identity/linked.py. forget.py and export.py use the result.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.config.secret_key import existing_keys
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules
from pipelines.identity.decisions import read_decisions
from pipelines.identity.guest_decisions import with_guests
from pipelines.identity.landed_contacts import GUEST, LandedContacts, Ref, is_guest
from pipelines.identity.linked import Member, Rules, find_members, find_once_joined
from pipelines.identity.plain_contacts import MIN_PHONE_DIGITS, phone_of
from pipelines.identity.resolve import Limits
from pipelines.landing.batches import landed_rows
from pipelines.privacy import match
from pipelines.privacy.people import People
from pipelines.privacy.rewrite import DATASETS
from pipelines.privacy.subject import Subject, looks_like_phone
from pipelines.privacy.tombstones import EMAIL, PHONE, REF


@dataclass(frozen=True)
class Found:
    """A person, and how they were found.

    Attributes:
        kind: How the searched value was interpreted: `ref`, `email` or `phone`.
        subject: Their identifiers that are asked for; empty if there is no data.
        shared: The numbers of their e-mails and phones that other people have too. These are not erased with the
            person. A search for such an e-mail or phone finds everyone who has it.
        members: All references and guests of the person, with the links between them.
        joined_before: Other references and guests that earlier builds may have joined with the person, until the user
            decided otherwise.
    """

    kind: str
    subject: Subject
    shared: dict[str, int]
    members: list[Member] = field(default_factory=list)
    joined_before: frozenset[Ref] = frozenset()


def open_landed(landing: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB with one view per landed data set, with `source` and `batch`. Nothing in `landing` is changed."""
    connection = connect()
    connection.execute("set TimeZone = 'UTC'")
    for dataset in DATASETS:
        connection.execute(f"create view {dataset} as {landed_rows(landing, dataset)}")
    return connection


def find_person(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    asked: str,
    *,
    by: str | None,
    source: str | None,
    only: Sequence[str] = (),
) -> Found:
    """Find all identifiers of a person.

    Args:
        connection: From `open_landed`.
        settings: The settings.
        asked: A reference (also as SOURCE:REF), an e-mail address or a phone number.
        by: The kind of `asked`; None to detect it.
        source: Only references of this source are searched.
        only: Of the person's references only these (SOURCE:REF, or REF); empty for all.

    Raises:
        ConfigError: `asked` could mean different people, or a reference in `only` is not one of the person.
    """
    if not asked.strip() or (by == PHONE and not phone_of(asked)):
        raise ConfigError(
            "the searched value is empty or too short, so it cannot identify a person",
            hint=f"write a reference, an e-mail address, or a phone number with at least {MIN_PHONE_DIGITS} digits",
        )
    people = People(connection, ContactRules.of(settings.model.identity))
    kinds = [by] if by else [EMAIL] if "@" in asked else [REF, PHONE] if looks_like_phone(asked) else [REF]
    hits = {kind: refs for kind in kinds if (refs := people.asked_by(kind, asked, source)) is not None}
    if len(hits) > 1:
        raise ConfigError(
            "the searched value is both a reference and a phone number", hint="choose one: --by ref, or --by phone"
        )
    kind, refs = next(iter(hits.items()), (kinds[0], set[Ref]()))
    if not hits:
        return Found(kind, Subject(), {})
    keys = existing_keys(settings.paths.key, settings.key_text)
    decisions = with_guests(read_decisions(settings.paths.decisions), people.contacts, keys)
    rules = Rules(Limits.of(settings.model.identity), settings.paths.state / "tmp", decisions)
    _check_one_person(connection, people.contacts, refs if kind == REF else set(), rules)
    members = find_members(connection, people.contacts, refs, rules)
    own = {member.ref for member in members}
    joined_before = frozenset(find_once_joined(connection, people.contacts, own, rules) - own)
    everything = people.with_asked(_subject_of(members), kind, asked)
    completed, shared = people.completed(Subject(refs=_chosen(members, only)) if only else everything)
    return Found(kind, completed, shared, members, joined_before)


def _check_one_person(
    connection: duckdb.DuckDBPyConnection, contacts: LandedContacts, refs: set[Ref], rules: Rules
) -> None:
    """Do nothing if the references are of one source, or are linked with each other.

    Raises:
        ConfigError: They may be of different people.
    """
    owners = sorted({owner for owner, _ in refs})
    if len(owners) < 2:
        return
    linked = {member.ref for member in find_members(connection, contacts, {min(refs)}, rules)}
    if not refs <= linked:
        raise ConfigError(
            f"the reference occurs in {len(owners)} sources ({', '.join(owners)}) and may mean different people",
            hint="choose one source: --source NAME",
        )


def still_named(connection: duckdb.DuckDBPyConnection, settings: Settings, refs: Iterable[Ref]) -> list[Ref]:
    """The references and guests that landed rows name, of the given ones.

    Args:
        connection: From `open_landed`.
        settings: The settings.
        refs: The references and guests.
    """
    contacts = LandedContacts(connection, ContactRules.of(settings.model.identity))
    return [
        (source, ref)
        for source, ref in refs
        if (contacts.of([(source, ref)]) if is_guest(ref) else _is_named(connection, source, ref))
    ]


def _is_named(connection: duckdb.DuckDBPyConnection, source: str, ref: str) -> bool:
    subject = Subject(refs=frozenset({(source, ref)}))
    queries = (f"select 1 from {entity} where {match.owns(entity, subject)} limit 1" for entity in ENTITIES)  # noqa: S608 (names are quoted)
    return any(connection.execute(query).fetchall() for query in queries)


def _subject_of(members: Iterable[Member]) -> Subject:
    refs = {member.ref for member in members}
    guests = {(source, ref.removeprefix(GUEST)) for source, ref in refs if is_guest(ref)}
    return Subject(refs=frozenset(ref for ref in refs if not is_guest(ref[1])), guests=frozenset(guests))


def _chosen(members: Iterable[Member], only: Sequence[str]) -> frozenset[Ref]:
    refs = {member.ref for member in members if not is_guest(member.ref[1])}
    chosen: set[Ref] = set()
    for text in only:
        named = {(source, ref) for source, ref in refs if text.strip() in (ref, f"{source}:{ref}")}
        if len(named) != 1:
            raise ConfigError(
                f"--only {text}: the person has {len(named) or 'no'} references like this",
                hint="see the references of the person (--dry-run), and write one as SOURCE:REF",
            )
        chosen |= named
    return frozenset(chosen)
