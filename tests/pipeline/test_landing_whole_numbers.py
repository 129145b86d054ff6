"""A whole number that a format stores with a decimal point lands without it, so that an ID is written in one way."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipeline.landing_desk import Desk

# a number of JSON, and the text that lands
NUMBERS = [
    ("17850.0", "17850"),
    ("17850", "17850"),
    ("1.785e4", "17850"),
    ("1.38E+10", "13800000000"),
    ("-17850.00", "-17850"),
    ("9007199254740992.0", "9007199254740992"),
    ("17850.5", "17850.5"),
    ('"17850.0"', "17850.0"),
    ("true", "true"),
    ("4970762000000348015", "4970762000000348015"),
    ("4970762000000348015.0", "4970762000000348015"),
]
LOST = ("4.970762000000348e18", "4.970762000000348e+18")


def entry(form: str, who: str = "who", each: str | None = None) -> dict[str, Any]:
    columns = {"order_id": "id", "customer_ref": who, "ordered_at": "'2024-05-01'"}
    return {
        "match": "*",
        "format": form,
        "entities": {"orders": {"columns": columns, **({"each": each} if each else {})}},
    }


@pytest.mark.parametrize(("number", "text"), [*NUMBERS, LOST])
@pytest.mark.parametrize(("who", "each"), [("who", None), ("who.id", None), ("item.who", "list")])
def test_a_whole_number_of_json_has_no_decimal_point(
    tmp_path: Path, number: str, text: str, who: str, each: str | None
) -> None:
    desk = Desk(tmp_path, entry("json", who, each))
    value = f'{{"id": {number}}}' if who == "who.id" else number
    desk.put("a.json", f'[{{"id": "o1", "who": {value}, "list": [{{"who": {number}}}]}}]')
    warnings = desk.land().warnings
    assert desk.rows("orders", "customer_ref") == [(text,)]
    assert [("orders.customer_ref" in warning) for warning in warnings] == [True] * ((number, text) == LOST)


def test_a_whole_number_inside_a_wrapped_record_has_no_decimal_point(tmp_path: Path) -> None:
    desk = Desk(tmp_path, entry("jsonl") | {"unwrap": "_data"})
    inside = '{\\"id\\": \\"o2\\", \\"who\\": 17850.0}'
    desk.put("a.jsonl", f'{{"_data": {{"id": "o1", "who": 17850.0}}}}\n{{"_data": "{inside}"}}\n')
    desk.land()
    assert desk.rows("orders", "order_id, customer_ref") == [("o1", "17850"), ("o2", "17850")]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (17850.0, pa.float64(), "17850"),
        (17850.0, pa.float32(), "17850"),
        (Decimal("17850.00"), pa.decimal128(18, 2), "17850"),
        (-17850.0, pa.float64(), "-17850"),
        (9007199254740992.0, pa.float64(), "9007199254740992"),
        (17850.5, pa.float64(), "17850.5"),
        (Decimal("17850.50"), pa.decimal128(18, 2), "17850.50"),
        ("17850.0", pa.string(), "17850.0"),
        (float("nan"), pa.float64(), "nan"),
        (float("inf"), pa.float64(), "inf"),
        ({"id": 17850.0}, pa.struct({"id": pa.float64()}), "17850"),
        (4.970762000000348e18, pa.float64(), "4.970762000000348e+18"),
        (9007199254740994.0, pa.float64(), "9.007199254740994e+15"),
        (1380000000.0, pa.float32(), "1.380000000000000e+09"),
    ],
)
def test_a_whole_number_of_parquet_has_no_decimal_point(
    tmp_path: Path, value: Any, kind: pa.DataType, text: str
) -> None:
    desk = Desk(tmp_path, entry("parquet", "who.id" if isinstance(value, dict) else "who"))
    path = desk.put("a.parquet", b"")
    pq.write_table(pa.table({"id": pa.array(["o1"]), "who": pa.array([value], kind)}), path)
    warnings = desk.land().warnings
    assert desk.rows("orders", "customer_ref") == [(text,)]
    assert [("orders.customer_ref" in warning) for warning in warnings] == [True] * ("e+" in text)
