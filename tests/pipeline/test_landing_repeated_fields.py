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
