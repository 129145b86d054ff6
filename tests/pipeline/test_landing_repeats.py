"""A header that comes again, and a file that is cut off inside its last field."""

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.landing_desk import Desk

COLUMNS = {"customer_ref": "Record Id", "name": "Full Name", "email": "Email"}
HEADER = "Record Id,Full Name,Email"


def _contacts(**more: Any) -> dict[str, Any]:
    return {"match": "*.csv", "entities": {"customers": {"columns": COLUMNS}}, **more}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "again",
    [
        HEADER,
        "\ufeff" + HEADER,
        '"Record Id","Full Name","Email"',
        '\ufeff"Record Id","Full Name","Email"',
        " Record Id , Full Name,\u00a0Email ",
    ],
)
def test_a_header_that_comes_again_is_unreadable_and_the_rest_lands(tmp_path: Path, again: str, end: str) -> None:
    desk = Desk(tmp_path, _contacts())
    desk.put("a.csv", end.join(["\ufeff" + HEADER, "1,Ann,a@x.org", again, "2,Bob,b@x.org", again, "3,Cy,c@x.org", ""]))
    report = desk.land()
    assert (report.records, report.unreadable) == (5, 2)
    assert desk.rows("customers", "customer_ref, record, line") == [("1", 1, 2), ("2", 3, 4), ("3", 5, 6)]
    assert desk.rows("unreadable", "rule, record, line, line_end") == [("LND-007", 2, 3, 3), ("LND-007", 4, 5, 5)]


def test_a_record_that_is_only_like_the_header_lands(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _contacts())
    desk.put("a.csv", HEADER + "\nRecord Id,Full Name,x@x.org\nrecord id,full name,email\n")
    assert desk.land().unreadable == 0


def test_every_row_of_the_header_may_come_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _contacts(header_rows=2))
    header = HEADER + "\ntext,text,address\n"
    desk.put("a.csv", header + "1,Ann,a@x.org\n" + header + "2,Bob,b@x.org\n")
    assert desk.land().unreadable == 2
    assert desk.rows("customers", "customer_ref") == [("1",), ("2",)]


def test_names_of_the_mapping_are_no_header_of_the_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _contacts(header_rows=0, names=HEADER.split(",")))
    desk.put("a.csv", "1,Ann,a@x.org\n" + HEADER + "\n")
    assert desk.land().unreadable == 0


def test_in_a_file_of_one_column_its_name_is_the_header_again(tmp_path: Path) -> None:
    group = {"match": "*.csv", "entities": {"customers": {"columns": {"customer_ref": "id"}}}}
    desk = Desk(tmp_path, group)
    desk.put("a.csv", "id\n1\nid\n2\n")
    assert (desk.land().unreadable, desk.rows("customers", "customer_ref")) == (1, [("1",), ("2",)])


def _lines(last: str, kind: str = "ordered_at", **more: Any) -> dict[str, Any]:
    columns = {"order_id": "id", "line_id": "id", "quantity": "qty", kind: last}
    return {"match": "*.csv", "entities": {"order_lines": {"columns": columns}}, **more}


CUT = [  # the kind of the last column, the others' last fields, the last one, and what must become of it
    ("ordered_at", ["2024-05-01"], "2024-05-0", "unreadable"),
    ("ordered_at", [], "2024-05-0", "unreadable"),
    ("ordered_at", ["2024-05-01 10:20:30"] * 3, "2024-05-01 10:2", "unreadable"),
    ("ordered_at", ["2024-05-01 10:20:30"] * 3, "2024-05-01 10:20", "warned"),
    ("ordered_at", ["2024-05-01", "2024-05-02"], "2024-05-03", "landed"),
    ("unit_price", ["10.00", "9.00"], "20.", "unreadable"),
    ("unit_price", ["10.00", "9.00"], "1250", "warned"),
    ("unit_price", ["10.00", "9.00"], "1250.5", "warned"),
    ("unit_price", ["10.00", "9.00"], "1250.50", "landed"),
    ("product_name", ["Tea", "Coffee"], "Sugar", "landed"),
    ("product_name", ["Tea", "Coffee"], "Su", "warned"),
    ("product_name", ["a@x.org", "b@long.example.com"], "c@x.co", "warned"),
    ("product_name", ['"Tea"', '"Coffee"'], '"Su"', "landed"),
    ("product_name", ["Tea", ""], "S", "landed"),
    ("product_name", [], "Tea", "landed"),
]


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize(("kind", "others", "last", "outcome"), CUT)
def test_a_last_field_without_a_line_end_is_landed_warned_about_or_unreadable(
    tmp_path: Path, kind: str, others: list[str], last: str, outcome: str, careful: bool
) -> None:
    records = [f"{number},1,{field}" for number, field in enumerate([*others, last])]
    text = "\n".join(["id,qty,last", *(["ragged"] if careful else []), *records])
    desk = Desk(tmp_path, _lines("last", kind))
    desk.put("a.csv", text)
    report = desk.land()
    assert ("LND-008" in [rule for (rule,) in desk.rows("unreadable", "rule")]) is (outcome == "unreadable")
    assert report.rows.get("order_lines", 0) == len(records) - (outcome == "unreadable")
    assert any("cut off" in warning for warning in report.warnings) is (outcome != "landed")
    # with its line end the same file is whole, whatever staging says of the value
    whole = Desk(tmp_path / "whole", _lines("last", kind))
    whole.put("a.csv", text + "\n")
    report = whole.land()
    assert (report.rows["order_lines"], report.warnings) == (len(records), ())


def test_a_record_that_a_skip_takes_is_not_cut_off(tmp_path: Path) -> None:
    skips = [{"name": "footer", "why": "a sum", "where": "id = 'total'"}]
    desk = Desk(tmp_path, _lines("last", skips=skips))
    desk.put("a.csv", "id,qty,last\n1,1,2024-05-01\ntotal,1,x")
    assert (desk.land().skipped, desk.rows("unreadable")) == (1, [])
