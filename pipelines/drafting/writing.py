"""How a file is written, as far as files of one name may differ in it: the encoding, and the rows of the header.

Each file is looked at, so that a folder is never drafted by one of its files only.
"""

import csv
import io
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.drafting.file_text import encoding_of, head_of
from pipelines.drafting.layout import looks_like_data, workbook_format
from pipelines.drafting.sheets import sheets_of
from pipelines.landing.readers.textfile import codec_of

ASCII = "ascii"
_ROWS = 4  # of a header, at most


@dataclass(frozen=True)
class Writing:
    """How a file is written.

    Attributes:
        encoding: The encoding of a text file; `ascii` if it has no other characters; empty for other files.
        header: Of a workbook, its first row; and of every table, how many rows at its beginning have no data.
    """

    encoding: str = ""
    header: tuple[str, ...] = ()


def writing_of(path: Path) -> Writing:
    """How a file is written. A file that cannot be read has no encoding and no header: the draft reports it."""
    about = path.stat()
    return _writing_of(path, (about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=4096)
def _writing_of(path: Path, version: tuple[int, int]) -> Writing:
    """How a file is written. The version distinguishes contents."""
    try:
        head = head_of(path)
        if form := workbook_format(path, head):
            rows = sheets_of(path, form).rows[:_ROWS]
            return Writing("", (*(rows[0] if rows else ()), _count(rows)))
        if head.startswith((b"PK", b"PAR1")) or not head.strip():
            return Writing()
        encoding = encoding_of(path)
    except InputError:
        return Writing()
    if path.name.removesuffix(".gz").endswith((".csv", ".tsv", ".txt")):
        text = head.decode(codec_of(encoding, head), errors="replace")
        delimiter = max(",;\t|", key=text.partition("\n")[0].count)
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _ROWS))
        return Writing(encoding, (_count(rows),))
    return Writing(encoding)


def _count(rows: list[list[str]]) -> str:
    """How many rows have no cell that looks like data, before the first one that has."""
    with_data = (number for number, row in enumerate(rows) if any(looks_like_data(cell.strip()) for cell in row))
    return str(next(with_data, len(rows)))
