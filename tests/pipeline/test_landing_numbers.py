"""Numbers in JSON files land with all of their digits, wherever they are in a record."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.landing.readers import numbers
from tests.pipeline.landing_desk import Desk

# the number in the file, and its text after landing
NUMBERS = [
    ("12345678901234567890", "12345678901234567890"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("9007199254740993", "9007199254740993"),
    ("-9223372036854775809", "-9223372036854775809"),
    ("0.1234567890123456789", "0.1234567890123456789"),
    ("1234567890123456.78", "1234567890123456.78"),
    ("-123456789012.123456789", "-123456789012.123456789"),
    ("12345678901234567.5", "12345678901234567.5"),
    ("1.2345678901234567891e3", "1234.5678901234567891"),
    ("123456789012345678e-2", "1234567890123456.78"),
    ("12345678901234567891E1", "123456789012345678910"),
    ("0.1", "0.1"),
    ("19.90", "19.9"),
    ("0.30000000000000000", "0.3"),
    ("1000000.5", "1000000.5"),
]
COLUMNS = {"order_id": "id", "customer_ref": "who", "ordered_at": "at", "total": "amount"}
LINES = {"order_id": "id", "product_id": "item.sku", "unit_price": "item.price", "ordered_at": "at"}


def entry(form: str, **more: Any) -> dict[str, Any]:
    lines = {"each": "lines", "columns": LINES}
    return {"match": "*", "format": form, "entities": {"orders": {"columns": COLUMNS}, "order_lines": lines}, **more}


def record(number: str) -> str:
    return (
        f'{{"id": "x {number}", "who": {number}, "at": "2024-05-01", "amount":{number},'
        f' "note": "\\"amount\\": {number}", "lines": [{{"sku": {number}, "price": {number} }}]}}'
    )


def check(desk: Desk, number: str, text: str) -> None:
    (order,) = desk.rows("orders", "order_id, customer_ref, total")
    (line,) = desk.rows("order_lines", "product_id, unit_price")
    assert order == (f"x {number}", text, text) and line == (text, text)


@pytest.mark.parametrize(("number", "text"), NUMBERS)
def test_a_number_keeps_its_digits_in_fields_and_in_lists(tmp_path: Path, number: str, text: str) -> None:
    desk = Desk(tmp_path, entry("jsonl"))
    desk.put("a.jsonl", f"{record(number)}\n")
    desk.land()
    check(desk, number, text)
    assert desk.rows("orders", "raw") == [(record(number),)]


@pytest.mark.parametrize("is_text", [False, True])
@pytest.mark.parametrize(("number", "text"), [NUMBERS[0], NUMBERS[4], NUMBERS[11]])
def test_a_wrapped_record_keeps_digits_too(tmp_path: Path, number: str, text: str, is_text: bool) -> None:
    desk = Desk(tmp_path, entry("json", unwrap="_data"))
    inner = json.dumps(record(number)) if is_text else record(number)
    desk.put("a.json", f'[{{"_at": {number}, "_data": {inner}}}]')
    desk.land()
    check(desk, number, text)


def test_only_the_records_that_need_it_are_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "_CHUNK", 2)
    amounts = ["1.5", "0.1234567890123456789", "2.25", "1234567890123456.78", "3", "9.87654321098765432109", "4"]
    lines = [record(amount).replace(f"x {amount}", str(number)) for number, amount in enumerate(amounts)]
    desk = Desk(tmp_path, entry("jsonl"))
    desk.put("a.jsonl", "".join(f"{line}\n" for line in [lines[0], "no json", *lines[1:]]))
    desk.land()
    assert desk.rows("orders", "order_id, total") == [(str(number), amount) for number, amount in enumerate(amounts)]
