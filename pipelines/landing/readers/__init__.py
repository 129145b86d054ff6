"""Reads a file of any format into DuckDB: one module per format, all with the interface of interface.py. A ZIP
archive (archive.py) is read member by member.

The result is the view `landing_source` of the file's records (relation.py). rows.py of landing turns them into rows.
"""

from pathlib import Path

import duckdb

from pipelines.landing.model import FileGroup
from pipelines.landing.readers.archive import check_members, is_archive, read_members
from pipelines.landing.readers.filekind import refuse_other_kinds
from pipelines.landing.readers.fixed_width import FixedWidthReader
from pipelines.landing.readers.interface import Reader
from pipelines.landing.readers.json_file import JsonReader
from pipelines.landing.readers.optional import unfilled
from pipelines.landing.readers.parquet_file import ParquetReader
from pipelines.landing.readers.relation import Reading
from pipelines.landing.readers.text_table import TextTableReader
from pipelines.landing.readers.textfile import refuse_utf_8
from pipelines.landing.readers.workbook import WorkbookReader

_READERS: dict[str, Reader] = {
    "csv": TextTableReader(),
    "tsv": TextTableReader(),
    "json": JsonReader(),
    "jsonl": JsonReader(),
    "parquet": ParquetReader(),
    "xlsx": WorkbookReader(),
    "xls": WorkbookReader(),
    "fixed": FixedWidthReader(),
}


def read(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
    """Read one file.

    Args:
        connection: The DuckDB in which the view is created.
        path: The file.
        group: The group of the mapping, which defines how to read the file.
        scratch: A folder for a clean copy.

    Raises:
        InputError: The file must be refused as a whole.
    """

    def read_one(one: Path) -> Reading:
        refuse_other_kinds(one, group)
        refuse_utf_8(one, group.encoding)
        return _READERS[group.format].read(connection, one, group, scratch)

    return read_members(connection, path, group, scratch, read_one) if is_archive(path, group) else read_one(path)


def check_layout(path: Path, group: FileGroup) -> list[str]:
    """Check by its beginning that a file has the declared format and the columns that the mapping reads.

    Returns:
        The canonical columns that stay empty because the file lacks optional columns, as `entity.column`.

    Raises:
        InputError: The file is of another kind, or columns are missing. JSON has no columns to check.
    """
    absent: set[str] = set()

    def check_one(one: Path) -> None:
        refuse_other_kinds(one, group)
        refuse_utf_8(one, group.encoding)
        absent.update(_READERS[group.format].check(one, group))

    if is_archive(path, group):
        check_members(path, group, check_one)
    else:
        check_one(path)
    return unfilled(absent, group)
