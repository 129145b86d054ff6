"""A file that is not what its name or the mapping says is named for what it is, in check and run alike."""

import gzip
import io
import sqlite3
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.landing import Outcome, RefusedFiles, SourceFiles, check_sources, load_mapping
from tests.pipeline.landing_desk import HEADER, Desk, lines

GOOD = (HEADER + "o1,1,Tea,1\n").encode()


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


def parquet() -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"order": ["o1"], "line": ["1"], "product": ["Tea"], "quantity": ["1"]}), content)
    return content.getvalue()


def database(folder: Path, module: str) -> bytes:
    path = folder / f"{module}.db"
    connection = sqlite3.connect(path) if module == "sqlite" else duckdb.connect(str(path))
    connection.execute("create table t (a integer)")
    if module == "sqlite":
        connection.commit()  # type: ignore[union-attr]  # SQLite's
    connection.close()
    return path.read_bytes()


XLSX = zipped("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml")
XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
PAGE = b"<!DOCTYPE html>\n<html><head><title>502\n Bad Gateway</title></head><body>nginx</body></html>"
EXCEL_XML = b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>'
KINDS = [
    (XLSX, "an Excel workbook (.xlsx)"),
    (zipped("xl/workbook.bin"), "an Excel workbook (.xlsb)"),
    (XLS, "an old Excel workbook (.xls), or a file of another old Office program"),
    (EXCEL_XML, "an Excel workbook as XML"),
    (zipped("mimetype", "content.xml", "META-INF/manifest.xml"), "an OpenDocument file, such as a spreadsheet (.ods)"),
    (zipped("word/document.xml"), "a Word document (.docx)"),
    (zipped("orders.csv"), "a ZIP archive with `orders.csv`"),
    (zipped("a.csv", "b.csv", "c.csv", "d.csv"), "a ZIP archive with `a.csv`, `b.csv`, `c.csv`, …"),
    (zipped(), "an empty ZIP archive"),
    (zipped("orders.csv")[:40], "a damaged ZIP archive"),
    (PAGE, "a web page (HTML) with the title “502 Bad Gateway”"),
    (b"\xef\xbb\xbf\n  <!-- x --><HTML lang='en'><body>no</body></HTML>", "a web page (HTML)"),
    (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>', "a web page (HTML)"),
    (b'<?xml version="1.0"?><orders/>', "an XML document"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture (PNG)"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "a 7-Zip archive"),
]


def refusal(desk: Desk) -> str:
    """Why the one file is refused: the same words from a check as from landing, and nothing of it lands."""
    source = SourceFiles(load_mapping(desk.mapping), desk.inbox)
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    (file,) = refused.value.report.of(Outcome.REFUSED)
    (checked,) = check_sources(desk.home, [source])
    assert checked.problems == (f"{file.file_name}: {file.note}. {file.hint}",)
    assert desk.rows("ledger") == []
    assert refused.value.exit_code == 3
    return file.note


def named(value: object) -> str:
    """A name of a parameter that is the same in every process: packed bytes hold the time."""
    return value if isinstance(value, str) else "content"


@pytest.mark.parametrize(("content", "kind"), KINDS, ids=named)
@pytest.mark.parametrize("name", ["orders.csv", "orders.xlsx"])
def test_a_file_is_named_for_what_it_is_whatever_its_name(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    desk = Desk(tmp_path, lines("*"))
    desk.put(name, content)
    assert refusal(desk) == f"this is {kind}"


@pytest.mark.parametrize("file_format", ["csv", "tsv", "json", "jsonl", "parquet"])
@pytest.mark.parametrize(("content", "kind"), [KINDS[0], KINDS[2], KINDS[6], KINDS[10], KINDS[14]], ids=named)
def test_a_file_is_named_for_what_it_is_whatever_the_mapping_says(
    tmp_path: Path, file_format: str, content: bytes, kind: str
) -> None:
    desk = Desk(tmp_path, lines("*", format=file_format))
    desk.put("orders", content)
    assert refusal(desk) == f"this is {kind}"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "windows-1252", "gbk"])
def test_a_file_is_named_for_what_it_is_whatever_the_encoding(tmp_path: Path, encoding: str) -> None:
    desk = Desk(tmp_path, lines("*", encoding=encoding))
    desk.put("orders.csv", XLSX)
    assert refusal(desk) == "this is an Excel workbook (.xlsx)"


@pytest.mark.parametrize(("module", "name"), [("sqlite", "SQLite"), ("duckdb", "DuckDB")])
def test_a_database_is_named(tmp_path: Path, module: str, name: str) -> None:
    desk = Desk(tmp_path, lines("*"))
    desk.put("orders.csv", database(tmp_path, module))
    assert refusal(desk) == f"this is a {name} database"


def test_a_workbook_that_no_entry_matches_is_named_too_and_other_files_are_not_looked_into(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines("*.csv"))
    path = desk.put("orders.xlsx", XLSX)
    assert refusal(desk) == "this is an Excel workbook (.xlsx), and no entry under `files` of the mapping matches it"
    path.unlink()
    desk.put("orders.txt", GOOD)
    assert refusal(desk) == "no entry under `files` of the mapping matches it"


def test_a_workbook_that_is_ignored_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"match": "*.xlsx", "ignore": "for people"}, lines("*.csv"))
    desk.put("orders.xlsx", XLSX)
    desk.put("orders.csv", GOOD)
    assert [file.outcome for file in desk.land().files] == [Outcome.LANDED, Outcome.IGNORED]


