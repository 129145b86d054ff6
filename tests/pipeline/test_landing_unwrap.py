"""Records that a tool wraps in an object of its own (`unwrap`)."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing import load_mapping
from pipelines.landing.origin import LandedRow, cells_of
from tests.pipeline.landing_desk import Desk

ORDERS: dict[str, Any] = {
    "columns": {"order_id": "id", "customer_ref": "customer.id", "ordered_at": "at", "total": "_t"}
}
PLAIN = {"id": 9007199254740993, "customer": {"id": "c1"}, "at": "2024-01-01", "_t": "1.00"}
GROUP = {
    "match": "*.jsonl",
    "format": "jsonl",
    "unwrap": ["_data", "record"],
    "entities": {"orders": {**ORDERS, "where": "envelope.stream is null or envelope.stream = 'orders'"}},
    "skips": [{"name": "messages", "why": "no record", "where": "envelope.type <> 'RECORD'"}],
}


def test_a_record_is_read_inside_its_wrapping_object_as_text_of_json_and_without_any(tmp_path: Path) -> None:
    desk = Desk(tmp_path, GROUP)
    lines = [
        {"_data": PLAIN},
        {"_data": json.dumps(PLAIN)},
        PLAIN,
        {"type": "SCHEMA", "stream": "orders"},
        {"type": "RECORD", "stream": "orders", "record": PLAIN},
        {"type": "RECORD", "stream": "customers", "record": PLAIN},
    ]
    desk.put("a.jsonl", "\n".join(map(json.dumps, lines)))
    desk.land()
    one = ("9007199254740993", "c1", "2024-01-01 00:00:00", "1.00")
    assert desk.rows("orders", "order_id, customer_ref, ordered_at, total") == [one] * 4
    assert desk.rows("unreadable", "record, rule") == [(6, "LND-003")]  # a record of another stream is not lost
    assert desk.query("select distinct skipped_records from landed('ledger')") == [(1,)]


def test_only_an_object_or_the_text_of_one_is_the_record(tmp_path: Path) -> None:
    """A wrapping field with a number, a list or the text of one is a field of the record itself."""
    desk = Desk(tmp_path, GROUP)
    inside = [5, "5", "[1]", [1], None, "no JSON", {"id": "inner"}]
    desk.put("a.jsonl", "\n".join(json.dumps({**PLAIN, "id": "outer", "_data": one}) for one in inside))
    desk.land()
    assert [row[0] for row in desk.rows("orders", "order_id")] == ["outer"] * 6 + ["inner"]


def test_a_nul_inside_the_text_of_a_record_is_unreadable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, GROUP)
    desk.put("a.jsonl", json.dumps({"_data": json.dumps({**PLAIN, "id": "a\0b"})}))
    desk.land()
    assert desk.rows("unreadable", "record, rule") == [(1, "LND-004")]


def test_the_source_cells_of_a_wrapped_record_are_found_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, GROUP)
    desk.put("a.jsonl", json.dumps({"type": "RECORD", "record": PLAIN}))
    desk.land()
    ((record, content_hash, raw),) = desk.rows("orders", "record, content_hash, raw")
    rows = [LandedRow(record, content_hash, raw)]
    cells = cells_of(load_mapping(desk.mapping), "a.jsonl", "orders", rows, desk.home / "landing")
    assert cells[record, content_hash]["total"] == {"_t": "1.00"}


def test_nested_values_of_parquet_may_be_the_text_of_json(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"match": "*.parquet", "format": "parquet", "entities": {"orders": ORDERS}})
    rows = {"id": ["1", "2"], "customer": ['{"id": "c1"}', "none"], "at": ["2024-01-01"] * 2, "_t": ["1.00"] * 2}
    pq.write_table(pa.table(rows), desk.inbox / "a.parquet")
    desk.land()
    assert desk.rows("orders", "order_id, customer_ref") == [("1", "c1"), ("2", None)]
