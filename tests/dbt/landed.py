"""Landed Parquet written by hand, in the layout that landing promises, for tests that begin at staging.

What landing itself does (reading, mapping, reconciling) is not here: it has its own tests. Rows are canonical columns
as text; what is not named is NULL.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing.entities import ENTITIES

Row = Mapping[str, str | None]

_FILE = {
    "file_name": pa.string(),
    "file_sha256": pa.string(),
    "file_on": pa.date32(),
    "landed_on": pa.date32(),
}
_ORIGIN = {**_FILE, "record": pa.int64(), "line": pa.int64(), "content_hash": pa.string(), "raw": pa.string()}
SCHEMAS: dict[str, pa.Schema] = {
    name: pa.schema({column: pa.string() for column in entity.columns} | _ORIGIN) for name, entity in ENTITIES.items()
}
SCHEMAS["unreadable"] = pa.schema(
    {
        **_FILE,
        "record": pa.int64(),
        "line": pa.int64(),
        "line_end": pa.int64(),
        "rule": pa.string(),
        "raw": pa.string(),
    }
)
SCHEMAS["ledger"] = pa.schema(
    {
        **_FILE,
        "mapping_sha256": pa.string(),
        **{column: pa.int64() for column in ("records", "taken_records", "unreadable_records", "skipped_records")},
        "skips": pa.string(),
        "entity": pa.string(),
        "landed_rows": pa.int64(),
    }
)


def _write(landing: Path, entity: str, source: str, batch: str, rows: Sequence[Mapping[str, object]]) -> None:
    folder = landing / entity / f"source={source}" / f"batch={batch}"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMAS[entity]), folder / "part.parquet")


def prepare(landing: Path) -> None:
    """Write the zero-row batch of every entity, so that no glob is ever without a file."""
    for entity in SCHEMAS:
        _write(landing, entity, "none", "none", [])


def content_hash(entity: str, row: Row) -> str:
    """A hash of the row's canonical text."""
    return hashlib.md5(json.dumps([row.get(column) for column in ENTITIES[entity].columns]).encode()).hexdigest()


def land(
    landing: Path,
    source: str,
    landed_on: date,
    rows: Mapping[str, Sequence[Row]],
    *,
    file_on: date | None = None,
    name: str | None = None,
) -> str:
    """Land one file.

    Args:
        landing: The landing folder.
        source: The source's name.
        landed_on: The business day of landing.
        rows: Per entity, its rows.
        file_on: The file's own date.
        name: The file's name; made from the content where not given.

    Returns:
        The batch.
    """
    sha = hashlib.sha256(json.dumps([name, {entity: list(map(dict, each)) for entity, each in rows.items()}]).encode())
    batch = "b" + hashlib.sha256(f"{source}|{sha.hexdigest()}|{file_on}".encode()).hexdigest()[:16]
    file = {
        "file_name": name or f"{batch}.csv",
        "file_sha256": sha.hexdigest(),
        "file_on": file_on,
        "landed_on": landed_on,
    }
    ledger = []
    records = max(map(len, rows.values()), default=0)  # of the file, so the same for every entity
    for entity, each in rows.items():
        origin = [
            {
                **row,
                **file,
                "record": n,
                "line": n + 1,
                "content_hash": content_hash(entity, row),
                "raw": json.dumps(row),
            }
            for n, row in enumerate(each, start=1)
        ]
        _write(landing, entity, source, batch, origin)
        counts = {"records": records, "taken_records": records, "unreadable_records": 0, "skipped_records": 0}
        ledger.append({**file, **counts, "skips": "{}", "entity": entity, "landed_rows": len(each)})
    _write(landing, "ledger", source, batch, ledger)
    return batch
