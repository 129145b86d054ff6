"""The column `columns` of wide files: the cells that no other part of the mapping reads, as one JSON list per record.

A mapping that cannot know the columns of a file, such as the questions of a survey, reads them by `each: columns`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.base import quoting
from pipelines.landing.binding import record_tree
from pipelines.landing.model import FileGroup

COLUMNS = "columns"
_WITH_HEADER = ("csv", "tsv", "xlsx", "xls")


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        position: Its position in the file, from 1.
        name: Its own text in the first row of the header.
        texts: Its text in each row of the header.
        cell: The SQL of its cells.
    """

    position: int
    name: str
    texts: tuple[str, ...]
    cell: str


def file_columns(header_rows: Sequence[Sequence[str]], cells: Sequence[str]) -> list[Column]:
    """The columns of a file with a header of one or several rows.

    In the first of several rows, an empty cell has the text of the next cell to its left: it continues a question with
    several columns. Two columns with equal texts get different ones in the first row: `Price` and `Price (2)`.

    Args:
        header_rows: The rows of the header, or the names that the mapping gives.
        cells: The SQL of the cells of each column.
    """
    columns: list[Column] = []
    seen: set[tuple[str, ...]] = set()
    left = ""
    for index, cell in enumerate(cells):
        first, *others = (row[index] if index < len(row) else "" for row in header_rows)
        left = first or (left if any(others) else "")
        base = left or f"column {index + 1}"
        texts, count = (base, *others), 1
        while tuple(map(str.lower, texts)) in seen:
            count += 1
            texts = (f"{base} ({count})", *others)
        seen.add(tuple(map(str.lower, texts)))
        columns.append(Column(index + 1, first, texts, cell))
    return columns


def reads_columns(group: FileGroup, names: Sequence[str]) -> bool:
    """Whether a mapping reads `columns` of a file with these column names. A column of that name is not replaced."""
    lower = {name.lower() for name in names}
    return group.format in _WITH_HEADER and COLUMNS in record_tree(group).children and COLUMNS not in lower


def others_of(columns: Sequence[Column], group: FileGroup) -> list[Column]:
    """The columns that the mapping does not read by their names."""
    read = {name.lower() for name in record_tree(group).children}
    return [column for column in columns if column.name.lower() not in read]


def list_sql(columns: Sequence[Column], cells: Sequence[str]) -> str:
    """SQL of the JSON list of the cells that are not empty: their position, the texts of their header, and their value.

    Args:
        columns: The columns.
        cells: The SQL of the trimmed cells of each column.
    """
    elements = []
    for column, cell in zip(columns, cells, strict=True):
        names = ", ".join(
            f"{'name' if number == 1 else f'name{number}'} := {quoting.text(text)}"
            for number, text in enumerate(column.texts, 1)
        )
        elements.append(f"struct_pack(no := {column.position}, {names}, value := {cell})")
    if not elements:
        return "'[]'"
    filled = f"list_filter([{', '.join(elements)}], lambda one : one.value is not null)"
    return f"cast(to_json({filled}) as varchar)"
