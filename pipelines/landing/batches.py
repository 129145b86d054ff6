"""Where landed batches lie, and how one comes to be there whole or not at all.

A batch is one file. Its Parquet is written under `.tmp-…`, flushed to disk, and renamed into place entity by entity,
the ledger last: a batch without its ledger folder never was, and is removed at the start of the next landing. A file
that is landed again has a new batch, which replaces the one before (replacement.py).
"""

import hashlib
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import sync_file
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import BuildError
from pipelines.landing.replacement import Replacement, remove_replacement, write_replacement
from pipelines.landing.rows import TRAILING

LEDGER = "ledger"
DELIVERIES = "deliveries"
UNREADABLE = "unreadable"
PART = "part.parquet"

_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DATE": pa.date32()}
_FILE = {"file_name": "VARCHAR", "file_sha256": "VARCHAR", "file_on": "DATE", "landed_on": "DATE"}

# Columns of every landed data set; `source` and `batch` are in the folders' names.
LAYOUTS: dict[str, dict[str, str]] = {
    **{name: {**dict.fromkeys(entity.columns, "VARCHAR"), **TRAILING} for name, entity in ENTITIES.items()},
    UNREADABLE: {
        **_FILE,
        "record": "BIGINT",
        "line": "BIGINT",
        "line_end": "BIGINT",
        "rule": "VARCHAR",
        "raw": "VARCHAR",
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
        "erased_rows": "BIGINT",  # made of the file, and removed because they are about somebody who was erased
        "delivery": "VARCHAR",  # what the mapping says of a later delivery: full, append, or NULL
        "row_keys": "VARCHAR",  # whose the key of the entity's rows is: own (the source's) or generated
        "line_lists": "VARCHAR",  # order_lines: each record or each file has the whole list of an order's lines
        "ambiguous_times": "BIGINT",  # values that two declared formats read as different dates
        "may_be_cut_off": "BIGINT",  # 1 where the file may be cut off inside its last field
    },
    # Each time that a file's content was delivered under a name; the batch is that of the content.
    DELIVERIES: {"file_name": "VARCHAR", "sequence": "BIGINT", "delivered_on": "DATE"},
}


@dataclass(frozen=True)
class Delivery:
    """One time that a file came.

    Attributes:
        file_name: Its name below the source's folder.
        sequence: Counts the deliveries of this name in this source, from 1.
        delivered_on: The business day on which it was found.
    """

    file_name: str
    sequence: int
    delivered_on: date


def deliveries_table(deliveries: Iterable[Delivery]) -> pa.Table:
    """The deliveries of one batch as they are landed, in their order."""
    ordered = sorted(deliveries, key=lambda delivery: (delivery.file_name, delivery.sequence))
    return pa.Table.from_pylist([asdict(delivery) for delivery in ordered], schema=schema_of(DELIVERIES))


def batch_of(source: str, sha256: str, file_on: date | None, version: str) -> str:
    """The name of the batch of a file: the same content on the same date, landed by the same mapping, is one batch.

    The name of the file does not matter. Batches of earlier versions of this program are named without `version`.
    The name begins with a letter that no number has: Spark tries to read a name as a decimal, and digits around an
    `e` (a power of ten with many digits) keep it busy for hours.
    """
    return "b" + hashlib.sha256(f"{source}|{sha256}|{file_on or ''}|{version}".encode()).hexdigest()[:16]


def schema_of(dataset: str) -> pa.Schema:
    """The Arrow schema of a landed data set."""
    return pa.schema([(name, _ARROW[kind]) for name, kind in LAYOUTS[dataset].items()])


