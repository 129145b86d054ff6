"""Opens a delivered ZIP file safely: the list of its members is checked before anything is unpacked.

archive.py reads archives of data files, workbook_xml.py the parts of an XLSX workbook. Every error names the rule:
LND-010 for a compression bomb, LND-012 for a file that cannot be read.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.landing.readers.textfile import UNPACKED_ALWAYS, UNPACKED_MOST, UNPACKED_RATIO

MEMBERS_MOST = 10_000
_IS_ENCRYPTED = 0x1
_PIECE = 1024**2
_MARKER = 4  # bytes that some programs write before the first member
_TAIL = 22 + 65_535  # the longest end of an archive: its last record and a comment


@contextmanager
def open_zip(path: Path, kind: str, most: int = UNPACKED_MOST) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP file whose members have plausible sizes and no password.

    Args:
        path: The file.
        kind: What the file is, for messages: `archive` or `workbook`.
        most: The largest size of all members together, in bytes.

    Raises:
        InputError: The file is damaged, protected, or looks like a compression bomb; also while it is read.
    """
    try:
        with zipfile.ZipFile(path) as opened:
            _check_ends(path, opened, kind)
            _check_sizes(path, opened.infolist(), kind, most)
            if any(member.flag_bits & _IS_ENCRYPTED for member in opened.infolist()):
                raise InputError(
                    f"the {kind} is protected by a password (LND-012)",
                    hint="Have it delivered without a password, or remove the password, and deliver it again.",
                )
            yield opened
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        if isinstance(error, OSError) and not isinstance(error, EOFError) and error.errno is not None:
            raise  # the disk, not the file
        raise InputError(f"the {kind} is damaged: {error} (LND-012)", hint="Have the file delivered again.") from error


def unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of a member, in pieces. The checksum is checked, and no more than the declared size is unpacked."""
    with archive.open(member) as file:
        while piece := file.read(_PIECE):
            yield piece


def _check_ends(path: Path, archive: zipfile.ZipFile, kind: str) -> None:
    """Refuse a file in which another archive stands before or after the one that is read: its members would be lost."""
    first = min((member.header_offset for member in archive.infolist()), default=0)
    with path.open("rb") as file:
        file.seek(-min(_TAIL, path.stat().st_size), 2)
        tail = file.read()
    after = tail[tail.rfind(b"PK\5\6") :]
    if first > _MARKER or b"PK\3\4" in after:
        raise InputError(
            f"the {kind} is damaged: the file has another archive before or after it (LND-012)",
            hint="Were several archives written into one file? Have each delivered as a file of its own.",
        )


def _check_sizes(path: Path, members: list[zipfile.ZipInfo], kind: str, most: int) -> None:
    if len(members) > MEMBERS_MOST:
        raise InputError(
            f"the {kind} has {len(members):,} members, more than {MEMBERS_MOST:,} (LND-010)",
            hint="Deliver fewer members per file.",
        )
    size, bound = path.stat().st_size, sum(member.file_size for member in members)
    allowed = min(most, max(UNPACKED_ALWAYS, UNPACKED_RATIO * size))
    if bound > allowed:
        raise InputError(
            f"the {kind} has {size:,} bytes and unpacks to {bound:,}, more than {allowed:,} bytes, which looks like a"
            " compression bomb (LND-010)",
            hint="If the content is right, have it delivered in smaller files.",
        )
