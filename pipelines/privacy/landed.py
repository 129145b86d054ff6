"""Erases a person from landed batches, and updates the ledger.

Each Parquet file is rewritten and renamed into place. The ledger is updated last, from the files themselves. So this
can be killed at any moment and called again.
"""

from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES
from pipelines.landing.batches import LEDGER, PART, Store, part_path, schema_of
from pipelines.privacy.match import ERASED
from pipelines.privacy.rewrite import DATASETS, KEPT, rewrite, with_outcome
from pipelines.privacy.subject import Subject

Counts = dict[str, dict[str, int]]
"""The number of rows by data set and outcome."""

Batch = tuple[str, str]
"""Source and batch."""


def affected(connection: duckdb.DuckDBPyConnection, subject: Subject) -> tuple[Counts, set[Batch]]:
    """The rows that an erasure will change, and their batches. Nothing is changed.

    Args:
        connection: Has one view per landed data set.
        subject: The person.
    """
    counts: Counts = {}
    batches: set[Batch] = set()
    for dataset in DATASETS:
        query = with_outcome(dataset, subject, dataset)
        rows = connection.execute(
            f"select outcome, source, batch, count(*) from ({query}) where outcome <> '{KEPT}' group by all"  # noqa: S608 (names are quoted)
        ).fetchall()
        total: Counter[str] = Counter()
        for outcome, source, batch, count in rows:
            total[outcome] += count
            batches.add((source, batch))
        if total:
            counts[dataset] = dict(sorted(total.items()))
    return counts, batches


def batches_about(connection: duckdb.DuckDBPyConnection, landing: Path, batches: set[Batch]) -> dict[str, list[str]]:
    """The SHA-256 of the files from which some batches were landed, with the names of the files."""
    parts = ", ".join(quoting.files(part_path(landing, LEDGER, *batch)) for batch in sorted(batches))
    if not parts:
        return {}
    rows = connection.execute(
        f"select distinct file_sha256, file_name from read_parquet([{parts}], hive_partitioning = false) order by all"  # noqa: S608 (names are quoted)
    ).fetchall()
    names: dict[str, list[str]] = {}
    for sha256, name in rows:
        names.setdefault(sha256, []).append(name)
    return names


def erase_landed(store: Store, subject: Subject, batches: set[Batch]) -> None:
    """Erase a person from committed batches.

    Args:
        store: The landing folder, prepared.
        subject: The person.
        batches: The batches from `affected`, now or before an interruption.
    """
    with connect(spill=store.scratch / "spill") as connection:
        for batch in sorted(batches):
            if not store.part(LEDGER, *batch).is_file():
                continue  # another batch has replaced it in the meantime
            for dataset in DATASETS:
                part = store.part(dataset, *batch)
                if part.is_file():
                    rewrite(connection, part, dataset, batch[0], subject, store.scratch / PART)
            _update_ledger(connection, store, batch)


def _update_ledger(connection: duckdb.DuckDBPyConnection, store: Store, batch: Batch) -> None:
    """Write into the ledger how many rows the batch has now, and how many were erased or emptied."""
    part = store.part(LEDGER, *batch)
    lines = pq.read_table(part, partitioning=None).to_pylist()
    for line in (line for line in lines if line["entity"] in ENTITIES):
        landed = store.part(line["entity"], *batch)
        rows, emptied = _counts(connection, landed) if landed.is_file() else (0, 0)
        line["erased_rows"] = (line.get("erased_rows") or 0) + line["landed_rows"] - rows
        line["landed_rows"], line["emptied_rows"] = rows, emptied
    store.replace(part, pa.Table.from_pylist(lines, schema=schema_of(LEDGER)))


def _counts(connection: duckdb.DuckDBPyConnection, part: Path) -> tuple[int, int]:
    """The number of rows of a file, and how many of them were emptied."""
    ((rows, emptied),) = connection.execute(
        f"select count(*), count(*) filter (raw = {quoting.text(ERASED)})"  # noqa: S608 (names are quoted)
        f" from read_parquet({quoting.files(part)}, hive_partitioning = false)"
    ).fetchall()
    return rows, emptied
