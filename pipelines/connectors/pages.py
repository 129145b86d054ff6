"""The pages of a pull that is not finished: files below `<home>/state/pulls`, from which a stopped pull continues.

A page and the checkpoint after it are written before the next page is asked for. When the object is complete, its pages
become one file, which is moved into the inbox in one step. The pages are readable by their owner only.
"""

import gzip
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.database import connect
from pipelines.base.durable import sync_file, write_durably, write_text_durably

_BEGUN, _DONE = "begun.json", "done.json"
SUFFIXES = _LINES, _TABLE = ".jsonl.gz", ".parquet"
_NUL = r"\u0000"
_ESCAPED = re.compile(r"\\(?:u[0-9a-f]{4}|.)")  # a text can have a backslash before u0000, which is escaped itself
_ROW_GROUP = 122_880  # DuckDB's own

Record = Mapping[str, Any]
Checkpoint = Mapping[str, Any]


class Begun(BaseModel):
    """What an unfinished pull of an object was begun with. A pull with another `key` does not continue it.

    Attributes:
        key: Identifies the settings and the earlier pull that it continues from.
        since: The cursor of the earlier pull; None if everything is read.
        until: The cursor of this pull.
        server_time: When it began, by the server's clock, `YYYYMMDDTHHMMSSZ`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    since: str | None
    until: str
    server_time: str


class _Done(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    pages: int = 0
    records: int = 0
    checkpoint: dict[str, Any] | None = None


class PageStore:
    """The pages of one object.

    Args:
        folder: Its own folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done = _Done()

    @property
    def records(self) -> int:
        """The number of records of all pages."""
        return self._done.records

    @property
    def pages(self) -> int:
        """The number of pages."""
        return self._done.pages

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where to continue; None before the first page."""
        return self._done.checkpoint

    def begun(self) -> Begun | None:
        """What the unfinished pull was begun with; None if there is none."""
        try:
            begun = Begun.model_validate_json((self._folder / _BEGUN).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        try:
            self._done = _Done.model_validate_json((self._folder / _DONE).read_bytes())
        except FileNotFoundError:
            self._done = _Done()
        except ValidationError:
            return None
        return begun

    def begin(self, begun: Begun) -> None:
        """Remove what an earlier pull left, and begin."""
        self.discard()
        self._folder.mkdir(mode=0o700, parents=True)
        self._done = _Done()
        write_text_durably(self._folder / _BEGUN, begun.model_dump_json(), mode=0o600)

    def add(self, records: Sequence[Record] | pa.Table, checkpoint: Checkpoint) -> None:
        """Keep a page and the checkpoint after it. A page without records is a checkpoint only."""
        number = self._done.pages
        if len(records):
            path = self._page(number, _TABLE if isinstance(records, pa.Table) else _LINES)
            write_durably(path, lambda staged: _write(staged, records), mode=0o600)
            number += 1
        done = _Done(pages=number, records=self._done.records + len(records), checkpoint=dict(checkpoint))
        write_text_durably(self._folder / _DONE, done.model_dump_json(), mode=0o600)
        self._done = done

    def lines(self) -> Iterator[bytes]:
        """The lines of all pages, if they are not tables."""
        for path in self._paths():
            with gzip.open(path, "rb") as file:
                yield from file

    def rows_not_in(self, file: Path) -> int:
        """How many different rows of the pages another file of Parquet does not have; all, if its columns differ."""
        pages = [str(path) for path in self._paths()]
        if not pages or not pq.read_schema(pages[0]).equals(pq.read_schema(file)):
            return self.records
        with connect(spill=self._folder / "tmp") as connection:
            query = "select count(*) from (from read_parquet(?) except from read_parquet(?))"
            ((rows,),) = connection.execute(query, [pages, str(file)]).fetchall()
        return int(rows)

    @property
    def suffix(self) -> str:
        """The end of the name of the finished file."""
        return next((path.suffix for path in self._paths() if path.suffix == _TABLE), _LINES)

    def write(self, target: Path) -> None:
        """Write all pages as one file, in one step.

        Raises:
            pa.ArrowInvalid: The columns of two pages differ.
        """
        write_durably(target, self._join, mode=0o600)

    def discard(self) -> None:
        """Remove the pages."""
        if self._folder.exists():
            shutil.rmtree(self._folder)
            sync_file(self._folder.parent)

    def _join(self, staged: Path) -> None:
        paths = list(self._paths())
        if paths and paths[0].suffix == _TABLE:
            with pq.ParquetWriter(staged, pq.read_schema(paths[0]), compression="zstd") as writer:
                for path in paths:
                    writer.write_table(pq.read_table(path), row_group_size=_ROW_GROUP)
            return
        with staged.open("wb") as file:  # members of gzip one after another are one gzip
            for path in paths:
                with path.open("rb") as page:
                    shutil.copyfileobj(page, file)

    def _paths(self) -> Iterator[Path]:
        for number in range(self._done.pages):
            table = self._page(number, _TABLE)
            yield table if table.exists() else self._page(number, _LINES)

    def _page(self, number: int, suffix: str) -> Path:
        return self._folder / f"{number:07}{suffix}"


def line_of(record: Record) -> bytes:
    """A record as a line of JSON. The same record gives the same line.

    A decimal is written as a text: DuckDB reads a number of JSON with a fraction as a float, which has 15 digits.
    The character NUL is removed, because DuckDB cannot read a record that has it.

    Raises:
        ValueError: The record has a float that is not a number of JSON, such as NaN.
    """
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str, allow_nan=False)
    if _NUL in text:
        text = _ESCAPED.sub(lambda found: "" if found[0] == _NUL else found[0], text)
    # half of a surrogate pair has no UTF-8; with a backslash it is JSON's own way to write it
    return text.encode(errors="backslashreplace") + b"\n"


def _write(path: Path, records: Sequence[Record] | pa.Table) -> None:
    if isinstance(records, pa.Table):
        pq.write_table(records, path, compression="zstd")
        return
    # without the time: the same records give the same bytes
    path.write_bytes(gzip.compress(b"".join(line_of(record) for record in records), compresslevel=4, mtime=0))
