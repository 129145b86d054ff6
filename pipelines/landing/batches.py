"""The landing folder: where batches are stored, and how a batch is written completely or not at all.

A batch is one file. Its Parquet files are written below `.tmp-…`, flushed to disk, and renamed into place one entity
after the other, the ledger last. A batch without its ledger folder does not count. The next landing removes it. A file
that is landed again gets a new batch, which replaces the earlier one (replacement.py).
"""

import hashlib
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.durable import sync_file
from pipelines.base.entities import ENTITIES
from pipelines.landing.replacement import Replacement, remove_replacement, write_replacement
from pipelines.landing.rows import TRAILING

LEDGER = "ledger"
DELIVERIES = "deliveries"
UNREADABLE = "unreadable"
LOOKUPS = "lookups"
LOOKUP_USES = "lookup_uses"
PART = "part.parquet"

_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DATE": pa.date32()}
_FILE = {"file_name": "VARCHAR", "file_sha256": "VARCHAR", "file_on": "DATE", "landed_on": "DATE"}

# The columns of every landed data set; `source` and `batch` are in the names of the folders.
LAYOUTS: dict[str, dict[str, str]] = {
    **{name: {**dict.fromkeys(entity.columns, "VARCHAR"), **TRAILING} for name, entity in ENTITIES.items()},
    UNREADABLE: {
        **_FILE,
        "record": "BIGINT",
        "line": "BIGINT",
        "line_end": "BIGINT",
        "rule": "VARCHAR",
        "raw": "VARCHAR",
        "part": "VARCHAR",
    },
    LEDGER: {
        **_FILE,
        "mapping_sha256": "VARCHAR",
        "records": "BIGINT",
        "taken_records": "BIGINT",
        "unreadable_records": "BIGINT",
        "skipped_records": "BIGINT",
        "skips": "VARCHAR",
        "entity": "VARCHAR",
        "landed_rows": "BIGINT",
        "erased_rows": "BIGINT",  # rows of the file that were removed because they are about an erased person
        "emptied_rows": "BIGINT",  # rows that stay without the values about an erased person
        "delivery": "VARCHAR",  # the mapping's `delivery`: full, append, or NULL
        "row_keys": "VARCHAR",  # where the keys of the entity's rows come from: own (the source) or generated
        "line_lists": "VARCHAR",  # order_lines: whether a record or a file has all lines of an order; else NULL
        "ambiguous_times": "BIGINT",  # values that two declared formats read as different dates
        "may_be_cut_off": "BIGINT",  # 1 if the file may be cut off inside its last field
        "lookup_missing": "BIGINT",  # records whose key has no row in a look-up; NULL if the file does not look up
        "lookup_differs": "BIGINT",  # records whose key has several values in a look-up
    },
    # The rows that a file gives to other files of its source; `raw` has their columns as JSON.
    LOOKUPS: {
        **_FILE,
        "record": "BIGINT",
        "line": "BIGINT",
        "lookup": "VARCHAR",
        "about": "VARCHAR",  # what the key identifies: customer, order or other
        "key": "VARCHAR",
        "raw": "VARCHAR",
    },
    # What a file found in other files, per key and column; `found` is a hash of the value.
    LOOKUP_USES: dict.fromkeys(("lookup", "about", "key", "field", "found"), "VARCHAR"),
    # One row per delivery of a file's content under a name; the batch is the batch of the content.
    DELIVERIES: {"file_name": "VARCHAR", "sequence": "BIGINT", "delivered_on": "DATE"},
}


@dataclass(frozen=True)
class Delivery:
    """One delivery of a file.

    Attributes:
        file_name: The name of the file below the source's folder.
        sequence: The number of the delivery among those of this name and source, from 1.
        delivered_on: The business day on which landing found the file.
    """

    file_name: str
    sequence: int
    delivered_on: date


def deliveries_table(deliveries: Iterable[Delivery]) -> pa.Table:
    """The table of the deliveries of one batch, sorted by name and sequence."""
    ordered = sorted(deliveries, key=lambda delivery: (delivery.file_name, delivery.sequence))
    return pa.Table.from_pylist([asdict(delivery) for delivery in ordered], schema=schema_of(DELIVERIES))


def batch_of(source: str, sha256: str, file_on: date | None, version: str) -> str:
    """The name of a file's batch: the same content with the same date, landed by the same mapping, is one batch.

    The name of the file does not matter. Earlier versions of this program did not use `version`. The name begins with a
    letter so that it is not a number: Spark tries to read partition values as numbers, and hexadecimal digits around an
    `e` look like a power of ten, which takes it hours to compute.
    """
    return "b" + hashlib.sha256(f"{source}|{sha256}|{file_on or ''}|{version}".encode()).hexdigest()[:16]


def schema_of(dataset: str) -> pa.Schema:
    """The Arrow schema of a landed data set."""
    return pa.schema([(name, _ARROW[kind]) for name, kind in LAYOUTS[dataset].items()])


def part_path(landing: Path, dataset: str, source: str, batch: str) -> Path:
    """The path of the Parquet file of a data set in a batch."""
    return landing / dataset / f"source={source}" / f"batch={batch}" / PART


