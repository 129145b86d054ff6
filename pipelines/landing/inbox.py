"""Finds a source's files: which ones there are, which group of the mapping each one belongs to, and its date.

Only names are checked, and the beginning of a file that matches no group. The readers read the files.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.base.text import has_control_characters, printable_name
from pipelines.landing.model import FileGroup, Mapping
from pipelines.landing.readers.filekind import kind_of

_HIDDEN = (".", "~$")  # `~$orders.xlsx` is there as long as Excel has orders.xlsx open
# The endings that transfer programs give to files that are not complete yet.
_INCOMPLETE = (".part", ".tmp", ".partial", ".crdownload", ".filepart")

_UNMATCHED = "no entry under `files` of the mapping matches it"
_UNMATCHED_HINT = "Add a `match` for it to the mapping, or an entry with `ignore: <reason>`."

_LISTED = 12  # globs


@dataclass(frozen=True)
class SourceFiles:
    """A source and its folder.

    Attributes:
        mapping: How the source's files become entities.
        folder: The folder of the files. They can be at any depth below it.
        timezone: The zone of the business. If it is None, no dates are compared with it (shifted_dates.py).
    """

    mapping: Mapping
    folder: Path
    timezone: str | None = None


@dataclass(frozen=True)
class Found:
    """A file of a source.

    Attributes:
        source: The source that it belongs to.
        path: The path.
        name: The name below the source's folder, with forward slashes.
        group: The group of the mapping; None if the file cannot be landed.
        file_on: The date in the file's name.
        problem: Why the file cannot be landed.
    """

    source: SourceFiles
    path: Path
    name: str
    group: FileGroup | None
    file_on: date | None
    problem: InputError | None


@dataclass(frozen=True)
class Place:
    """What a mapping declares for a file name.

    Attributes:
        group: The group that matches, or None.
        file_on: The date in the name.
        problem: Why the file cannot be landed.
    """

    group: FileGroup | None
    file_on: date | None
    problem: InputError | None


def find(source: SourceFiles) -> list[Found]:
    """Every file of a source, sorted by its date and name. Hidden files and incomplete transfers are left out.

    Raises:
        InputError: The folder does not exist or cannot be read.
    """
    if not source.folder.is_dir():
        raise InputError(
            f"{source.mapping.source}: the folder {source.folder} does not exist",
            hint="Check `files` of the source in loyalty.yml.",
        )
    root = Path(os.path.realpath(source.folder))
    found = []
    for path in _paths(source):
        name = path.relative_to(source.folder).as_posix()
        found.append(_look_at(source, root, path, name))
    return sorted(found, key=lambda file: (file.file_on or date.min, file.name))


def _paths(source: SourceFiles) -> Iterator[Path]:
    """Every entry that is neither a folder nor left out; links are not followed."""

    def refuse(error: OSError) -> None:
        # A folder that cannot be read must not count as empty.
        raise InputError(
            f"{source.mapping.source}: the folder {printable_name(str(error.filename))} cannot be read:"
            f" {error.strerror}",
            hint="Give the user who runs `loyalty` permission to read it, or remove it from the inbox.",
        ) from error

    for at, folders, files in os.walk(source.folder, onerror=refuse):
        folders[:] = [folder for folder in folders if not folder.startswith(".")]
        links = [folder for folder in folders if Path(at, folder).is_symlink()]
        for name in [*links, *files]:
            if not is_left_out(name):
                yield Path(at, name)


def is_left_out(name: str) -> bool:
    """Whether a file is hidden, a lock file of a spreadsheet program, or still being written."""
    return name.startswith(_HIDDEN) or name.lower().endswith(_INCOMPLETE)


def files_below(folder: Path) -> Iterator[Path]:
    """Every regular file below a folder, sorted. Names that DuckDB would misread are left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _is_odd(str(path.relative_to(folder))):
            yield path


def _is_odd(name: str) -> bool:
    """Whether a name has a character that cannot be shown, or a backslash."""
    # DuckDB reads a backslash as a slash, so `..\\a` would be another file.
    return has_control_characters(name) or "\\" in name


