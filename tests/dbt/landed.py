"""Landed Parquet written by hand, with landing's own writer, for tests that begin at staging.

What landing itself does (reading, mapping, reconciling) is not here: it has its own tests. Rows are canonical columns
as text; what is not named is NULL.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base.entities import ENTITIES
from pipelines.landing.batches import (
    DELIVERIES,
    LEDGER,
    Delivery,
    Store,
    batch_of,
    deliveries_table,
    schema_of,
)
from pipelines.landing.entity_rows import Column, EntityRows
from pipelines.landing.index import read_deliveries, update_index
from pipelines.landing.ledger import ledger_table
from pipelines.landing.model import FileGroup
from pipelines.landing.prepare import prepared
from pipelines.landing.rows import FileFacts

Row = Mapping[str, str | None]


def prepare(landing: Path) -> None:
    """Write the zero-row batch of every data set, so that no glob is ever without a file."""
    with prepared(landing):
        pass


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
    **declared: Any,
) -> str:
    """Land one file, or record that a content came again under a name.

    Args:
        landing: The landing folder, prepared.
        source: The source's name.
        landed_on: The business day of landing.
        rows: Per entity, its rows.
        file_on: The file's own date.
        name: The file's name; made from the content where not given.
        declared: What the mapping says of the file, such as `delivery="full"` or `lines="complete"`.

    Returns:
        The batch.
    """
    sha = hashlib.sha256(json.dumps([name, {entity: list(map(dict, each)) for entity, each in rows.items()}]).encode())
    batch = batch_of(source, sha.hexdigest(), file_on, "")
    facts = FileFacts(name or f"{batch}.csv", sha.hexdigest(), file_on, landed_on)
    store = Store(landing)
    delivery = _next_delivery(landing, source, batch, facts)
    if (landing / LEDGER / f"source={source}" / f"batch={batch}").is_dir():
        store.scratch.mkdir()
        if delivery is not None:
            store.record_delivery(source, batch, delivery)
        store.close()
        update_index(landing)
        return batch
    for entity, each in rows.items():
        lines = [_landed(facts, entity, row, record) for record, row in enumerate(each, start=1)]
        _stage(store, batch, entity, pa.Table.from_pylist(lines, schema=schema_of(entity)))
    records = max(map(len, rows.values()), default=0)  # of the file, so the same for every entity
    counts = {entity: len(each) for entity, each in rows.items()}
    group = _group(facts.name, rows, declared)
    _stage(store, batch, LEDGER, ledger_table(facts, group, "", (records, records, 0, 0), {}, counts, {}))
    if delivery is not None:
        _stage(store, batch, DELIVERIES, deliveries_table([delivery]))
    store.commit(source, batch)
    store.close()
    update_index(landing)
    return batch


def _landed(facts: FileFacts, entity: str, row: Row, record: int) -> dict[str, object]:
    """The row with what landing puts beside it."""
    file = {
        "file_name": facts.name,
        "file_sha256": facts.sha256,
        "file_on": facts.file_on,
        "landed_on": facts.landed_on,
    }
    place = {"record": record, "line": record + 1, "content_hash": content_hash(entity, row), "raw": json.dumps(row)}
    landed = {**row, **file, **place}
    unknown = landed.keys() - set(schema_of(entity).names)
    assert not unknown, f"{entity} has no column {unknown}"
    return landed


def _stage(store: Store, batch: str, dataset: str, table: pa.Table) -> None:
    pq.write_table(table, store.staged(batch, dataset))


def _next_delivery(landing: Path, source: str, batch: str, facts: FileFacts) -> Delivery | None:
    """The delivery that this one is; None where the content is the latest one of its name already."""
    before = [
        row
        for row in read_deliveries(landing.parent).to_pylist()
        if (row["source"], row["file_name"]) == (source, facts.name)
    ]
    if before and before[-1]["batch"] == batch:
        return None
    return Delivery(facts.name, len(before) + 1, facts.landed_on)


def _group(name: str, rows: Mapping[str, Sequence[Row]], declared: Mapping[str, Any]) -> FileGroup:
    """A group of a mapping that names the columns that the rows have."""
    columns = {entity: {column: Column(sql=column) for row in each for column in row} for entity, each in rows.items()}
    entities = {
        entity: EntityRows(columns={**{key: Column(sql=key) for key in ENTITIES[entity].key}, **columns[entity]})
        for entity in rows
    }
    return FileGroup(match=(name,), entities=entities, **declared)
