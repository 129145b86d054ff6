"""The XML of an XLSX workbook: a clean copy for the reader, and a second look at the cells of each sheet.

Only the XML parts are copied, without compression, after each has been checked. So the reader (python-calamine) sees
nothing that was not checked. The second look counts the cells that have a value and finds the cells with an error,
which python-calamine reads as empty.
"""

import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from pipelines.base.errors import InputError
from pipelines.base.text import printable_name
from pipelines.landing.readers.workbook_times import NumberFormats, Place
from pipelines.landing.readers.zipfiles import open_zip, unpacked

WORKBOOK_MOST = 2 * 1024**3  # bytes of all parts together; a workbook is read in memory
_PROLOG = 65_536
_SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_CELL_END = re.compile(rb"</(?:\w+:)?c>")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>[^<]")
_INLINE = re.compile(rb"<(?:\w+:)?is>(?:(?!</(?:\w+:)?is>).)*?<(?:\w+:)?t(?:\s[^>]*)?>[^<]", re.DOTALL)
_VALUE_OF = rb"[\"'][^>]*)>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>\s*([^<]*)<"
_ERROR = re.compile(rb"<(?:\w+:)?c\s([^>]*\bt=[\"']e" + _VALUE_OF, re.DOTALL)
_SHARED = re.compile(rb"<(?:\w+:)?c\s([^>]*\bt=[\"']s" + _VALUE_OF, re.DOTALL)
_NUMBER = re.compile(rb"<(?:\w+:)?c\s([^>]*[^>/])>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>\s*([-+.\dEe]+)\s*<", re.DOTALL)
_STYLE = re.compile(rb"""\bs=["'](\d+)["']""")
_REFERENCE = re.compile(rb"""\br=["']([A-Z]+)(\d+)["']""")
_NOT_A_ROOT = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)


@dataclass
class SheetLook:
    """What the second look finds in a sheet.

    Attributes:
        values: The number of cells with a value, including errors and references to shared texts.
        errors: The text of each cell with an error, such as `#N/A`, by row and column, from 0.
    """

    values: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """The second look at a workbook.

    Attributes:
        clean: The clean copy.
        parts: The part of each sheet, by its name.
        looks: By the part of a sheet.
        empty_texts: The numbers of the shared texts that are empty.
    """

    clean: Path
    parts: Mapping[str, str]
    looks: Mapping[str, SheetLook]
    empty_texts: frozenset[int]

    def sheet(self, name: str) -> SheetLook:
        """What was found in a sheet."""
        return self.looks.get(self.parts[name], SheetLook())

    def values(self, name: str) -> int:
        """The number of cells of a sheet that have a text, a number or a truth value."""
        look = self.sheet(name)
        return look.values - len(look.errors) - self._empty(name)

    def numbers(self, name: str, places: Collection[Place]) -> tuple[dict[Place, tuple[float, int]], NumberFormats]:
        """The number and the style of some cells of a sheet, and the number formats of the workbook."""
        with zipfile.ZipFile(self.clean) as copy:
            cells, formats = _NUMBER.finditer(copy.read(self.parts[name])), _formats(copy)
        found = {}
        for attributes, number in (cell.groups() for cell in cells):
            if (place := _place(attributes)) in places and place is not None:
                style = _STYLE.search(attributes)
                found[place] = float(number), int(style[1]) if style else 0
        return found, formats

    def _empty(self, name: str) -> int:
        """The number of cells whose text is empty. Few workbooks have any."""
        if not self.empty_texts or not self.sheet(name).values:
            return 0
        with zipfile.ZipFile(self.clean) as copy:
            xml = copy.read(self.parts[name])
        return sum(int(number) in self.empty_texts for _, number in _SHARED.findall(xml))


def copy_checked(path: Path, clean: Path) -> Look:
    """Copy the XML parts of a workbook, and look at its cells.

    Raises:
        InputError: The workbook is damaged or protected (LND-012), looks like a compression bomb (LND-010), or declares
            entities (LND-011).
    """
    looks: dict[str, SheetLook] = {}
    with open_zip(path, "workbook", WORKBOOK_MOST) as archive, zipfile.ZipFile(clean, "w") as copy:
        parts = [member for member in archive.infolist() if member.filename.endswith((".xml", ".rels"))]
        names = [member.filename for member in parts]
        if len(names) != len(set(names)):
            raise _damaged("a part occurs twice")
        for member in parts:
            pieces = _without_entities(unpacked(archive, member), member.filename)
            if member.filename.startswith("xl/worksheets/"):
                looks[member.filename] = SheetLook()
                pieces = _watched(pieces, looks[member.filename])
            with copy.open(zipfile.ZipInfo(member.filename), "w", force_zip64=True) as part:
                for piece in pieces:
                    part.write(piece)
    with zipfile.ZipFile(clean) as copy:
        try:
            return Look(clean, dict(_sheets(copy)), looks, _empty_texts(copy))
        except (ElementTree.ParseError, KeyError) as error:
            raise _damaged(str(error)) from error