class Store:
    """The landing folder.

    Args:
        root: `<home>/landing`. If it is missing, it is created, readable only by the user.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        root.chmod(0o700)
        self.scratch = root / f".tmp-{os.getpid()}"

    def close(self) -> None:
        """Remove the scratch folder."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def staged(self, batch: str, dataset: str) -> Path:
        """The path where a part of a batch is written before it is committed. Creates the folder."""
        folder = self.scratch / batch / dataset
        folder.mkdir(parents=True, mode=0o700)
        return folder / PART

    def commit(self, source: str, batch: str) -> None:
        """Move a staged batch into place, the ledger last."""
        staged = self.scratch / batch
        datasets = sorted((path.name for path in staged.iterdir()), key=lambda name: (name == LEDGER, name))
        for dataset in datasets:
            part = staged / dataset / PART
            part.chmod(0o600)
            sync_file(part)
            sync_file(staged / dataset)
        for dataset in datasets:
            parent = self.make_folder(self.root / dataset / f"source={source}")
            (staged / dataset).rename(parent / f"batch={batch}")
            sync_file(parent)
        staged.rmdir()

    def replace_batch(self, change: Replacement) -> bool:
        """Replace a batch: commit the new one if it is staged, move deliveries to it, and remove the old one.

        The change is written to a journal first. After a kill, the next run finishes the change, or the earlier batch
        is still complete.

        Returns:
            Whether the old batch was removed. It stays if it has other deliveries.
        """
        write_replacement(self.root, change)
        if (self.scratch / change.new).is_dir():
            self.commit(change.source, change.new)
        return self.finish_replacement(change)

    def finish_replacement(self, change: Replacement) -> bool:
        """The steps after the new batch is committed. They can be repeated."""
        moved = {Delivery(*one) for one in change.deliveries}
        known = self._deliveries(change.source, change.new)
        if moved - known:
            self._write_deliveries(change.source, change.new, known | moved)
        left = self._deliveries(change.source, change.old) - moved
        if left:
            self._write_deliveries(change.source, change.old, left)
        else:
            self._remove(change.source, change.old)
        remove_replacement(self.root)
        return not left

    def _remove(self, source: str, batch: str) -> None:
        """Remove a committed batch, the ledger first: after a kill, the rest has no ledger and does not count."""
        for dataset in sorted(LAYOUTS, key=lambda name: (name != LEDGER, name)):
            folder = self.part(dataset, source, batch).parent
            if folder.is_dir():
                folder.rename(self.scratch / f"removed-{dataset}")
                sync_file(folder.parent)
                shutil.rmtree(self.scratch / f"removed-{dataset}")

    def discard(self, batch: str) -> None:
        """Delete a staged batch."""
        shutil.rmtree(self.scratch / batch, ignore_errors=True)

    def record_delivery(self, source: str, batch: str, delivery: Delivery) -> None:
        """Add a delivery to a committed batch, in one step."""
        self._write_deliveries(source, batch, self._deliveries(source, batch) | {delivery})

    def _deliveries(self, source: str, batch: str) -> set[Delivery]:
        part = self.part(DELIVERIES, source, batch)
        known = pq.read_table(part, partitioning=None).to_pylist() if part.is_file() else []
        return {Delivery(**row) for row in known}

    def _write_deliveries(self, source: str, batch: str, deliveries: Collection[Delivery]) -> None:
        part = self.part(DELIVERIES, source, batch)
        self.make_folder(part.parent)
        self.replace(part, deliveries_table(deliveries))

    def parts(self, source: str, batch: str) -> dict[str, Path]:
        """The Parquet files of a committed batch, by data set."""
        parts = {dataset: self.part(dataset, source, batch) for dataset in LAYOUTS}
        return {dataset: part for dataset, part in parts.items() if part.is_file()}

    def part(self, dataset: str, source: str, batch: str) -> Path:
        """The path of the Parquet file of a data set in a batch."""
        return part_path(self.root, dataset, source, batch)

    def replace(self, part: Path, table: pa.Table) -> None:
        """Replace a committed Parquet file, in one step."""
        written = self.scratch / f".{PART}"
        pq.write_table(table, written, compression="zstd")
        written.chmod(0o600)
        sync_file(written)
        written.replace(part)
        sync_file(part.parent)

    def make_folder(self, folder: Path) -> Path:
        """Create a folder below the root. New folders are readable only by the user and are flushed to disk."""
        missing = [folder, *folder.parents]
        for path in reversed(missing[: missing.index(self.root)]):
            if not path.is_dir():
                path.mkdir(mode=0o700)
                sync_file(path.parent)
        return folder


def landed_rows(landing: Path, dataset: str) -> str:
    """SQL that selects every committed row of a data set: its columns, then `source` and `batch`.

    For read-only callers: nothing is removed, created or upgraded first. Leftovers of a killed run are ignored. Rows
    that an earlier version of this program landed have NULL in newer columns.

    Args:
        landing: `<home>/landing`.
        dataset: Its name in LAYOUTS.
    """
    columns = {**LAYOUTS[dataset], "source": "VARCHAR", "batch": "VARCHAR"}
    none = f"select {', '.join(f'null::{kind} as {name}' for name, kind in columns.items())} where false"
    parts = [part for part in parts_of(landing / dataset) if _in_dataset(part, LEDGER).is_file()]
    if not parts:
        return none
    listed = ", ".join(quoting.files(part) for part in parts)
    empty = landing / dataset / "source=none" / "batch=none" / PART
    differ = not (empty.is_file() and pq.read_schema(empty).equals(schema_of(dataset)))
    return (
        f"{none} union all by name select * from read_parquet([{listed}], hive_partitioning = true,"  # noqa: S608 (paths are quoted)
        f" union_by_name = {str(differ).lower()}, hive_types = {{'source': 'VARCHAR', 'batch': 'VARCHAR'}})"
    )


def _in_dataset(part: Path, dataset: str) -> Path:
    """The path of the same batch in another data set."""
    source, batch = part.parent.parent.name, part.parent.name
    return part.parents[3] / dataset / source / batch / PART


def parts_of(root: Path) -> Iterator[Path]:
    """Every Parquet file of a landed data set, except the empty one."""
    parts = root.glob(f"source=*/batch=*/{PART}")
    return (path for path in sorted(parts, key=str) if path.parent.parent.name != "source=none")
