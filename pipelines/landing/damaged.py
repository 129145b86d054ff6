"""The error for a landed data set that cannot be read: it names the damaged file."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base.errors import BuildError
from pipelines.landing.batches import LEDGER, parts_of, schema_of


def broken(root: Path, error: duckdb.Error) -> BuildError:
    """The error for a data set that cannot be read. It names the damaged file if it can be found."""
    schema = schema_of(root.name)
    for part in parts_of(root):
        try:
            found = pq.read_schema(part)
        except (pa.ArrowException, OSError):
            return _unreadable(part)
        if not {name for name in found.names if name in schema.names}:
            return _unreadable(part)
    return BuildError(
        f"{root} cannot be read: {str(error).partition(chr(10))[0]}", hint="Restore the folder from a backup."
    )


def _unreadable(part: Path) -> BuildError:
    batch = part.parent
    return BuildError(
        f"{part} is damaged: it is not a Parquet file that landing wrote",
        hint=f"Restore it from a backup. Or land its file again: delete {batch.name} below {batch.parent.name} in every"
        f" folder of {batch.parents[2]}, {LEDGER} first, put the file into the inbox, and run.",
    )
