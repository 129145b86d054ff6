"""XLSX and XLS workbooks land as the spreadsheet program shows them, or are refused with the reason."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from pipelines.landing import Outcome, RefusedFiles, check_sources
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.workbook_cells import texts_of
from pipelines.landing.readers.workbook_sheets import opened
from tests.pipeline.landing_desk import Desk, lines

HEADER = ["order", "line", "product", "quantity"]
Sheets = dict[str, list[list[Any]]]


def xlsx(sheets: Sheets, then: Callable[[Any], None] | None = None, **options: Any) -> bytes:
    """A workbook written by xlsxwriter. `then` changes it further."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, **options})
    day, moment, hours = (
        book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss")
    )
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(number, column, value, moment)
                elif isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif isinstance(value, time):
                    sheet.write_datetime(number, column, value, hours)
                elif isinstance(value, tuple):  # a formula and its cached result
                    sheet.write_formula(number, column, value[0], None, value[1])
                elif value is not None:
                    sheet.write(number, column, value)
    if then is not None:
        then(book)
    book.close()
    return content.getvalue()


def xls(sheets: Sheets, *, is_1904: bool = False) -> bytes:
    """A workbook written by xlwt."""
    book = xlwt.Workbook()
    book.dates_1904 = is_1904
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write(number, column, value, day)
                elif value is not None:
                    sheet.write(number, column, value)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one part of its ZIP archive changed."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return result.getvalue()


def desk_of(folder: Path, file_format: str = "xlsx", **more: Any) -> Desk:
    return Desk(folder, lines(f"*.{file_format}", format=file_format, **more))


def refusal(desk: Desk) -> str:
    """Why the one file is refused: by a check and by a landing alike, and nothing of it lands."""
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    (file,) = refused.value.report.of(Outcome.REFUSED)
    (checked,) = check_sources(desk.home, desk.sources())
    assert checked.problems == (f"{file.file_name}: {file.note}. {file.hint}",)
    assert desk.rows("ledger") == []
    return file.note


ROWS: list[list[Any]] = [HEADER, ["o1", 1, "Tea", 2.5], ["o2", 2, "Milk", 19.99]]
LANDED = [("o1", "1", "Tea", "2.5"), ("o2", "2", "Milk", "19.99")]


@pytest.mark.parametrize(("file_format", "write"), [("xlsx", xlsx), ("xls", xls)])
def test_a_sheet_lands_with_its_rows_and_places(tmp_path: Path, file_format: str, write: Any) -> None:
    desk = desk_of(tmp_path, file_format)
    desk.put(f"a.{file_format}", write({"Orders": [*ROWS[:2], [], ["", " "], *ROWS[2:]]}))
    report = desk.land()
    assert (report.warnings, report.records) == ((), 2)
    assert desk.rows("order_lines", "order_id, line_id, product_name, quantity") == LANDED
    assert desk.rows("order_lines", "part, line, record") == [("Orders", 2, 1), ("Orders", 5, 2)]
    assert desk.raws("order_lines")[0] == {"order": "o1", "line": "1", "product": "Tea", "quantity": "2.5"}
    (checked,) = check_sources(desk.home, desk.sources())
    assert checked.problems == ()
    assert [file.outcome for file in desk.land().files] == [Outcome.SKIPPED]


@pytest.mark.parametrize("is_1904", [False, True])
@pytest.mark.parametrize("file_format", ["xlsx", "xls"])
def test_dates_are_the_same_in_both_date_systems(tmp_path: Path, file_format: str, is_1904: bool) -> None:
    entity = {"orders": {"columns": {"order_id": "id", "ordered_at": "day"}}}
    desk = Desk(tmp_path, {"match": "*", "format": file_format, "entities": entity, "timezone": "UTC"})
    sheets: Sheets = {"A": [["id", "day"], ["o1", date(2024, 2, 29)]]}
    content = xlsx(sheets, date_1904=is_1904) if file_format == "xlsx" else xls(sheets, is_1904=is_1904)
    desk.put(f"a.{file_format}", content)
    desk.land()
    ((at,),) = desk.rows("orders", "ordered_at")
    assert at.startswith("2024-02-29")
    assert desk.raws("orders") == [{"id": "o1", "day": "2024-02-29"}]


