"""Tombstones: keyed hashes of erased people's identifiers, so that these people do not come back with the next file.

Without the key, a tombstone reveals nothing. An e-mail or phone has one for its normal form, which identity uses too
(here a phone number need not be valid), and one for its text in lower case or its digits. The latter recognises
contacts without a normal form, and is all that earlier versions of this program wrote. This module writes and reads
tombstones, and finds erased people in a batch that is being landed. rewrite.py changes the rows.
"""

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import write_text_durably
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.identity.contacts import ContactRules, Kind, kind_of
from pipelines.identity.plain_contacts import email_of, phone_of
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing import ErasedRows
from pipelines.landing.batches import PART, UNREADABLE
from pipelines.privacy import match
from pipelines.privacy.rewrite import ANONYMISED, BLANKED, DATASETS, LOOKED_UP, REMOVED, rewrite
from pipelines.privacy.subject import Subject

TOMBSTONES = "tombstones"
REF, EMAIL, PHONE, ORDER, GUEST = "ref", "email", "phone", "order", "guest"
# The last digits of a normal form. They are those of every spelling, so that not every number has to be normalised.
PHONE_TAIL, _TAIL = "phone-tail", 4

# Texts that may contain an e-mail address or be a phone number. They are hashed, and only the hashes are compared.
# Chinese and Japanese texts also have full-width forms (U+FF01 to U+FF5E) and the full-width blank (U+3000).
_ADDRESS = r"""[^\s@\x{ff20}"<>()\[\]{},:;]{1,64}[@\x{ff20}][\pL\pN.\x{ff0e}\-\x{ff0d}]{1,255}"""
_DIGIT = r"0-9\x{ff10}-\x{ff19}"
_BETWEEN = r" \x{a0}\x{2009}\x{202f}\x{3000}()\x{ff08}\x{ff09}/\x{ff0f}.\x{ff0e}\x{2010}-\x{2013}\-\x{ff0d}"
_NUMBER = rf"[+\x{{ff0b}}]?[{_DIGIT}][{_DIGIT}{_BETWEEN}]{{5,20}}[{_DIGIT}]"
_WORD = re.compile(r"[\w.+\-]+")
_WORD_SQL = r"[\pL\pN_.+\-]+"
_ESCAPE = r"\\(?:[nrtbf]|u[0-9a-f]{4})"

# Where an e-mail address may begin and end in a text, which need not have blanks (Chinese has none). The borders are
# the same as in match.py.
_LETTER = r"a-z0-9\uff41-\uff5a\uff10-\uff19"
_INSIDE = rf"{_LETTER}._%+\-\uff0e\uff3f\uff05\uff0b\uff0d"
_BEGINS = re.compile(rf"^|(?<=[^{_INSIDE}])(?=[{_INSIDE}])")
_ENDS = re.compile(rf"(?<=[{_LETTER}])(?![{_LETTER}])|$")
_WIDE_AT = "\uff20"
_DOT = re.compile("[.\uff0e]")


def tombstone(key: bytes, kind: str, source: str, value: str) -> str:
    """64 hex digits: HMAC-SHA256 over kind, source (empty for e-mails and phones) and value.

    Source: RFC 2104.
    """
    return hmac.digest(key, f"tombstone\x1f{kind}\x1f{source}\x1f{value}".encode(), hashlib.sha256).hex()


@dataclass(frozen=True)
class Tombstones:
    """Everyone who has been erased.

    Attributes:
        hashes: The tombstones by kind and by the key with which they were made.
        rules: How e-mails and phones are brought to their normal form.
    """

    hashes: Mapping[str, Mapping[bytes, frozenset[str]]]
    rules: ContactRules

    def held(self, kind: str, source: str, values: Iterable[str]) -> frozenset[str]:
        """The given values that have a tombstone."""
        keys = self.hashes.get(kind, {})
        return frozenset(
            value
            for value in values
            if any(tombstone(key, kind, source, value) in known for key, known in keys.items())
        )

    def held_contacts(self, kind: Kind, texts: Iterable[str]) -> dict[str, str | None]:
        """The e-mails or phones that have a tombstone, with their normal forms. Each distinct value is hashed once."""
        if kind not in self.hashes:
            return {}
        plain = email_of if kind == EMAIL else phone_of
        values = {text: {plain(text)} for text in texts}
        for text in values.keys() if kind == EMAIL else self._with_held_tail(values):
            values[text].add(self.rules.recognised_form(kind, text) or "")
        held = self.held(kind, "", {value for spelled in values.values() for value in spelled} - {""})
        return {text: self.rules.recognised_form(kind, text) for text, spelled in values.items() if spelled & held}

    def _with_held_tail(self, phones: Iterable[str]) -> set[str]:
        """The phones that may have a normal form with a tombstone, by their last digits. Digits beyond ASCII may."""
        tails = {text: re.sub("[^0-9]", "", text)[-_TAIL:] if _is_plain(text) else "" for text in phones}
        held = self.held(PHONE_TAIL, "", set(tails.values()) - {""})
        return {text for text, tail in tails.items() if tail in held or not _is_plain(text)}


