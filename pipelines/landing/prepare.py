"""Prepares the landing folder before it is used.

Unfinished work of a killed run is finished or removed, files of an earlier version of this program get the columns that
they lack, and every data set becomes readable.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing.batches import DELIVERIES, LAYOUTS, LEDGER, Delivery, Store, parts_of, schema_of
from pipelines.landing.index import update_index
from pipelines.landing.packs import remove_packs, update_packs
from pipelines.landing.replacement import JOURNAL, read_replacement, remove_replacement

# The values of columns in rows that landed before the column existed; NULL for all other columns.
_BEFORE: dict[tuple[str, str], object] = {(LEDGER, "erased_rows"): 0, (LEDGER, "row_keys"): "own"}


@contextmanager
def prepared(root: Path) -> Iterator[Store]:
    """The prepared landing folder. At the end its scratch folder is removed. The caller has the run lock."""
    store = Store(root)
    prepare(store)
    try:
        yield store
    finally:
        store.close()
        update_index(root)
        remove_packs(root)


def finish_replacement(root: Path) -> None:
    """Finish what a killed run began: a replacement, so that no content counts twice, the index and the packs.

    The caller has the run lock.
    """
    if (root / JOURNAL).exists():
        with prepared(root):
            pass
    update_index(root)
    update_packs(root)


def prepare(store: Store) -> int:
    """Finish or remove the unfinished work of a killed run, and create the empty tables.

    Returns:
        The number of incomplete batch folders that were removed.
    """
    root = store.root
    for left in root.glob(".tmp-*"):
        shutil.rmtree(left)
    for left in root.glob(f".{JOURNAL}.*"):
        left.unlink()
    store.scratch.mkdir(mode=0o700)
    _finish_replacement(store)
    committed = {(path.parent.name, path.name) for path in (root / LEDGER).glob("source=*/batch=*")}
    orphans = [
        path
        for path in root.glob("*/source=*/batch=*")
        if (path.parent.name, path.name) not in committed and path.parent.name != "source=none"
    ]
    for orphan in orphans:
        shutil.rmtree(orphan)
    for dataset in LAYOUTS:
        _make_empty(store, dataset)
    _record_earlier_deliveries(store)
    return len(orphans)


def _finish_replacement(store: Store) -> None:
    """Finish the replacement in the journal. If the new batch was not committed, drop the journal."""
    change = read_replacement(store.root)
    if change is None:
        return
    if store.part(LEDGER, change.source, change.new).is_file():
        store.finish_replacement(change)
    else:
        remove_replacement(store.root)


def _make_empty(store: Store, dataset: str) -> None:
    """Create a table without rows, so that globs and schemas never fail. It is replaced if the columns have changed."""
    target = store.part(dataset, "none", "none")
    schema = schema_of(dataset)
    if target.is_file():
        if pq.read_schema(target).equals(schema):
            return
        _upgrade(store, dataset)
    store.make_folder(target.parent)
    store.replace(target, schema.empty_table())


def _upgrade(store: Store, dataset: str) -> None:
    """Add missing columns to the files that an earlier version of this program landed."""
    schema = schema_of(dataset)
    for part in parts_of(store.root / dataset):
        table = pq.read_table(part, partitioning=None)
        for field in schema:
            if field.name not in table.column_names:
                value = pa.scalar(_BEFORE.get((dataset, field.name)), field.type)
                table = table.append_column(field, pa.repeat(value, len(table)))
        store.replace(part, table.select(schema.names).cast(schema))


def _record_earlier_deliveries(store: Store) -> None:
    """Record one delivery per batch that landed before deliveries were recorded, in the order of landing."""
    parts = {(part.parent.parent.name, part.parent.name): part for part in parts_of(store.root / LEDGER)}
    recorded = {(part.parent.parent.name, part.parent.name) for part in parts_of(store.root / DELIVERIES)}
    lacking = [(parts[key].stat().st_mtime_ns, key) for key in parts.keys() - recorded]
    sequences: dict[tuple[str, str], int] = {}
    for _, (source, batch) in sorted(lacking):
        (line, *_) = pq.read_table(parts[source, batch], partitioning=None).to_pylist()
        name = (source, line["file_name"])
        sequences[name] = sequences.get(name, 0) + 1
        delivery = Delivery(line["file_name"], sequences[name], line["landed_on"])
        store.record_delivery(source.removeprefix("source="), batch.removeprefix("batch="), delivery)