NUMBERS = (0, 0.5, -1.5, 1)
FORMS = ("yyyy-mm-dd hh:mm", "hh:mm", "mmm yy", "[h]:mm", '"d"0.0')


def xlsx_of_numbers(*, is_1904: bool) -> bytes:
    """A row per number, a column per number format."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "date_1904": is_1904})
    forms = [book.add_format({"num_format": form}) for form in FORMS]
    sheet = book.add_worksheet()
    for row, number in enumerate(NUMBERS):
        for column, form in enumerate(forms):
            sheet.write_number(row, column, number, form)
    book.close()
    return content.getvalue()


def xls_of_numbers(*, is_1904: bool) -> bytes:
    """The same by xlwt: it writes 0, 1 and -1.5 as RK, and 1904's flag into the globals."""
    book = xlwt.Workbook()
    book.dates_1904 = is_1904
    sheet = book.add_sheet("a")
    for row, number in enumerate(NUMBERS):
        for column, form in enumerate(FORMS):
            sheet.write(row, column, number, xlwt.easyxf(num_format_str=form))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("is_1904", "rows"),
    [
        (
            False,
            [
                ("00:00:00", "00:00:00", "00:00:00", "00:00:00", "0"),
                ("12:00:00", "12:00:00", "12:00:00", "12:00:00", "0.5"),
                ("-1.5", "-1.5", "-1.5", "-36:00:00", "-1.5"),
                ("1900-01-01", "1900-01-01", "1900-01-01", "24:00:00", "1"),
            ],
        ),
        (
            True,
            [
                ("1904-01-01", "00:00:00", "1904-01-01", "00:00:00", "0"),
                ("1904-01-01 12:00:00", "12:00:00", "1904-01-01 12:00:00", "12:00:00", "0.5"),
                ("-1.5", "-1.5", "-1.5", "-36:00:00", "-1.5"),
                ("1904-01-02", "1904-01-02", "1904-01-02", "24:00:00", "1"),
            ],
        ),
    ],
)
@pytest.mark.parametrize(("file_format", "write"), [("xlsx", xlsx_of_numbers), ("xls", xls_of_numbers)])
def test_a_number_below_one_is_a_day_of_1904_a_time_or_itself(
    tmp_path: Path, file_format: str, write: Any, is_1904: bool, rows: list[tuple[str, ...]]
) -> None:
    """A negative number has no day and no time, so it stays a number and is not read as midnight."""
    path = tmp_path / f"a.{file_format}"
    path.write_bytes(write(is_1904=is_1904))
    group = FileGroup.model_validate(lines("*", format=file_format))
    with opened(path, group, tmp_path) as sheets:
        (sheet,) = sheets
    assert [tuple(texts_of(row, len(FORMS))) for row in sheet.rows] == rows


