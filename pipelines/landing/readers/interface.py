"""What every reader of a format offers. `__init__.py` lists the readers, and reads a file with the right one."""

from pathlib import Path
from typing import Protocol

import duckdb

from pipelines.landing.model import FileGroup
from pipelines.landing.readers.relation import Reading


class Reader(Protocol):
    """Reads files of one format. It has no state. The keys of a mapping that it uses are in format_options.py."""

    def check(self, path: Path, group: FileGroup) -> frozenset[str]:
        """Check that a file has the columns that the mapping reads; by its beginning, if the format allows it.

        Returns:
            The optional columns that the file lacks, in lower case.

        Raises:
            InputError: Columns are missing, or the beginning cannot be read.
        """

    def read(self, connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
        """Read a file: fill the table and create the view `landing_source` (relation.py).

        Args:
            connection: The DuckDB in which the table and the view are created.
            path: The file.
            group: The group of the mapping, which defines how to read the file.
            scratch: A folder for a clean copy.

        Raises:
            InputError: The file must be refused as a whole.
        """
