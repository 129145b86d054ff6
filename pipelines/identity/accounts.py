"""Accounts: an `account_key` for every account that a customer record names, for example a company in a CRM."""

import hashlib
import hmac
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base.database import connect
from pipelines.base.durable import write_durably

SCHEMA = pa.schema([("source", pa.string()), ("account_ref", pa.string()), ("account_key", pa.string())])


def account_key(key: bytes, source: str, account_ref: str) -> str:
    """32 hex digits: HMAC-SHA256 (RFC 2104) over the word `account`, source and reference, separated by 0x1f."""
    return hmac.new(key, f"account\x1f{source}\x1f{account_ref}".encode(), hashlib.sha256).hexdigest()[:32]


def write_accounts(warehouse: Path, exchange: Path, key: bytes) -> int:
    """Write `<exchange>/accounts.parquet` (source, account_ref, account_key; mode 0600).

    Args:
        warehouse: The DuckDB file with staging.stg_customers.
        exchange: The folder of the file.
        key: The secret key.

    Returns:
        The number of accounts.
    """
    with connect(warehouse, read_only=True) as connection:
        found: pa.Table = connection.sql(
            "select distinct source, account_ref from staging.stg_customers where account_ref is not null order by all"
        ).to_arrow_table()
    sources, refs = found["source"].to_pylist(), found["account_ref"].to_pylist()
    keys = [account_key(key, source, ref) for source, ref in zip(sources, refs, strict=True)]
    table = pa.table([found["source"], found["account_ref"], pa.array(keys, pa.string())], names=SCHEMA.names)
    write_durably(exchange / "accounts.parquet", lambda path: pq.write_table(table.cast(SCHEMA), path), mode=0o600)
    return len(keys)
