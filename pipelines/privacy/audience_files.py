"""The files of exported audiences, which name people in clear: they are written from one table, so that a person can
be removed from all of them.

`<home>/audiences/<audience>/<format>` has that table (rows.parquet), one CSV file per part, and the manifest. Only the
owner can read them. What the columns are is decided by the package activation.
"""

import csv
import json
import re
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.base.durable import sha256_of, write_durably, write_text_durably
from pipelines.base.spreadsheet import write_csv

ROWS, MANIFEST = "rows.parquet", "manifest.json"
PARTS = ("members", "added", "removed", "suppressed")
PART, KEY, REASON = "_part", "_customer_key", "_reason"
_OWN = {PART, KEY, REASON}
# A phone number in the form E.164 is read by tools. It cannot be a formula, because it has no cell and no function.
_ANY = re.compile(r"(?s).*")
_PHONE = re.compile(r"\+\d{6,15}")


def read_rows(folder: Path) -> pa.Table | None:
    """The table of the last export, or None."""
    path = folder / ROWS
    return pq.read_table(path) if path.is_file() else None


def write_files(folder: Path, rows: pa.Table, manifest: Mapping[str, object]) -> None:
    """Replace the files of an export. The table comes last, so that an export that was killed is repeated in full.

    Args:
        folder: `<home>/audiences/<audience>/<format>`.
        rows: The rows of all parts: `_part`, `_customer_key`, `_reason` (of suppressed rows), and the columns of the
            files as text.
        manifest: What manifest.json says; `counts` is added.
    """
    for place in (folder.parents[1], folder.parent, folder):
        place.mkdir(mode=0o700, exist_ok=True)
    names = [name for name in rows.column_names if name not in _OWN]
    counts = {}
    for part in PARTS:
        of_part = rows.filter(pc.equal(rows[PART], part))
        columns = [*names, REASON] if part == "suppressed" else names
        header = [*names, "Reason"] if part == "suppressed" else names
        batches = (
            zip(*(column.to_pylist() for column in batch.columns), strict=True)
            for batch in of_part.select(columns).to_batches(10_000)
        )
        counts[part] = write_csv(folder / f"{part}.csv", header, batches, unchanged=_PHONE)
    text = json.dumps({**manifest, "counts": {**counts, **_held_out(manifest)}}, indent=2, ensure_ascii=False)
    write_text_durably(folder / MANIFEST, text + "\n", mode=0o600)
    write_durably(folder / ROWS, lambda staged: pq.write_table(rows, staged, compression="zstd"), mode=0o600)


def _held_out(manifest: Mapping[str, object]) -> dict[str, object]:
    counts = manifest.get("counts")
    return {name: n for name, n in counts.items() if name not in PARTS} if isinstance(counts, dict) else {}


def erase_from_audiences(
    audiences: Path, customer_keys: Collection[str], found: Callable[[str], object] = lambda _: None
) -> list[str]:
    """Write the files of all exports again without a person.

    The files of an export that was killed have people who are not in its table, so whom they name is not known. They
    are written again from the table of the export before. If there is none, they are removed.

    Args:
        audiences: `<home>/audiences`, which need not exist.
        customer_keys: The pseudonyms of the person.
        found: Called with each of these folders, before its table is written or it is removed.

    Returns:
        The folders that had the person or an export that was killed, relative to `audiences`.
    """
    changed = []
    for folder in sorted(path for path in audiences.glob("*/*") if path.is_dir()):
        name, before = folder.relative_to(audiences).as_posix(), _hashes(folder)
        rows = read_rows(folder)
        manifest = folder / MANIFEST
        if rows is not None and manifest.is_file():
            kept = rows.filter(pc.invert(pc.is_in(rows[KEY], pa.array(sorted(customer_keys), pa.string()))))
            if kept.num_rows < rows.num_rows:
                found(name)
            write_files(folder, kept, json.loads(manifest.read_text(encoding="utf-8")))
        else:  # the export did not finish: it is repeated in full
            found(name)
            shutil.rmtree(folder)
        if _hashes(folder) != before:
            found(name)
            changed.append(name)
    return changed


def _hashes(folder: Path) -> dict[str, str]:
    """What the files of an export contain: by name, the SHA-256 of each."""
    names = [*(f"{part}.csv" for part in PARTS), ROWS]
    return {name: sha256_of(folder / name) for name in names if (folder / name).is_file()}


def erase_from_touches(folder: Path, refs: Collection[tuple[str, str]]) -> int:
    """Remove references from files of touches that no run has landed; returns the number of files.

    Args:
        folder: `<home>/audience_touches`, with a folder for each source.
        refs: The references, as (source, reference).
    """
    changed = 0
    for path in sorted(folder.glob("*/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        at = header.index("customer_ref")
        kept = [row for row in rows if (path.parent.name, row[at]) not in refs]
        if len(kept) < len(rows):
            write_csv(path, header, [kept], unchanged=_ANY)
            changed += 1
    return changed
