"""Finds a person in the landed data: from one reference, e-mail or phone to all their identifiers.

This module only reads. forget.py and export.py use the result.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.identity import linked_refs
from pipelines.landing.batches import landed_rows
from pipelines.privacy import match
from pipelines.privacy.rewrite import DATASETS, MONEY
from pipelines.privacy.subject import MIN_PHONE_DIGITS, Subject, email_of, identifying_names, looks_like_phone, phone_of
from pipelines.privacy.tombstones import EMAIL, PHONE, REF


@dataclass(frozen=True)
class Found:
    """A person, and how they were found.

    Attributes:
        kind: How the searched value was interpreted: `ref`, `email` or `phone`.
        subject: All their identifiers; empty if there is no data.
        shared: The numbers of their e-mails and phones that other people have too. These are not erased with the
            person. A search for such an e-mail or phone finds everyone who has it.
    """

    kind: str
    subject: Subject
    shared: dict[str, int]


def open_landed(landing: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB with one view per landed data set, with `source` and `batch`. Nothing in `landing` is changed."""
    connection = connect()
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    for dataset in DATASETS:
        connection.execute(f"create view {dataset} as {landed_rows(landing, dataset)}")
    return connection


def find_person(connection: duckdb.DuckDBPyConnection, asked: str, *, by: str | None, source: str | None) -> Found:
    """Find all identifiers of a person.

    Args:
        connection: From `open_landed`.
        asked: A reference, an e-mail address or a phone number.
        by: The kind of `asked`; None to detect it.
        source: Only references of this source are searched.

    Raises:
        ConfigError: `asked` could mean different people.
    """
    people = _People(connection)
    if not asked.strip() or (by == PHONE and not phone_of(asked)):
        raise ConfigError(
            "the searched value is empty or too short, so it cannot identify a person",
            hint=f"write a reference, an e-mail address, or a phone number with at least {MIN_PHONE_DIGITS} digits",
        )
    kinds = [by] if by else [EMAIL] if "@" in asked else [REF, PHONE] if looks_like_phone(asked) else [REF]
    hits = {kind: refs for kind in kinds if (refs := people.asked_by(kind, asked, source)) is not None}
    if len(hits) > 1:
        raise ConfigError(
            "the searched value is both a reference and a phone number", hint="choose one: --by ref, or --by phone"
        )
    kind, refs = next(iter(hits.items()), (kinds[0], set[tuple[str, str]]()))
    if kind == REF and len(owners := sorted({owner for owner, _ in refs})) > 1:
        raise ConfigError(
            f"the reference occurs in {len(owners)} sources ({', '.join(owners)}) and may mean different people",
            hint="choose one source: --source NAME",
        )
    if not hits:
        return Found(kind, Subject(), {})
    subject = Subject(
        refs=frozenset(linked_refs(connection, refs)),
        emails=frozenset({email_of(asked)} if kind == EMAIL else ()),
        phones=frozenset({phone_of(asked)} if kind == PHONE else ()),
    )
    return people.completed(kind, subject)


class _People:
    """Queries about people in the landed entities.

    Args:
        connection: Has one view per entity.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def asked_by(self, kind: str, asked: str, source: str | None) -> set[tuple[str, str]] | None:
        """The references that a searched value names, or that are in the same row; None if no row has the value."""
        asked = asked.strip()
        if kind == REF:
            named = self._named(asked)
            return {(owner, ref) for owner, ref in named if source in (None, owner)} or None
        return self._beside(kind, email_of(asked) if kind == EMAIL else phone_of(asked))

    def completed(self, kind: str, subject: Subject) -> Found:
        """A person whose references are known, completed with the e-mails, phones, names and orders of only them."""
        shared: dict[str, int] = {}

        def own(what: str, found: set[str], asked: frozenset[str], elsewhere: set[str]) -> frozenset[str]:
            if others := (found - asked) & elsewhere:
                shared[what] = len(others)
            return asked | (found - elsewhere)

        emails = self._of("email", "email", subject)
        phones = self._of(match.digits("phone"), "phone", subject)
        names = self._of("lower(name)", "name", subject)
        emails_elsewhere = self._of_others("email", "email", subject, emails) | self._named_like(subject, emails)
        phones_elsewhere = self._of_others(match.digits("phone"), "phone", subject, phones)
        names_elsewhere = self._of_others("lower(name)", "name", subject, names)
        known = subject.model_copy(
            update={
                "emails": own("emails", emails, subject.emails, emails_elsewhere),
                "phones": own("phones", phones, subject.phones, phones_elsewhere),
            }
        )
        orders = {
            (source, order)
            for entity in _with("order_id")
            if entity in MONEY
            for source, order in self._rows(
                f"select distinct source, order_id from {entity}"  # noqa: S608 (names are quoted)
                f" where order_id is not null and {match.owns(entity, known)}"
            )
        }
        numbers = {number for number in self._of("lower(phone)", "phone", known) if phone_of(number) in known.phones}
        words = numbers | identifying_names(names - names_elsewhere)
        return Found(kind, known.model_copy(update={"orders": frozenset(orders), "words": frozenset(words)}), shared)

    def _named(self, ref: str) -> set[tuple[str, str]]:
        """(source, reference) of every row whose reference, or one of whose external ids, equals a text."""
        found = {
            (source, ref)
            for entity in ENTITIES
            for column in match.ref_columns(entity)
            for (source,) in self._rows(f"select distinct source from {entity} where {column} = {quoting.text(ref)}")  # noqa: S608 (names are quoted)
        }
        ids = "regexp_split_to_array(external_ids, '[^\\pL\\pN_.@+-]+')"
        where = f"customer_ref is not null and list_contains({ids}, {quoting.text(ref)})"
        tied = self._rows(f"select distinct source, customer_ref from customers where {where}")  # noqa: S608 (names are quoted)
        return found | {(source, customer) for source, customer in tied}

    def _beside(self, kind: str, value: str) -> set[tuple[str, str]] | None:
        column, expression = ("email", "email") if kind == EMAIL else ("phone", match.digits("phone"))
        found = {
            (source, ref)
            for entity in _with(column)
            for source, ref in self._rows(
                f"select distinct source, customer_ref from {entity} where {expression} = {quoting.text(value)}"  # noqa: S608 (names are quoted)
            )
        }
        if kind == EMAIL:
            found |= {(source, ref) for source, ref in self._refs_like({value})}
        return {(source, ref) for source, ref in found if ref is not None} if found else None

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

    def _named_like(self, subject: Subject, emails: set[str]) -> set[str]:
        """The given e-mails that are the reference of another person: some sources use e-mails as references."""
        return {ref.lower() for source, ref in self._refs_like(emails) if (source, ref) not in subject.refs}

    def _refs_like(self, emails: Iterable[str]) -> set[tuple[str, str]]:
        listed = ", ".join(quoting.text(email) for email in sorted(emails))
        return {
            (source, ref)
            for entity in ENTITIES
            if listed
            for column in match.ref_columns(entity)
            for source, ref in self._rows(
                f"select distinct source, {column} from {entity} where lower({column}) in ({listed})"  # noqa: S608 (names are quoted)
            )
        }

    def _rows(self, query: str) -> list[tuple[str, ...]]:
        return self._connection.execute(query).fetchall()


def _with(column: str) -> list[str]:
    return [name for name, entity in ENTITIES.items() if column in entity.columns]