def add_tombstones(folder: Path, key: bytes, subject: Subject, erasure: str) -> int:
    """Add the tombstones of a person to the existing ones.

    Args:
        folder: `<home>/erasures`.
        key: The current key.
        subject: The person.
        erasure: The id of the erasure.

    Returns:
        The number of new tombstones.
    """
    identifiers = [
        *((REF, source, ref) for source, ref in subject.refs),
        *((EMAIL, "", email) for email in subject.emails),
        *((PHONE, "", phone) for phone in subject.phones),
        *((kind_of(form), "", form) for form in subject.forms),
        *((PHONE_TAIL, "", form[-_TAIL:]) for form in subject.forms if kind_of(form) == PHONE),
        *((ORDER, source, order) for source, order in subject.orders),
        *((GUEST, source, form) for source, form in subject.guests if form not in subject.forms),
    ]
    path, fingerprint = folder / TOMBSTONES, key_fingerprint(key)
    before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known = {line.rpartition(" ")[0] for line in before}
    fresh = {f"{kind} {fingerprint} {tombstone(key, kind, source, value)}" for kind, source, value in identifiers}
    fresh -= known
    lines = [*before, *(f"{line} {erasure}" for line in sorted(fresh))]
    write_text_durably(path, "".join(f"{line}\n" for line in lines), mode=0o600)
    return len(fresh)


def read_tombstones(folder: Path, load_keys: Callable[[], Sequence[bytes]], rules: ContactRules) -> Tombstones | None:
    """All tombstones; None if there are none. The keys are loaded only if there are tombstones.

    Raises:
        ConfigError: The key of some tombstones is missing, so the people could not be recognised.
    """
    path = folder / TOMBSTONES
    # a damaged file must not count as "no person has been erased"
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    lines = [line.split() for line in text.splitlines()]
    if not lines:
        return None
    keys = {key_fingerprint(key): key for key in load_keys()}
    lost = [line for line in lines if len(line) < 3 or line[1] not in keys]
    if lost:
        raise ConfigError(
            f"{len(lost)} of the tombstones in {path} were made with another key or are damaged, so erased people could"
            " come back",
            hint="add the earlier key again as another line below the current key, or restore the tombstones from a"
            " backup",
        )
    hashes: dict[str, dict[bytes, set[str]]] = {}
    for kind, fingerprint, value, *_ in lines:
        hashes.setdefault(kind, {}).setdefault(keys[fingerprint], set()).add(value)
    made = {kind: {key: frozenset(found) for key, found in by.items()} for kind, by in hashes.items()}
    return Tombstones(made, rules)


def erase_staged(tombstones: Tombstones, folder: Path, source: str) -> dict[str, ErasedRows]:
    """Erase people with tombstones from a batch that is being landed.

    Args:
        tombstones: The tombstones of everyone who has been erased.
        folder: The staged batch: `<dataset>/part.parquet`.
        source: The source of the batch.

    Returns:
        The changed rows per data set.
    """
    parts = {dataset: folder / dataset / PART for dataset in DATASETS if (folder / dataset / PART).is_file()}
    changed: dict[str, ErasedRows] = {}
    with connect() as connection:
        relations = {
            dataset: f"read_parquet({quoting.files(part)}, hive_partitioning = false)"
            for dataset, part in parts.items()
        }
        subject = recognised(connection, tombstones, relations, source)
        if subject:
            for dataset, part in parts.items():
                counts = rewrite(connection, part, dataset, source, subject, part.with_name(f".{PART}"))
                if counts:
                    changed[dataset] = ErasedRows(counts[REMOVED], counts[ANONYMISED] + counts[BLANKED])
    return changed


