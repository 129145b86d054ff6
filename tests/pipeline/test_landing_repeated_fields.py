"""A JSON object with a field twice: nobody knows which value counts, so the record does not land."""

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.landing_desk import Desk


def entry(form: str) -> dict[str, Any]:
    columns = {"order_id": "id", "customer_ref": "buyer.ref", "ordered_at": "'2024-05-01'", "total": "total"}
    return {"match": "*", "format": form, "entities": {"orders": {"columns": columns}}}


GOOD = '{"id": "o1", "buyer": {"ref": "c1"}, "total": 10}'
TWICE = [
    '{"id": "o2", "buyer": {"ref": "c1"}, "total": 10, "total": 20}',
    '{"id": "o2", "buyer": {"ref": "c1"}, "total": 10, "total": 10}',
    '{"id": "o2", "id": "o3", "buyer": {"ref": "c1"}, "total": 10}',
    '{"id": "o2", "buyer": {"ref": "c1", "name": "A", "ref": "c2"}, "total": 10}',
    '{"id": "o2", "buyer": {"ref": "c1"}, "total": 10, "buyer": {}}',
    '{"id": "o2", "buyer": {"ref": "c1"}, "total": 10, "t\\u006ftal": 20}',
]
FINE = [
    '{"id": "o2", "buyer": {"ref": "c1"}, "total": 10, "Total": 20}',
    '{"id": "o2", "buyer": {"ref": "c1"}, "total": 10, "other": 1, "other": 2}',
    '{"id": "o2", "buyer": {"ref": "c1", "total": 1}, "total": 10, "ref": 3}',
    '{"id": "o2", "buyer": ["ref", "ref"], "total": 10}',
    '{"id": "o2", "total": 10}',
]


@pytest.mark.parametrize("record", TWICE)
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_record_with_a_field_twice_is_unreadable(tmp_path: Path, form: str, record: str) -> None:
    desk = Desk(tmp_path, entry(form))
    desk.put(f"a.{form}", f"[{GOOD},\n{record}]" if form == "json" else f"{GOOD}\n{record}\n")
    desk.land()
    assert desk.rows("orders", "order_id, total") == [("o1", "10")]
    assert desk.rows("unreadable", "record, rule") == [(2, "LND-014")]


@pytest.mark.parametrize("record", FINE)
def test_a_field_that_is_not_read_or_differs_in_case_may_occur_twice(tmp_path: Path, record: str) -> None:
    desk = Desk(tmp_path, entry("jsonl"))
    desk.put("a.jsonl", f"{GOOD}\n{record}\n")
    desk.land()
    assert desk.rows("orders", "order_id, total") == [("o1", "10"), ("o2", "10")]
    assert desk.rows("unreadable") == []


def test_a_field_twice_inside_a_wrapped_record_is_unreadable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, entry("jsonl") | {"unwrap": "_data"})
    text = TWICE[0].replace('"', '\\"')
    desk.put("a.jsonl", f'{{"_data": {GOOD}, "total": 1}}\n{{"_data": {TWICE[0]}}}\n{{"_data": "{text}"}}\n')
    desk.land()
    assert desk.rows("orders", "order_id, total") == [("o1", "10")]
    assert desk.rows("unreadable", "record, rule") == [(2, "LND-014"), (3, "LND-014")]


def test_a_wrapping_field_or_a_field_around_it_twice_makes_the_record_unreadable(tmp_path: Path) -> None:
    group = entry("jsonl") | {"unwrap": "payload.after"}
    group["entities"]["orders"]["columns"]["status"] = "envelope.op"
    desk = Desk(tmp_path, group)
    lines = [
        f'{{"op": "paid", "payload": {{"after": {GOOD}}}}}',
        f'{{"op": "paid", "op": "cancelled", "payload": {{"after": {GOOD}}}}}',
        f'{{"op": "paid", "payload": {{"after": {GOOD}, "after": {GOOD}}}}}',
        f'{{"op": "paid", "payload": {{"after": {GOOD}}}, "payload": {{}}}}',
        f'{{"op": "paid", "at": 1, "at": 2, "payload": {{"after": {GOOD}}}}}',
    ]
    desk.put("a.jsonl", "\n".join(lines))
    desk.land()
    assert desk.rows("orders", "order_id, status, record") == [("o1", "paid", 1), ("o1", "paid", 5)]
    assert desk.rows("unreadable", "record, rule") == [(number, "LND-014") for number in (2, 3, 4)]


LINES = {
    "order_id": "id",
    "line_id": "item.id",
    "product_id": "item.sku",
    "quantity": "item.n",
    "unit_price": "item.price",
    "category": "item.about->>'$.kind'",
}
LINE = '{"id": 1, "sku": "A", "n": 1, "price": 5, "about": {"kind": "tea"}}'
LINE_TWICE = [
    '{"id": 1, "sku": "A", "sku": "B", "n": 1, "price": 5}',
    '{"id": 1, "sku": "A", "n": 1, "price": 5, "price": 5}',
    '{"id": 1, "sku": "A", "n": 1, "price": 5, "about": {"kind": "tea", "kind": "cup"}}',
    '{"id": 1, "sku": "A", "n": 1, "price": 5, "about": {"kind": [[{"x": 1, "x": 2}]]}}',
]


