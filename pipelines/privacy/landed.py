"""Erasing a person from the batches that have landed, and keeping the ledger true to them.

Each Parquet is written anew and renamed into its place; the ledger is brought into line with what lies there, last. So
it may be killed at any moment and called again.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.landing.batches import LEDGER, PART, Store, schema_of
from pipelines.privacy.rewrite import DATASETS, KEPT, judged, rewrite
from pipelines.privacy.subject import Subject

Counts = dict[str, dict[str, int]]
"""Rows by data set and by what becomes of them."""

Batch = tuple[str, str]
"""Source and batch."""


def affected(connection: duckdb.DuckDBPyConnection, subject: Subject) -> tuple[Counts, set[Batch]]:
    """What an erasure will do, and to which batches; nothing is done.

    Args:
        connection: With a view for each landed data set.
        subject: The person.
    """
    counts: Counts = {}
    batches: set[Batch] = set()
    for dataset in DATASETS:
        query = judged(dataset, subject, dataset)
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
    """The SHA-256 of the files that some batches came from, with the names that these had."""
    parts = ", ".join(quoting.files(part) for batch in sorted(batches) for part in [_part(landing, LEDGER, batch)])
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
        batches: Those that `affected` named, before or now.
    """
    with connect(spill=store.scratch / "spill") as connection:
        for batch in sorted(batches):
            if not _part(store.root, LEDGER, batch).is_file():
                continue  # another batch has replaced it since
            for dataset in DATASETS:
                part = _part(store.root, dataset, batch)
                if part.is_file():
                    rewrite(connection, part, dataset, batch[0], subject, store.scratch / PART)
            _mend_ledger(store, batch)


def _mend_ledger(store: Store, batch: Batch) -> None:
    """Let the ledger say how many rows lie there, and how many were erased."""
    part = _part(store.root, LEDGER, batch)
    lines = pq.read_table(part, partitioning=None).to_pylist()
    for line, rows in zip(lines, _rows(store, batch, lines), strict=True):
        line["erased_rows"] = (line.get("erased_rows") or 0) + line["landed_rows"] - rows
        line["landed_rows"] = rows
    store.replace(part, pa.Table.from_pylist(lines, schema=schema_of(LEDGER)))


def _rows(store: Store, batch: Batch, lines: list[dict[str, str]]) -> Iterator[int]:
    for line in lines:
        part = _part(store.root, line["entity"], batch)
        yield pq.read_metadata(part).num_rows if part.is_file() else 0


def _part(landing: Path, dataset: str, batch: Batch) -> Path:
    source, name = batch
    return landing / dataset / f"source={source}" / f"batch={name}" / PART