def recognised(
    connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, relations: Mapping[str, str], source: str
) -> Subject:
    """The identifiers of erased people in some rows of a source. Each distinct value is hashed once.

    Args:
        connection: Any DuckDB.
        tombstones: The tombstones of everyone who has been erased.
        relations: The relation to read as SQL, by data set.
        source: The source of the rows.
    """
    refs, orders = set[tuple[str, str]](), set[tuple[str, str]]()
    emails, phones = set[str](), set[str]()
    for dataset, read in relations.items():

        def rows(expression: str, read: str = read) -> list[tuple[str, ...]]:
            return connection.execute(f"select distinct {expression} from {read}").fetchall()  # noqa: S608 (names are quoted)

        def values(expression: str, rows: Callable[[str], list[tuple[str, ...]]] = rows) -> list[str]:
            return [value for (value,) in rows(f"{expression} as value") if value is not None]

        # the raw record can have escaped letters, so columns of free text are searched too
        texts = [
            f"regexp_replace(lower({column}), {quoting.text(_ESCAPE)}, ' ', 'g')"
            for column in LOOKED_UP.get(dataset, ("raw",))
        ]
        if dataset in ENTITIES:
            texts += [f"lower({column})" for column in match.personal_columns(dataset)]
        text = f"concat_ws(chr(10), {', '.join(texts)})"
        if {EMAIL, GUEST} & tombstones.hashes.keys():
            for candidate in values(f"unnest(regexp_extract_all({text}, {quoting.text(_ADDRESS)}))"):
                emails.update(_addresses(candidate))
        if PHONE in tombstones.hashes:
            phones.update(values(f"unnest(regexp_extract_all({text}, {quoting.text(_NUMBER)}))"))
        if dataset == UNREADABLE:
            refs.update((source, word) for raw in values("raw") for word in _WORD.findall(raw))
            continue
        if dataset in LOOKED_UP:
            words = [f"unnest(regexp_extract_all({column}, '{_WORD_SQL}'))" for column in LOOKED_UP[dataset]]
            named = "case when about = 'customer' then key end"
            refs.update((source, ref) for expression in (named, *words) for ref in values(expression))
            orders.update((source, order) for order in values("case when about = 'order' then key end"))
            continue
        columns = ENTITIES[dataset].columns
        for column in match.ref_columns(dataset):
            ref_source_sql = match.source_of(column, quoting.text(source))
            pairs = rows(f"{ref_source_sql}, {column}")
            refs.update((ref_source, ref) for ref_source, ref in pairs if ref is not None)
        if "email" in columns:
            emails.update(values("email"))
        if "phone" in columns:
            phones.update(values("phone"))
        if "order_id" in columns:
            order_source_sql = match.order_source_of(dataset, quoting.text(source))
            pairs = rows(f"{order_source_sql}, order_id")
            orders.update((order_source, order) for order_source, order in pairs if order is not None)
    held_emails = tombstones.held_contacts("email", emails)
    held_phones = tombstones.held_contacts("phone", phones)
    forms = {form for form in (*held_emails.values(), *held_phones.values()) if form is not None}
    guests = _guests(tombstones, source, emails - held_emails.keys())
    return Subject(
        refs=_with_tombstone(tombstones, REF, refs),
        emails=frozenset(held_emails),
        phones=frozenset(map(phone_of, held_phones)) - {""},
        orders=_with_tombstone(tombstones, ORDER, orders),
        words=frozenset(phone.lower() for phone in held_phones),
        guests=frozenset((source, form) for form in {*guests.values(), *held_emails.values()} if form is not None),
        guest_emails=frozenset((source, email) for email in guests),
        forms=frozenset(forms),
    )


def _with_tombstone(tombstones: Tombstones, kind: str, pairs: Set[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Returns the (source, value) pairs that have a tombstone."""
    values = defaultdict[str, set[str]](set)
    for source, value in pairs:
        values[source].add(value)
    return frozenset((source, value) for source in values for value in tombstones.held(kind, source, values[source]))


def _is_plain(text: str) -> bool:
    return text.isascii() or not any(char.isnumeric() and not char.isascii() for char in text)


def _guests(tombstones: Tombstones, source: str, emails: Iterable[str]) -> dict[str, str]:
    """The e-mails of erased guests of a source, with their normal forms. Other people keep these e-mails."""
    if GUEST not in tombstones.hashes:
        return {}
    forms = {email: form for email in emails if (form := tombstones.rules.form("email", email)) is not None}
    held = tombstones.held(GUEST, source, set(forms.values()))
    return {email: form for email, form in forms.items() if form in held}


def _addresses(candidate: str) -> set[str]:
    """Every e-mail address that a text around an `@` can mean: `**a@b.org` and `a@b.org.Thank` have `a@b.org`."""
    local, at, domain = candidate.partition("@") if "@" in candidate else candidate.partition(_WIDE_AT)
    begins = {found.start() for found in _BEGINS.finditer(local)}
    ends = {found.start() for found in _ENDS.finditer(domain)}
    return {f"{local[begin:]}{at}{domain[:end]}" for begin in begins for end in ends if _DOT.search(domain[:end])}
