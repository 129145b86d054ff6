"""Tombstones: keyed hashes of who has been erased, so that nobody comes back with the next file.

A tombstone tells nothing to who has not the key. The same identifier is recognised in any file, format, case and
spelling that landing brings to the same normal form. Laying and reading them is here, and finding whom they mean in a
batch that is being landed; what then becomes of rows is in rewrite.py.
"""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import write_text_durably
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing.batches import PART, UNREADABLE
from pipelines.privacy import match
from pipelines.privacy.rewrite import DATASETS, REMOVED, rewrite
from pipelines.privacy.subject import Subject, phone_of

TOMBSTONES = "tombstones"
REF, EMAIL, PHONE, ORDER = "ref", "email", "phone", "order"

# What may hold an address, and what may be a number in free text; each is hashed, and only its hash is compared.
_ADDRESS = r"""[^\s@"<>()\[\]{},:;]{1,64}@[\pL\pN.\-]{1,255}"""
_NUMBER = r"\+?[0-9][0-9 \x{a0}\x{2009}\x{202f}()/.\x{2010}-\x{2013}\-]{5,20}[0-9]"
_WORD = re.compile(r"[\w.+\-]+")
_ESCAPE = r"\\(?:[nrtbf]|u[0-9a-f]{4})"

# Where an address may begin and end within what surrounds it: text need not have blanks, Chinese has none. What
# match.py takes for a border is one here too.
_BEGINS = re.compile(r"^|(?<=[^a-z0-9._%+\-])(?=[a-z0-9._%+\-])")
_ENDS = re.compile(r"(?<=[a-z0-9])(?![a-z0-9])|$")


def tombstone(key: bytes, kind: str, source: str, value: str) -> str:
    """64 hex digits: HMAC-SHA256 over kind, source (empty but for references and orders) and normal form.

    Source: RFC 2104.
    """
    return hmac.digest(key, f"tombstone\x1f{kind}\x1f{source}\x1f{value}".encode(), hashlib.sha256).hex()


@dataclass(frozen=True)
class Tombstones:
    """Everyone who has been erased.

    Attributes:
        hashes: The tombstones by kind and by the key that they were laid with.
    """

    hashes: Mapping[str, Mapping[bytes, frozenset[str]]]

    def held(self, kind: str, source: str, values: Iterable[str]) -> frozenset[str]:
        """Those of some values in normal form that have a tombstone."""
        keys = self.hashes.get(kind, {})
        return frozenset(
            value
            for value in values
            if any(tombstone(key, kind, source, value) in known for key, known in keys.items())
        )


def lay(folder: Path, key: bytes, subject: Subject, erasure: str) -> int:
    """Lay the tombstones of a person, beside those that are there.

    Args:
        folder: `<home>/erasures`.
        key: The key in force.
        subject: The person.
        erasure: The erasure's id.

    Returns:
        How many were laid that were not there.
    """
    identifiers = [
        *((REF, source, ref) for source, ref in subject.refs),
        *((EMAIL, "", email) for email in subject.emails),
        *((PHONE, "", phone) for phone in subject.phones),
        *((ORDER, source, order) for source, order in subject.orders),
    ]
    path, fingerprint = folder / TOMBSTONES, key_fingerprint(key)
    before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known = {line.rpartition(" ")[0] for line in before}
    fresh = {f"{kind} {fingerprint} {tombstone(key, kind, source, value)}" for kind, source, value in identifiers}
    fresh -= known
    lines = [*before, *(f"{line} {erasure}" for line in sorted(fresh))]
    write_text_durably(path, "".join(f"{line}\n" for line in lines), mode=0o600)
    return len(fresh)


def read_tombstones(folder: Path, load_keys: Callable[[], Sequence[bytes]]) -> Tombstones | None:
    """Every tombstone that has been laid; None where there is none, and then no key is asked for.

    Raises:
        ConfigError: Some were laid with a key that is no longer there: whom they mean could not be recognised.
    """
    path = folder / TOMBSTONES
    # what is broken must not pass for "nobody has been erased"
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    lines = [line.split() for line in text.splitlines()]
    if not lines:
        return None
    keys = {key_fingerprint(key): key for key in load_keys()}
    lost = [line for line in lines if len(line) < 3 or line[1] not in keys]
    if lost:
        raise ConfigError(
            f"{len(lost)} of the tombstones in {path} were laid with another key or are broken, and would not be"
            " recognised",
            hint="put the earlier key back, as a further line below the one in force, or the file from a backup",
        )
    hashes: dict[str, dict[bytes, set[str]]] = {}
    for kind, fingerprint, value, *_ in lines:
        hashes.setdefault(kind, {}).setdefault(keys[fingerprint], set()).add(value)
    return Tombstones({kind: {key: frozenset(found) for key, found in by.items()} for kind, by in hashes.items()})


