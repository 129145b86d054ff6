"""Cells: blanks at their ends mean nothing, whatever reads them; quotes that are characters."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.landing.cells import BLANKS
from tests.pipeline.landing_desk import Desk

DAY = {"ordered_at": "'2024-05-01'"}
COLUMNS = {"order_id": "id", "customer_ref": "coalesce(cust, lower(email))", "status": "state", **DAY}
RECORDS = [
    {"id": "1", "cust": "", "email": "A@x.org", "state": "\u2003none\u200b"},
    {"id": "2", "cust": " \u00a0\t", "email": "\u2009B@x.org\u3000", "state": "open"},
    {"id": "3", "cust": " C 3\u205f", "email": "c@x.org", "state": "NONE"},
    {"id": "4", "cust": "\u2060", "email": "\u180e", "state": ""},
]
EXPECTED = [("1", "a@x.org", None), ("2", "b@x.org", "open"), ("3", "C 3", "none"), ("4", "\u180e", None)]


def _orders(form: str) -> dict[str, Any]:
    return {"match": "*", "format": form, "nulls": ["none "], "entities": {"orders": {"columns": COLUMNS}}}


def _file(form: str, path: Path) -> None:
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(RECORDS), path)
    elif form == "jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    else:
        mark = "," if form == "csv" else "|"
        lines = [mark.join(RECORDS[0]), *(mark.join(record.values()) for record in RECORDS)]
        path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "parquet"])
def test_cells_are_trimmed_before_nulls_and_expressions_in_every_format(tmp_path: Path, form: str) -> None:
    group = _orders(form) | ({"delimiter": "|"} if form == "tsv" else {})
    desk = Desk(tmp_path, group)
    _file(form, desk.inbox / "a")
    desk.land()
    assert desk.rows("orders", "order_id, customer_ref, status") == EXPECTED
    assert desk.raws("orders")[1]["email"] == "\u2009B@x.org\u3000"


def test_fields_of_the_elements_of_a_list_are_trimmed_too(tmp_path: Path) -> None:
    columns = {"order_id": "id", "line_id": "item_no", "product_id": "coalesce(item.sku, item.ean)"}
    group = {
        "match": "*",
        "format": "jsonl",
        "nulls": ["n/a"],
        "entities": {"order_lines": {"each": "lines", "columns": columns}},
    }
    desk = Desk(tmp_path, group)
    lines = [{"sku": "\u00a0", "ean": "e1"}, {"sku": " n/a ", "ean": "e2"}, {"sku": "s3 "}]
    desk.put("a", json.dumps({"id": 1, "lines": lines}) + "\n")
    desk.land()
    assert desk.rows("order_lines", "product_id", "line_id") == [("e1",), ("e2",), ("s3",)]


@pytest.mark.parametrize("blank", BLANKS, ids=lambda blank: f"u{ord(blank):04x}")
def test_every_blank_of_unicode_is_trimmed(tmp_path: Path, blank: str) -> None:
    group = {
        "match": "*",
        "format": "jsonl",
        "entities": {"orders": {"columns": {"order_id": "id", "status": "state", **DAY}}},
    }
    desk = Desk(tmp_path, group)
    desk.put("a", json.dumps({"id": f"{blank}1{blank}", "state": blank}) + "\n")
    desk.land()
    assert desk.rows("orders", "order_id, status") == [("1", None)]


QUOTES = [
    ("1", '"Quoted" at start'),
    ("2", 'a 12" tube'),
    ("3", '"'),
    ("4", '""'),
    ("5", '"open, it says'),
    ("6", 'ends with "'),
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("careful", [False, True])
def test_without_quoting_a_quote_is_a_character(tmp_path: Path, end: str, careful: bool) -> None:
    columns = {"order_id": "id", "store_id": "note", **DAY}
    group = {"match": "*", "format": "tsv", "quoting": "none", "entities": {"orders": {"columns": columns}}}
    desk = Desk(tmp_path, group)
    ragged = ["7\tx\ty"] if careful else []
    lines = ["id\tnote", *("\t".join(pair) for pair in QUOTES), *ragged]
    desk.put("a.tsv", "".join(line + end for line in lines))
    report = desk.land()
    assert report.unreadable == len(ragged)
    assert desk.rows("orders", "order_id, store_id") == [(key, note) for key, note in QUOTES]
    assert [raw["note"] for raw in desk.raws("orders")] == [note for _, note in QUOTES]
