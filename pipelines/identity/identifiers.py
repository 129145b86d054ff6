"""Identifiers: the keyed hash of the normal form of each e-mail address and phone number in staging.

Marts and models compare identifiers, never the contacts themselves. The step runs in Python because the key must not
appear in SQL, and because the normal forms need more than SQL. Each distinct text is computed once: the file keeps it
until the key or the rules of the forms change. The block list is compared again in every run.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import write_durably
from pipelines.base.errors import BuildError
from pipelines.identity.contacts import FORM_RULES, ContactRules, Kind, kind_of
from pipelines.identity.pseudonyms import IDENTIFIERS, key_fingerprint

log = logging.getLogger("loyalty.identifiers")

SCHEMA = pa.schema(
    [("kind", pa.string()), ("value", pa.string()), ("identifier", pa.string()), ("is_blocked", pa.bool_())]
)
_BATCH_ROWS = 100_000
_NEW_VALUES = """
    select distinct contacts.kind, contacts.value
    from staging.stg_contacts as contacts
    anti join known on known.kind = contacts.kind and known.value = contacts.value
    where contacts.value is not null
    order by all
"""


@dataclass(frozen=True)
class IdentifierReport:
    """The result of the step.

    Attributes:
        known: The number of texts that were in the file.
        new: The number of texts that were added.
        unusable: The number of added texts without a normal form. They link nobody.
    """

    known: int
    new: int
    unusable: int


def identifier(key: bytes, kind: Kind, form: str) -> str:
    """32 hex digits: HMAC-SHA256 over `identifier`, 0x1f, the kind, 0x1f and the normal form.

    No pseudonym is computed from the same text: in a pseudonym, the part before the first 0x1f is the name of a source,
    and only one more part follows.
    """
    return hmac.digest(key, f"identifier\x1f{kind}\x1f{form}".encode(), hashlib.sha256).hex()[:32]


def guest_ref(key: bytes, rules: ContactRules, email: str) -> str | None:
    """The reference of the guests with an e-mail; None if the e-mail has no normal form or is on the block list."""
    form = rules.form("email", email)
    return None if form is None or rules.is_blocked("email", form) else f"@{identifier(key, 'email', form)}"


def write_identifiers(warehouse: Path, exchange: Path, key: bytes, rules: ContactRules) -> IdentifierReport:
    """Update `<exchange>/identifiers.parquet` (kind, value, identifier, is_blocked; mode 0600).

    It then has every distinct contact of staging. `identifier` is NULL if the text has no normal form.

    Args:
        warehouse: The DuckDB file with staging.stg_contacts (source, ref, kind, value).
        exchange: The folder of the file. A file that was made with another key or other rules is replaced.
        key: The secret key.
        rules: The rules of the normal forms, and the block list.

    Raises:
        BuildError: Staging has not been built.
    """
    path = exchange / IDENTIFIERS
    schema = SCHEMA.with_metadata(
        {b"key_fingerprint": key_fingerprint(key).encode(), b"rules": rules_text(rules).encode()}
    )
    blocked = pa.array([identifier(key, kind_of(form), form) for form in sorted(rules.blocked)], pa.string())
    new = unusable = 0
    with connect(warehouse, read_only=True) as connection:
        if path.is_file() and pq.read_schema(path).metadata == schema.metadata:
            connection.register("known", connection.sql(f"from read_parquet({quoting.files(path)})"))
        else:
            connection.register("known", SCHEMA.empty_table())

        def write(staged: Path) -> None:
            nonlocal new, unusable
            with pq.ParquetWriter(staged, schema, compression="zstd") as writer:
                for batch in _batches(connection, "select kind, value, identifier from known"):
                    kinds, values, found = batch.columns
                    writer.write_batch(_with_block_list(kinds, values, found, blocked, schema))
                for batch in _batches(connection, _NEW_VALUES):
                    kinds, values = batch.columns
                    found = _identifiers(kinds.to_pylist(), values.to_pylist(), key, rules)
                    writer.write_batch(_with_block_list(kinds, values, found, blocked, schema))
                    new, unusable = new + batch.num_rows, unusable + found.null_count

        try:
            ((known,),) = connection.execute("select count(*) from known").fetchall()
            write_durably(path, write, mode=0o600)
        except duckdb.CatalogException as problem:
            raise BuildError(
                f"{warehouse} has no table staging.stg_contacts, so identifiers cannot be made",
                hint="call `loyalty run`: it builds staging first",
            ) from problem
    report = IdentifierReport(known=int(known), new=new, unusable=unusable)
    log.info("identifiers: %d known, %d new, of which %d unusable", report.known, report.new, report.unusable)
    return report


def rules_text(rules: ContactRules) -> str:
    """What the normal form of a text depends on, besides the text."""
    return json.dumps([FORM_RULES, rules.phone_region, rules.keeps_email_tag])


def _batches(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.RecordBatch]:
    reader: pa.RecordBatchReader = connection.sql(query).to_arrow_reader(_BATCH_ROWS)
    yield from reader


def _identifiers(kinds: list[Kind], values: list[str], key: bytes, rules: ContactRules) -> pa.Array:
    forms = [(kind, rules.form(kind, value)) for kind, value in zip(kinds, values, strict=True)]
    return pa.array([None if form is None else identifier(key, kind, form) for kind, form in forms], pa.string())


def _with_block_list(
    kinds: pa.Array, values: pa.Array, identifiers: pa.Array, blocked: pa.Array, schema: pa.Schema
) -> pa.RecordBatch:
    is_blocked = pc.is_in(identifiers, value_set=blocked)
    columns = [kinds.cast(pa.string()), values.cast(pa.string()), identifiers.cast(pa.string()), is_blocked]
    return pa.record_batch(columns, schema=schema)
