"""The formats of files for people. What writes them is in export.py and workbook.py."""

from enum import StrEnum


class Format(StrEnum):
    """A format of `loyalty export`."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    ARROW = "arrow"