@pytest.mark.parametrize(
    ("name", "content", "file_format", "words"),
    [
        ("a.csv.gz", gzip.compress(gzip.compress(GOOD)), "csv", "this is a file that was compressed with gzip twice"),
        ("a.csv.gz", gzip.compress(PAGE), "csv", "this is a web page (HTML) with the title “502 Bad Gateway”"),
        ("a.csv.gz", gzip.compress(XLSX), "csv", "this is a ZIP archive or an Excel workbook (.xlsx), packed by gzip"),
        ("a.csv.gz", GOOD, "csv", "its name ends in .gz, but this is not a gzip file"),
        (
            "a.csv.gz",
            PAGE,
            "csv",
            "its name ends in .gz, but this is a web page (HTML) with the title “502 Bad Gateway”",
        ),
        ("a.csv", gzip.compress(GOOD), "csv", "this is a gzip file"),
        ("a.parquet.gz", gzip.compress(parquet()), "parquet", "this is a gzip file"),
        ("a.csv", parquet(), "csv", "this is a Parquet file"),
        ("a.json", parquet(), "json", "this is a Parquet file"),
        ("a.csv", b'[\n  {"order": "o1"}]', "csv", "this is JSON"),
        ("a.csv", b'{"order": "o1"}\n', "tsv", "this is JSON"),
        ("a.csv", GOOD.decode().encode("utf-16"), "csv", "this is text in UTF-16"),
        ("a.csv", GOOD.decode().encode("utf-16-le"), "csv", "this is text in UTF-16"),
        ("a.csv", GOOD.decode().encode("utf-16-be"), "csv", "this is text in UTF-16"),
        ("a.parquet", GOOD, "parquet", "this is not a Parquet file, or a damaged one"),
        ("a.csv", b"", "csv", "the file is empty"),
        ("a.csv.gz", b"", "csv", "the file is empty"),
        ("a.json", b"", "json", "the file is empty"),
        ("a.csv.gz", gzip.compress(b""), "csv", "the file is empty"),
        ("a.json.gz", gzip.compress(b""), "json", "the file is empty"),
        ("a.parquet", b"", "parquet", "the file is empty"),
    ],
    ids=named,
)
def test_what_could_be_read_otherwise_is_named_with_the_way_to_say_so(
    tmp_path: Path, name: str, content: bytes, file_format: str, words: str
) -> None:
    desk = Desk(tmp_path, lines("*", format=file_format))
    desk.put(name, content)
    assert refusal(desk) == words


ALMOST = [
    "PAR1",
    "PK",
    "%PDF",
    "<html>",
    "{x}",
    "GIF",
    "BZh9",
    "Obj",
    "customer,DUCK",
    "<?xm",
]


@pytest.mark.parametrize("first", ALMOST)
def test_a_header_that_begins_like_another_kind_is_a_header(tmp_path: Path, first: str) -> None:
    desk = Desk(tmp_path, lines("*"))
    extra = "," * first.count(",")
    desk.put("a.csv", f"{first},{HEADER}x{extra},o1,1,Tea,1\n")
    if first == "<html>":
        assert refusal(desk) == "this is a web page (HTML)"
        return
    desk.land()
    assert desk.rows("order_lines", "order_id") == [("o1",)]


def test_good_files_land_beside_refused_ones_and_a_file_on_its_way_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines("*"))
    desk.put("book.csv", XLSX)
    desk.put("header.csv", HEADER)
    desk.put("good.csv", GOOD)
    desk.put("coming.csv.part", GOOD)
    desk.put("packed.csv.gz", gzip.compress(GOOD.replace(b"o1", b"o2")))
    with pytest.raises(RefusedFiles):
        desk.land()
    landed = {(name, records) for name, records in desk.rows("ledger", "file_name, records")}
    assert landed == {("header.csv", 0), ("good.csv", 1), ("packed.csv.gz", 1)}


def test_a_link_to_a_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines("*"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.csv").write_bytes(GOOD)
    (desk.inbox / "linked").symlink_to(tmp_path / "elsewhere")
    assert refusal(desk) == "this is a link to a folder outside the inbox"


def test_a_web_pages_title_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines("*"))
    desk.put("a.csv", b"<html><title>\x1b[2J" + b"x" * 500 + b"</title>")
    assert (words := refusal(desk)).isprintable() and len(words) < 300
