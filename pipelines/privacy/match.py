"""SQL conditions for landed rows about a person. The rows have a column `source`.

A row is *theirs* if one of its columns names the person, or if it names one of their orders and no person. A row
*mentions* them if its raw record or free text has one of their identifiers as a whole word. rewrite.py defines what
happens to such rows.
"""

import json
import re
from collections.abc import Iterable, Sequence

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.identity.plain_contacts import digits
from pipelines.privacy.subject import Subject

REFS = ("customer_ref", "person_ref", "referrer_ref", "referred_ref")
ERASED = '{"erased": true}'  # replaces a raw record

# Short references also occur as ordinary words and numbers. So they are searched only in unreadable records, where
# nothing else identifies a person.
_MIN_REF_IN_TEXT = 8
_MIN_REF_IN_UNREADABLE = 4

# Word borders. In a JSON text, an escaped line end (`\n`) or letter (`\u90ae`) can be before a word. Letters beyond
# ASCII are borders too, because Chinese text has no blanks. It is better to blank one text too many than one too few.
_BEFORE = r"(?:^|\\[nrtbf]|\\u[0-9a-f]{{4}}|[^a-z0-9{also}])"
_AFTER = r"(?:$|[^a-z0-9])"


def ref_columns(entity: str) -> list[str]:
    """SQL of the columns of an entity that refer to a person. Deletions of customers name them by their record."""
    if entity == "deletions":
        return ["case when entity = 'customers' then record_id end"]
    return [column for column in REFS if column in ENTITIES[entity].columns]


def source_of(column: str, source: str = "source") -> str:
    """SQL of the source that a reference belongs to. A customer record can name a person of another source.

    Args:
        column: The column with the reference.
        source: SQL of the source of the row.
    """
    return f"coalesce(person_source, {source})" if column == "person_ref" else source


def order_source_of(entity: str, source: str = "source") -> str:
    """SQL of the source of the order that a row names. It can be another source than that of the row.

    Args:
        entity: The entity of the row.
        source: SQL of the source of the row.
    """
    return f"coalesce(order_source, {source})" if "order_source" in ENTITIES[entity].columns else source


def identifying_columns(entity: str) -> list[str]:
    """The columns of an entity that name a person: references, e-mail, phone."""
    return [*ref_columns(entity), *(column for column in ("email", "phone") if column in ENTITIES[entity].columns)]


def personal_columns(entity: str) -> list[str]:
    """The columns of an entity with personal values or free text."""
    return [column for column, kind in ENTITIES[entity].columns.items() if kind is ColumnType.PERSONAL]


def free_columns(entity: str) -> list[str]:
    """The columns of an entity that can contain any text: all except keys and references."""
    other = {*ENTITIES[entity].key, *REFS, "order_id"}
    return [column for column in ENTITIES[entity].columns if column not in other]


def owns(entity: str, subject: Subject) -> str:
    """SQL that checks whether a row names the person by a reference, an e-mail or a phone number."""
    columns = ENTITIES[entity].columns
    terms = []
    for source in subject.sources():
        if refs := subject.refs_of(source):
            terms += [
                f"({source_of(column)} = {quoting.text(source)} and {column} in {_listed(refs)})"
                for column in ref_columns(entity)
            ]
        if {"customer_ref", "email"} <= columns.keys() and (emails := subject.guest_emails_of(source)):
            own = f"source = {quoting.text(source)} and customer_ref is null and email in {_listed(emails)}"
            terms.append(f"({own})")
    if "email" in columns and subject.emails:
        terms.append(f"email in {_listed(subject.emails)}")
    if "phone" in columns and subject.phones:
        terms.append(f"{digits('phone')} in {_listed(subject.phones)}")
    if "phone" in columns and subject.words:  # a number in digits that `digits` does not read
        terms.append(f"lower(phone) in {_listed(subject.words)}")
    return _any(terms)


def theirs(entity: str, subject: Subject) -> str:
    """SQL that checks whether a row is about the person: it names them, or one of their orders and no person.

    A phone number alone names no person here, because the marts give such a row to the customer of its order.
    """
    columns = ENTITIES[entity].columns
    terms = []
    if "order_id" in columns:
        no_person = [f"{column} is null" for column in identifying_columns(entity) if column != "phone"]
        for source in subject.sources():
            if orders := subject.orders_of(source):
                named = f"{order_source_of(entity)} = {quoting.text(source)} and order_id in {_listed(orders)}"
                terms.append(f"({' and '.join([named, *no_person])})")
    return _any([owns(entity, subject), *terms])


def looked_up(subject: Subject, texts: Sequence[str]) -> str:
    """SQL that checks whether a row of a look-up is about the person: its key names them or an order of theirs.

    Args:
        subject: The person.
        texts: The columns that are searched for their identifiers too.
    """
    terms = []
    for source in subject.sources():
        named = {
            "customer": [*subject.refs_of(source), *subject.guest_emails_of(source)],
            "order": subject.orders_of(source),
        }
        terms += [
            f"(source = {quoting.text(source)} and about = '{about}' and lower(key) in {_listed(map(str.lower, keys))})"
            for about, keys in named.items()
            if keys
        ]
    if subject.phones:
        terms.append(f"(about = 'customer' and {digits('key')} in {_listed(subject.phones)})")
    return _any([*terms, mentions(subject, texts)])


def mentions(subject: Subject, texts: Sequence[str], *, unreadable: bool = False) -> str:
    """SQL that checks whether any of the texts has an identifier of the person as a whole word."""
    text = f"concat_ws(chr(10), {', '.join(texts)})"
    terms = []
    if subject.emails:
        terms.append(_has_word(text, subject.emails, also="._%+-"))
    if subject.words:
        terms.append(_has_word(text, subject.words))
    shortest = _MIN_REF_IN_UNREADABLE if unreadable else _MIN_REF_IN_TEXT
    for source in subject.sources():
        if refs := [ref for ref in subject.refs_of(source) if len(ref) >= shortest]:
            terms.append(f"(source = {quoting.text(source)} and {_has_word(text, refs)})")
    return _any(terms)


def _has_word(text: str, words: Iterable[str], also: str = "") -> str:
    forms = {
        form for word in words for form in (word, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1])
    }
    pattern = _BEFORE.format(also=re.escape(also)) + f"(?:{'|'.join(map(_literal, sorted(forms)))})" + _AFTER
    return f"regexp_matches({text}, {quoting.text(pattern)}, 'i')"


def _literal(word: str) -> str:
    """A word, escaped for DuckDB's regular expressions (RE2)."""
    return "".join(char if char.isalnum() or not char.isascii() else f"\\{char}" for char in word)


def _listed(values: Iterable[str]) -> str:
    return f"({', '.join(quoting.text(value) for value in sorted(values))})"


def _any(terms: Sequence[str]) -> str:
    wanted = [term for term in terms if term != "false"]
    return f"coalesce({' or '.join(wanted)}, false)" if wanted else "false"
