"""The records of an XLS workbook (BIFF): a second look at the cells of each sheet.

It finds the cells with an error, which python-calamine reads as empty, and the places of all numbers, truth values and
formulas, which must not be empty. The layout is Microsoft's [MS-XLS].
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import olefile

from pipelines.base.errors import InputError

_BOF, _EOF, _SHEET, _FILEPASS = 0x0809, 0x000A, 0x0085, 0x002F
_FORMULA, _STRING, _BOOL_OR_ERROR, _MANY_NUMBERS = 0x0006, 0x0207, 0x0205, 0x00BD
_NUMBERS = (0x0203, 0x027E)  # NUMBER, RK
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
Place = tuple[int, int]


@dataclass
class BiffSheet:
    """What the second look finds in a sheet; rows and columns count from 0.

    Attributes:
        values: The places of numbers, truth values, and formulas with a result.
        errors: The text of each cell with an error, by its place.
    """

    values: set[Place] = field(default_factory=set)
    errors: dict[Place, str] = field(default_factory=dict)


def look_at(path: Path) -> list[BiffSheet]:
    """The sheets of a workbook, in its order.

    Raises:
        InputError: It is damaged, or protected by a password (LND-012).
    """
    try:
        with olefile.OleFileIO(str(path)) as container:
            name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
            if name is None:
                raise _damaged("it has no sheets")
            data = container.openstream(name).read()
        positions = []
        for kind, body in _records(data, 0):
            if kind == _FILEPASS:
                raise InputError(
                    "the workbook is protected by a password (LND-012)",
                    hint="Remove the password in the spreadsheet program, save it, and deliver it again.",
                )
            if kind == _SHEET:
                positions.append(struct.unpack_from("<I", body)[0])
        return [_look(data, position) for position in positions]
    except (OSError, struct.error, IndexError) as error:
        raise _damaged(str(error)) from error


def _records(data: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream: from its BOF to its EOF."""
    depth = 0
    while True:
        kind, length = struct.unpack_from("<HH", data, position)
        yield kind, data[position + 4 : position + 4 + length]
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        position += 4 + length


def _look(data: bytes, position: int) -> BiffSheet:
    sheet, depth = BiffSheet(), 0
    pending: Place | None = None  # a formula whose text follows in a STRING record
    for kind, body in _records(data, position):
        depth += (kind == _BOF) - (kind == _EOF)
        if depth > 1:
            continue  # an embedded chart has its own records
        if kind == _STRING and pending is not None:
            if struct.unpack_from("<H", body)[0]:
                sheet.values.add(pending)
            pending = None
        elif kind in _NUMBERS:
            sheet.values.add(_place(body))
        elif kind == _MANY_NUMBERS:
            row, first = _place(body)
            last = struct.unpack_from("<H", body, len(body) - 2)[0]
            sheet.values.update((row, column) for column in range(first, last + 1))
        elif kind == _BOOL_OR_ERROR:
            _add(sheet, _place(body), is_error=bool(body[7]), code=body[6])
        elif kind == _FORMULA:
            pending = _formula(sheet, body)
    return sheet


def _formula(sheet: BiffSheet, body: bytes) -> Place | None:
    """Add the cached result of a formula. Returns its place if a text follows."""
    place = _place(body)
    if body[12:14] != b"\xff\xff":
        sheet.values.add(place)
    elif body[6] == 0:
        return place
    elif body[6] in (1, 2):
        _add(sheet, place, is_error=body[6] == 2, code=body[8])
    return None


def _add(sheet: BiffSheet, place: Place, *, is_error: bool, code: int) -> None:
    if is_error:
        sheet.errors[place] = _ERRORS.get(code, "#ERROR!")
    else:
        sheet.values.add(place)


def _place(body: bytes) -> Place:
    row, column = struct.unpack_from("<HH", body)
    return row, column


def _damaged(why: str) -> InputError:
    return InputError(f"the workbook is damaged: {why} (LND-012)", hint="Have the file delivered again.")
