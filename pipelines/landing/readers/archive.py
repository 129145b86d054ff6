"""Reads a ZIP archive of text files: each member is a part of the file, and has the format of the entry.

Nothing is written under the name of a member: each member is unpacked into one scratch file, one after the other.
"""

import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.base.errors import InputError
from pipelines.base.text import has_control_characters, printable_name
from pipelines.landing.format_options import ZIPPED
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.filekind import refuse_other_archives
from pipelines.landing.readers.parts import Parts, naming
from pipelines.landing.readers.relation import Reading
from pipelines.landing.readers.zipfiles import open_zip, unpacked

ReadMember = Callable[[Path], Reading]
_UNPACK = "Unpack it, and put the unpacked files into the inbox."
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_IS_UTF_8 = 0x800
# Files that operating systems put into archives. A name that begins with a point is hidden.
_OF_SYSTEMS = {"__macosx", "thumbs.db", "desktop.ini"}
_LISTED = 5


def is_archive(path: Path, group: FileGroup) -> bool:
    """Whether a file is read as an archive: its name ends in `.zip`, and its entry has a text format."""
    return path.suffix.lower() == ".zip" and group.format in ZIPPED


def check_members(path: Path, group: FileGroup, check: Callable[[Path], None]) -> None:
    """Check each member of an archive.

    Raises:
        InputError: The archive or a member must be refused; the message names the member.
    """
    with TemporaryDirectory() as scratch, _opened(path, group) as archive:
        for name, member in _members(archive, group)[0]:
            with naming(name), _on_disk(archive, member, Path(scratch)) as one:
                check(one)


def read_members(
    connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path, read: ReadMember
) -> Reading:
    """Read the members of an archive into the view `landing_source` (relation.py), in their order.

    Raises:
        InputError: The archive or a member must be refused; the message names the member.
    """
    with _opened(path, group) as archive:
        members, hidden = _members(archive, group)
        parts = Parts(connection)
        for name, member in members:
            with naming(name), _on_disk(archive, member, scratch) as one:
                parts.add(name, read(one))
        return parts.finish(_of_hidden(hidden))


@contextmanager
def _opened(path: Path, group: FileGroup) -> Iterator[zipfile.ZipFile]:
    refuse_other_archives(path)
    with open_zip(path, "archive") as archive:
        yield archive


def _members(archive: zipfile.ZipFile, group: FileGroup) -> tuple[list[tuple[str, zipfile.ZipInfo]], list[str]]:
    """The members to read with their names, and the names of the hidden ones, which are not read.

    Raises:
        InputError: There is nothing to read, or the name or kind of a member is not safe (LND-013).
    """
    members: dict[str, zipfile.ZipInfo] = {}
    hidden = []
    for member in archive.infolist():
        name = _name_of(member, group)
        pieces = name.split("/")
        if reason := _unsafe(member, name, pieces):
            raise InputError(
                f"the archive has {reason} `{printable_name(name)}` (LND-013). It is refused: nothing of it lands",
                hint="Have the archive made again from plain files, or unpack it where it can do no harm.",
            )
        if member.is_dir():
            continue
        if any(piece.startswith(".") or piece.lower() in _OF_SYSTEMS for piece in pieces):
            hidden.append(name)
            continue
        if name in members:
            raise InputError(
                f"the archive has two members with the name `{printable_name(name)}` (LND-013), so it is not clear"
                " which one counts",
                hint="Have the archive made again, with one member of each name.",
            )
        if member.compress_type not in _METHODS:
            raise InputError(
                f"`{printable_name(name)}` is compressed by a method that is not supported (number"
                f" {member.compress_type})",
                hint=f"Have the archive made with the method Deflate. Or: {_UNPACK}",
            )
        members[name] = member
    if not members:
        raise InputError("the archive has no file to read", hint="Have it delivered again, or remove it.")
    return list(members.items()), hidden


def _name_of(member: zipfile.ZipInfo, group: FileGroup) -> str:
    """The member's name, with slashes between folders.

    Many programs write names in UTF-8 or in the encoding of the system without declaring it. Python then reads them as
    code page 437.
    """
    name = member.filename
    if not member.flag_bits & _IS_UTF_8:
        for encoding in ("utf-8", *({group.encoding} & {"gbk", "gb18030"})):
            try:
                name = name.encode("cp437").decode(encoding)
                break
            except UnicodeError:
                continue
    return name.replace("\\", "/")


def _unsafe(member: zipfile.ZipInfo, name: str, pieces: list[str]) -> str:
    """Why a member must not be read; empty if it may be."""
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        return "a member with an absolute path:"
    if ".." in pieces:
        return "a member whose path leads out of the archive:"
    if has_control_characters(name):
        return "a member whose name has characters that cannot be shown:"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link:" if kind == stat.S_IFLNK else "a member that is not a file:"
    return ""


@contextmanager
def _on_disk(archive: zipfile.ZipFile, member: zipfile.ZipInfo, scratch: Path) -> Iterator[Path]:
    """The unpacked member, as long as the block runs.

    Raises:
        InputError: The member is packed too.
    """
    path = scratch / "member"
    try:
        with path.open("wb") as file:
            for piece in unpacked(archive, member):
                file.write(piece)
        with path.open("rb") as file:
            head = file.read(4)
        if head.startswith((b"\x1f\x8b", b"PK\3\4", b"PK\5\6")):
            raise InputError(
                "it is packed inside the archive; files in packed files are not read",
                hint=_UNPACK,
            )
        yield path
    finally:
        path.unlink(missing_ok=True)


def _of_hidden(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    listed = ", ".join(f"`{printable_name(name)}`" for name in names[:_LISTED])
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return (f"hidden files in the archive are not read: {listed}{more}",)
