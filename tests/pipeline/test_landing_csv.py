"""CSV as the world writes it: what is read, with which line, and what becomes of what cannot be read."""

import gzip
from pathlib import Path

import pytest
import yaml

from pipelines.landing import RefusedFiles
from tests.pipeline.landing_desk import HEADER, Desk, lines

WHAT = "order_id, line_id, product_name, quantity, record, line"


def test_a_plain_file_lands_with_its_records_and_lines(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + "o1,1,Tea,2\no1,2, Milk ,1\n")
    report = desk.land()
    assert desk.rows("order_lines", WHAT) == [("o1", "1", "Tea", "2", 1, 2), ("o1", "2", "Milk", "1", 2, 3)]
    assert (report.records, report.unreadable, report.skipped, report.rows) == (2, 0, 0, {"order_lines": 2})


def test_a_line_break_inside_quotes_is_part_of_the_value_and_later_lines_are_counted_right(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + 'o1,1,"Tea,\ngreen ""no 1""",2\no2,1,Milk,1\n')
    desk.land()
    assert desk.rows("order_lines", WHAT) == [
        ("o1", "1", 'Tea,\ngreen "no 1"', "2", 1, 2),
        ("o2", "1", "Milk", "1", 2, 4),
    ]


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("gbk", "gbk"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16", "utf-16-le"),  # without a byte order mark
        ("utf-16", "utf-16-be"),
    ],
)
def test_every_encoding_gives_the_same_text(tmp_path: Path, encoding: str, codec: str) -> None:
    desk = Desk(tmp_path, lines(encoding=encoding))
    desk.put("a.csv", (HEADER + "o1,1,绿茶,2\n").encode(codec))
    desk.land()
    assert desk.rows("order_lines", WHAT) == [("o1", "1", "绿茶", "2", 1, 2)]
    assert desk.raws("order_lines") == [{"order": "o1", "line": "1", "product": "绿茶", "quantity": "2"}]


@pytest.mark.parametrize(("encoding", "codec"), [("latin-1", "latin-1"), ("windows-1252", "cp1252")])
def test_western_encodings_are_read(tmp_path: Path, encoding: str, codec: str) -> None:
    desk = Desk(tmp_path, lines(encoding=encoding))
    desk.put("a.csv", (HEADER + "o1,1,Café crème,2\n").encode(codec))
    desk.land()
    assert desk.rows("order_lines", "product_name") == [("Café crème",)]


def test_bytes_that_do_not_decode_refuse_the_file_with_their_line(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER.encode() + b"o1,1,Tea,2\no2,1,Caf\xe9,1\n")
    with pytest.raises(RefusedFiles, match=r"a\.csv: line 3: not utf-8") as refused:
        desk.land()
    assert "encoding" in refused.value.hint
    assert desk.rows("order_lines") == [] and desk.rows("ledger") == []


def test_ragged_records_are_unreadable_one_by_one_and_the_rest_lands(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + "o1,1,Tea,2\no2,1,Milk\no3,1,Bread,1,extra\no4,1,Jam,1\n")
    report = desk.land()
    assert desk.rows("order_lines", WHAT) == [("o1", "1", "Tea", "2", 1, 2), ("o4", "1", "Jam", "1", 4, 5)]
    assert desk.rows("unreadable", "rule, record, line, line_end, raw") == [
        ("LND-002", 2, 3, 3, "o2,1,Milk"),
        ("LND-002", 3, 4, 4, "o3,1,Bread,1,extra"),
    ]
    assert (report.records, report.unreadable) == (4, 2)


