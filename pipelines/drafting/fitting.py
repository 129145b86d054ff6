"""Checks whether a built-in entry reads a file, and what it has to say differently to read it.

The columns are checked as landing checks them.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.base import quoting
from pipelines.base.database import small_query_connection
from pipelines.base.errors import InputError
from pipelines.drafting.file_text import head_of
from pipelines.drafting.generic import specific
from pipelines.drafting.layout import Layout, looks_like_data
from pipelines.drafting.leaves import all_leaves, lower, needed
from pipelines.drafting.names import compared, is_question, question_of
from pipelines.drafting.table import group_of, open_table
from pipelines.landing.binding import RELATION, record_tree
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.model import FileGroup
from pipelines.landing.readers import check_layout, read
from pipelines.landing.readers.csvpass import read_header, read_header_rows
from pipelines.landing.readers.jsonpass import json_elements, json_lines
from pipelines.landing.readers.wide import COLUMNS, reads_columns

# An entry reads columns that few files have all of: those of other versions of the system, and fields that a document
# leaves out. So a file has this share of them, or an entry reads this share of the file's columns.
_LEAST_SHARE = 0.3
_LEAST_OF_FILE = 0.6
_LEAST_COLUMNS = 5
_LEAST_SPECIFIC = 2  # columns that files of other systems do not have; one, if the file has a name of the system
_WORDS_OF_QUESTION = 4
_SAMPLED = 1_000  # records of JSON
_TEXT_TABLES, _TABLES = ("csv", "tsv"), ("csv", "tsv", "xlsx", "xls")


Options = dict[str, str | int | None]
"""What an entry says differently; None for the default."""


@dataclass(frozen=True)
class Fit:
    """A built-in entry that reads a file, or ignores it.

    Attributes:
        mapping: The built-in mapping.
        entry: The name of its entry; None if it has none, so that no mapping can extend it.
        read: How many columns of the file it reads.
        is_named: Whether the file's name leads to this entry.
        options: What the entry must say differently so that it reads the file.
        hint: How many letters of the entry's name are in the file's name, all or none.
        why: Why the entry ignores the file; empty if it reads it.
    """

    mapping: str
    entry: str | None
    read: int
    is_named: bool
    options: tuple[tuple[str, str | int | None], ...] = ()
    hint: int = 0
    why: str = ""


def fit_of(
    path: Path, layout: Layout, name: str, group: FileGroup, is_named: bool, *, is_beside: bool = False
) -> Fit | None:
    """How an entry reads a file; None if it does not.

    Args:
        path: The file.
        layout: How it is written.
        name: The built-in mapping.
        group: The entry.
        is_named: Whether the file's name leads to this entry.
        is_beside: Whether other files of the system are beside it, so that its name and few columns are enough.
    """
    if (changes := _changes(layout, group)) is None:
        return None
    if not is_named and (is_beside or group.name is None):
        return None  # no mapping could extend this entry
    for options in changes:
        entry = changed(group, options)
        if "header_rows" in options and not _is_header(path, entry):
            continue
        try:
            check_layout(path, entry)
            there, known = _there(path, layout, entry)
        except InputError:
            continue
        listed = {(COLUMNS,)} if reads_columns(entry, [one[0] for one in there]) else set()
        wanted = lower(all_leaves(record_tree(entry))) - listed - {(name,) for name in entry.from_name}
        names_system = any(compared(name) in compared(leaf[-1]) for leaf in wanted & there)  # `Klaviyo ID`
        least = (
            0
            if is_beside or names_system
            else min(_LEAST_SHARE * len(wanted), max(_LEAST_OF_FILE * len(known), _LEAST_COLUMNS))
        )
        is_survey = bool(listed) and any(map(_may_ask, known))
        is_specific = is_beside or names_system or _says_system(wanted & there, known, entry, path, is_named=is_named)
        if (
            (is_specific or is_survey)
            and len(wanted & there) >= max(1, least)
            and all(one & (there | listed) for one in needed(entry, is_known=is_named or is_beside))
        ):
            is_hinted = group.name is not None and compared(group.name) in compared(path.name)
            hint = len(group.name or "") * is_hinted
            return Fit(name, group.name, len(wanted & there), is_named, tuple(sorted(options.items())), hint)
    return None


def _says_system(
    read: set[Reference], columns: frozenset[str], group: FileGroup, path: Path, *, is_named: bool
) -> bool:
    """Whether columns are of the system, and not such as any system has; or the folders of the file are its own."""
    if is_named and any("/" in glob and path.match(glob) for glob in group.match):
        return True
    leaves = (leaf for leaf in all_leaves(record_tree(group)) if tuple(part.lower() for part in leaf) in read)
    # loaders write names in lower case; `Record ID` instead of `Record Id` is of another system
    written = {leaf for leaf in leaves if not columns or {leaf[0], leaf[0].lower()} & columns}
    return specific(written) >= (1 if is_named else _LEAST_SPECIFIC)


def _may_ask(name: str) -> bool:
    """Whether the name of a column may be a question of a survey: it names one, or is a sentence."""
    return question_of(name) is not None or is_question(name) or len(name.split()) >= _WORDS_OF_QUESTION


def is_readable(layout: Layout, group: FileGroup) -> bool:
    """Whether an entry can read the format of a file, perhaps with changed keys."""
    return _changes(layout, group) is not None


def columns_there(path: Path, layout: Layout, group: FileGroup) -> tuple[set[Reference], frozenset[str]]:
    """The columns of an entry that a file has, in lower case, and the names of all its columns as it writes them.

    Raises:
        InputError: The file cannot be read.
    """
    options = (_changes(layout, group) or [{}])[-1]
    if group.format in ("json", "jsonl"):
        return _filled(path, group, may_lack=True), frozenset()
    return _there(path, layout, changed(group, {**options, "header_rows": 1, "last_header": None}))


def names_in(path: Path, layout: Layout) -> frozenset[str]:
    """The names of the columns of a table, in compared form; none for JSON, or if the file has no header."""
    form = layout.options.get("format", "csv")
    if form in ("json", "jsonl"):
        return frozenset()
    try:
        if form in _TEXT_TABLES and path.suffix != ".zip":
            return frozenset(map(compared, read_header(path, group_of(layout, {"nothing": "'x'"}))))
        about = path.stat()
        return frozenset(
            map(compared, _header(path, tuple(layout.options.items()), (about.st_size, about.st_mtime_ns)))
        )
    except InputError:
        return frozenset()


def _is_header(path: Path, group: FileGroup) -> bool:
    """Whether no row of the header, as an entry reads it, looks like a record."""
    if group.header_rows == 1:
        return True
    try:
        _, rows = read_header_rows(path, group)
    except InputError:
        return False
    return not any(looks_like_data(cell) for row in rows[1:] for cell in row)


def changed(group: FileGroup, options: Options) -> FileGroup:
    """An entry that says something differently."""
    return group.model_copy(update={key: {} if value is None else value for key, value in options.items()})


def _changes(layout: Layout, group: FileGroup) -> list[Options] | None:
    """What an entry may have to say differently to read a file, the least first; None if it cannot read its format.

    A table may have been saved in another format, encoding or with another delimiter, and with fewer rows of header.
    """
    form = str(layout.options.get("format", "csv"))
    own: Options = {}
    if form != group.format:
        is_text = form in _TEXT_TABLES and group.format in _TEXT_TABLES
        is_plain = not {"delimiter", "encoding", "quoting"} & group.model_fields_set
        if not is_text and not ({form, group.format} <= set(_TABLES) and is_plain):
            return None
        own["format"] = form
    if form in _TEXT_TABLES:
        separator = str(layout.options.get("delimiter") or ("\t" if form == "tsv" else ","))
        if separator != group.model_copy(update={"format": form}).separator:
            own["delimiter"] = separator
    if form in (*_TEXT_TABLES, "json", "jsonl"):
        encoding = layout.options.get("encoding", "utf-8")
        own |= {"encoding": encoding} if encoding != group.encoding else {}
    same = [{}, own] if own and "format" not in own else [own]
    most = group.header_rows - 1 if form in _TEXT_TABLES else min(group.header_rows - 1, 1)
    rows = range(most, 0, -1) if group.last_header else ()
    return [*same, *({**own, "header_rows": count, "last_header": None} for count in rows)]


def _there(path: Path, layout: Layout, group: FileGroup) -> tuple[set[Reference], frozenset[str]]:
    """The columns that a file has, of those that an entry reads, in lower case; and all columns as it writes them.

    JSON has no header: a field is there if a record of the sample has a value in it, read as the entry reads it.
    """
    if group.format in ("json", "jsonl"):
        return _filled(path, group), frozenset()
    about = path.stat()
    columns = _header(path, tuple(layout.options.items()), (about.st_size, about.st_mtime_ns))
    if group.is_text_table and path.suffix != ".zip":
        columns = frozenset(read_header(path, group))
    names = {name.lower() for name in columns}
    return {one for one in lower(all_leaves(record_tree(group))) if one[0] in names}, columns


@lru_cache(maxsize=256)
def _header(path: Path, options: tuple[tuple[str, str | int], ...], version: tuple[int, int]) -> frozenset[str]:
    """The columns of a file with a header. The version distinguishes contents."""
    if dict(options).get("format", "csv") in ("csv", "tsv") and path.suffix != ".zip":
        return frozenset()
    with open_table(path, Layout(dict(options))) as table:
        return frozenset(one.path[0] for one in table.rows[0].fields)


def _filled(path: Path, group: FileGroup, *, may_lack: bool = False) -> set[Reference]:
    """The fields of a sample of JSON records that have a value, of those that an entry reads, in lower case.

    Empty if the file has few of the names. Also empty if a needed field is missing, unless it `may_lack` them.
    """
    leaves = [leaf for leaf in all_leaves(record_tree(group)) if leaf[0] not in group.from_name]
    about = path.stat()
    words = _words(path, (about.st_size, about.st_mtime_ns))
    has_needed = may_lack or all(any(one[-1] in words for one in paths) for paths in needed(group, is_known=True))
    if not has_needed or sum(leaf[-1].lower() in words for leaf in leaves) < _LEAST_SHARE * len(leaves):
        return set()  # most entries are of other systems, and to read a file takes longer
    records = (
        json_lines(path, group.encoding)
        if group.format == "jsonl"
        else json_elements(path, group.encoding, group.records)
    )
    with TemporaryDirectory() as folder, small_query_connection() as connection:
        sample = Path(folder) / "sample.jsonl"
        # a line end is never inside a text of JSON
        lines = (one.text.replace("\n", " ").replace("\r", " ") for one in islice(records, _SAMPLED))
        sample.write_text("\n".join(lines), encoding="utf-8")
        entry = group.model_copy(update={"format": "jsonl", "records": "", "encoding": "utf-8"})
        read(connection, sample, entry, Path(folder))
        counts = ", ".join(f"count({'.'.join(map(quoting.name, leaf))})" for leaf in leaves)
        (found,) = connection.execute(f"select {counts} from {RELATION}").fetchall()  # noqa: S608 (names are quoted)
    return lower(leaf for leaf, count in zip(leaves, found, strict=True) if count)


@lru_cache(maxsize=256)
def _words(path: Path, version: tuple[int, int]) -> frozenset[str]:
    """The names of all fields at the beginning of a JSON file, at any depth, in lower case."""
    text = head_of(path).decode("utf-8", errors="replace")
    return frozenset(name.lower() for name in re.findall(r'"([^"\n]{1,100})"\s*:', text))
