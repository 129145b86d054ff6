"""Finds out how a file has to be read: its format, encoding, delimiter, and where its header is.

Only the beginning of a file is read, except that the encoding is checked to the end. Landing's readers read the file
with what is found here (table.py), and refuse it if it does not fit.
"""

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.base import quoting
from pipelines.base.database import small_query_connection
from pipelines.base.errors import InputError
from pipelines.drafting.file_text import HEAD, found_encoding, head_of
from pipelines.drafting.sheets import sheets_of
from pipelines.landing.readers.filekind import kind_of
from pipelines.landing.readers.textfile import codec_of
from pipelines.landing.readers.zipfiles import open_zip, unpacked

_ROWS = 30  # among which the header is
_WIDE = 0.7  # of the widest row
_USUAL = 0.6  # of the rows: a few may be torn, or stand above the header
_LISTS = ("items", "data", "records", "orders", "results", "responses", "value", "rows", "contacts", "customers")
# What web services write beside a list of records: the page, its size, the next one, and whether the request succeeded.
_PAGE_FIELDS = frozenset(
    (
        *("count", "totalcount", "totalresults", "totalrecords", "total", "totalsize", "totalitems", "totalpages"),
        *("page", "pages", "pagenumber", "pagesize", "pagecount", "perpage", "limit", "offset", "size", "start"),
        *("nextpage", "previouspage", "prevpage", "nexturl", "next", "previous", "prev", "nextpagetoken", "nexttoken"),
        *("cursor", "nextcursor", "aftercursor", "beforecursor", "afterurl", "beforeurl", "nextrecordsurl"),
        *("hasmore", "hasnext", "hasnextpage", "endofstream", "endtime", "done", "islast", "islastpage", "last"),
        *("success", "ok", "code", "errcode", "errmsg", "errorcode", "message", "msg", "object", "url", "requestid"),
    )
)
_DATA = re.compile(r"[-+]?[\d.,\s]*\d[\d.,\s]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.\w+")


@dataclass(frozen=True)
class Layout:
    """How a file has to be read.

    Attributes:
        options: The keys of a file entry in a mapping that say so; keys with their default value are left out.
        estimated: The encoding, if it had to be estimated; else empty.
        lists: Lists of records in a JSON document that are not read, because an entry reads one list only.
        sheets: Sheets of a workbook with data that are not read: an entry reads one sheet, or several of one layout.
    """

    options: dict[str, str | int] = field(default_factory=dict)
    estimated: str = ""
    lists: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()


def layout_of(path: Path) -> Layout:
    """How to read a file.

    Raises:
        InputError: Landing cannot read such a file, or there is no header.
    """
    head = head_of(path)
    if not head.strip():
        raise InputError(f"{path}: the file is empty", hint="Give a file with data.")
    if head.startswith(b"PAR1"):
        return Layout({"format": "parquet"})
    if workbook := workbook_format(path, head):
        sheets = sheets_of(path, workbook)
        options: dict[str, str | int] = {"sheet": sheets.option, "skip_rows": sheets.before_header}
        return Layout({"format": workbook, **{key: one for key, one in options.items() if one}}, sheets=sheets.others)
    if path.suffix == ".zip" and head.startswith(b"PK"):
        return _of_archive(path)
    if kind := kind_of(path):
        raise InputError(f"{path}: this is {kind.name}", hint=kind.hint)
    try:
        return _of_text(path, head)
    except InputError as error:
        if path.suffix.lower() not in (".xlsx", ".xls", ".xlsm"):
            raise
        text = f"{path}: its name ends in {path.suffix}, but it is not an Excel workbook"
        raise InputError(
            text, hint="Open it in a spreadsheet program and save it as a workbook, or deliver it again."
        ) from error


def _of_text(path: Path, head: bytes) -> Layout:
    """The layout of JSON or a text table.

    Raises:
        InputError: Landing cannot read such a file, or there is no header.
    """
    encoding, is_sure = found_encoding(path)
    estimated = "" if is_sure else encoding
    text = head.decode(codec_of(encoding, head), errors="replace")
    options: dict[str, str | int] = {} if encoding == "utf-8" else {"encoding": encoding}
    if re.match(r"\s*[\[{]", text):
        found = _json(path, text)
        lists = _json_lists(text) if found["format"] == "json" else []
        if records := next((one for one in lists if one.rpartition(".")[2] == found.get("records")), None):
            found["records"] = records
        elif lists and "records" not in found and _is_envelope(text):
            found["records"] = lists[0]
        others = tuple(one for one in lists if one != found.get("records")) if "records" in found else ()
        return Layout({**found, **options}, estimated, others)
    return Layout({**_text_table(path, text), **options}, estimated)


def looks_like_data(cell: str) -> bool:
    """Whether a cell is a number, a date or an e-mail address, and not the name of a column."""
    return _DATA.fullmatch(cell) is not None


def workbook_format(path: Path, head: bytes) -> str | None:
    """The format of a workbook, if landing reads workbooks; None for other files."""
    kind = kind_of(path) if head.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")) else None
    ending = re.search(r"`?format: (xlsx?)`?", kind.hint) if kind else None
    return ending[1] if ending else None


def _of_archive(path: Path) -> Layout:
    """The layout of the largest file in an archive. Landing reads all of them."""
    with open_zip(path, "ZIP archive") as archive, TemporaryDirectory() as folder:
        members = [one for one in archive.infolist() if not one.is_dir()]
        if not members:
            raise InputError(f"{path}: the archive has no file", hint="Give a file with data.")
        member = max(members, key=lambda one: one.file_size)
        copy = Path(folder) / Path(member.filename).name
        with copy.open("wb") as file:
            file.writelines(unpacked(archive, member))
        try:
            return layout_of(copy)
        except InputError as error:
            raise InputError(error.message.replace(str(copy), f"{path}: {member.filename}"), hint=error.hint) from error


