"""Finding a person in what has landed: from one reference, address or number to all by which the sources know them.

Reads only. What is to be done with what is found is in forget.py and export.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.identity import linked_refs
from pipelines.landing.batches import landed_rows
from pipelines.landing.expressions import quote_text
from pipelines.privacy import match
from pipelines.privacy.rewrite import DATASETS, MONEY
from pipelines.privacy.subject import MIN_PHONE_DIGITS, Subject, email_of, looks_like_phone, phone_of, telling_names
from pipelines.privacy.tombstones import EMAIL, PHONE, REF


@dataclass(frozen=True)
class Found:
    """A person, and how they were found.

    Attributes:
        kind: What the argument was taken for: `ref`, `email` or `phone`.
        subject: Everything by which they are known; empty where nothing is held.
        shared: Addresses and numbers of theirs that other people have too: how many of each. These are not theirs
            to be erased; asked for by such an address or number, everyone who has it is found.
    """

    kind: str
    subject: Subject
    shared: dict[str, int]


def open_landed(landing: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB with a view for each landed data set, with `source` and `batch`; nothing is changed in `landing`."""
    connection = connect()
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    for dataset in DATASETS:
        connection.execute(f"create view {dataset} as {landed_rows(landing, dataset)}")
    return connection


def find_person(connection: duckdb.DuckDBPyConnection, asked: str, *, by: str | None, source: str | None) -> Found:
    """Everything by which a person is known.

    Args:
        connection: As `open_landed` gives it.
        asked: A reference, an e-mail address or a phone number.
        by: What it is; None to find out.
        source: Only references of this source.

    Raises:
        ConfigError: It could mean different people.
    """
    people = _People(connection)
    if not asked.strip() or (by == PHONE and not phone_of(asked)):
        raise ConfigError("nobody can be found by that", hint=f"a phone number has {MIN_PHONE_DIGITS} digits or more")
    kinds = [by] if by else [EMAIL] if "@" in asked else [REF, PHONE] if looks_like_phone(asked) else [REF]
    hits = {kind: refs for kind in kinds if (refs := people.asked_by(kind, asked, source)) is not None}
    if len(hits) > 1:
        raise ConfigError(
            "it is a reference and also a phone number", hint="say which is meant: --by ref, or --by phone"
        )
    kind, refs = next(iter(hits.items()), (kinds[0], set[tuple[str, str]]()))
    if kind == REF and len(owners := sorted({owner for owner, _ in refs})) > 1:
        raise ConfigError(
            f"it is a reference in {len(owners)} sources ({', '.join(owners)}), which may mean different people",
            hint="name one: --source NAME",
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
    """Questions about people to the landed entities.

    Args:
        connection: With a view for each.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def asked_by(self, kind: str, asked: str, source: str | None) -> set[tuple[str, str]] | None:
        """References that an argument names, or that stand beside it; None where no row has it."""
        asked = asked.strip()
        if kind == REF:
            named = self._named(asked)
            return {(owner, ref) for owner, ref in named if source in (None, owner)} or None
        return self._beside(kind, email_of(asked) if kind == EMAIL else phone_of(asked))

    def completed(self, kind: str, subject: Subject) -> Found:
        """A person whose references are known, with the addresses, numbers, names and orders that are theirs alone."""
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
        words = numbers | telling_names(names - names_elsewhere)
        return Found(kind, known.model_copy(update={"orders": frozenset(orders), "words": frozenset(words)}), shared)

    def _named(self, ref: str) -> set[tuple[str, str]]:
        """(source, reference) wherever a reference, or one of a customer's external ids, is just this."""
        found = {
            (source, ref)
            for entity in ENTITIES
            for column in match.ref_columns(entity)
            for (source,) in self._rows(f"select distinct source from {entity} where {column} = {quote_text(ref)}")  # noqa: S608 (names are quoted)
        }
        ids = "regexp_split_to_array(external_ids, '[^\\pL\\pN_.@+-]+')"
        where = f"customer_ref is not null and list_contains({ids}, {quote_text(ref)})"
        tied = self._rows(f"select distinct source, customer_ref from customers where {where}")  # noqa: S608 (names are quoted)
        return found | {(source, customer) for source, customer in tied}

    def _beside(self, kind: str, value: str) -> set[tuple[str, str]] | None:
        column, expression = ("email", "email") if kind == EMAIL else ("phone", match.digits("phone"))
        found = {
            (source, ref)
            for entity in _with(column)
            for source, ref in self._rows(
                f"select distinct source, customer_ref from {entity} where {expression} = {quote_text(value)}"  # noqa: S608 (names are quoted)
            )
        }
        if kind == EMAIL:
            found |= {(source, ref) for source, ref in self._refs_like({value})}
        return {(source, ref) for source, ref in found if ref is not None} if found else None

    def _of(self, expression: str, column: str, subject: Subject) -> set[str]:
        """Values of a column in the rows that are a person's own."""
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
        """Those of some values that stand in rows of other people."""
        listed = ", ".join(quote_text(value) for value in sorted(values))
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
        """Those of some addresses that are another person's reference: some sources use them so."""
        return {ref.lower() for source, ref in self._refs_like(emails) if (source, ref) not in subject.refs}

    def _refs_like(self, emails: Iterable[str]) -> set[tuple[str, str]]:
        listed = ", ".join(quote_text(email) for email in sorted(emails))
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
