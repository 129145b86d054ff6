"""The first bytes of a file, and its encoding, which is checked to the end of the file."""

import codecs
import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import charset_normalizer

from pipelines.base.errors import InputError
from pipelines.landing.readers.textfile import utf_16_without_mark

HEAD = 1_000_000  # bytes of the beginning of a file
_BLOCK = 1024**2
_GZIP = b"\x1f\x8b"
# What charset-normalizer may find, and what a mapping calls it. Landing cannot read the others that are recognised.
_READ = {"gb18030": "gb18030", "cp1252": "windows-1252"}
# Text of windows-1252 that is ASCII but for single signs such as €, £, ° and –. In other legacy encodings most of these
# bytes are letters: many stand side by side, or inside a word, where a sign other than ’, –, — and · seldom is.
_SIGN = rb"[\x80\x85\x91-\x97\x99\xa1-\xa3\xa5-\xbf]"
_ONE_SIGN = rb"(?:[\x92\x96\x97\xb7]|(?<![A-Za-z])(?!\x99)%b|%b(?![A-Za-z]))(?![\x80-\x9f\xa1-\xff])" % (_SIGN, _SIGN)
_SIGNS_ONLY = re.compile(rb"(?:[\x00-\x7f\xa0]|%b)*+" % _ONE_SIGN)
_LEGACY = ["gb18030", "cp1252", "big5", "shift_jis", "cp932", "euc_kr", "cp1251"]
# Short text in GB2312 (simplified Chinese) can be mistaken for these. In them, the second byte of many characters is in
# the range of ASCII; in GB2312 it never is. So a text with enough letters that GB2312 can decode is GB2312.
_CONFUSED_WITH_GB2312 = ("big5", "shift_jis", "cp932")
_LEAST_LETTERS = 20
_HIGHEST_THRESHOLD = 1.0  # with it, charset-normalizer rejects no encoding for unusual text


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        is_packed = file.read(2) == _GZIP
    with cast(IO[bytes], gzip.open(path)) if is_packed else path.open("rb") as opened:
        try:
            yield opened
        except (EOFError, gzip.BadGzipFile) as error:
            raise InputError(f"{path}: damaged gzip: {error}", hint="Export or deliver the file again.") from error


def head_of(path: Path) -> bytes:
    """The beginning of a file, unpacked if it is packed by gzip.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with _opened(path) as file:
            return file.read(HEAD)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}", hint="Check the path and permissions.") from error


def encoding_of(path: Path) -> str:
    """The encoding as a mapping names it, or `ascii` for a file that has no other characters.

    Raises:
        InputError: The file cannot be read, or landing does not read its encoding.
    """
    with _opened(path) as file:
        if not _is_utf_16(head_of(path)) and all(block.isascii() for block in iter(lambda: file.read(_BLOCK), b"")):
            return "ascii"
    return found_encoding(path)[0]


def found_encoding(path: Path) -> tuple[str, bool]:
    """The encoding as a mapping names it, and whether it is sure; else it is estimated."""
    if _is_utf_16(head_of(path)):
        return "utf-16", True
    decoder = codecs.getincrementaldecoder("utf-8")()
    odd = b""
    with _opened(path) as file:
        block = file.read(_BLOCK)
        while block:
            following = file.read(_BLOCK)
            try:
                # a letter of another encoding at the end of a file looks like the beginning of one of UTF-8
                decoder.decode(block, final=not following)
            except UnicodeDecodeError:
                odd += b"\n".join(line for line in block.splitlines() if not line.isascii())
                decoder.reset()
                if len(odd) >= _BLOCK:
                    break
            block = following
    if not odd:
        return "utf-8", True
    name = "cp1252" if _SIGNS_ONLY.fullmatch(odd[:_BLOCK]) else _estimated(odd[:_BLOCK])
    if name not in _READ:
        raise InputError(
            f"{path}: its encoding seems to be {name}, which is not supported", hint="Save the file as UTF-8."
        )
    encoding = "gbk" if name == "gb18030" and _decodes(odd[:_BLOCK], "gbk") else _READ[name]
    return encoding, False


def _estimated(odd: bytes) -> str:
    """The encoding of lines that are not UTF-8, by its name in charset-normalizer.

    charset-normalizer finds none if the lines look unusual in all encodings, such as those of a table with few words.
    Then the encoding is taken in which they look least unusual. It is not simply windows-1252: that can decode nearly
    everything, so nobody would notice a wrong result. Text in GB2312 that it takes for a similar encoding is corrected.
    """
    found = charset_normalizer.from_bytes(odd, cp_isolation=_LEGACY).best()
    found = found or charset_normalizer.from_bytes(odd, cp_isolation=_LEGACY, threshold=_HIGHEST_THRESHOLD).best()
    if found and found.encoding in _CONFUSED_WITH_GB2312 and _decodes(odd, "gb2312"):
        letters = len(odd.decode("gb2312")) - len(re.findall(rb"[\x00-\x7f]", odd))
        return "gb18030" if letters >= _LEAST_LETTERS else found.encoding
    return found.encoding if found else "cp1252"


def _is_utf_16(head: bytes) -> bool:
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or utf_16_without_mark(head) is not None


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
