"""Recognises by the first bytes that a file is not what the mapping declares: a workbook, an archive, a web page.

Only the beginning of a file is read, and the list of names in a ZIP archive.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.base.text import printable_name
from pipelines.landing.format_options import ZIPPED
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.textfile import utf_16_without_mark

_HEAD = 8192
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\3\4", b"PK\5\6")
_PARQUET = b"PAR1"
_SAVE_AS_CSV = "Open it in a spreadsheet program, save the sheet as CSV (UTF-8), and put that file into the inbox."
_UNPACK = "Unpack it, and put the unpacked files into the inbox."
_EXPORT_AGAIN = "Export the data as CSV, TSV, JSON or Parquet, and put that file into the inbox."
_PAGE = "A server often sends such a page instead of the file. Read the message on it, and download the file again."


@dataclass(frozen=True)
class Kind:
    """A kind of file that landing does not read.

    Attributes:
        name: The kind, with its article.
        hint: What the user can do.
    """

    name: str
    hint: str


_XLSX = Kind("an Excel workbook (.xlsx)", "Write `format: xlsx` in the mapping.")
_XLS = Kind(
    "an old Excel workbook (.xls), or a file of another old Office program",
    "If it is a workbook, write `format: xls` in the mapping.",
)
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY = ("parquet", "xlsx", "xls")  # formats that are never packed by gzip
# Each beginning is so long or unusual that no text file begins with it.
_BEGINNINGS = {
    _CFB: _XLS,
    b"%PDF-": Kind("a PDF document", _EXPORT_AGAIN),
    b"{\\rtf": Kind("an RTF document", _EXPORT_AGAIN),
    b"\x89PNG\r\n\x1a\n": Kind("a picture (PNG)", _EXPORT_AGAIN),
    b"\xff\xd8\xff": Kind("a picture (JPEG)", _EXPORT_AGAIN),
    b"GIF89a": Kind("a picture (GIF)", _EXPORT_AGAIN),
    b"SQLite format 3\0": Kind("a SQLite database", _EXPORT_AGAIN),
    b"\0\1\0\0Standard ": Kind("an Access database", _EXPORT_AGAIN),
    b"Obj\1": Kind("an Avro file", _EXPORT_AGAIN),
    b"ARROW1\0\0": Kind("an Arrow file", _EXPORT_AGAIN),
    b"7z\xbc\xaf\x27\x1c": Kind("a 7-Zip archive", _UNPACK),
    b"Rar!\x1a\x07": Kind("a RAR archive", _UNPACK),
    b"\xfd7zXZ\0": Kind("a file packed by xz", _UNPACK),
    b"\x28\xb5\x2f\xfd": Kind("a file packed by zstd", _UNPACK),
}
# Kinds that are recognised by the names in a ZIP archive.
_ZIPPED = (
    (re.compile(r"xl/workbook\.bin"), Kind("an Excel workbook (.xlsb)", _SAVE_AS_CSV)),
    (re.compile(r"xl/"), _XLSX),
    (re.compile(r"word/"), Kind("a Word document (.docx)", _EXPORT_AGAIN)),
    (re.compile(r"ppt/"), Kind("a PowerPoint presentation (.pptx)", _EXPORT_AGAIN)),
    (re.compile(r"META-INF/manifest\.xml"), Kind("an OpenDocument file, such as a spreadsheet (.ods)", _SAVE_AS_CSV)),
    (re.compile(r".*\.iwa"), Kind("a document of Apple Numbers or another iWork program", _SAVE_AS_CSV)),
)
_IN_ZIP = tuple(kind for _, kind in _ZIPPED)
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(rb"(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_JSON = re.compile(rb'(?:\[\s*)?\{\s*"[^"\n]*"\s*:')


def refuse_other_kinds(path: Path, group: FileGroup) -> None:
    """Reject a file that is clearly not of the format that the group declares.

    Raises:
        InputError: The file is empty or of another kind. The message names the kind and what to do.
    """
    head = _beginning(path)
    if _is_empty(head) and group.format != "jsonl":
        raise InputError("the file is empty", hint="Have it delivered again, or remove it from the inbox.")
    found = _unread(path, head, group)
    if path.suffix == ".gz" and head and not head.startswith(_GZIP):
        raise InputError(
            f"its name ends in .gz, but this is {found.name if found else 'not a gzip file'}",
            hint=found.hint if found else "If the content is right, remove .gz from its name.",
        )
    if found:
        raise InputError(f"this is {found.name}", hint=found.hint)


def refuse_other_archives(path: Path) -> None:
    """Reject a file whose name ends in `.zip` and that is not an archive of data files.

    Raises:
        InputError: The file is empty or of another kind. The message names the kind and what to do.
    """
    head = _beginning(path)
    if not head:
        raise InputError("the file is empty", hint="Have it delivered again, or remove it from the inbox.")
    kind = Kind("a gzip file", "Rename it to .gz, or unpack it.") if head.startswith(_GZIP) else _kind(path, head)
    if head.startswith(_ZIP) and kind not in _IN_ZIP:
        return  # the reader reports other faults
    raise InputError(
        f"its name ends in .zip, but this is {kind.name if kind else 'not a ZIP archive'}",
        hint=kind.hint if kind else "If the content is right, remove .zip from its name.",
    )


def kind_of(path: Path) -> Kind | None:
    """The kind of a file that no mapping can read; None for other files."""
    head = _beginning(path)
    return _kind(None, _unpacked(head)) if head.startswith(_GZIP) else _kind(path, head)


def _unread(path: Path, head: bytes, group: FileGroup) -> Kind | None:
    """The kind of a file that does not have the group's format; None if it may have it."""
    if group.format in ("xlsx", "xls") and not head.startswith(_GZIP):
        return _no_workbook(path, head, group)
    if head.startswith(_ZIP) and group.format in ZIPPED and (kind := _kind(path, head)) and kind not in _IN_ZIP:
        return Kind(kind.name, f"If its members are {group.format}, add .zip to its name. Otherwise unpack it.")
    if not head.startswith(_GZIP):
        return _kind(path, head) or _unfit(path, head, group)
    if path.suffix != ".gz" or group.format in _BINARY:
        return Kind("a gzip file", "If it contains CSV, TSV or JSON, add .gz to its name; otherwise unpack it.")
    inside = _unpacked(head)
    if inside.startswith(_GZIP):
        return Kind("a file that was compressed with gzip twice", "Unpack it once.")
    return _kind(None, inside) or _unfit(None, inside, group)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", hint="Give the user who runs `loyalty` permission to read it."
        ) from error


