"""Opening a delivered text file: gzip, encoding, byte order mark; and what is said of one that cannot be decoded.

What the text means is csvpass.py's and jsonpass.py's.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, cast

from pipelines.errors import InputError

_CODECS = {"utf-8": "utf-8-sig", "windows-1252": "cp1252"}


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIOWrapper]:
    """Open a file as text, line ends untouched, bytes decoded strictly.

    Args:
        path: The file; gunzipped where its name ends in `.gz`.
        encoding: As the mapping names it.

    Raises:
        InputError: Inside the block, where a byte cannot be decoded (with its line) or the gzip is damaged.
    """
    try:
        with _open(path) as binary:
            yield TextIOWrapper(binary, encoding=_CODECS.get(encoding, encoding), errors="strict", newline="")
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        raise InputError(
            f"line {_undecodable_line(path, encoding)}: not {encoding}: {reason}",
            hint=f"Declare the file's encoding in the mapping, or save the file as {encoding}.",
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"damaged gzip: {error}", hint="Have the file delivered again.") from error


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _undecodable_line(path: Path, encoding: str) -> int:
    """The first physical line that does not decode; for UTF-16, whose lines cannot be told apart before decoding, 1."""
    if encoding == "utf-16":
        return 1
    with _open(path) as binary:
        for number, line in enumerate(binary, start=1):
            try:
                line.decode(_CODECS.get(encoding, encoding))
            except UnicodeError:
                return number
    return 1
