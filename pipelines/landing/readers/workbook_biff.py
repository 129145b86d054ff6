"""The records of an XLS workbook (BIFF): a second look at the cells of each sheet.

It finds the cells with an error, which python-calamine reads as empty, and the places of all numbers, truth values and
formulas, which must not be empty. The layout is Microsoft's [MS-XLS].
"""

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import olefile

from pipelines.base.errors import InputError
from pipelines.landing.readers.workbook_times import NumberFormats, Place

_BOF, _EOF, _SHEET, _FILEPASS = 0x0809, 0x000A, 0x0085, 0x002F
_FORMULA, _STRING, _BOOL_OR_ERROR, _MANY_NUMBERS = 0x0006, 0x0207, 0x0205, 0x00BD
_PACKED = 0x027E  # RK
_NUMBERS = (0x0203, _PACKED)
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_DATE_SYSTEM, _FORMAT, _STYLE = 0x0022, 0x041E, 0x00E0
_BIFF8 = 0x0600


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
        data, positions = _data(path), []
        for kind, body in _records(data, 0):
            if kind == _FILEPASS:
                raise InputError(
                    "the workbook is protected by a password (LND-012)",
                    hint="Remove the password in the spreadsheet program, save it, and deliver it again.",
                )
            if kind == _SHEET:
                positions.append(struct.unpack_from("<I", body)[0])
        return [_look(data, position) for position in positions]
    except (OSError, ValueError, struct.error, IndexError) as error:
        raise _damaged(str(error)) from error


def numbers(path: Path, sheet: int, places: Collection[Place]) -> tuple[dict[Place, tuple[float, int]], NumberFormats]:
    """The number and the style of some cells of a sheet, and the number formats of the workbook.

    Args:
        path: The workbook, for which look_at has been called.
        sheet: The number of the sheet, from 0.
        places: The cells.
    """
    data, formats, positions, is_biff8 = _data(path), NumberFormats(), [], False
    for kind, body in _records(data, 0):
        if kind == _BOF:
            is_biff8 = struct.unpack_from("<H", body)[0] == _BIFF8
        elif kind == _SHEET:
            positions.append(struct.unpack_from("<I", body)[0])
        elif kind == _DATE_SYSTEM:
            formats.is_1904 = body[0] == 1
        elif kind == _STYLE:
            formats.of_styles.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == _FORMAT and is_biff8:
            formats.codes[struct.unpack_from("<H", body)[0]] = body[5:].decode(
                "utf-16-le" if body[4] & 1 else "latin-1"
            )
    found = {}
    for kind, body in _records(data, positions[sheet]):
        if kind in (*_NUMBERS, _MANY_NUMBERS, _FORMULA):
            for place, style, number in _numbers(kind, body):
                if place in places:
                    found[place] = number, style
    return found, formats


def _numbers(kind: int, body: bytes) -> Iterator[tuple[Place, int, float]]:
    """The place, the style and the number of each cell of a record."""
    row, column, style = struct.unpack_from("<HHH", body)
    if kind == _MANY_NUMBERS:
        for index in range((len(body) - 6) // 6):
            style, packed = struct.unpack_from("<Hi", body, 4 + 6 * index)
            yield (row, column + index), style, _unpacked(packed)
    elif kind == _PACKED:
        yield (row, column), style, _unpacked(struct.unpack_from("<i", body, 6)[0])
    else:
        yield (row, column), style, struct.unpack_from("<d", body, 6)[0]


def _unpacked(packed: int) -> float:
    """The number that four bytes of an RK stand for: whole or with a fraction, or one of both divided by 100."""
    number = packed >> 2 if packed & 2 else struct.unpack("<d", struct.pack("<q", (packed & ~3) << 32))[0]
    return float(number / 100 if packed & 1 else number)


def _data(path: Path) -> bytes:
    with olefile.OleFileIO(str(path)) as container:
        name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
        if name is None:
            raise _damaged("it has no sheets")
        return bytes(container.openstream(name).read())


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
