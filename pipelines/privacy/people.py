"""Queries about people in the landed entities: who an identifier names, and which identifiers only one person has."""

from collections.abc import Iterable

import duckdb

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.identity.contacts import ContactRules, Kind
from pipelines.identity.landed_contacts import LandedContacts, Ref
from pipelines.identity.plain_contacts import email_of, phone_of
from pipelines.privacy import match
from pipelines.privacy.own_contacts import own_contacts
from pipelines.privacy.rewrite import MONEY
from pipelines.privacy.subject import Subject, identifying_names
from pipelines.privacy.tombstones import EMAIL, PHONE, REF


class People:
    """The people of one landing folder.

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
