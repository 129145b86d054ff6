"""Opens a delivered text file: gzip, encoding, byte order mark, lines, and the error if it cannot be decoded.

For any file, at most one line of allowed length is in memory, and a gzip cannot unpack without limit. csvpass.py and
jsonpass.py interpret the text.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import cast

from pipelines.base.errors import InputError

# No order, survey or note is longer. DuckDB's own limit for a line of CSV is the same number of bytes.
LONGEST_LINE = 2_000_000
# Gzip makes text ten times smaller, monotonous text fifty times, and zeros a thousand times.
UNPACKED_RATIO = 200
UNPACKED_ALWAYS = 64 * 1024**2  # smaller sizes are always allowed
UNPACKED_MOST = 64 * 1024**3

_CODECS = {"utf-8": "utf-8-sig", "windows-1252": "cp1252"}
_NULS = 0.1  # the least share of characters of UTF-16 that have a NUL, and the most of other characters
_FEW = 4  # NULs that a damaged text may have
_SHOWN = 1_000
_BLOCK = 1024**2
# Encodings that decode text in UTF-8 too, and the first character that shows that a text is UTF-8.
_LEGACY = {"gbk": 0x800, "gb18030": 0x800, "latin-1": 0x80, "windows-1252": 0x80}


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIOWrapper]:
    """Open a file as text with strict decoding. Line ends stay unchanged.

    Args:
        path: The file; it is unpacked if its name ends in `.gz`.
        encoding: The encoding, as the mapping names it.

    Raises:
        InputError: Inside the block: a byte cannot be decoded (with its line), or the gzip is damaged or unpacks to
            more than a plausible size.
    """
    try:
        with _decoded_strictly(path, encoding), _open(path) as binary:
            yield TextIOWrapper(binary, encoding=_codec_in(path, encoding), errors="strict", newline="")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"damaged gzip: {error}", hint="Have the file delivered again.") from error


def codec_of(encoding: str, head: bytes) -> str:
    """Python's codec for an encoding of the mapping; for UTF-16 without a byte order mark, that of its byte order.

    Args:
        encoding: The encoding, as the mapping names it.
        head: The first bytes of the file.
    """
    if encoding == "utf-16":
        return utf_16_without_mark(head) or encoding
    return _CODECS.get(encoding, encoding)


def utf_16_without_mark(head: bytes) -> str | None:
    """The codec of text in UTF-16 that has no byte order mark; None for other text.

    The delimiters, digits and line ends of any table have a NUL as their first or second byte.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    first, second = head[::2].count(0), head[1::2].count(0)
    for codec, ours, others in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if ours > max(_FEW, _NULS * len(head) / 2) and others < ours * _NULS:
            return codec
    return None


def refuse_utf_8(path: Path, encoding: str) -> None:
    """Refuse a file in UTF-8 for which another encoding is declared: it would be read with wrong characters.

    GB 18030, Latin-1 and Windows-1252 decode most text in UTF-8 without an error. Text in these encodings is not valid
    UTF-8, except for a few short words, which have no character of three bytes. Reading stops at the first byte that
    is not UTF-8.

    Raises:
        InputError: The file is in UTF-8 and has a character that the declared encoding would read as others.
    """
    if encoding not in _LEGACY:
        return
    decoder, found = codecs.getincrementaldecoder("utf-8")(), ""
    try:
        with _open(path) as binary:
            while piece := binary.read1(_BLOCK):  # read1 limits what a gzip unpacks to
                text = decoder.decode(piece)
                found = found or next((sign for sign in text if ord(sign) >= _LEGACY[encoding]), "")
            decoder.decode(b"", final=True)
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error):
        return  # not UTF-8; `open_text` reports a damaged file
    if found:
        raise InputError(
            f"the file is in UTF-8, but the mapping declares {encoding}: `{found}` would be read as other characters",
            hint="If the source now writes UTF-8, declare `encoding: utf-8`. If only this file differs, save it as"
            f" {encoding}, or give it an entry of its own in the mapping.",
        )


@contextmanager
def _decoded_strictly(path: Path, encoding: str) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        # The search for the line reads the file again, and can find that its gzip is damaged.
        raise InputError(
            f"line {_undecodable_line(path, encoding)}: not {encoding}: {reason}",
            hint=f"Declare the file's encoding in the mapping, or save the file as {encoding}.",
        ) from error


def next_line(file: TextIOWrapper) -> str:
    """The next line with its line end; empty after the last one. A line that is too long is cut at `LONGEST_LINE`."""
    line = file.readline(LONGEST_LINE)
    if is_too_long(line) and not line.endswith("\n"):
        while is_too_long(rest := file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
            pass
    return line


def is_too_long(line: str) -> bool:
    """Whether a line is longer than a record may be."""
    return len(line) >= LONGEST_LINE


def shortened(line: str) -> str:
    """The beginning of a line that is too long, with a note that it was cut."""
    return f"{line[:_SHOWN]}… (cut here; the line has {LONGEST_LINE:,} characters or more)"


class _Gunzipped(gzip.GzipFile):
    """A gzip file that raises an error if it unpacks to more than a plausible size.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._bound = min(UNPACKED_MOST, max(UNPACKED_ALWAYS, UNPACKED_RATIO * path.stat().st_size))

    def read1(self, size: int = -1) -> bytes:
        """Like `GzipFile.read1`, the only method that reading text calls."""
        data = super().read1(size)
        if self.tell() > self._bound:
            raise InputError(
                f"the gzip unpacks to more than {self._bound:,} bytes, which looks like a decompression bomb",
                hint="If the content is right, unpack it and deliver it in smaller files.",
            )
        return data


def _open(path: Path) -> BufferedReader:
    return cast(BufferedReader, _Gunzipped(path)) if path.suffix == ".gz" else path.open("rb")


def _codec_in(path: Path, encoding: str) -> str:
    if encoding != "utf-16":
        return codec_of(encoding, b"")
    with _open(path) as binary:
        return codec_of(encoding, binary.read1(_BLOCK))


def _undecodable_line(path: Path, encoding: str) -> int:
    """The first physical line that cannot be decoded. For UTF-16 it is 1: lines are not known before decoding."""
    if encoding == "utf-16":
        return 1
    decoder = codecs.getincrementaldecoder(_CODECS.get(encoding, encoding))()
    number = 1
    with _open(path) as binary:
        while piece := binary.readline(LONGEST_LINE):
            try:
                decoder.decode(piece)
            except UnicodeError:
                return number
            number += piece.endswith(b"\n")
    return number