def _json(path: Path, text: str) -> dict[str, str | int]:
    lines = [line for line in text.splitlines()[:3] if line.strip()]
    is_named = path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson"))
    if is_named or (len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines[:2]) and _parses(lines[0])):
        return {"format": "jsonl"}
    records = None
    if text.lstrip().startswith("{"):
        # of a long document only its beginning is here, in which the name of the list comes first or after a few values
        found = re.search(rf'"({"|".join(_LISTS)})"\s*:\s*\[', text[:2_000])
        records = found[1] if found else None
    return {"format": "json", **({"records": records} if records else {})}


def _json_lists(text: str) -> list[str]:
    """The lists of objects in an object of JSON, and in objects directly in it, as dotted paths.

    There are none in a document of which only the beginning is here.
    """
    try:
        document = json.loads(text)
    except ValueError:
        return []
    inside = document if isinstance(document, dict) else {}
    lists = [name for name, value in inside.items() if _is_records(value)]
    return lists + [
        f"{name}.{key}"
        for name, value in inside.items()
        if isinstance(value, dict)
        for key, one in value.items()
        if _is_records(one)
    ]


def _is_envelope(text: str) -> bool:
    """Whether a JSON object is not a record but a page: it has only lists, objects and facts about the page."""
    document: dict[str, object] = json.loads(text)
    return all(
        value is None or isinstance(value, dict | list) or _is_page_field(key) for key, value in document.items()
    )


def _is_page_field(name: str) -> bool:
    """Whether a field of a document says something about a page of records, and not about one record."""
    return re.sub(r"[^a-z]", "", name.lower()) in _PAGE_FIELDS


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _parses(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _text_table(path: Path, text: str) -> dict[str, str | int]:
    """Delimiter and header of a CSV or TSV file.

    Raises:
        InputError: It has one column only, or no header.
    """
    whole = text if len(text) < HEAD // 4 else text[: text.rfind("\n") + 1]
    with TemporaryDirectory() as folder, small_query_connection() as connection:
        copy = Path(folder) / "head.csv"
        copy.write_text(whole, encoding="utf-8", newline="")
        try:
            delimiter, skipped = _sniffed(connection, copy)
            if not _is_header(_cells(whole, delimiter, skipped)) and (usual := _by_width(whole)):
                delimiter, skipped = usual
        except duckdb.Error as error:
            usual = _by_width(whole)  # finds a header below lines of text, too
            if usual is None:
                raise InputError(
                    f"{path}: no delimiter gives a table with a header",
                    hint="Write a mapping by hand; docs/mapping.md explains it.",
                ) from error
            delimiter, skipped = usual
    cells = _cells(whole, delimiter, skipped)
    if len(cells) < 2:
        raise InputError(
            f"{path}: no delimiter was found that splits its lines into columns",
            hint="Write a mapping by hand. If each field has its place in the line, use `format: fixed`"
            " (docs/mapping.md, Fixed-width files).",
        )
    if any(map(looks_like_data, cells)):
        raise InputError(
            f"{path}:{skipped + 1}: this line has to be the header, but it looks like data",
            hint="Add a header to the file, or write a mapping by hand with `header_rows: 0` and `names`.",
        )
    options: dict[str, str | int] = {"format": "tsv"} if delimiter == "\t" else {}
    if delimiter not in (",", "\t"):
        options["delimiter"] = delimiter
    return {**options, **({"skip_rows": int(skipped)} if skipped else {})}


def _cells(text: str, delimiter: str, skipped: int) -> list[str]:
    """The cells of the first row below some lines."""
    lines = iter(text.splitlines(keepends=True)[skipped:])
    return [cell.strip() for cell in next(csv.reader(lines, delimiter=delimiter), [])]


def _is_header(cells: list[str]) -> bool:
    """Whether a row may be a header: not one title with empty cells beside it, and no data."""
    return sum(map(bool, cells)) > 1 and not any(map(looks_like_data, cells))


def _by_width(text: str) -> tuple[str, int] | None:
    """The delimiter that gives nearly all rows the same number of cells, and the number of lines before the header."""
    for delimiter in ",;\t|":
        reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
        ((width, count),) = Counter(len(row) for _, row in rows).most_common(1) or [(0, 0)]
        if width < 2 or count < _USUAL * len(rows):
            continue
        filled = [sum(map(bool, map(str.strip, row))) for _, row in rows[:_ROWS]]
        header = next(number for number, cells in enumerate(filled) if cells >= _WIDE * max(filled))
        if _is_header([cell.strip() for cell in rows[header][1]]):
            return delimiter, rows[header][0] - 1
    return None


def _sniffed(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, int]:
    """The delimiter, and the number of lines before the header."""
    problem: duckdb.Error | None = None
    for tolerance in ("", ", ignore_errors = true", ", ignore_errors = true, null_padding = true"):
        try:
            ((delimiter, skipped),) = connection.execute(
                f"select Delimiter, SkipRows from sniff_csv({quoting.files(path)}, all_varchar = true{tolerance})"  # noqa: S608 (names are quoted)
            ).fetchall()
        except duckdb.Error as error:
            problem = error
            continue
        return str(delimiter), int(skipped)
    raise problem or duckdb.Error("no delimiter fits")
