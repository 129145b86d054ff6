"""What `loyalty map` drafts from a file: the draft loads and reads the file, and what the data leave open is named."""

import gzip
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
import yaml
from typer.testing import CliRunner

from pipelines.base.errors import InputError
from pipelines.cli.app import app
from pipelines.drafting import Draft, Wishes, draft_mapping
from pipelines.drafting.file_text import encoding_of
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="Europe/Berlin", currency="EUR")


def drafted(folder: Path, name: str, content: str | bytes, wishes: Wishes = HOME) -> Draft:
    """The draft for one file."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return draft_mapping([path], wishes, TODAY)


def landed(folder: Path, draft: Draft, name: str) -> Desk:
    """What lands of a drafted file."""
    desk = Desk(folder)
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put(name, (folder / name).read_bytes())
    report = desk.land(TODAY)
    assert not [warning for warning in report.warnings if "`to decide`" not in warning]
    return desk


def open_remarks(draft: Draft) -> list[str]:
    return [remark.text for _, remark in draft.remarks if remark.is_open]


def test_a_german_export_with_semicolons_decimal_commas_and_days_first_lands(tmp_path: Path) -> None:
    text = (
        "Bestellnummer;Kundennummer;Bestelldatum;Gesamtbetrag;Bestellstatus;Notiz\n"
        "A1;K1;03.04.2024 10:00;1.234,50;Bezahlt;x\nA2;K2;25.04.2024 11:00;12,00;im Regal;y\n"
    )
    draft = drafted(tmp_path, "bestellungen.csv", text)
    assert landed(tmp_path, draft, "bestellungen.csv").rows(
        "orders", "order_id, customer_ref, ordered_at, total, currency"
    ) == [
        ("A1", "K1", "2024-04-03 08:00:00", "1234.50", "EUR"),
        ("A2", "K2", "2024-04-25 09:00:00", "12.00", "EUR"),
    ]
    assert open_remarks(draft) == ["unknown order statuses: `im regal` (1). Orders with these statuses do not count"]
    assert "#   sale: [im regal]" in draft.text
    assert "# not mapped: Notiz" in draft.text
    assert draft.unmapped == {"orders": ("Notiz",)}


def test_a_chinese_export_in_gbk_lands(tmp_path: Path) -> None:
    text = (
        "订单号,会员号,下单时间,实付金额,订单状态\n"
        "A1,K1,2024/03/04 10:00:00,12.50,已付款\nA2,K2,2024/03/25 10:00:00,13.50,交易成功\n"
    )
    draft = drafted(tmp_path, "订单.csv", text.encode("gbk"))
    assert landed(tmp_path, draft, "订单.csv").rows("orders", "order_id, ordered_at, total") == [
        ("A1", "2024-03-04 09:00:00", "12.50"),
        ("A2", "2024-03-25 09:00:00", "13.50"),
    ]
    assert "encoding: gbk" in draft.text


@pytest.mark.parametrize(
    ("name", "content", "option"),
    [
        ("o.csv", b"\xef\xbb\xbfOrder ID,Customer,Date\n1,a,2024-01-01\n", ""),
        ("o.csv", "Order ID\tCustomer\tDate\n1,a\tb\t2024-01-01\n".encode("utf-16"), "encoding: utf-16"),
        ("o.csv", "Order ID,Customer,Date\n1,b,2024-01-01\n".encode("utf-16-le"), "encoding: utf-16"),
        ("o.csv", "Order ID,Customer,Date\n1,b,2024-01-01\n".encode("utf-16-be"), "encoding: utf-16"),
        ("o.csv", "Order ID,Customer,Date\n1,b,45123\n2,b,45124.5\n", "timestamps: excel_1900"),
        ("o.csv", "Order ID|Customer|Date\n1|b|2024-01-01\n", 'delimiter: "|"'),
        ("o.csv", "Orders of May\n\nOrder ID,Customer,Date\n1,b,2024-01-01\n", "skip_rows: 2"),
        ("o.csv", "Order ID,Client,Date\n1,Jean Lefèvre à Nîmes,2024-01-01\n".encode("cp1252"), "windows-1252"),
        ("o.csv.gz", gzip.compress(b"Order ID,Customer,Date\n1,b,2024-01-01\n", mtime=0), "match: o.csv\n"),
        ("o.jsonl", '{"id": 1, "customer": "b", "date": "2024-01-01"}\n{"id": 2, "date": "2024-01-01"}\n', "jsonl"),
    ],
)
def test_how_a_file_is_read_is_found(tmp_path: Path, name: str, content: str | bytes, option: str) -> None:
    draft = drafted(tmp_path, name, content)
    assert option in draft.text
    assert landed(tmp_path, draft, name).rows("orders", "count(*)", "1") != [(0,)]


@pytest.mark.parametrize("sign", ["12,50 €", "£12.50", "12,50\u00a0€", "20°C", "2 m²", "3–4", "A–B", "it’s", "Acme™ 2"])
def test_a_file_with_only_signs_above_ascii_is_windows_1252(tmp_path: Path, sign: str) -> None:
    rows = [f'{number};c{number};2024-01-02;"{sign}"' for number in range(20)]
    content = "\n".join(["Order ID;Client;Date;Note", *rows])
    assert "encoding: windows-1252" in drafted(tmp_path, "o.csv", content.encode("cp1252")).text


@pytest.mark.parametrize("text", ["Köln", "Österreich", "Señor Niño", "María"])
def test_letters_of_another_encoding_are_not_signs(tmp_path: Path, text: str) -> None:
    content = "\n".join(
        ["Order ID;Client;Date;Note", *(f"{number};c{number};2024-01-02;{text}" for number in range(20))]
    )
    (tmp_path / "o.csv").write_bytes(content.encode("cp850"))
    assert encoding_or_none(tmp_path / "o.csv") != "windows-1252"


def encoding_or_none(path: Path) -> str | None:
    try:
        return encoding_of(path)
    except InputError:
        return None


def test_a_workbook_with_a_title_lands(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "orders.xlsx"))
    sheet, time = book.add_worksheet("May"), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write(0, 0, "Orders of May")
    sheet.write_row(2, 0, ["Order ID", "Customer ID", "Order Date", "Total"])
    sheet.write_row(3, 0, ["A1", "C1"])
    sheet.write_datetime(3, 2, datetime(2024, 5, 1, 10), time)
    sheet.write(3, 3, 12.5)
    book.close()
    draft = draft_mapping([tmp_path / "orders.xlsx"], HOME, TODAY)
    assert "format: xlsx" in draft.text and "skip_rows: 2" in draft.text
    assert landed(tmp_path, draft, "orders.xlsx").rows("orders", "order_id, ordered_at, total") == [
        ("A1", "2024-05-01 08:00:00", "12.5")
    ]


def test_an_archive_is_read_like_the_files_in_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "orders.zip", "w") as archive:
        archive.writestr("orders_1.csv", "Order ID;Customer ID;Date\n1;a;2024-01-01\n")
        archive.writestr("orders_2.csv", "Order ID;Customer ID;Date\n2;a;2024-01-02\n3;a;2024-01-02\n")
    draft = draft_mapping([tmp_path / "orders.zip"], HOME, TODAY)
    assert len(landed(tmp_path, draft, "orders.zip").rows("orders")) == 3


def test_dates_that_can_be_read_both_ways_are_a_decision(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "o.csv", "Order ID,Customer,Date\n1,a,03/04/2024\n2,b,05/05/2024\n")
    (remark,) = open_remarks(draft)
    assert "`%d/%m/%Y` and `%m/%d/%Y`" in remark and "1 value becomes different times" in remark
    assert "`03/04/2024` is 2024-04-03 or 2024-03-04" in remark
    assert "# to decide before a run: ordered_at: every value of `Date` fits both" in draft.text


def test_a_value_that_is_no_date_does_not_hide_that_the_others_can_be_read_both_ways(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "o.csv", "Order ID,Customer,Date\n1,a,03/04/2024\n2,b,05/05/2024\n3,c,n/a\n")
    both = [remark for remark in open_remarks(draft) if "`%d/%m/%Y` and `%m/%d/%Y`" in remark]
    assert len(both) == 1 and "`03/04/2024` is 2024-04-03 or 2024-03-04" in both[0]


@pytest.mark.parametrize(("day", "form"), [("25/04/2024", "%d/%m/%Y"), ("04/25/2024", "%m/%d/%Y")])
def test_one_date_of_the_whole_column_decides(tmp_path: Path, day: str, form: str) -> None:
    rows = "".join(f"{number},a,03/04/2024\n" for number in range(100))
    draft = drafted(tmp_path, "o.csv", f"Order ID,Customer,Date\n{rows}x,a,{day}\n")
    assert f'timestamps: "{form}"' in draft.text
    assert open_remarks(draft) == []


def test_a_format_that_gives_days_in_the_future_is_not_chosen(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "o.csv", "Order ID,Customer,Date\n1,a,03/09/2024\n")
    assert 'timestamps: "%m/%d/%Y"' in draft.text


def test_numbers_with_signs_and_thousands_become_plain(tmp_path: Path) -> None:
    text = 'Order ID,Customer,Date,Total,Tax\n1,a,2024-01-01,"€ 1,234.50","1,234"\n'
    draft = drafted(tmp_path, "o.csv", text)
    assert landed(tmp_path, draft, "o.csv").rows("orders", "total, tax") == [("1234.50", "1234")]
    (remark,) = open_remarks(draft)
    assert remark == (
        "tax: `Tax` is written with commas between thousands, or with a decimal comma: every value fits both."
        " The draft uses the first"
    )


def test_lines_of_a_shop_have_their_faults_named(tmp_path: Path) -> None:
    text = (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
        "1,a,Tea,2,2024-01-01 10:00,2.50,17850.0\n1,b,Cup,1,2024-01-01 10:00,5,17850.0\n"
        "C2,a,Tea,-2,2024-01-02 10:00,2.5,\n"
    )
    draft = drafted(tmp_path, "2024-01-01.csv", text)
    rows = landed(tmp_path, draft, "2024-01-01.csv").rows("order_lines", "order_id, product_id, quantity, customer_ref")
    assert rows == [("1", "a", "2", "17850"), ("1", "b", "1", "17850"), ("C2", "a", "-2", None)]
    (remark,) = open_remarks(draft)
    assert remark.startswith("1 record has a negative `Quantity`, which staging rejects")
    assert r"file_on: (\d{4}-\d{2}-\d{2})" in draft.text


@pytest.mark.parametrize(("two", "back"), [("2,5", "-1,5"), ("2 pcs", "-2 pcs")])
def test_negative_quantities_are_found_however_numbers_are_written(tmp_path: Path, two: str, back: str) -> None:
    text = f"Invoice No;Stock Code;Quantity;Invoice Date\n1;a;{two};2024-01-31\n2;a;{back};2024-01-31\n"
    remarks = open_remarks(drafted(tmp_path, "lines.csv", text))
    assert any(remark.startswith("1 record has a negative `Quantity`, which staging rejects") for remark in remarks)


def test_references_that_may_mean_an_unknown_customer_are_decisions(tmp_path: Path) -> None:
    rows = [
        "1,0",
        "2,0",
        "3,CASH",
        "4,CASH",
        "5,CASH",
        "6,-1",
        "7,-1",
        "8,00000",
        "9,00000",
        "10,0042",
        "11,0042",
        "12,",
    ]
    text = "Order ID,Customer,Order Date,Total\n" + "".join(f"{row},2024-01-31,5\n" for row in rows)
    (remark,) = open_remarks(drafted(tmp_path, "o.csv", text))
    assert remark == (
        "customer_ref: 9 records have `CASH`, `-1`, `0` and `00000` in `Customer`. If this means that the customer is"
        " not known, write the column with the keys `sql` and `values: {'CASH': null, '-1': null, '0': null, '00000':"
        " null, '*': '*'}` (docs/mapping.md, Value maps). Otherwise all records with one of these values count as one"
        " customer"
    )
    assert not open_remarks(
        drafted(tmp_path, "one.csv", "Order ID,Customer,Order Date,Total\n1,0,2024-01-31,5\n2,7,2024-01-31,5\n")
    )


def test_a_negative_number_can_be_the_number_of_a_customer(tmp_path: Path) -> None:
    hashes = [-5938475938475938, -77, -2001, 812345678]
    rows = "".join(f"{number},{hashes[number % 4]},2024-01-31,5\n" for number in range(20))
    assert not open_remarks(drafted(tmp_path, "o.csv", f"Order ID,Customer,Order Date,Total\n{rows}"))
    missing = "".join(f"{number},-99.0,2024-01-31,5\n" for number in range(20, 25))
    (remark,) = open_remarks(drafted(tmp_path, "m.csv", f"Order ID,Customer,Order Date,Total\n{rows}{missing}"))
    assert remark.startswith("customer_ref: 5 records have `-99.0` in `Customer`.")


def test_two_orders_of_day_and_month_are_a_decision(tmp_path: Path) -> None:
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(90)]
    rows = [
        f"{number},{day:%m/%d/%Y}" if number % 3 == 0 else f"{number},{day:%d/%m/%Y}" for number, day in enumerate(days)
    ]
    draft = drafted(tmp_path, "o.csv", "\n".join(["Order ID,Order Date", *rows]))
    fits_month_first = sum(day.day > 12 for day in days[::3])
    fits_both = sum(day.day <= 12 and day.day != day.month for day in days)
    (remark,) = [one for one in open_remarks(draft) if one.startswith("ordered_at")]
    assert remark == (
        f"ordered_at: `Order Date` has day and month in two orders: {fits_month_first} values fit only `%m/%d/%Y`,"
        f" others only `%d/%m/%Y`. {fits_both} values fit both, and may get the wrong day. Export the file again with"
        " one format"
    )


def test_day_and_month_that_a_spreadsheet_has_exchanged_are_a_decision(tmp_path: Path) -> None:
    exchanged, plain = tmp_path / "exchanged", tmp_path / "plain"
    for folder, read_as_dates in ((exchanged, range(1, 13)), (plain, range(2, 32, 2))):
        folder.mkdir()
        book = xlsxwriter.Workbook(str(folder / "o.xlsx"), {"default_date_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Order ID", "Order Date", "Total"])
        for number in range(60):
            day = date(2024, 1, 1) + timedelta(days=number)
            sheet.write_row(number + 1, 0, [number, day if day.day in read_as_dates else f"{day:%d/%m/%Y}", 5])
        book.close()
    found = [
        [one for one in open_remarks(draft_mapping([folder / "o.xlsx"], HOME, TODAY)) if one.startswith("ordered_at")]
        for folder in (exchanged, plain)
    ]
    assert found == [
        [
            "ordered_at: in `Order Date`, all dates have a day from 1 to 12, and all dates written as text have a day"
            " after the 12th. A spreadsheet has probably exchanged day and month of the dates. Export the file again"
            " with this column as text"
        ],
        [],
    ]


def test_a_second_candidate_and_a_repeated_key_are_decisions(tmp_path: Path) -> None:
    text = "Order ID,Customer,Order Date,Created At,Total\n1,a,2024-01-01,2024-01-02,5\n1,b,2024-01-03,2024-01-04,6\n"
    assert open_remarks(drafted(tmp_path, "o.csv", text)) == [
        "2 records have a key (`Order ID`) that another record has too: only one record per key counts. Check what the"
        " records are, or choose another key",
        "ordered_at: `Order Date` is read; it could also be `Created At`",
    ]


def test_a_column_for_each_question_becomes_a_block(tmp_path: Path) -> None:
    text = (
        "Respondent ID,Submitted at,How likely are you to recommend us?,How satisfied are you?,Email\n"
        "1,2024-01-01 10:00,9,4,a@example.com\n2,2024-01-02 10:00,7,,b@example.com\n"
    )
    draft = drafted(tmp_path, "answers.csv", text)
    columns = "response_id, email, construct, answer_number, scale_min, scale_max"
    assert landed(tmp_path, draft, "answers.csv").rows("survey_answers", columns, "1, 3") == [
        ("1", "a@example.com", "csat", "4", "1", "5"),
        ("1", "a@example.com", "nps", "9", "0", "10"),
        ("2", "b@example.com", "nps", "7", "0", "10"),
    ]
    assert open_remarks(draft) == ["`How satisfied are you?`: its name says csat; was it asked from 1 to 5?"]


def test_orders_in_json_have_their_lines(tmp_path: Path) -> None:
    text = """{"orders": [{"id": 1, "created_at": "2024-01-01T10:00:00Z", "customer": {"id": 7, "email": "a@b.example"},
      "total": "5.00", "line_items": [{"sku": "x", "quantity": 1, "price": "5.00"}]}]}"""
    draft = drafted(tmp_path, "api.json", text)
    desk = landed(tmp_path, draft, "api.json")
    assert desk.rows("orders", "order_id, customer_ref, total") == [("1", "7", "5.00")]
    assert desk.rows("order_lines", "order_id, product_id, quantity, ordered_at") == [
        ("1", "x", "1", "2024-01-01 10:00:00")
    ]


def test_what_stays_unmapped_inside_records_and_lists_is_listed(tmp_path: Path) -> None:
    text = """{"orders": [{"id": 1, "created_at": "2024-01-01T10:00:00Z", "tags": ["a"], "total": "5.00", "tot": "5",
      "customer": {"id": 7, "addresses": [{"city": "x"}], "a": {"b": {"c": {"d": 1}}}}, "shipping": [{"carrier": "x"}],
      "line_items": [{"sku": "x", "quantity": 1, "price": "5", "foo": "y", "gift card": {"no": 1}, "taxes": [{"p": 1}]}]
    }]}"""
    draft = drafted(tmp_path, "api.json", text)
    expected = ["tot", "tags (a list)", "customer.addresses (a list)", "customer.a.b.c (an object)"]
    expected += ["shipping (a list)", "line_items[].foo", 'line_items[]."gift card".no', "line_items[].taxes (a list)"]
    assert draft.unmapped == {"orders": tuple(expected)}
    assert "line_items[].foo" in draft.text


def test_a_long_comment_is_complete(tmp_path: Path) -> None:
    names = [f"Other column {number}" for number in range(60)]
    draft = drafted(tmp_path, "o.csv", f"Order ID,Customer,Date,{','.join(names)}\n1,a,2024-01-01{',' * 60}\n")
    comments = " ".join(line.strip().removeprefix("# ").strip() for line in draft.text.splitlines() if "#" in line)
    assert all(name in comments for name in names)


def test_a_field_that_only_a_late_record_has_is_listed(tmp_path: Path) -> None:
    rows = "".join(f'{{"id": {number}, "customer": "b", "date": "2024-01-01"}}\n' for number in range(1_100))
    draft = drafted(tmp_path, "o.jsonl", rows + '{"id": "x", "date": "2024-01-01", "late": 1}\n')
    assert draft.unmapped == {"orders": ("late",)}


def test_a_return_asks_what_its_amount_includes_and_the_answer_fits_where_the_comment_says(tmp_path: Path) -> None:
    text = "Refund ID,Order ID,Refund Date,Refund Amount\nR1,A1,2024-01-02,5\n"
    draft = drafted(tmp_path, "refunds.csv", text)
    (remark,) = [text for text in open_remarks(draft) if "tax and shipping" in text]
    assert "Above `columns`, write `amount_basis: gross`" in remark
    answered = draft.text.replace("columns:", "amount_basis: gross\n        columns:", 1)
    landed(tmp_path, replace(draft, text=answered), "refunds.csv")


def test_the_user_names_what_is_not_found(tmp_path: Path) -> None:
    text = "Vorgang,Wer,Wann,Wert\n1,a,2024-01-01,5\n"
    with pytest.raises(InputError, match="no entity fits its columns; the columns are `Vorgang`, `Wer`, "):
        drafted(tmp_path, "o.csv", text)
    chosen = {"order_id": "Vorgang", "customer_ref": "Wer", "ordered_at": "Wann", "total": "Wert"}
    with pytest.raises(InputError, match="looks like orders, but no column was found for ordered_at") as caught:
        drafted(tmp_path, "o.csv", text, Wishes(entity="orders", columns={"order_id": "Vorgang"}))
    assert caught.value.hint and caught.value.hint.endswith("o.csv --entity orders --column ordered_at=COLUMN`.")
    draft = drafted(tmp_path, "o.csv", text, Wishes("shop", "UTC", "EUR", "orders", chosen))
    assert landed(tmp_path, draft, "o.csv").rows("orders", "order_id, customer_ref, ordered_at, total") == [
        ("1", "a", "2024-01-01 00:00:00", "5")
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"1,2,3\n4,5,6\n", ":1: this line has to be the header, but it looks like data"),
        (b"line\nline\n", "no delimiter"),
        (b"Order ID,Customer,Date\n", "the file has a header but no records"),
        (b"%PDF-1.4", "this is a PDF document"),
    ],
)
def test_a_file_without_a_draft_is_explained(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        drafted(tmp_path, "o.csv", content)
    assert message in caught.value.message and caught.value.hint


def test_several_files_become_one_mapping_and_an_unknown_one_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "orders-2024-01-01.csv").write_text("Order ID,Customer ID,Date\n1,a,2024-01-01\n")
    (tmp_path / "orders-2024-01-02.csv").write_text("Order ID,Customer ID,Date\n2,a,2024-01-02\n")
    (tmp_path / "customers.csv").write_text("Customer ID,First Name,Last Name,Email\na,Ada,Example,a@example.com\n")
    (tmp_path / "sellers.csv").write_text("seller,zip\n1,2\n")
    draft = draft_mapping(sorted(tmp_path.iterdir()), HOME, TODAY)
    entries = yaml.safe_load(draft.text)["files"]
    assert {str(entry["match"]): list(entry.get("entities", [])) for entry in entries} == {
        "orders-*.csv": ["orders"],
        "customers.csv": ["customers"],
        "sellers.csv": [],
    }
    (remark,) = open_remarks(draft)
    assert remark.startswith(
        "sellers.csv would be ignored: no entity fits its columns; the columns are `seller`, `zip`."
        " State what one record is"
    )
    assert "sellers.csv --entity orders --column order_id=COLUMN --column ordered_at=COLUMN`" in remark


def test_names_from_a_file_cannot_leave_their_comment(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "o.csv", 'Order ID,Customer,Date,"x\nsource: evil"\n1,a,2024-01-01,5\n')
    assert yaml.safe_load(draft.text)["source"] == "shop"
    assert "# not mapped: " in draft.text


def test_the_command_writes_to_a_new_file_only(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("Order ID,Customer,Date\n1,a,2024-01-01\n")
    words = ["map", str(tmp_path / "orders.csv"), "--source", "shop"]
    shown = CliRunner().invoke(app, words)
    begins = next(line for line in shown.stdout.splitlines() if not line.startswith("#"))
    assert shown.exit_code == 0 and begins.startswith("source: shop")
    assert "to decide before a run the source: timezone" in shown.stderr and "all records (1)" in shown.stderr
    out = tmp_path / "mapping.yml"
    assert CliRunner().invoke(app, [*words, "--out", str(out)]).exit_code == 0
    assert out.read_text() == shown.stdout
    again = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert again.exit_code == 2 and "exists already" in again.stderr
    assert CliRunner().invoke(app, [*words, "--out", str(out), "--force", "--currency", "EUR"]).exit_code == 0
    assert "currency: EUR" in out.read_text()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--entity", "ordrs"], "did you mean `orders`?"),
        (["--currency", "euro"], "--currency: `euro` is not a currency"),
        (["--timezone", "Europe/Pari"], "did you mean `Europe/Paris`?"),
        (["--column", "order_id"], "`order_id` is not NAME=COLUMN"),
        (["--column", "order_id=Nr"], "has no column `Nr`"),
        (["--column", "ordr_id=Order ID"], "is not a canonical column"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, option: list[str], message: str) -> None:
    (tmp_path / "orders.csv").write_text("Order ID,Customer,Date\n1,a,2024-01-01\n")
    done = CliRunner().invoke(app, ["map", str(tmp_path / "orders.csv"), *option])
    assert done.exit_code in (2, 3) and message in done.stderr


@pytest.mark.parametrize(
    ("header", "note", "is_open"),
    [
        ("Währung", "plain", False),
        ("Bemerkung", "für Gäste, Größe prüfen", False),
        ("Customer Name", "Jürgen Groß", True),
    ],
)
def test_an_estimated_encoding_is_open_only_if_a_value_depends_on_it(
    tmp_path: Path, header: str, note: str, is_open: bool
) -> None:
    """`Währung` and `Bemerkung` are not read here: their letters change no value."""
    entity, columns = ("customers", {"customer_ref": "Kunde", "name": header}) if is_open else ("orders", {})
    text = f"Auftrag;Kunde;Datum;{header};Straße\n1;a;2024-01-01;{note};Köln, Größe prüfen\n"
    (tmp_path / "o.csv").write_bytes(text.encode("cp1252"))
    columns = columns or {"order_id": "Auftrag", "customer_ref": "Kunde", "ordered_at": "Datum"}
    wishes = Wishes("shop", "UTC", "EUR", entity, columns)
    draft = draft_mapping([tmp_path / "o.csv"], wishes, TODAY)
    assert "encoding: windows-1252" in draft.text
    (remark,) = (remark for _, remark in draft.remarks if "encoding was estimated" in remark.text)
    assert remark.is_open == is_open