def test_an_open_quote_costs_its_own_record_and_not_the_ones_behind_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    good = "".join(f"o{n},1,Tea,1\n" for n in range(1000))
    desk.put("a.csv", HEADER + good[: len(good) // 2] + "\n" + 'bad,1,"Tea,1\n' + good)
    desk.land()
    assert desk.query("select count(*) from landed('order_lines') where order_id = 'bad'") == [(0,)]
    whole = sum(line.count(",") == 3 for line in good[: len(good) // 2].splitlines())
    assert desk.query("select count(*) from landed('order_lines')") == [(1000 + whole,)]
    assert ("LND-001", 'bad,1,"Tea,1') in desk.rows("unreadable", "rule, raw")


def test_an_open_quote_that_a_later_one_closes_swallows_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + 'bad,1,"Tea,1\no1,1,Tea,1\no2,1,Tea,1\no3,1,Tea,1\nx",9\no4,1,Tea,1\n')
    desk.land()
    assert desk.rows("order_lines", "order_id, line") == [("o1", 3), ("o2", 4), ("o3", 5), ("o4", 7)]
    assert desk.rows("unreadable", "line, line_end, raw", "line") == [(2, 2, 'bad,1,"Tea,1'), (6, 6, 'x",9')]


def test_text_behind_a_closing_quote_is_unreadable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + 'o1,1,"Tea" green,1\no2,1,Tea,1\n')
    desk.land()
    assert desk.rows("order_lines", "order_id") == [("o2",)]
    assert desk.rows("unreadable", "rule, line") == [("LND-001", 2)]


def test_a_nul_makes_its_record_unreadable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + "o1,1,T\0ea,1\no2,1,Tea,1\n")
    desk.land()
    assert desk.rows("order_lines", "order_id") == [("o2",)]
    assert desk.rows("unreadable", "rule, raw") == [("LND-004", "o1,1,T\u2400ea,1")]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_are_read(tmp_path: Path, end: str) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", (HEADER + "o1,1,Tea,1\no2,1,Milk,1\n").replace("\n", end))
    desk.land()
    assert desk.rows("order_lines", WHAT) == [("o1", "1", "Tea", "1", 1, 2), ("o2", "1", "Milk", "1", 2, 3)]


def test_mixed_line_ends_and_blank_lines_are_no_records(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + "o1,1,Tea,1\r\n\no2,1,Milk,1\r\no3,1,Jam,1")
    report = desk.land()
    assert desk.rows("order_lines", "order_id, quantity, line") == [("o1", "1", 2), ("o2", "1", 4), ("o3", "1", 5)]
    assert report.records == 3


def test_gzip_and_tabs_and_other_delimiters(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines("*.csv", delimiter=";"), lines("*.tsv", format="tsv"))
    desk.put("a.csv.gz", gzip.compress(HEADER.replace(",", ";").encode() + b"o1;1;Tea, green;1\n"))
    desk.put("b.tsv", HEADER.replace(",", "\t") + "o2\t1\tMilk\t1\n")
    desk.land()
    assert desk.rows("order_lines", "order_id, product_name") == [("o1", "Tea, green"), ("o2", "Milk")]


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv.gz", gzip.compress((HEADER + "o1,1,Tea,1\n" * 500).encode())[:-12])
    with pytest.raises(RefusedFiles, match="damaged gzip"):
        desk.land()


def test_title_lines_and_further_header_rows_are_passed_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines("*.csv", skip_rows=1, header_rows=3))
    desk.put("a.csv", "Export of today\n" + HEADER + '"Order\nnumber",Line,What,How many\nQ1,Q2,Q3,Q4\no1,1,Tea,1\n')
    desk.land()
    assert desk.rows("order_lines", WHAT) == [("o1", "1", "Tea", "1", 1, 6)]


def test_a_title_line_alone_keeps_lines_right(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines("*.csv", skip_rows=1))
    desk.put("a.csv", 'Export "of today\n' + HEADER + "o1,1,Tea,1\no2,1,Tea,1\n")
    desk.land()
    assert desk.rows("order_lines", "order_id, record, line") == [("o1", 1, 3), ("o2", 2, 4)]


def test_a_file_without_a_header_takes_the_mapping_s_names(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines("*.csv", header_rows=0, names=["order", "line", "product", "quantity"]))
    desk.put("a.csv", "o1,1,Tea,1\n")
    desk.land()
    assert desk.rows("order_lines", WHAT) == [("o1", "1", "Tea", "1", 1, 1)]


def test_a_changed_header_refuses_the_file_and_names_the_columns(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", "order,line,item,qty\no1,1,Tea,1\n")
    with pytest.raises(
        RefusedFiles, match="lacks `product`, `quantity`; its columns are `order`, `line`, `item`, `qty`"
    ):
        desk.land()


@pytest.mark.parametrize(
    ("twin", "words"),
    [
        ("Product", r"`product` \(column 3\), `Product` \(column 4\), which differ only in upper and lower case"),
        ("product", r"`product` \(column 3\), `product` \(column 4\), which are equal"),
    ],
)
def test_a_column_that_is_read_and_stands_twice_refuses_the_file_with_a_way_out(
    tmp_path: Path, twin: str, words: str
) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", f"order,line,product,{twin},quantity\no1,1,Tea,Tee,1\n")
    with pytest.raises(RefusedFiles, match=rf"a\.csv: the header has {words}") as refused:
        desk.land()
    assert "`skip_rows: 1`, `header_rows: 0` and `names: […]`" in refused.value.hint
    desk.say(lines(skip_rows=1, header_rows=0, names=["order", "line", "other", "product", "quantity"]))
    desk.land()
    assert desk.rows("order_lines", "product_name") == [("Tee",)]


def test_a_column_that_is_not_there_is_compared_with_those_that_are(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", "order,line,produkt,quantity\no1,1,Tea,1\n")
    with pytest.raises(RefusedFiles, match=r"lacks `product`; did you mean `produkt`\?; its columns are `order`"):
        desk.land()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("order;line;product;quantity\no1;1;Tea;1\n", 'delimited by `;`: declare `delimiter: ";"`'),
        ("order\tline\tproduct\tquantity\no1\t1\tTea\t1\n", 'delimited by `\\t`: declare `delimiter: "\\t"`'),
        (
            "sep=,\norder,line,product,quantity\no1,1,Tea,1\n",
            "tells Excel how fields are delimited: declare `skip_rows: 1`",
        ),
        ("produkt\nTea\n", "Correct the file."),
    ],
)
def test_a_header_of_one_column_says_how_the_file_should_be_read(tmp_path: Path, text: str, hint: str) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", text)
    with pytest.raises(RefusedFiles, match="the header lacks") as refused:
        desk.land()
    assert hint in refused.value.hint
    if "declare" in hint:
        option = yaml.safe_load(hint.partition("declare `")[2].removesuffix("`"))
        desk.say(lines(**option))
        desk.land()
        assert desk.rows("order_lines", "product_name") == [("Tea",)]