def with_lines(form: str, each: str = "lines") -> dict[str, Any]:
    columns = {"order_id": "id", "ordered_at": "'2024-05-01'", "total": "total"}
    entities = {"orders": {"columns": columns}, "order_lines": {"each": each, "columns": LINES}}
    return {"match": "*", "format": form, "entities": entities}


@pytest.mark.parametrize("line", LINE_TWICE)
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_field_twice_in_a_line_makes_the_whole_order_unreadable(tmp_path: Path, form: str, line: str) -> None:
    desk = Desk(tmp_path, with_lines(form))
    records = [
        f'{{"id": "o1", "total": 10, "lines": [{LINE}, {LINE}]}}',
        f'{{"id": "o2", "total": 10, "lines": [{LINE}, {line}]}}',
        '{"id": "o3", "total": 10}',
        '{"id": "o4", "total": 10, "lines": []}',
    ]
    desk.put(f"a.{form}", f"[{','.join(records)}]" if form == "json" else "\n".join(records))
    desk.land()
    assert desk.rows("orders", "order_id") == [("o1",), ("o3",), ("o4",)]
    assert desk.rows("order_lines", "order_id, product_id") == [("o1", "A"), ("o1", "A")]
    assert desk.rows("unreadable", "record, rule") == [(2, "LND-014")]


def test_a_field_twice_in_a_list_inside_a_column_of_a_table_makes_the_row_unreadable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, with_lines("csv", "case when lines <> 'none' then lines end"))
    rows = [("o1", f"[{LINE}]"), ("o2", f"[{LINE_TWICE[0]}]"), ("o3", "none"), ("o4", "")]
    lines = [f'{number},10,"{text.replace(chr(34), chr(34) * 2)}"' for number, text in rows]
    desk.put("a.csv", "\n".join(["id,total,lines", *lines]))
    desk.land()
    assert desk.rows("orders", "order_id") == [("o1",), ("o3",), ("o4",)]
    assert desk.rows("unreadable", "record, rule") == [(2, "LND-014")]


@pytest.mark.parametrize(
    ("about", "is_read"),
    [
        ('{"shop": "web"}', True),
        ('{"shop": "web", "shop": "pos"}', False),
        ('{"at": {"shop": "web", "shop": "pos"}}', False),
        ('"{\\"shop\\": \\"web\\", \\"shop\\": \\"pos\\"}"', False),
        ('"{shop}"', True),
        ("null", True),
    ],
)
def test_a_field_twice_in_a_text_that_an_expression_reads_inside_makes_the_record_unreadable(
    tmp_path: Path, about: str, is_read: bool
) -> None:
    group = entry("jsonl")
    group["entities"]["orders"]["columns"]["channel"] = (
        "case when json_valid(meta.about) then meta.about->>'$.shop' end"
    )
    desk = Desk(tmp_path, group)
    desk.put("a.jsonl", f'{GOOD}\n{{"id": "o2", "total": 10, "meta": {{"about": {about}}}}}\n')
    desk.land()
    assert desk.rows("orders", "order_id") == [("o1",), *([("o2",)] if is_read else [])]
    assert desk.rows("unreadable", "record, rule") == ([] if is_read else [(2, "LND-014")])


def test_a_text_that_is_only_stored_may_have_a_field_twice(tmp_path: Path) -> None:
    group = entry("jsonl")
    group["entities"]["orders"]["columns"]["channel"] = "note"
    desk = Desk(tmp_path, group)
    desk.put("a.jsonl", f'{GOOD}\n{{"id": "o2", "total": 10, "note": {{"x": 1, "x": 2}}}}\n')
    desk.land()
    assert desk.rows("orders", "order_id") == [("o1",), ("o2",)]
    assert desk.rows("unreadable") == []


def test_a_field_twice_in_a_line_of_a_wrapped_record_is_unreadable_unless_a_skip_takes_it(tmp_path: Path) -> None:
    group = with_lines("jsonl") | {"unwrap": "data"}
    group["skips"] = [{"name": "deleted", "why": "it is gone", "where": "envelope.op = 'd'"}]
    desk = Desk(tmp_path, group)
    records = [
        f'{{"op": "{op}", "data": {{"id": "o{n}", "total": 10, "lines": [{line}]}}}}'
        for n, (op, line) in enumerate([("c", LINE), ("c", LINE_TWICE[0]), ("d", LINE_TWICE[0])])
    ]
    desk.put("a.jsonl", "\n".join(records))
    desk.land()
    assert desk.rows("order_lines", "order_id") == [("o0",)]
    assert desk.rows("unreadable", "record, rule") == [(2, "LND-014")]
    assert desk.rows("ledger", "records, unreadable_records, skipped_records")[0] == (3, 1, 1)
