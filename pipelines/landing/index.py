"""The index: the ledger and the deliveries of all batches, in one file for each.

A home has two small files per batch for them; opening each of 20,000 takes ten seconds and more. The files of the
batches alone decide what has landed. The index repeats their rows, each with the state (number, size and time of
change) of the file that it comes from. A reader takes the rows whose file has not changed since, and reads the other
files itself. So an index that is missing, old or damaged costs time and changes no result, and a run that is killed
needs no repair. It is written when landing ends, after an erasure, and at the start of a run. dbt and the gates run
after that and read only the index.
"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.database import small_query_connection
from pipelines.base.durable import write_durably
from pipelines.landing.batches import DELIVERIES, LAYOUTS, LEDGER, PART, schema_of
from pipelines.landing.damaged import broken

FOLDER = "index"
INDEXED = (LEDGER, DELIVERIES)
_STATE = "part_state"
_ORDER = {
    LEDGER: "source, file_on nulls first, file_name, entity, batch",
    DELIVERIES: "source, file_name, sequence, batch",
}


def read_ledger(home: Path) -> pa.Table:
    """The ledger: one row per landed file and entity.

    Args:
        home: The home folder.

    Returns:
        The ledger's columns, then `source` and `batch`; sorted by source, file date, name, entity and batch. It is
        empty if nothing has landed yet.
    """
    return _read(home / "landing", LEDGER).drop_columns([_STATE])


def read_deliveries(home: Path) -> pa.Table:
    """Every delivery: the columns, then `source` and `batch`; sorted by source, file name and sequence."""
    return _read(home / "landing", DELIVERIES).drop_columns([_STATE])


def landed_batches(home: Path) -> tuple[str, ...]:
    """Every committed batch, sorted."""
    return tuple(sorted(set(read_ledger(home).column("batch").to_pylist())))


def index_path(landing: Path, dataset: str) -> Path:
    """The index file of a data set in INDEXED."""
    return landing / FOLDER / f"{dataset}.parquet"


def update_index(landing: Path) -> None:
    """Write the index again if a batch is new, gone or changed. The caller has the run lock."""
    for dataset in INDEXED:
        path = index_path(landing, dataset)
        if (landing / dataset).is_dir() and not _is_current(landing, dataset):
            table = _read(landing, dataset)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_durably(path, partial(pq.write_table, table, compression="zstd"), mode=0o600)


def _schema(dataset: str) -> pa.Schema:
    return pa.schema([*schema_of(dataset), *(pa.field(name, pa.string()) for name in ("source", "batch", _STATE))])


class LandedPart(NamedTuple):
    """The file of a batch in a data set.

    Attributes:
        source: The source.
        batch: The batch.
        state: The state of the file (`state_of`).
        path: Its path.
        size: Its bytes.
    """

    source: str
    batch: str
    state: str
    path: str
    size: int


def landed_parts(root: Path) -> Iterator[LandedPart]:
    """The file of each batch of a data set, by source."""
    for source in sorted(root.glob("source=*")):
        for batch in source.iterdir() if source.name != "source=none" else ():
            path = batch / PART
            try:
                found = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                continue  # no batch, or it was removed in the meantime
            names = source.name.removeprefix("source="), batch.name.removeprefix("batch=")
            yield LandedPart(*names, _state(found), str(path), found.st_size)


def state_of(path: Path) -> str:
    """The state of a file: another content has another state."""
    return _state(path.stat())


def _state(found: os.stat_result) -> str:
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _parts_table(root: Path) -> pa.Table:
    columns = list(zip(*(part[:4] for part in landed_parts(root)), strict=True)) or [(), (), (), ()]
    names = ("source", "batch", _STATE, "path")
    return pa.table({name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)})


def _indexed(landing: Path, dataset: str) -> str:
    """SQL for the rows of the index; no rows if it cannot be used."""
    path, schema = index_path(landing, dataset), _schema(dataset)
    try:
        if pq.read_schema(path).equals(schema):
            return f"from read_parquet({quoting.files(path)}, hive_partitioning = false)"
    except (pa.ArrowException, OSError):
        pass
    return _none(dataset)


def _none(dataset: str) -> str:
    kinds = {**LAYOUTS[dataset], "source": "VARCHAR", "batch": "VARCHAR", _STATE: "VARCHAR"}
    return f"select {', '.join(f'null::{kind} as {name}' for name, kind in kinds.items())} where false"


def _is_current(landing: Path, dataset: str) -> bool:
    """Whether the index can be read whole, and has exactly the files of the batches as they are now."""
    try:
        index = pq.read_table(index_path(landing, dataset), partitioning=None)
    except (pa.ArrowException, OSError):
        return False
    if not index.schema.equals(_schema(dataset)):
        return False
    names = ["source", "batch", _STATE]
    with small_query_connection() as connection:
        connection.register("parts", _parts_table(landing / dataset))
        connection.register("known", index.select(names))
        ((differ,),) = connection.execute(
            f"select count(*) from (select distinct * from known) as known full join parts using ({', '.join(names)})"  # noqa: S608
            " where known.source is null or parts.source is null"
        ).fetchall()
    return not differ


def _read(landing: Path, dataset: str) -> pa.Table:
    """The rows of a data set, from the index and from the files that it does not have."""
    root = landing / dataset
    with small_query_connection() as connection:
        connection.register("parts", _parts_table(root))
        try:
            return _rows(connection, dataset, _indexed(landing, dataset))
        except duckdb.Error:
            pass  # the index is damaged, or a part is
        try:
            return _rows(connection, dataset, _none(dataset))
        except duckdb.Error as error:
            raise broken(root, error) from error


def _rows(connection: duckdb.DuckDBPyConnection, dataset: str, indexed: str) -> pa.Table:
    names = [*LAYOUTS[dataset], "source", "batch", _STATE]
    keys = f"source, batch, {_STATE}"
    missing = connection.execute(
        f"select path from parts anti join ({indexed}) using ({keys}) order by path"  # noqa: S608
    ).fetchall()
    union = f"{_none(dataset)} union all by name (select * from ({indexed}) semi join parts using ({keys}))"  # noqa: S608
    if missing:
        files = ", ".join(quoting.files(Path(path)) for (path,) in missing)
        union += (
            f" union all by name (select read.*, {_STATE} from read_parquet([{files}], hive_partitioning = true,"  # noqa: S608
            " union_by_name = true, hive_types = {'source': 'VARCHAR', 'batch': 'VARCHAR'}) as read"
            " join parts using (source, batch))"
        )
    return connection.sql(f"select {', '.join(names)} from ({union}) order by {_ORDER[dataset]}").to_arrow_table()  # noqa: S608
