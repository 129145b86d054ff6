"""Packs: copies of the rows of many small batches in one file.

Opening a small Parquet file takes up to a millisecond, and the landing gate would open each of them several times. With
packs, the gate and a full build open few files. The files of the batches alone decide what has landed. A pack is a
copy, and a list names its batches with the state of their files. A pack is valid only if neither it nor any of these
files has changed; otherwise it is removed, and its batches count as batches without a pack. So a kill, a restored
backup or a damaged pack needs no repair. Packs are brought up to date when landing ends and at the start of a run. dbt
and the gate run after that, under the lock of the run, and nothing else reads packs. An erasure removes each pack with
an affected batch before it changes a batch.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import partial
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import sync_file, write_durably
from pipelines.base.entities import ENTITIES
from pipelines.base.scarcity import scarcity_behind
from pipelines.landing.batches import LAYOUTS, part_path
from pipelines.landing.index import LandedPart, landed_parts, state_of

FOLDER = "packs"
LIST = "packed.parquet"
SMALL_FILE_BYTES = 1 << 20  # bytes; reading a larger file takes much longer than opening it
MIN_BATCHES_TO_PACK = 200  # small batches of an entity without a pack; fewer are opened in a fraction of a second
MAX_BATCHES, MAX_BYTES = 2_000, 64 << 20  # of a pack: if one of its batches changes, all of them are read again
_ROW_GROUP = 20_000  # rows
_HIVE = "hive_partitioning = true, hive_types = {'source': 'VARCHAR', 'batch': 'VARCHAR'}"


@dataclass(frozen=True)
class Packed:
    """A batch in a pack.

    Attributes:
        dataset: The entity.
        pack: The name of the pack's file below `packs/<dataset>`.
        pack_state: The state of the pack's file.
        source: The source of the batch.
        batch: The batch.
        part_state: The state of the batch's file.
    """

    dataset: str
    pack: str
    pack_state: str
    source: str
    batch: str
    part_state: str


_LIST_SCHEMA = pa.schema([(field.name, pa.string()) for field in fields(Packed)])

Parts = Mapping[str, Sequence[LandedPart]]
"""The files of the batches, by entity."""


def update_packs(landing: Path) -> None:
    """Remove the packs that do not count, and pack the small batches of an entity if enough of them are in no pack.

    The caller has the run lock.
    """
    parts = _parts(landing)
    kept = _keep(landing, parts, frozenset())
    packed = {(one.dataset, one.source, one.batch) for one in kept}
    new = []
    for dataset, of_dataset in parts.items():
        unpacked = [
            part
            for part in of_dataset
            if part.size < SMALL_FILE_BYTES and (dataset, part.source, part.batch) not in packed
        ]
        for group in _groups(unpacked) if len(unpacked) >= MIN_BATCHES_TO_PACK else ():
            new += _write_pack(landing, dataset, group)
    if new:
        _write_list(landing, [*kept, *new])


def remove_packs(landing: Path, batches: Collection[tuple[str, str]] = frozenset()) -> None:
    """Remove the packs that do not count, and those with one of some batches. The caller has the run lock.

    Args:
        landing: `<home>/landing`.
        batches: Source and batch.
    """
    _keep(landing, _parts(landing), batches)


def packed_rows(landing: Path) -> dict[str, str]:
    """SQL of the rows of each entity that has packs, with `source` and `batch`; the packs are up to date."""
    packed: dict[str, set[tuple[str, str]]] = {}
    for one in _read_list(landing):
        packed.setdefault(one.dataset, set()).add((one.source, one.batch))
    return {dataset: _rows(landing, dataset, batches) for dataset, batches in packed.items()}


def _rows(landing: Path, dataset: str, packed: Collection[tuple[str, str]]) -> str:
    empty = part_path(landing, dataset, "none", "none")
    left = [part.path for part in landed_parts(landing / dataset) if (part.source, part.batch) not in packed]
    files = [quoting.files(Path(path)) for path in (*left, *([str(empty)] if empty.is_file() else ()))]
    packs = quoting.files(landing / FOLDER / dataset, "*.parquet")
    rows = f"select * from read_parquet({packs}, hive_partitioning = false)"  # noqa: S608 (paths are quoted)
    if not files:
        return rows
    return (
        f"{rows} union all by name select * from read_parquet([{', '.join(files)}], {_HIVE},"  # noqa: S608 (paths are quoted)
        " union_by_name = true)"
    )


def _parts(landing: Path) -> dict[str, list[LandedPart]]:
    return {dataset: list(landed_parts(landing / dataset)) for dataset in ENTITIES}


def _keep(landing: Path, parts: Parts, without: Collection[tuple[str, str]]) -> list[Packed]:
    """Remove every file that is not a pack that counts, and give the batches of the others."""
    listed = _read_list(landing)
    states = {(dataset, part.source, part.batch): part.state for dataset in parts for part in parts[dataset]}
    dropped = {
        (one.dataset, one.pack)
        for one in listed
        if states.get((one.dataset, one.source, one.batch)) != one.part_state or (one.source, one.batch) in without
    }
    pack_states = {(one.dataset, one.pack): one.pack_state for one in listed}
    for path in sorted((landing / FOLDER).glob("*/*")):
        key = (path.parent.name, path.name)
        if key in dropped or pack_states.get(key) != state_of(path):
            path.unlink()
            sync_file(path.parent)
            dropped.add(key)
    dropped |= {key for key in pack_states if not landing.joinpath(FOLDER, *key).is_file()}
    kept = [one for one in listed if (one.dataset, one.pack) not in dropped]
    if len(kept) < len(listed):
        _write_list(landing, kept)
    return kept


def _groups(parts: Iterable[LandedPart]) -> Iterator[list[LandedPart]]:
    """The parts of each pack."""
    group: list[LandedPart] = []
    size = 0
    for part in parts:
        if group and (len(group) == MAX_BATCHES or size + part.size > MAX_BYTES):
            yield group
            group, size = [], 0
        group.append(part)
        size += part.size
    yield group


def _write_pack(landing: Path, dataset: str, parts: Sequence[LandedPart]) -> list[Packed]:
    """Copy the rows of some batches to a new pack. There is none if a file cannot be read: its reader reports that."""
    files = ", ".join(quoting.files(Path(part.path)) for part in parts)
    columns = ", ".join([*LAYOUTS[dataset], "source", "batch"])
    rows = f"select {columns} from read_parquet([{files}], {_HIVE})"  # noqa: S608 (paths are quoted)

    def write(staged: Path) -> None:
        with connect(threads=1) as connection:  # opening small files with several threads takes longer
            reader = connection.sql(rows).to_arrow_reader(_ROW_GROUP)
            with pq.ParquetWriter(staged, reader.schema, compression="zstd") as writer:
                for batch in reader:
                    writer.write_batch(batch)

    name = sha256("".join(f"{part.path}|{part.state}\n" for part in parts).encode()).hexdigest()[:16] + ".parquet"
    path = landing / FOLDER / dataset / name
    for folder in (path.parents[1], path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    try:
        write_durably(path, write, mode=0o600)
    except duckdb.Error as error:
        if scarce := scarcity_behind(error, landing.parent):
            raise scarce from error
        return []
    state = state_of(path)
    return [Packed(dataset, name, state, part.source, part.batch, part.state) for part in parts]


def _read_list(landing: Path) -> list[Packed]:
    """The batches of all packs; empty if the list is missing or damaged."""
    try:
        table = pq.read_table(landing / FOLDER / LIST, partitioning=None)
    except (pa.ArrowException, OSError):
        return []
    if not table.schema.equals(_LIST_SCHEMA):
        return []
    return [Packed(*values) for values in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def _write_list(landing: Path, packed: Iterable[Packed]) -> None:
    rows = sorted(map(astuple, packed))
    columns = list(zip(*rows, strict=True)) or [()] * len(_LIST_SCHEMA)
    table = pa.table([pa.array(column, pa.string()) for column in columns], schema=_LIST_SCHEMA)
    write_durably(landing / FOLDER / LIST, partial(pq.write_table, table, compression="zstd"), mode=0o600)