def _without_entities(pieces: Iterator[bytes], part: str) -> Iterator[bytes]:
    """The pieces of an XML part that has no document type: it is the only place where entities can be declared."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _PROLOG:
            break
    start, text = 0, head.removeprefix(b"\xef\xbb\xbf")
    while found := _NOT_A_ROOT.match(text, start):
        start = found.end()
    if text[start : start + 2] == b"<!":
        raise InputError(
            f"the part {printable_name(part)} of the workbook declares a document type, which can define XML entities"
            " (LND-011)",
            hint="No spreadsheet program writes this. Ask the sender where the file comes from, and have it exported"
            " again.",
        )
    if text and text[start : start + 1] != b"<":
        raise _damaged(f"{printable_name(part)} is not XML in UTF-8")
    yield head
    yield from pieces


def _watched(pieces: Iterator[bytes], look: SheetLook) -> Iterator[bytes]:
    """The pieces, unchanged. Their cells are counted."""
    rest = b""
    for piece in pieces:
        yield piece
        rest += piece
        ends = [found.end() for found in _CELL_END.finditer(rest)]
        if ends:
            _count(rest[: ends[-1]], look)
            rest = rest[ends[-1] :]
    _count(rest, look)


def _count(xml: bytes, look: SheetLook) -> None:
    look.values += len(_VALUE.findall(xml)) + len(_INLINE.findall(xml))
    has_errors = b't="e"' in xml or b"t='e'" in xml
    for attributes, text in _ERROR.findall(xml) if has_errors else ():
        place = _place(attributes)
        if place is None:
            raise _damaged("a cell with an error has no reference")
        look.errors[place] = text.decode(errors="replace")


def _place(attributes: bytes) -> Place | None:
    """The row and column of a cell, from 0."""
    found = _REFERENCE.search(attributes)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + letter - 64
    return int(found[2]) - 1, column - 1


def _formats(copy: zipfile.ZipFile) -> NumberFormats:
    """The date system and the number formats of a workbook."""
    book = ElementTree.fromstring(copy.read("xl/workbook.xml"))
    systems = [one.get("date1904", "") for one in book.iter() if one.tag.endswith("}workbookPr")]
    formats = NumberFormats(is_1904=bool({"1", "true"} & set(systems)))
    if "xl/styles.xml" in copy.namelist():
        styles = ElementTree.fromstring(copy.read("xl/styles.xml"))
        codes = (one for one in styles.iter() if one.tag.endswith("}numFmt"))
        formats.codes.update((int(one.get("numFmtId", "0")), one.get("formatCode", "")) for one in codes)
        lists = (one for one in styles if one.tag.endswith("}cellXfs"))
        formats.of_styles.extend(int(style.get("numFmtId", "0")) for one in lists for style in one)
    return formats


def _sheets(copy: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The name and the part of each sheet."""
    relations = ElementTree.fromstring(copy.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id", ""): one.get("Target", "") for one in relations}
    book = ElementTree.fromstring(copy.read("xl/workbook.xml"))
    for sheet in [*book.iter(f"{_SPREADSHEET}sheet"), *book.iter(f"{_STRICT}sheet")]:
        (relation, *_) = [value for key, value in sheet.attrib.items() if key.endswith("}id")] or [""]
        yield sheet.get("name", ""), posixpath.normpath(posixpath.join("/xl", targets.get(relation, ""))).lstrip("/")


def _empty_texts(copy: zipfile.ZipFile) -> frozenset[int]:
    if "xl/sharedStrings.xml" not in copy.namelist():
        return frozenset()
    empty, number = set(), 0
    with copy.open("xl/sharedStrings.xml") as part:
        for _, element in ElementTree.iterparse(part):
            if element.tag.endswith("}si"):
                if not any(text.text for text in element.iter() if text.tag.endswith("}t")):
                    empty.add(number)
                number += 1
                element.clear()
    return frozenset(empty)


def _damaged(why: str) -> InputError:
    return InputError(f"the workbook is damaged: {why} (LND-012)", hint="Have the file delivered again.")
