"""Lists which columns of a recognised export its built-in mapping does not take.

A mapping that reads the questions of a survey does not name them: whether it takes a column is found out by a record
with an answer in each column.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.base.database import connect
from pipelines.base.errors import InputError
from pipelines.drafting.layout import Layout, layout_of
from pipelines.drafting.table import open_table
from pipelines.drafting.unmapped import unread
from pipelines.landing.binding import ITEM, record_tree, relation_of
from pipelines.landing.entity_rows import Column, EntityRows
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import read
from pipelines.landing.readers.csvpass import read_header_rows
from pipelines.landing.readers.wide import Column as FileColumn
from pipelines.landing.readers.wide import file_columns, others_of, reads_columns
from pipelines.landing.readers.workbook_sheets import opened
from pipelines.landing.wordings import is_known, plain

_TEXT_TABLES, _JSON = ("csv", "tsv"), ("json", "jsonl")


@dataclass(frozen=True)
class LeftOut:
    """The columns of a file that an entry does not take.

    Attributes:
        unmapped: The columns that it does not know.
        no_questions: The columns that it knows, and that are not questions of the survey.
    """

    unmapped: tuple[str, ...] = ()
    no_questions: tuple[str, ...] = ()


def left_out(path: Path, group: FileGroup) -> LeftOut:
    """What an entry that reads a file does not take of it. Nothing is listed of records inside wrapping objects."""
    try:
        if group.format not in _JSON:
            return _of_table(path, group)
        return LeftOut() if group.unwrap else LeftOut(tuple(_of_json(path, group)))
    except InputError:
        return LeftOut()  # the check of the draft reports it


def _of_json(path: Path, group: FileGroup) -> list[str]:
    """The fields that no expression reads. Those of look-ups and skips are read for each record."""
    shared = [text for (kind, *_), text in group.expressions() if kind != "entities"]
    eaches = [rows.each for rows in group.entities.values() if rows.each]
    entities = [
        (name, rows.each, [text for at, text in group.expressions() if at[:2] == ("entities", name)])
        for name, rows in group.entities.items()
    ]
    options = {"format": group.format, "encoding": group.encoding, "records": group.records}
    with open_table(path, Layout({key: value for key, value in options.items() if value})) as table:
        return list(unread(table, [(None, [*shared, *eaches]), *((each, texts) for _, each, texts in entities)]))


def _of_table(path: Path, group: FileGroup) -> LeftOut:
    header = _header_rows(path, group)
    names = [name for name in header[0] if name] if header else []
    known = {name.lower() for name in (*record_tree(group).children, *group.from_name)}
    # a name in quotes is that of a cell in the list of all cells
    known |= {text.lower() for _, sql in group.expressions() for text in re.findall(r"'([^']+)'", sql)}
    rows = next((rows for rows in group.entities.values() if rows.wording and rows.each), None)
    if rows is None or not reads_columns(group, names):
        return LeftOut(tuple(name for name in names if name.lower() not in known))
    columns = file_columns(header, [""] * max(map(len, header)))
    taken = _questions(header, len(columns), group, rows)
    ignored = {text.strip() for text in rows.items} | {plain(text) for text in rows.items}
    unmapped: list[str] = []
    no_questions: list[str] = []
    for column in others_of(columns, group):
        if column.position in taken or column.name.lower() in known:
            continue
        is_ignored = column.texts[0] in ignored or plain(column.texts[0]) in ignored
        (no_questions if is_ignored else unmapped).append(_shown(column))
    return LeftOut(tuple(unmapped), tuple(no_questions))


def _header_rows(path: Path, group: FileGroup) -> list[list[str]]:
    """The rows of the header as the entry reads them."""
    if group.format in _TEXT_TABLES and path.suffix != ".zip":
        return [list(row) for row in read_header_rows(path, group)[1]]
    if group.format in _TEXT_TABLES or group.format == "parquet":
        with open_table(path, layout_of(path)) as table:
            return [[one.name for one in table.rows[0].fields]]
    with TemporaryDirectory() as scratch, opened(path, group, Path(scratch)) as sheets:
        rows = next(sheets).rows[group.skip_rows : group.skip_rows + group.header_rows]
        return [[str(cell).strip() for cell in row] for row in rows]


def _questions(header: Sequence[Sequence[str]], width: int, group: FileGroup, rows: EntityRows) -> set[int]:
    """The positions of the columns whose answers the entry takes, by a record with an answer in each column."""
    numbered = rows.model_copy(update={"columns": {**rows.columns, "answer_text": Column(sql="item.no")}})
    like = group.model_copy(
        update={"format": "csv", "delimiter": None, "encoding": "utf-8", "skip_rows": 0, "sheet": None}
    )
    with TemporaryDirectory() as folder, connect(threads=1) as connection:
        path = Path(folder) / "header.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([*header, ["1"] * width])
        read(connection, path, like, Path(folder))
        found = connection.execute(
            f"select cast({ITEM}.no as integer) from {relation_of(like, numbered)} where {is_known(rows)}"  # noqa: S608 (names are quoted)
        ).fetchall()
    return {number for (number,) in found}


def _shown(column: FileColumn) -> str:
    """The texts of a column in all rows of the header."""
    return " / ".join(dict.fromkeys(text for text in column.texts if text))
