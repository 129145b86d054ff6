"""Finds a person in the landed data: from one reference, e-mail or phone to all their identifiers.

This module only reads. The links between references are in identity/linked.py. forget.py and export.py use the result.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.config.secret_key import existing_keys
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules, Kind
from pipelines.identity.decisions import read_decisions
from pipelines.identity.guest_decisions import with_guests
from pipelines.identity.landed_contacts import GUEST, LandedContacts, Ref, is_guest
from pipelines.identity.linked import Member, Rules, find_members
from pipelines.identity.plain_contacts import MIN_PHONE_DIGITS, email_of, phone_of
from pipelines.identity.resolve import Limits
from pipelines.landing.batches import landed_rows
from pipelines.privacy import match
from pipelines.privacy.own_contacts import own_contacts
from pipelines.privacy.rewrite import DATASETS, MONEY
from pipelines.privacy.subject import Subject, identifying_names, looks_like_phone
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
    """

    kind: str
    subject: Subject
    shared: dict[str, int]
    members: list[Member] = field(default_factory=list)


def open_landed(landing: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB with one view per landed data set, with `source` and `batch`. Nothing in `landing` is changed."""
    connection = connect()
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
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
    people = _People(connection, ContactRules.of(settings.model.identity))
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
    everything = people.with_asked(_subject_of(members), kind, asked)
    completed, shared = people.completed(Subject(refs=_chosen(members, only)) if only else everything)
    return Found(kind, completed, shared, members)


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


class _People:
    """Queries about people in the landed entities.

    Args:
        connection: Has one view per entity.
        rules: The rules for contacts.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, rules: ContactRules) -> None:
        self._connection = connection
        self.contacts = LandedContacts(connection, rules)

    def asked_by(self, kind: str, asked: str, source: str | None) -> set[Ref] | None:
        """The references and guests that a searched value names; None if no row has the value."""
        asked = asked.strip()
        if kind == REF:
            named = {(owner, ref) for owner, ref in self._named(asked) if source in (None, owner)}
            owner, _, ref = asked.partition(":")
            if not named and source in (None, owner):  # as other commands name it: SOURCE:REF
                named = {(name, one) for name, one in self._named(ref) if name == owner}
            return named or None
        found = self.contacts.like(_kind(kind), [asked])
        refs = {contact.ref for contact in found if contact.ref is not None}
        if kind == EMAIL:
            refs |= self._refs_like({email_of(asked), *(contact.text for contact in found)})
        return refs if found or refs else None

    def with_asked(self, subject: Subject, kind: str, asked: str) -> Subject:
        """A person with the e-mail or phone that was searched for, in every spelling. It need not be only theirs."""
        if kind == REF:
            return subject
        form = self.contacts.recognised_form(_kind(kind), asked)
        texts = {asked, *(contact.text for contact in self.contacts.like(_kind(kind), [asked]))}
        return subject.joined(
            Subject(
                emails=frozenset(map(email_of, texts) if kind == EMAIL else ()),
                phones=frozenset({phone_of(text) for text in texts} - {""} if kind == PHONE else ()),
                words=frozenset(text.lower() for text in texts if kind == PHONE),
                forms=frozenset({form} if form is not None else ()),
            )
        )

    def completed(self, subject: Subject) -> tuple[Subject, dict[str, int]]:
        """A person whose references are known, completed with the e-mails, phones, names and orders of only them.

        Returns:
            The person, and the numbers of their e-mails and phones that others have too.
        """
        spelled = self.contacts.texts(form for _, form in subject.guests)
        guests = frozenset((source, text) for source, form in subject.guests for text in spelled[form])
        known = subject.joined(Subject(guest_emails=guests))
        shared: dict[str, int] = {}
        emails, phones = self._of("email", "email", known), self._of("phone", "phone", known)
        as_refs = {ref.lower() for owner, ref in self._refs_like(emails) if (owner, ref) not in subject.refs}
        for kind, texts in ((EMAIL, emails), (PHONE, phones)):
            own = own_contacts(self.contacts, _kind(kind), texts, known, as_refs)
            known = known.joined(own.subject)
            if own.n_shared:
                shared[f"{kind}s"] = own.n_shared
        names = self._of("lower(name)", "name", known)
        names_elsewhere = self._of_others("lower(name)", "name", known, names)
        orders = {
            (source, order)
            for entity in _with("order_id")
            if entity in MONEY
            for source, order in self._rows(
                f"select distinct source, order_id from {entity}"  # noqa: S608 (names are quoted)
                f" where order_id is not null and {match.owns(entity, known)}"
            )
        }
        words = identifying_names(names - names_elsewhere)
        return known.joined(Subject(orders=frozenset(orders), words=frozenset(words))), shared

    def _named(self, ref: str) -> set[Ref]:
        """(source, reference) of every row whose reference, or one of whose external ids, equals a text."""
        found = {
            (source, ref)
            for entity in ENTITIES
            for column in match.ref_columns(entity)
            for (source,) in self._rows(
                f"select distinct {match.source_of(column)} from {entity} where {column} = {quoting.text(ref)}"  # noqa: S608 (names are quoted)
            )
        }
        ids = "regexp_split_to_array(external_ids, '[^\\pL\\pN_.@+-]+')"
        where = f"customer_ref is not null and list_contains({ids}, {quoting.text(ref)})"
        tied = self._rows(f"select distinct source, customer_ref from customers where {where}")  # noqa: S608 (names are quoted)
        return found | {(source, customer) for source, customer in tied}

    def _of(self, expression: str, column: str, subject: Subject) -> set[str]:
        """The values of a column in a person's own rows."""
        return {
            value
            for entity in _with(column)
            for (value,) in self._rows(
                f"select distinct {expression} from {entity}"  # noqa: S608 (names are quoted)
                f" where {column} is not null and {match.owns(entity, subject)}"
            )
            if value is not None
        }

    def _of_others(self, expression: str, column: str, subject: Subject, values: set[str]) -> set[str]:
        """The given values that also occur in rows of other people."""
        listed = ", ".join(quoting.text(value) for value in sorted(values))
        return {
            value
            for entity in _with(column)
            if values
            for (value,) in self._rows(
                f"select distinct {expression} from {entity}"  # noqa: S608 (names are quoted)
                f" where customer_ref is not null and {expression} in ({listed}) and not {match.owns(entity, subject)}"
            )
        }

    def _refs_like(self, emails: Iterable[str]) -> set[Ref]:
        """The references that equal one of some e-mails: some sources use e-mails as references."""
        listed = ", ".join(quoting.text(email) for email in sorted(emails))
        return {
            (source, ref)
            for entity in ENTITIES
            if listed
            for column in match.ref_columns(entity)
            for source, ref in self._rows(
                f"select distinct {match.source_of(column)}, {column} from {entity} where lower({column}) in ({listed})"  # noqa: S608 (names are quoted)
            )
        }

    def _rows(self, query: str) -> list[tuple[str, ...]]:
        return self._connection.execute(query).fetchall()


def _kind(kind: str) -> Kind:
    return "email" if kind == EMAIL else "phone"


def _with(column: str) -> list[str]:
    return [name for name, entity in ENTITIES.items() if column in entity.columns]