def test_a_missing_column_with_brackets_in_its_name_is_no_broken_expression_if_a_column_is_alike(
    tmp_path: Path,
) -> None:
    desk = Desk(
        tmp_path, {"match": "*.csv", "entities": {"orders": {"columns": {"order_id": "Order (ID)", "ordered_at": "x"}}}}
    )
    desk.put("a.csv", "Order [ID],x\n1,2024-01-01\n")
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    assert "did you mean `Order [ID]`?" in refused.value.message
    assert "SQL" not in refused.value.message


@pytest.mark.parametrize("header", ["Order,Date (UTC)", "Order,Date (UTC),UTC"])  # with both, the column UTC was read
@pytest.mark.parametrize("text", ["Date (UTC)", "date (utc)"])
def test_the_name_of_a_column_that_is_also_an_expression_is_refused(tmp_path: Path, text: str, header: str) -> None:
    desk = Desk(
        tmp_path, {"match": "*.csv", "entities": {"orders": {"columns": {"order_id": "Order", "ordered_at": text}}}}
    )
    desk.put("a.csv", f"{header}\n1,2024-01-01{',2024-05-05' * (header.count(',') - 1)}\n")
    with pytest.raises(RefusedFiles, match="as an expression, and the header has a column of this name"):
        desk.land()


@pytest.mark.parametrize(("text", "day"), [('"Date (UTC)"', "2024-01-01"), ("(date (UTC))", "2024-05-05")])
def test_quotes_mean_the_column_and_brackets_the_expression(tmp_path: Path, text: str, day: str) -> None:
    desk = Desk(
        tmp_path, {"match": "*.csv", "entities": {"orders": {"columns": {"order_id": "Order", "ordered_at": text}}}}
    )
    desk.put("a.csv", "Order,Date (UTC),UTC\n1,2024-01-01,2024-05-05\n")
    desk.land()
    assert desk.rows("orders", "ordered_at") == [(f"{day} 00:00:00",)]


def test_further_and_nameless_columns_are_kept_in_raw(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", 'quantity,order,,line,product,note,Note\n1,o1,x,1,Tea,"say ""hi""",b\n')
    desk.land()
    assert desk.rows("order_lines", "order_id, quantity") == [("o1", "1")]
    assert desk.raws("order_lines")[0] == {
        "quantity": "1",
        "order": "o1",
        "column 3": "x",
        "line": "1",
        "product": "Tea",
        "note": 'say "hi"',
        "Note (2)": "b",
    }


def test_a_file_with_a_header_only_is_a_line_in_the_ledger(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER)
    desk.land()
    assert desk.rows("order_lines") == []
    assert desk.rows("ledger", "file_name, records, entity, landed_rows") == [("a.csv", 0, "order_lines", 0)]


def test_a_file_without_a_byte_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", "")
    with pytest.raises(RefusedFiles, match="the file is empty"):
        desk.land()


def test_names_of_files_and_columns_are_never_sql(tmp_path: Path) -> None:
    odd = '"x"" ; drop table y; --"'
    group = lines("*.csv")
    group["entities"]["order_lines"]["columns"]["brand"] = odd
    desk = Desk(tmp_path, group)
    name = "it's [1]*?; drop.csv"
    desk.put(name, '"x"" ; drop table y; --",' + HEADER + "b,o1,1,Tea,1\n")
    desk.put("it's 1.csv", '"x"" ; drop table y; --",' + HEADER + "b,o2,1,Tea,1\n")
    desk.land()
    assert sorted(desk.rows("order_lines", "file_name, brand, order_id")) == [
        ("it's 1.csv", "b", "o2"),
        (name, "b", "o1"),
    ]


def test_one_column_files_have_blank_lines_that_are_no_records(tmp_path: Path) -> None:
    group = {"match": "*.csv", "entities": {"products": {"columns": {"product_id": "sku"}}}}
    desk = Desk(tmp_path, group)
    desk.put("a.csv", "sku\np1\n\np2\n")
    report = desk.land()
    assert desk.rows("products", "product_id, line") == [("p1", 2), ("p2", 4)]
    assert report.records == 2


def test_a_file_of_more_than_a_thousand_columns_is_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    header = HEADER.strip() + "".join(f",c{number}" for number in range(1200))
    desk.put("a.csv", f"{header}\no1,1,Tea,2{',x' * 1200}\n")
    desk.land()
    assert desk.rows("order_lines", "order_id, quantity") == [("o1", "2")]
    assert len(desk.raws("order_lines")[0]) == 1204