class Store:
    """The landing folder.

    Args:
        root: `<home>/landing`; made, private to the user, where it is not there.
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
        """Where a part of a batch is written before it is committed; the folder is made."""
        folder = self.scratch / batch / dataset
        folder.mkdir(parents=True, mode=0o700)
        return folder / PART

    def commit(self, source: str, batch: str) -> None:
        """Bring a staged batch into place, the ledger last."""
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
        """Put a batch in the place of another one: commit it if it is staged, move deliveries to it, remove the other.

        Written down first, so that whoever comes after a kill finishes it, or finds the earlier batch as it was.

        Returns:
            Whether the other one is removed: it stays if it has further deliveries.
        """
        write_replacement(self.root, change)
        if (self.scratch / change.new).is_dir():
            self.commit(change.source, change.new)
        return self.finish_replacement(change)

    def finish_replacement(self, change: Replacement) -> bool:
        """What is left to do once the new batch is committed; it may be done twice."""
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
        """Remove a committed batch, the ledger first: what is left after a kill has no ledger, and so never was."""
        for dataset in sorted(LAYOUTS, key=lambda name: (name != LEDGER, name)):
            folder = self.part(dataset, source, batch).parent
            if folder.is_dir():
                folder.rename(self.scratch / f"removed-{dataset}")
                sync_file(folder.parent)
                shutil.rmtree(self.scratch / f"removed-{dataset}")

    def discard(self, batch: str) -> None:
        """Forget a staged batch."""
        shutil.rmtree(self.scratch / batch, ignore_errors=True)

    def record_delivery(self, source: str, batch: str, delivery: Delivery) -> None:
        """Add a delivery to those of a committed batch, in one step."""
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
        """The Parquet of a committed batch, by data set."""
        parts = {dataset: self.part(dataset, source, batch) for dataset in LAYOUTS}
        return {dataset: part for dataset, part in parts.items() if part.is_file()}

    def part(self, dataset: str, source: str, batch: str) -> Path:
        """Where a data set of a batch lies."""
        return self.root / dataset / f"source={source}" / f"batch={batch}" / PART

    def replace(self, part: Path, table: pa.Table) -> None:
        """Write a committed Parquet anew, in one step."""
        written = self.scratch / f".{PART}"
        pq.write_table(table, written, compression="zstd")
        written.chmod(0o600)
        sync_file(written)
        written.replace(part)
        sync_file(part.parent)

    def make_folder(self, folder: Path) -> Path:
        """Make a folder below the root, each new one private and its entry on disk."""
        missing = [folder, *folder.parents]
        for path in reversed(missing[: missing.index(self.root)]):
            if not path.is_dir():
                path.mkdir(mode=0o700)
                sync_file(path.parent)
        return folder


def read_ledger(home: Path) -> pa.Table:
    """The ledger: one row per landed file and entity.

    Args:
        home: The home folder.

    Returns:
        The ledger's columns, then `source` and `batch`; sorted by source, file date, name and entity. No rows where
        nothing has landed yet.
    """
    return read_dataset(home, LEDGER, "source, file_on nulls first, file_name, entity")


def landed_batches(home: Path) -> tuple[str, ...]:
    """Every committed batch, sorted."""
    return tuple(sorted(set(read_ledger(home).column("batch").to_pylist())))


def landed_rows(landing: Path, dataset: str) -> str:
    """SQL that gives every committed row of a data set: its columns, then `source` and `batch`.

    For those who only look: nothing is cleared away, made or upgraded first. What a killed run left is passed over, and
    what an earlier version of this program landed has NULL in columns that came later.

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
    """Where the part of the same batch lies in another data set."""
    source, batch = part.parent.parent.name, part.parent.name
    return part.parents[3] / dataset / source / batch / PART


def read_dataset(home: Path, dataset: str, order: str) -> pa.Table:
    """A landed data set, with `source` and `batch`; no rows if nothing has landed.

    Args:
        home: The home folder.
        dataset: Its name.
        order: The columns by which it is sorted, as SQL.
    """
    parts = list(parts_of(home / "landing" / dataset))
    if not parts:
        empty = schema_of(dataset).append(pa.field("source", pa.string())).append(pa.field("batch", pa.string()))
        return empty.empty_table()
    files = ", ".join(map(quoting.files, parts))
    try:
        with connect() as connection:
            return connection.sql(
                f"select * from read_parquet([{files}], hive_partitioning=true, union_by_name=true,"  # noqa: S608
                f" hive_types={{'source': 'VARCHAR', 'batch': 'VARCHAR'}}) order by {order}"
            ).to_arrow_table()
    except duckdb.Error as error:
        raise _broken(home / "landing" / dataset, error) from error


def _broken(root: Path, error: duckdb.Error) -> BuildError:
    """The error of a data set that cannot be read, with the part that is to blame."""
    schema = schema_of(root.name)
    for part in parts_of(root):
        try:
            found = pq.read_schema(part)
        except (pa.ArrowException, OSError):
            return _unreadable(part)
        if not {name for name in found.names if name in schema.names}:
            return _unreadable(part)
    return BuildError(
        f"{root} cannot be read: {str(error).partition(chr(10))[0]}", hint="Put the folder back from a backup."
    )


def _unreadable(part: Path) -> BuildError:
    batch = part.parent
    return BuildError(
        f"{part} is broken: it is no Parquet file as landing writes it",
        hint=f"Put it back from a backup. Or land its file once more: remove {batch.name} below {batch.parent.name} in"
        f" every folder of {batch.parents[2]}, {LEDGER} first, put the file into the inbox, and run.",
    )


def parts_of(root: Path) -> Iterator[Path]:
    """Every Parquet of a landed data set, but for the empty one."""
    parts = root.glob(f"source=*/batch=*/{PART}")
    return (path for path in sorted(parts, key=str) if path.parent.parent.name != "source=none")
