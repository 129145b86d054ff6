"""What was last written into the fields of a CRM, so that a push writes only changes, and a person can be removed.

`<home>/state/push/<source>/<object>.parquet` has one row per record and field. What a push adds is first appended to
`<object>.jsonl` beside it, once the server has confirmed it. So a push that is killed repeats, and never skips. Only
the owner can read the files: they have references of customers. What the values mean is decided by the package
activation.
"""

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.base.database import connect
from pipelines.base.durable import sync_file, write_durably

_SCHEMA = pa.schema([("record_id", pa.string()), ("field", pa.string()), ("value", pa.string())])
_MERGED = """
    with rows as (
        select 0 as line, * from earlier
        union all
        select line, record_id, field, value from added
    )

    select record_id, field, arg_max(value, line) as value
    from rows
    group by record_id, field
    order by record_id, field
"""


class PushState:
    """What was written into one object.

    Args:
        folder: `<home>/state/push/<source>`.
        name: The object.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.parquet"
        self._journal = folder / f"{name}.jsonl"
        self._open: int | None = None

    def __enter__(self) -> "PushState":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._open is not None:
            os.close(self._open)
            self._open = None

    def read(self) -> pa.Table:
        """All rows: `record_id`, `field`, `value`. What a killed push has confirmed is among them."""
        earlier = pq.read_table(self._path, schema=_SCHEMA) if self._path.is_file() else _SCHEMA.empty_table()
        added = _lines(self._journal)
        if not added:
            return earlier
        rows = pa.Table.from_pylist(added, schema=_SCHEMA.append(pa.field("line", pa.int64())))
        with connect() as connection:
            connection.register("earlier", earlier)
            connection.register("added", rows)
            merged: pa.Table = connection.sql(_MERGED).to_arrow_table()
        return merged.cast(_SCHEMA)

    def add(self, records: Iterable[tuple[str, Mapping[str, str]]]) -> None:
        """Keep what the server has confirmed: records, each with its fields and their values."""
        lines = "".join(json.dumps([record, dict(values)], ensure_ascii=False) + "\n" for record, values in records)
        if not lines:
            return
        if self._open is None:
            self._journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._open = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            if _is_torn(self._journal):
                lines = "\n" + lines
        os.write(self._open, lines.encode())
        os.fsync(self._open)

    def merge(self) -> None:
        """Write everything into one file."""
        if self._journal.is_file():
            self._write(self.read())

    def erase(self, records: Collection[str], found: Callable[[int], object] = lambda _: None) -> int:
        """Remove records; returns how many of them there were. `found` is called with this number before."""
        rows = self.read()
        is_erased = pc.is_in(rows["record_id"], pa.array(sorted(records), pa.string()))
        count = int(pc.count_distinct(rows["record_id"].filter(is_erased)).as_py())
        if count:
            found(count)
            self._write(rows.filter(pc.invert(is_erased)))
        return count

    def _write(self, rows: pa.Table) -> None:
        write_durably(self._path, lambda staged: pq.write_table(rows, staged, compression="zstd"), mode=0o600)
        self._journal.unlink(missing_ok=True)
        sync_file(self._path.parent)


def erase_from_pushes(
    folder: Path, refs: Collection[tuple[str, str]], found: Callable[[str, str, int], object]
) -> None:
    """Remove a person from what was pushed.

    Args:
        folder: `<home>/state/push`, which need not exist.
        refs: The references of the person, as (source, reference).
        found: Called with source, object and the number of records of each object that has them, before it is written.
    """
    for place in sorted(folder.glob("*")):
        records = {ref for source, ref in refs if source == place.name}
        for name in sorted({path.stem for path in (*place.glob("*.parquet"), *place.glob("*.jsonl"))}):
            PushState(place, name).erase(records, partial(found, place.name, name))


def _lines(path: Path) -> list[dict[str, object]]:
    """The rows of a journal. A line that a kill has cut off is not confirmed, so it is left out."""
    if not path.is_file():
        return []
    rows: list[dict[str, object]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
        try:
            record, values = json.loads(line)
        except ValueError:
            continue
        rows += [{"record_id": record, "field": name, "value": text, "line": number} for name, text in values.items()]
    return rows


def _is_torn(path: Path) -> bool:
    content = path.read_bytes()
    return bool(content) and not content.endswith(b"\n")
