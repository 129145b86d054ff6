"""Which landed rows are somebody's: the conditions, as SQL over landed rows with a column `source`.

A row is *theirs* where a column of its own says so, or where it names one of their orders and nobody. It *mentions*
them where its raw record or free text holds one of their identifiers as a whole word. What then becomes of it is in
rewrite.py.
"""

import json
import re
from collections.abc import Iterable, Sequence

from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.landing.expressions import quote_text
from pipelines.privacy.subject import MIN_PHONE_DIGITS, Subject

REFS = ("customer_ref", "person_ref", "referrer_ref", "referred_ref")
ERASED = '{"erased": true}'  # in place of a raw record

# Short references are words and numbers of everyday records: they are looked for only where nothing else can tell.
_MIN_REF_IN_TEXT = 8
_MIN_REF_IN_UNREADABLE = 4

# A word's borders. A JSON text may have an escaped line end (`\n`) or letter (`\u90ae`) before it; letters beyond ASCII
# are borders too, because Chinese text has no blanks: rather a text too many is blanked than one too few.
_BEFORE = r"(?:^|\\[nrtbf]|\\u[0-9a-f]{{4}}|[^a-z0-9{also}])"
_AFTER = r"(?:$|[^a-z0-9])"


def ref_columns(entity: str) -> list[str]:
    """The columns of an entity that refer to a person."""
    return [column for column in REFS if column in ENTITIES[entity].columns]


def identifying_columns(entity: str) -> list[str]:
    """The columns of an entity that name a person: references, e-mail, phone."""
    return [*ref_columns(entity), *(column for column in ("email", "phone") if column in ENTITIES[entity].columns)]


def personal_columns(entity: str) -> list[str]:
    """The columns of an entity that hold personal values or free text."""
    return [column for column, kind in ENTITIES[entity].columns.items() if kind is ColumnType.PERSONAL]


def free_columns(entity: str) -> list[str]:
    """The columns of an entity that may hold any text: all but keys and references."""
    other = {*ENTITIES[entity].key, *REFS, "order_id"}
    return [column for column in ENTITIES[entity].columns if column not in other]


def digits(column: str) -> str:
    """A phone number as its digits, NULL where these are too few."""
    found = f"regexp_replace({column}, '[^0-9]', '', 'g')"
    return f"case when strlen({found}) >= {MIN_PHONE_DIGITS} then {found} end"


def owns(entity: str, subject: Subject) -> str:
    """Whether a row's own columns name them."""
    columns = ENTITIES[entity].columns
    terms = []
    for source in subject.sources():
        if refs := subject.refs_of(source):
            terms += [f"(source = {quote_text(source)} and {c} in {_listed(refs)})" for c in ref_columns(entity)]
    if "email" in columns and subject.emails:
        terms.append(f"email in {_listed(subject.emails)}")
    if "phone" in columns and subject.phones:
        terms.append(f"{digits('phone')} in {_listed(subject.phones)}")
    return _any(terms)


def theirs(entity: str, subject: Subject) -> str:
    """Whether a row is about them: it names them, or an order of theirs and nobody."""
    columns = ENTITIES[entity].columns
    terms = []
    if "order_id" in columns:
        nobody = [f"{c} is null" for c in identifying_columns(entity)]
        for source in subject.sources():
            if orders := subject.orders_of(source):
                named = f"source = {quote_text(source)} and order_id in {_listed(orders)}"
                terms.append(f"({' and '.join([named, *nobody])})")
    return _any([owns(entity, subject), *terms])


def mentions(subject: Subject, texts: Sequence[str], *, unreadable: bool = False) -> str:
    """Whether any of some SQL texts holds an identifier of theirs as a whole word."""
    text = f"concat_ws(chr(10), {', '.join(texts)})"
    terms = []
    if subject.emails:
        terms.append(_holds(text, subject.emails, also="._%+-"))
    if subject.words:
        terms.append(_holds(text, subject.words))
    shortest = _MIN_REF_IN_UNREADABLE if unreadable else _MIN_REF_IN_TEXT
    for source in subject.sources():
        if refs := [ref for ref in subject.refs_of(source) if len(ref) >= shortest]:
            terms.append(f"(source = {quote_text(source)} and {_holds(text, refs)})")
    return _any(terms)


def _holds(text: str, words: Iterable[str], also: str = "") -> str:
    forms = {
        form for word in words for form in (word, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1])
    }
    pattern = _BEFORE.format(also=re.escape(also)) + f"(?:{'|'.join(map(_literal, sorted(forms)))})" + _AFTER
    return f"regexp_matches({text}, {quote_text(pattern)}, 'i')"


def _literal(word: str) -> str:
    """A word as DuckDB's regular expressions (RE2) read it."""
    return "".join(char if char.isalnum() or not char.isascii() else f"\\{char}" for char in word)


def _listed(values: Iterable[str]) -> str:
    return f"({', '.join(quote_text(value) for value in sorted(values))})"


def _any(terms: Sequence[str]) -> str:
    wanted = [term for term in terms if term != "false"]
    return f"coalesce({' or '.join(wanted)}, false)" if wanted else "false"