def _look_at(source: SourceFiles, root: Path, path: Path, name: str) -> Found:
    place = place_of(source.mapping, name)
    problem: InputError | None = None
    if _is_odd(name):  # includes names that are not UTF-8
        problem = InputError("its name has a backslash or a character that cannot be shown", hint="Rename the file.")
    elif not Path(os.path.realpath(path)).is_relative_to(root):
        where = "a folder outside the inbox" if path.is_dir() else "something outside the inbox"
        problem = InputError(f"this is a link to {where}", hint="Put the files themselves into the inbox.")
    elif not path.is_file():
        problem = InputError(f"this is {_odd_kind(path)}", hint="Remove it from the inbox.")
    elif place.group is None:
        problem = _unmatched(path, source.mapping)
    problem = problem or place.problem
    return Found(source, path, name, None if problem else place.group, None if problem else place.file_on, problem)


def place_of(mapping: Mapping, name: str) -> Place:
    """What a mapping declares for a file name."""
    group = next((g for g in mapping.files if any(_matches(name, glob) for glob in g.match)), None)
    if group is None:
        return Place(None, None, InputError(_UNMATCHED, hint=_unmatched_hint(mapping)))
    try:
        texts = tuple(_text_in(name, f"from_name: {column}", regex) for column, regex in group.from_name.items())
        return Place(group.with_name_texts(texts), _date_in(name, group) if group.file_on else None, None)
    except ValueError as error:
        keys = "`file_on`" if not group.from_name else "`file_on` and `from_name`" if group.file_on else "`from_name`"
        return Place(group, None, InputError(str(error), hint=f"Rename the file, or correct {keys} in the mapping."))


def _odd_kind(path: Path) -> str:
    """The kind of an entry that is not a file."""
    if path.is_dir():
        return "a link to a folder, and links to folders are not followed"
    if path.is_symlink():
        return "a link whose target does not exist, or which points to itself"
    kinds = ((path.is_fifo, "a pipe"), (path.is_socket, "a socket"))
    return next((name for is_kind, name in kinds if is_kind()), "a device") + ", not a file"


def _unmatched_hint(mapping: Mapping) -> str:
    """What to do about a file that no entry matches."""
    if not mapping.is_built_in(()):
        return _UNMATCHED_HINT
    globs = [f"`{glob}`" for group in mapping.files if group.ignore is None for glob in group.match]
    names = f"{', '.join(globs[:_LISTED])}{', …' if len(globs) > _LISTED else ''}"
    return (
        f"Rename the file: this built-in mapping reads {names}. Or add a `match` for it in your own mapping that"
        " extends this one (docs/sources.md)."
    )


def _unmatched(path: Path, mapping: Mapping) -> InputError:
    try:
        kind = kind_of(path)
    except InputError as error:
        return error
    if kind is None:
        return InputError(_UNMATCHED, hint=_unmatched_hint(mapping))
    return InputError(
        f"this is {kind.name}, and {_UNMATCHED}", hint=f"{kind.hint} Or ignore it with `ignore: <reason>`."
    )


def _date_in(name: str, group: FileGroup) -> date:
    text = _text_in(name, "file_on", group.file_on or "", "date")
    try:
        return datetime.strptime(text, group.file_on_format).date()
    except ValueError:
        raise ValueError(
            f"`{printable_name(text)}` in its name is not a date in the format {group.file_on_format}"
        ) from None


def _text_in(name: str, key: str, regex: str, what: str = "text") -> str:
    """What a regular expression finds in a file name: its first group, or the whole match."""
    found = re.search(regex, name)
    if found is None:
        raise ValueError(f"its name has no {what} that `{key}: {regex}` matches")
    return (found.group(1) if found.re.groups else found.group(0)) or ""


def _matches(name: str, glob: str) -> bool:
    shown = name if "/" in glob else name.rpartition("/")[2]
    pattern = _pattern(glob)
    return any(pattern.fullmatch(one) for one in (shown, shown.removesuffix(".gz"), shown.removesuffix(".zip")))


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    """A glob as a regular expression: `*` and `?` match within a folder, `**/` any number of folders, `[…]` a set."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^]]+\])", glob)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(
            known.get(piece)
            or (f"[{piece[1:-1].replace('!', '^', 1)}]" if piece[:1] == "[" and len(piece) > 2 else re.escape(piece))
            for piece in pieces
        )
    )