def test_times_formulas_and_truth_values_have_the_stored_result(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    row = ["o1", ("=1+1", 2), ('="Te"&"a"', "Tea"), ("=1>0", True), datetime(2024, 1, 2, 3, 4, 5), time(13, 30), 1e-7]
    desk.put("a.xlsx", xlsx({"A": [[*HEADER, "at", "hour", "small"], row]}))
    desk.land()
    assert list(desk.raws("order_lines")[0].values()) == [
        "o1",
        "2",
        "Tea",
        "true",
        "2024-01-02 03:04:05",
        "13:30:00",
        "0.0000001",
    ]


@pytest.mark.parametrize("file_format", ["xlsx", "xls"])
def test_a_cell_with_an_error_is_not_read_as_empty(tmp_path: Path, file_format: str) -> None:
    desk = desk_of(tmp_path, file_format)
    if file_format == "xlsx":
        content = xlsx({"A": [HEADER, ["o1", 1, "Tea", ("=1/0", "#DIV/0!")], ["o2", 1, "Milk", 1]]})
    else:
        book = xlwt.Workbook()
        sheet = book.add_sheet("A")
        for column, value in enumerate(HEADER):
            sheet.write(0, column, value)
        sheet.write(1, 0, "o1")
        sheet.row(1).set_cell_error(3, "#DIV/0!")
        sheet.row(2).set_cell_text(0, "o2")
        sheet.row(2).set_cell_number(3, 1)
        saved = io.BytesIO()
        book.save(saved)
        content = saved.getvalue()
    desk.put(f"a.{file_format}", content)
    (warning,) = desk.land().warnings
    assert "a." in warning and "1 cell has an error, the first one is #DIV/0! in row 2, `quantity`" in warning
    assert desk.rows("order_lines", "quantity") == [("#DIV/0!",), ("1",)]


def test_long_ids_that_became_numbers_are_warned_about(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    desk.put("a.xlsx", xlsx({"A": [HEADER, [4970762000000348015, 1, "Tea", 123456789012345]]}))
    warning, lost = desk.land().warnings
    assert "A: 1 number in `order` with more than 15 digits" in warning
    assert "order_lines.order_id is written like 1.38E+10" in lost
    assert desk.rows("order_lines", "order_id, quantity") == [("4.97076200000035e+18", "123456789012345")]


def test_a_number_of_sixteen_digits_keeps_its_last_digit(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    desk.put("a.xlsx", xlsx({"A": [HEADER, [1234567890123456, 1, "Tea", 5]]}))
    desk.land()
    assert desk.rows("order_lines", "order_id") == [("1234567890123456",)]


def test_an_empty_text_is_no_disagreement_between_the_readers(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    content = xlsx({"A": [*ROWS, ["o3", 3, "gone", 1]]})
    content = changed(content, "xl/sharedStrings.xml", lambda xml: xml.replace(b"<t>gone</t>", b"<t></t>"))
    desk.put("a.xlsx", content)
    desk.land()
    assert desk.rows("order_lines", "product_name") == [("Tea",), ("Milk",), (None,)]


def test_a_value_that_one_reader_does_not_find_is_a_refusal(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    odd = b'<row r="9"><c r="A9" t="s"><v>99</v></c></row></sheetData>'
    content = changed(xlsx({"A": ROWS}), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", odd))
    desk.put("a.xlsx", content)
    assert "LND-012" in refusal(desk)


@pytest.mark.parametrize(
    ("sheet", "landed"),
    [("b", ["B"]), ("*", ["B", "C"]), (["c", "b"], ["B", "C"]), ("A", ["A"])],
)
def test_sheets_are_chosen_by_name_and_hidden_ones_only_by_their_own(
    tmp_path: Path, sheet: Any, landed: list[str]
) -> None:
    desk = desk_of(tmp_path, sheet=sheet)

    def arrange(book: Any) -> None:
        book.worksheets()[0].hide()
        book.worksheets()[1].activate()
        book.worksheets()[1].set_first_sheet()

    desk.put("a.xlsx", xlsx({name: [HEADER, [name, 1, "Tea", 1]] for name in "ABC"}, arrange))
    desk.land()
    assert sorted(desk.rows("order_lines", "part, order_id, line")) == [(name, name, 2) for name in landed]
    assert sorted(desk.rows("order_lines", "record")) == [(number + 1,) for number in range(len(landed))]


def test_it_must_be_clear_which_sheet_is_meant(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    desk.put("a.xlsx", xlsx({"North": ROWS, "South": ROWS, "Notes": []}))
    note = refusal(desk)
    assert "several sheets have data" in note and "`North`, `South`, `Notes`" in note
    desk.say(lines("*.xlsx", format="xlsx", sheet="West"))
    assert "there is no sheet `West`" in refusal(desk)


def test_one_sheet_with_data_beside_empty_and_hidden_ones_needs_no_declaration(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)

    def arrange(book: Any) -> None:
        book.worksheets()[2].hide()

    desk.put("a.xlsx", xlsx({"Empty": [], "Orders": ROWS, "Old": [["x"]]}, arrange))
    desk.land()
    assert desk.rows("order_lines", "part") == [("Orders",), ("Orders",)]


def test_a_header_below_a_title_and_a_second_header_row(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, skip_rows=1, header_rows=2)
    desk.put("a.xlsx", xlsx({"A": [["Report of May"], [], HEADER, ["Open-Ended"], *ROWS[1:], HEADER]}))
    desk.land()
    assert desk.rows("order_lines", "order_id, line") == [("o1", 5), ("o2", 6)]
    assert desk.rows("unreadable", "rule, record, line, part") == [("LND-007", 3, 7, "A")]


def test_a_missing_column_is_named_with_its_sheet(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    desk.put("a.xlsx", xlsx({"A": [["order", "line", "product"], ["o1", 1, "Tea"]]}))
    assert refusal(desk).startswith("A: the header lacks `quantity`")


def test_merged_cells_over_rows_are_warned_about(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    desk.put("a.xlsx", xlsx({"A": ROWS}, lambda book: book.worksheets()[0].merge_range(3, 0, 5, 0, "o3")))
    (warning,) = desk.land().warnings
    assert "1 merged cell covers several rows, the first one begins in row 4" in warning


def test_an_external_entity_is_refused(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    kind = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><worksheet'
    desk.put("a.xlsx", changed(xlsx({"A": ROWS}), "xl/worksheets/sheet1.xml", lambda x: x.replace(b"<worksheet", kind)))
    assert "declares a document type, which can define XML entities (LND-011)" in refusal(desk)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    content = changed(xlsx({"A": ROWS}), "xl/worksheets/sheet1.xml", lambda xml: xml + b" " * 70 * 1024**2)
    desk.put("a.xlsx", content)
    assert "looks like a compression bomb (LND-010)" in refusal(desk)


def test_a_workbook_with_a_password_is_refused(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    package = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(96)
    desk.put("a.xlsx", package)
    assert refusal(desk) == "the workbook is protected by a password (LND-012)"


def test_a_protected_xls_is_refused(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "xls")
    content = xls({"A": ROWS})
    # a FILEPASS record in place of another record of the same length behind the first BOF
    bof = content.index(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    content = content[: bof + 20] + b"\x2f\x00" + content[bof + 22 :]
    desk.put("a.xls", content)
    assert "protected by a password (LND-012)" in refusal(desk)


@pytest.mark.parametrize("file_format", ["xlsx", "xls"])
def test_a_workbook_that_is_cut_off_is_refused(tmp_path: Path, file_format: str) -> None:
    desk = desk_of(tmp_path, file_format)
    content = xlsx({"A": ROWS}) if file_format == "xlsx" else xls({"A": ROWS})
    desk.put(f"a.{file_format}", content[: len(content) // 2])
    assert "damaged" in refusal(desk)


def test_the_other_kind_of_workbook_is_named(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    desk.put("a.xlsx", xls({"A": ROWS}))
    assert "an old Excel workbook (.xls)" in refusal(desk)
    desk.put("a.xlsx", "order,line\n")
    assert refusal(desk) == "this is not an Excel workbook"
    desk.say(lines("*.xlsx", format="xls"))
    desk.put("a.xlsx", xlsx({"A": ROWS}))
    assert refusal(desk) == "this is an Excel workbook (.xlsx)"


def test_a_file_that_only_begins_like_a_workbook_is_damaged(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "xls")
    desk.put("orders.xls", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000))
    with pytest.raises(RefusedFiles, match=r"orders\.xls: the workbook is damaged: .*\(LND-012\)"):
        desk.land()