def _is_empty(head: bytes) -> bool:
    """Whether a file has no content, compressed or not."""
    if not head.startswith(_GZIP):
        return not head
    unpacking = zlib.decompressobj(wbits=31)
    try:
        return not unpacking.decompress(head, 1) and unpacking.eof and not unpacking.unused_data
    except zlib.error:
        return False


def _unpacked(head: bytes) -> bytes:
    """The beginning of the uncompressed content; empty if the gzip is damaged, which the reader reports."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, _HEAD)
    except zlib.error:
        return b""


def _kind(path: Path | None, head: bytes) -> Kind | None:
    """The kind if no mapping can read it. Without a path, the content is inside a gzip and only its head is known."""
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning):
            return kind
    if head.startswith(_ZIP):
        return _zip_kind(path) if path else Kind("a ZIP archive or an Excel workbook (.xlsx), packed by gzip", _UNPACK)
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return Kind("a file packed by bzip2", _UNPACK)
    if head[8:12] == b"DUCK" and int.from_bytes(head[12:20], "little") < 65_536:  # then the version
        return Kind("a DuckDB database", _EXPORT_AGAIN)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _HTML.match(text):
        title = _TITLE.search(text)
        words = " ".join(title[1].decode(errors="replace").split()) if title else ""
        return Kind(f"a web page (HTML){f' with the title “{printable_name(words)}”' if words else ''}", _PAGE)
    if text.startswith(b"<?xml"):
        is_excel = b"Excel.Sheet" in text or b"office:spreadsheet" in text
        return Kind("an Excel workbook as XML", _SAVE_AS_CSV) if is_excel else Kind("an XML document", _EXPORT_AGAIN)
    return None


def _zip_kind(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Kind("a damaged ZIP archive", "Have the file delivered again.")
    for pattern, kind in _ZIPPED:
        if any(pattern.match(name) for name in names):
            return kind
    if not names:
        return Kind("an empty ZIP archive", "Have the file delivered again.")
    listed = f" with {', '.join(f'`{printable_name(name)}`' for name in names[:3])}"
    return Kind(f"a ZIP archive{listed}{', …' if len(names) > 3 else ''}", _UNPACK)


def _no_workbook(path: Path, head: bytes, group: FileGroup) -> Kind | None:
    """The kind of a file that is not a workbook of the group's format; None if it is one.

    Raises:
        InputError: It is protected by a password.
    """
    kind = _kind(path, head)
    if kind is _XLS and _is_encrypted(path):
        raise InputError(
            "the workbook is protected by a password (LND-012)",
            hint="Remove the password in the spreadsheet program, save it, and deliver it again.",
        )
    if kind is {"xlsx": _XLSX, "xls": _XLS}[group.format]:
        return None
    return kind or Kind("not an Excel workbook", "If it is CSV, JSON or Parquet, correct `format` in the mapping.")


def _is_encrypted(path: Path) -> bool:
    """Whether an Office file has its content in an encrypted package."""
    return _ENCRYPTED_PACKAGE in path.read_bytes()


def _unfit(path: Path | None, head: bytes, group: FileGroup) -> Kind | None:
    """The kind if the file could be read with another declaration in the mapping."""
    if group.format == "parquet":
        return None
    if head.startswith(_PARQUET) and path and _ending(path) == _PARQUET:
        return Kind("a Parquet file", "Write `format: parquet` in the mapping.")
    is_utf_16 = head.startswith((b"\xff\xfe", b"\xfe\xff")) or utf_16_without_mark(head) is not None
    if is_utf_16 and group.encoding != "utf-16":
        return Kind("text in UTF-16", "Write `encoding: utf-16` in the mapping, or save the file as UTF-8.")
    if group.is_text_table and _JSON.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()):
        return Kind("JSON", "Write `format: json` in the mapping, or `format: jsonl` if each line is a record.")
    return None


def _ending(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4))
        return file.read(4)
