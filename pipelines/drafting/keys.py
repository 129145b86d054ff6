"""Finds how the values of an identifier are written: `17850.0`, `="17850"`, and numbers that lost digits (1.38E+10).

Files of one entry may differ in it, so a bounded beginning of each file is examined, and not only the largest file.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.base.text import counted
from pipelines.drafting.drafted import Remark
from pipelines.drafting.file_text import head_of
from pipelines.drafting.layout import Layout
from pipelines.drafting.matching import Values
from pipelines.drafting.table import Field
from pipelines.landing.lost_digits import LOST
from pipelines.landing.readers.textfile import codec_of

_KEYS = frozenset(name for entity in ENTITIES.values() for name in entity.ids) | {"phone"}
_FLOAT, _WHOLE = r"\d+\.0+", r"\d+"
_FORMULA = '="[^"]*"'  # an exporter writes the formula ="0012", so that a spreadsheet keeps all digits
_BEGINNING = 100_000  # characters of each other file
_TEXTS = ("csv", "tsv")


@dataclass(frozen=True)
class Beside:
    """The other files of an entry, which are read in the same way as the one that is examined.

    Attributes:
        paths: The files. Only text tables and JSON lines are read.
        layout: How they are written.
    """

    paths: tuple[Path, ...] = ()
    layout: Layout = field(default_factory=Layout)

    def cells(self, one: Field) -> list[str]:
        """The values of a column at the beginning of each file; empty values are left out."""
        found = (record.get(one.path[0].lower()) for record in self._records) if len(one.path) == 1 else ()
        return [text for text in found if text]

    @cached_property
    def _records(self) -> list[Mapping[str, str]]:
        return [record for path in self.paths for record in self._of(path)]

    def _of(self, path: Path) -> list[Mapping[str, str]]:
        form = str(self.layout.options.get("format", "csv"))
        if form not in (*_TEXTS, "jsonl") or path.suffix == ".zip":
            return []
        encoding = str(self.layout.options.get("encoding", "utf-8"))
        head = head_of(path)
        whole = head.decode(codec_of(encoding, head), errors="replace")
        text = whole if len(whole) <= _BEGINNING else whole[: whole.rfind("\n", 0, _BEGINNING) + 1]
        return _json_lines(text) if form == "jsonl" else self._table(text, form)

    def _table(self, text: str, form: str) -> list[Mapping[str, str]]:
        delimiter = str(self.layout.options.get("delimiter") or ("\t" if form == "tsv" else ","))
        lines = text.splitlines(keepends=True)[int(self.layout.options.get("skip_rows", 0)) :]
        rows = list(csv.reader(lines, delimiter=delimiter))
        names = [name.strip().lower() for name in rows[0]] if rows else []
        return [dict(zip(names, (cell.strip() for cell in row), strict=False)) for row in rows[1:]]


def _json_lines(text: str) -> list[Mapping[str, str]]:
    found: list[Mapping[str, str]] = []
    for line in text.splitlines():
        try:
            record = json.loads(line, parse_float=str, parse_int=str)
        except ValueError:
            continue
        if isinstance(record, dict):
            found.append({key.lower(): value for key, value in record.items() if isinstance(value, str)})
    return found


def is_key(name: str) -> bool:
    """Whether a canonical column identifies a row, a customer or another record."""
    return name in _KEYS


def key_of(values: Values, one: Field, inside: str, name: str, beside: Beside) -> tuple[str, Sequence[Remark]] | None:
    """The expression of an identifier that is not written as one text per record; None if it is.

    Args:
        values: The file.
        one: The column.
        inside: How an expression names it.
        name: The canonical column.
        beside: The other files of the entry.
    """
    cells = beside.cells(one)

    def count(pattern: str) -> int:
        own = values.counted(f"regexp_full_match({one.column}, {quoting.text(pattern)})")
        return own + sum(re.fullmatch(pattern, cell) is not None for cell in cells)

    total = values.counted(f"{one.column} is not null") + len(cells)
    decimals, lost = count(_FLOAT), count(LOST)
    sql, remarks = inside, []
    if count(_FORMULA):
        sql = f"""regexp_replace({sql}, '^="(.*)"$', '\\1')"""
        remarks.append(Remark(f'{name}: `{one.name}` is written as a formula (="…"); the draft takes the text in it'))
    if decimals and name != "phone" and decimals + count(_WHOLE) + lost == total:
        sql = f"regexp_replace({sql}, '\\.0+$', '')"
        which = "" if decimals == total else " in some values"
        remarks.append(Remark(f"{name}: `{one.name}` is written with `.0` at the end{which}, which is cut off"))
    if lost:
        sql = f"case when not regexp_matches({inside}, '^{LOST}$') then {sql} end"
        texts = f"{counted(lost, 'value')} of `{one.name}` {'is' if lost == 1 else 'are'} written like 1.38E+10"
        text = f"{name}: {texts}: a spreadsheet has cut off digits, so different"
        remarks.append(
            Remark(
                f"{text} records may have the same value. The draft leaves these values out, so that they identify"
                " nobody and nothing. Export the file again with this column as text",
                is_open=True,
            )
        )
    return (sql, remarks) if remarks else None
