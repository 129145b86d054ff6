"""Reads the result of bulk read: a ZIP archive with one CSV, whose columns have API names."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from pipelines.base.errors import InputError
from pipelines.landing.readers.zipfiles import open_zip

_ROWS = 5_000  # at a time
_BLOCK = 32 << 20  # the longest row, in bytes


def read_archive(path: Path, names: Iterable[str]) -> Iterator[list[Mapping[str, str]]]:
    """The rows, some thousand at a time. Nothing is written under the name of the member.

    Args:
        path: The archive.
        names: Columns that are read as text.

    Raises:
        InputError: The archive or the CSV cannot be read, or the archive has not exactly one member.
    """
    with open_zip(path, "archive") as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
        if len(members) != 1:
            raise InputError(f"the archive has {len(members)} files instead of one")
        with archive.open(members[0]) as file:
            try:
                yield from _sliced(_read_csv(file, names))
            except pa.ArrowInvalid as problem:
                raise InputError(f"the CSV is damaged ({type(problem).__name__})") from problem


def _read_csv(file: Any, names: Iterable[str]) -> Iterator[Mapping[str, str]]:
    try:
        reader = pyarrow.csv.open_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(["Id", *names], pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as problem:
        if "Empty CSV" in str(problem):
            return
        raise
    for batch in reader:
        yield from batch.to_pylist()


def _sliced(rows: Iterable[Mapping[str, str]]) -> Iterator[list[Mapping[str, str]]]:
    some: list[Mapping[str, str]] = []
    for row in rows:
        some.append(row)
        if len(some) == _ROWS:
            yield some
            some = []
    if some:
        yield some
