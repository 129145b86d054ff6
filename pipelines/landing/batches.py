"""Where landed batches lie, and how one comes to be there whole or not at all.

A batch is one file. Its Parquet is written under `.tmp-…`, flushed to disk, and renamed into place entity by entity,
the ledger
last: a batch without its ledger folder never was, and is removed at the start of the next landing.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import quoting
from pipelines.durable import sync_file
from pipelines.errors import BuildError
from pipelines.landing.entities import ENTITIES
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

# What held before a column was there; NULL for all others.
_BEFORE: dict[tuple[str, str], object] = {(LEDGER, "erased_rows"): 0, (LEDGER, "row_keys"): "own"}


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


def deliveries_table(deliveries: Sequence[Delivery]) -> pa.Table:
    """The deliveries of one batch as they are landed."""
    return pa.Table.from_pylist([asdict(delivery) for delivery in deliveries], schema=schema_of(DELIVERIES))


def batch_of(source: str, sha256: str, file_on: date | None) -> str:
    """The name of the batch of a file: the same file on the same date is the same batch, whatever it is called.

    It begins with a letter that no number has: Spark tries to read a name as a decimal, and digits around an
    `e` (a power of ten with many digits) keep it busy for hours.
    """
    return "b" + hashlib.sha256(f"{source}|{sha256}|{file_on or ''}".encode()).hexdigest()[:16]


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

    def prepare(self) -> int:
        """Clear away what a killed run left, and make the empty tables.

        Returns:
            The number of orphaned batch folders removed.
        """
        for left in self.root.glob(".tmp-*"):
            shutil.rmtree(left)
        committed = {(path.parent.name, path.name) for path in (self.root / LEDGER).glob("source=*/batch=*")}
        orphans = [
            path
            for path in self.root.glob("*/source=*/batch=*")
            if (path.parent.name, path.name) not in committed and path.parent.name != "source=none"
        ]
        for orphan in orphans:
            shutil.rmtree(orphan)
        self.scratch.mkdir(mode=0o700)
        for dataset in LAYOUTS:
            self._make_empty(dataset)
        self.record_earlier_deliveries()
        return len(orphans)

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
            parent = self._folder(self.root / dataset / f"source={source}")
            (staged / dataset).rename(parent / f"batch={batch}")
            sync_file(parent)
        staged.rmdir()

    def discard(self, batch: str) -> None:
        """Forget a staged batch."""
        shutil.rmtree(self.scratch / batch, ignore_errors=True)

    def _make_empty(self, dataset: str) -> None:
        """A table without rows, so that globs and schemas never fail; made anew where the columns have changed."""
        target = self.root / dataset / "source=none" / "batch=none" / PART
        schema = schema_of(dataset)
        if target.is_file():
            if pq.read_schema(target).equals(schema):
                return
            self._upgrade(dataset)
        self._folder(target.parent)
        self.replace(target, schema.empty_table())

    def _upgrade(self, dataset: str) -> None:
        """Give what an earlier version of this program landed the columns that it lacks."""
        schema = schema_of(dataset)
        for part in _parts(self.root / dataset):
            table = pq.read_table(part, partitioning=None)
            for field in schema:
                if field.name not in table.column_names:
                    value = pa.scalar(_BEFORE.get((dataset, field.name)), field.type)
                    table = table.append_column(field, pa.repeat(value, len(table)))
            self.replace(part, table.select(schema.names).cast(schema))

    def record_delivery(self, source: str, batch: str, delivery: Delivery) -> None:
        """Add a delivery to those of a committed batch, in one step."""
        part = self.root / DELIVERIES / f"source={source}" / f"batch={batch}" / PART
        known = pq.read_table(part, partitioning=None).to_pylist() if part.is_file() else []
        self._folder(part.parent)
        self.replace(part, deliveries_table([*(Delivery(**row) for row in known), delivery]))

    def record_earlier_deliveries(self) -> None:
        """Record one delivery of each batch that landed before deliveries were recorded, in the order of landing."""
        parts = {(part.parent.parent.name, part.parent.name): part for part in _parts(self.root / LEDGER)}
        recorded = {(part.parent.parent.name, part.parent.name) for part in _parts(self.root / DELIVERIES)}
        lacking = [(parts[key].stat().st_mtime_ns, key) for key in parts.keys() - recorded]
        sequences: dict[tuple[str, str], int] = {}
        for _, (source, batch) in sorted(lacking):
            (line, *_) = pq.read_table(parts[source, batch], partitioning=None).to_pylist()
            name = (source, line["file_name"])
            sequences[name] = sequences.get(name, 0) + 1
            delivery = Delivery(line["file_name"], sequences[name], line["landed_on"])
            self.record_delivery(source.removeprefix("source="), batch.removeprefix("batch="), delivery)

    def replace(self, part: Path, table: pa.Table) -> None:
        """Write a committed Parquet anew, in one step."""
        written = self.scratch / f".{PART}"
        pq.write_table(table, written, compression="zstd")
        written.chmod(0o600)
        sync_file(written)
        written.replace(part)
        sync_file(part.parent)

    def _folder(self, folder: Path) -> Path:
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
    return _read(home, LEDGER, "source, file_on nulls first, file_name, entity")


def landed_batches(home: Path) -> tuple[str, ...]:
    """Every committed batch, sorted."""
    return tuple(sorted(set(read_ledger(home).column("batch").to_pylist())))


def read_deliveries(home: Path) -> pa.Table:
    """Every delivery: its columns, then `source` and `batch`; sorted by source, file name and sequence."""
    return _read(home, DELIVERIES, "source, file_name, sequence")


def delivery_ages(home: Path) -> dict[str, int]:
    """How many deliveries of its name have come since each batch's own; 0 is in force.

    A batch that came under several names has the lowest of their ages.
    """
    deliveries = read_deliveries(home).to_pylist()
    last: dict[tuple[str, str], int] = {}
    own: dict[tuple[str, str, str], int] = {}
    for row in deliveries:
        name = (row["source"], row["file_name"])
        last[name] = max(last.get(name, 0), row["sequence"])
        own[*name, row["batch"]] = max(own.get((*name, row["batch"]), 0), row["sequence"])
    ages: dict[str, int] = {}
    for (source, file_name, batch), sequence in own.items():
        age = last[source, file_name] - sequence
        ages[batch] = min(age, ages.get(batch, age))
    return ages


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
    parts = [part for part in _parts(landing / dataset) if _in_dataset(part, LEDGER).is_file()]
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


def _read(home: Path, dataset: str, order: str) -> pa.Table:
    root = home / "landing" / dataset
    if not any(_parts(root)):
        empty = schema_of(dataset).append(pa.field("source", pa.string())).append(pa.field("batch", pa.string()))
        return empty.empty_table()
    files = ", ".join(quoting.files(part) for part in _parts(root))
    try:
        with duckdb.connect() as connection:
            return connection.sql(
                f"select * from read_parquet([{files}], hive_partitioning=true, union_by_name=true,"  # noqa: S608
                f" hive_types={{'source': 'VARCHAR', 'batch': 'VARCHAR'}}) order by {order}"
            ).to_arrow_table()
    except duckdb.Error as error:
        raise _broken(root, error) from error


def _broken(root: Path, error: duckdb.Error) -> BuildError:
    """The error of a data set that cannot be read, with the part that is to blame."""
    schema = schema_of(root.name)
    for part in _parts(root):
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


def _parts(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.glob(f"source=*/batch=*/{PART}")) if path.parent.parent.name != "source=none")
