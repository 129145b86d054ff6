"""Pseudonyms: a `customer_key` for every reference to a customer in a source.

The step runs in Python because the key must not appear in SQL, in dbt's artifacts or in an engine's logs. References
are read in batches from the restricted staging schema, and only new references get a pseudonym.

A guest is a row with an e-mail address and no reference. Its reference is `@` and the identifier of the address. A row
is not a guest if its address has no normal form or is on the block list: such rows can be from different people.
"""

import hashlib
import hmac
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import write_durably
from pipelines.base.errors import BuildError

log = logging.getLogger("loyalty.pseudonyms")

SCHEMA = pa.schema([("source", pa.string()), ("ref", pa.string()), ("customer_key", pa.string())])
IDENTIFIERS = "identifiers.parquet"
_BATCH_ROWS = 100_000
_SEPARATOR = "\x1f"
_NEW_REFS = """
    with refs as (
        select source, ref
        from staging.stg_customer_refs
        where ref is not null
        union
        select contacts.source, '@' || identifiers.identifier as ref
        from staging.stg_contacts as contacts
        inner join identifiers on contacts.kind = identifiers.kind and contacts.value = identifiers.value
        where
            contacts.ref is null
            and contacts.kind = 'email'
            and identifiers.identifier is not null
            and not identifiers.is_blocked
    )

    select refs.source, refs.ref
    from refs
    anti join known on refs.source = known.source and refs.ref = known.ref
    order by all
"""


@dataclass(frozen=True)
class PseudonymReport:
    """The result of the step.

    Attributes:
        known: The number of references that already had a pseudonym.
        new: The number of references that got one now.
    """

    known: int
    new: int


def customer_key(key: bytes, source: str, ref: str) -> str:
    """32 hex digits: HMAC-SHA256 over source, 0x1f and reference.

    Source: RFC 2104. The name of a source cannot contain 0x1f, so different pairs give different texts.
    """
    return hmac.new(key, f"{source}{_SEPARATOR}{ref}".encode(), hashlib.sha256).hexdigest()[:32]


def key_fingerprint(key: bytes) -> str:
    """16 hex digits that identify the key without revealing it. Pseudonyms of another key cannot be used."""
    return hmac.new(key, b"loyalty-marts key fingerprint", hashlib.sha256).hexdigest()[:16]


def write_pseudonyms(warehouse: Path, exchange: Path, key: bytes) -> PseudonymReport:
    """Update `<exchange>/pseudonyms.parquet` (source, ref, customer_key; mode 0600).

    It then has every reference and every guest.

    Args:
        warehouse: The DuckDB file with staging.stg_customer_refs (source, ref) and staging.stg_contacts (source, ref,
            kind, value).
        exchange: The folder of the file, with identifiers.parquet. A file that was made with another key is replaced.
        key: The secret key.

    Raises:
        BuildError: Staging has not been built, or the identifiers were not made with this key.
    """
    path = exchange / "pseudonyms.parquet"
    schema = SCHEMA.with_metadata({b"key_fingerprint": key_fingerprint(key).encode()})
    new = 0
    with connect(warehouse, read_only=True) as connection:
        identifiers = quoting.files(_identifiers(exchange, key))
        connection.register("identifiers", connection.sql(f"from read_parquet({identifiers})"))
        if path.is_file() and pq.read_schema(path).metadata == schema.metadata:
            connection.register("known", connection.sql(f"from read_parquet({quoting.files(path)})"))
        else:
            connection.register("known", SCHEMA.empty_table())

        def write(staged: Path) -> None:
            nonlocal new
            with pq.ParquetWriter(staged, schema, compression="zstd") as writer:
                for batch in _batches(connection, "select source, ref, customer_key from known"):
                    writer.write_batch(batch.cast(schema))
                for batch in _batches(connection, _NEW_REFS):
                    writer.write_batch(_with_keys(batch, key, schema))
                    new += batch.num_rows

        try:
            ((known,),) = connection.execute("select count(*) from known").fetchall()
            write_durably(path, write, mode=0o600)
        except duckdb.CatalogException as problem:
            raise BuildError(
                f"{warehouse} has no tables staging.stg_customer_refs and staging.stg_contacts, so pseudonyms cannot be"
                " made",
                hint="call `loyalty run`: it builds staging first",
            ) from problem
    report = PseudonymReport(known=int(known), new=new)
    log.info("pseudonyms: %d known, %d new", report.known, report.new)
    return report


def _identifiers(exchange: Path, key: bytes) -> Path:
    """The file of identifiers, made with the same key."""
    path = exchange / IDENTIFIERS
    made_with = pq.read_schema(path).metadata if path.is_file() else None
    if not made_with or made_with.get(b"key_fingerprint") != key_fingerprint(key).encode():
        raise BuildError(
            f"{path} does not exist or was made with another key, so guests have no pseudonym",
            hint="call `loyalty run`: it makes the identifiers before the pseudonyms",
        )
    return path


def _batches(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.RecordBatch]:
    reader: pa.RecordBatchReader = connection.sql(query).to_arrow_reader(_BATCH_ROWS)
    yield from reader


def _with_keys(batch: pa.RecordBatch, key: bytes, schema: pa.Schema) -> pa.RecordBatch:
    sources, refs = batch.column(0).to_pylist(), batch.column(1).to_pylist()
    keys = [customer_key(key, source, ref) for source, ref in zip(sources, refs, strict=True)]
    return pa.record_batch(
        [pa.array(sources, pa.string()), pa.array(refs, pa.string()), pa.array(keys, pa.string())], schema=schema
    )