def erase_staged(tombstones: Tombstones, folder: Path, source: str) -> dict[str, int]:
    """Erase whom the tombstones mean from a batch that is being landed.

    Args:
        tombstones: Everyone who has been erased.
        folder: The staged batch: `<dataset>/part.parquet`.
        source: Its source.

    Returns:
        Rows removed, by entity.
    """
    parts = {dataset: folder / dataset / PART for dataset in DATASETS if (folder / dataset / PART).is_file()}
    removed: Counter[str] = Counter()
    with connect() as connection:
        relations = {
            dataset: f"read_parquet({quoting.files(part)}, hive_partitioning = false)"
            for dataset, part in parts.items()
        }
        subject = recognised(connection, tombstones, relations, source)
        if subject:
            for dataset, part in parts.items():
                counts = rewrite(connection, part, dataset, source, subject, part.with_name(f".{PART}"))
                removed[dataset] = counts[REMOVED]
    return dict(+removed)


def recognised(
    connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, relations: Mapping[str, str], source: str
) -> Subject:
    """Whom of the erased some rows of a source name. Each distinct value is hashed once.

    Args:
        connection: For the queries.
        tombstones: Everyone who has been erased.
        relations: What to select from, as SQL, by data set.
        source: The source of the rows.
    """
    refs, emails, phones, orders, words = set[str](), set[str](), set[str](), set[str](), set[str]()
    for dataset, read in relations.items():

        def values(expression: str, read: str = read) -> list[str]:
            found = connection.execute(f"select distinct {expression} as value from {read}").fetchall()  # noqa: S608 (names are quoted)
            return [value for (value,) in found if value is not None]

        # the raw record may have letters escaped: columns of free text are looked at as they were read
        texts = [f"regexp_replace(lower(raw), {_quoted(_ESCAPE)}, ' ', 'g')"]
        if dataset != UNREADABLE:
            texts += [f"lower({column})" for column in match.personal_columns(dataset)]
        text = f"concat_ws(chr(10), {', '.join(texts)})"
        if EMAIL in tombstones.hashes:
            for candidate in values(f"unnest(regexp_extract_all({text}, {_quoted(_ADDRESS)}))"):
                emails.update(_addresses(candidate))
        if PHONE in tombstones.hashes:
            words.update(values(f"unnest(regexp_extract_all({text}, {_quoted(_NUMBER)}))"))
        if dataset == UNREADABLE:
            refs.update(word for raw in values("raw") for word in _WORD.findall(raw))
            continue
        columns = ENTITIES[dataset].columns
        for column in match.ref_columns(dataset):
            refs.update(values(column))
        if "email" in columns:
            emails.update(values("email"))
        if "phone" in columns:
            phones.update(values(match.digits("phone")))
        if "order_id" in columns:
            orders.update(values("order_id"))
    by_digits = {word: phone_of(word) for word in words}
    held = tombstones.held(PHONE, "", phones | set(by_digits.values()) - {""})
    return Subject(
        refs=frozenset((source, ref) for ref in tombstones.held(REF, source, refs)),
        emails=tombstones.held(EMAIL, "", emails),
        phones=held,
        orders=frozenset((source, order) for order in tombstones.held(ORDER, source, orders)),
        words=frozenset(word for word, number in by_digits.items() if number in held),
    )


def _addresses(candidate: str) -> set[str]:
    """Every address that a text around an `@` may mean: `**a@b.org` and `see a@b.org.Thank` hold `a@b.org`."""
    local, _, domain = candidate.partition("@")
    begins = {found.start() for found in _BEGINS.finditer(local)}
    ends = {found.start() for found in _ENDS.finditer(domain)}
    return {f"{local[begin:]}@{domain[:end]}" for begin in begins for end in ends if "." in domain[:end]}


def _quoted(pattern: str) -> str:
    return "'" + pattern.replace("'", "''") + "'"
