"""From a landed row one finds the cells that each of its columns was made of, whatever the format and the mapping."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing import load_mapping
from pipelines.landing.origin import Cells, LandedRow, cells_of
from tests.pipeline.landing_desk import Desk

AT = {"ordered_at": "at"}


def cells(desk: Desk, entity: str, file_name: str, order: str = "record, content_hash") -> list[Cells | None]:
    """What is found of each landed row of a file, in order."""
    rows = [
        LandedRow(record, content_hash, raw)
        for record, content_hash, raw, name in desk.rows(entity, "record, content_hash, raw, file_name", order)
        if name == file_name
    ]
    assert rows
    found = cells_of(load_mapping(desk.mapping), file_name, entity, rows, desk.home / "landing")
    return [found.get((row.record, row.content_hash)) for row in rows]


def test_a_column_of_a_table_has_its_cells_as_delivered(tmp_path: Path) -> None:
    columns = {"order_id": "Id", **AT, "total": "replace(amount, ',', '.')", "customer_ref": "coalesce(who, mail)"}
    desk = Desk(tmp_path, {"match": "*.csv", "entities": {"orders": {"columns": {**columns, "channel": "'web'"}}}})
    desk.put("a.csv", 'ID,at,Amount,who,mail\n1,2024-13-01,"12,5O ",, ANN@x.org\n2,2024-05-02,"1,00",C2,\n')
    desk.land()
    first, second = cells(desk, "orders", "a.csv")
    assert first == {
        "order_id": {"Id": "1"},
        "ordered_at": {"at": "2024-13-01"},
        "total": {"amount": "12,5O "},
        "customer_ref": {"mail": " ANN@x.org", "who": None},
        "channel": {},
    }
    assert second is not None and second["total"] == {"amount": "1,00"}


def test_a_value_of_a_look_up_has_the_text_that_was_found(tmp_path: Path) -> None:
    columns = {"order_id": "id", "ordered_at": "days.day"}
    orders = {"match": "a.csv", "look_up": {"days": "id"}, "entities": {"orders": {"columns": columns}}}
    days = {"match": "days.csv", "lookups": {"days": {"about": "order", "key": "id", "columns": {"day": "at"}}}}
    desk = Desk(tmp_path, orders, days)
    desk.put("a.csv", "id\n1\n2\n")
    desk.put("days.csv", "id,at\n1,2024-13-01\n")
    desk.land()
    assert cells(desk, "orders", "a.csv") == [
        {"order_id": {"id": "1"}, "ordered_at": {"days.day": "2024-13-01"}},
        {"order_id": {"id": "2"}, "ordered_at": {"days.day": None}},
    ]


def test_lines_of_a_list_have_the_cells_of_their_own_element(tmp_path: Path) -> None:
    columns = {"order_id": "id", "line_id": "item_no", "quantity": "item.n", "product_id": "item.sku.code"}
    rows = {"each": "parts", "columns": columns}
    desk = Desk(tmp_path, {"match": "*", "format": "jsonl", "entities": {"order_lines": rows}})
    parts = [{"n": "many", "sku": {"code": "A"}}, {"n": 2.50, "sku": {"code": "B"}}, {"sku": None}]
    desk.put("a.jsonl", json.dumps({"id": "o1", "parts": parts}) + "\n" + json.dumps({"id": "o2", "parts": []}) + "\n")
    desk.land()
    found = [one for one in cells(desk, "order_lines", "a.jsonl", "line_id") if one is not None]
    assert [one["quantity"] for one in found] == [{"item.n": "many"}, {"item.n": "2.5"}, {"item.n": None}]
    assert [one["product_id"] for one in found] == [
        {"item.sku.code": "A"},
        {"item.sku.code": "B"},
        {"item.sku.code": None},
    ]
    assert all(one["order_id"] == {"id": "o1"} for one in found)


def test_answers_of_one_record_have_the_cells_of_their_own_question(tmp_path: Path) -> None:
    blocks = [{"question_id": f"'{name}'", "answer_number": f'"{name}"'} for name in ("q1", "q2", "q3")]
    rows = {"columns": {"response_id": "id", "answered_at": "at"}, "unpivot": blocks}
    desk = Desk(tmp_path, {"match": "*", "entities": {"survey_answers": rows}})
    desk.put("a.csv", "id,at,q1,q2,q3\nr1,2024-05-01,ten,,10\n")
    desk.land()
    first, last = cells(desk, "survey_answers", "a.csv", "question_id")
    assert first is not None and first["answer_number"] == {"q1": "ten"}
    assert last is not None and last["answer_number"] == {"q3": "10"}


def test_equal_rows_have_equal_cells_and_nested_cells_are_shown_as_json(tmp_path: Path) -> None:
    rows = {"columns": {"order_id": "id", **AT, "coupon_code": "tags"}}
    desk = Desk(tmp_path, {"match": "*", "format": "json", "entities": {"orders": rows}})
    desk.put("a.json", json.dumps([{"id": "1", "at": "2024-05-01", "tags": ["x", {"y": 1.10}]}] * 2))
    desk.land()
    first, second = cells(desk, "orders", "a.json")
    assert first == second
    assert first is not None and json.loads(str(first["coupon_code"]["tags"])) == ["x", {"y": 1.1}]


def test_parquet_has_its_cells_too(tmp_path: Path) -> None:
    rows = {"columns": {"order_id": "id", **AT, "total": "Sum.net", "is_test": "test"}}
    desk = Desk(tmp_path, {"match": "*", "format": "parquet", "entities": {"orders": rows}})
    table = pa.table({"id": [7], "at": ["soon"], "sum": [{"net": 1.25}], "test": [True]})
    desk.put("a.parquet", "")
    pq.write_table(table, desk.inbox / "a.parquet")
    desk.land()
    assert cells(desk, "orders", "a.parquet") == [
        {
            "order_id": {"id": "7"},
            "ordered_at": {"at": "soon"},
            "total": {"Sum.net": "1.25"},
            "is_test": {"test": "true"},
        }
    ]


def changed(desk: Desk, **columns: str) -> list[Cells | None]:
    group: dict[str, Any] = {"match": "*", "entities": {"orders": {"columns": {"order_id": "id", **AT, **columns}}}}
    desk.say(group)
    return cells(desk, "orders", "a.csv")


def test_a_row_that_another_mapping_landed_is_not_explained_by_this_one(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path, {"match": "*", "entities": {"orders": {"columns": {"order_id": "id", **AT, "total": "total"}}}}
    )
    desk.put("a.csv", "id,at,total\n1,2024-05-01,10 EUR\n")
    desk.land()
    assert changed(desk, total="total") != [None]
    assert changed(desk, total="replace(total, ' EUR', '')") == [None]
    assert changed(desk, total="other") == [None]
    assert changed(desk, total="cast(total as int)") == [None]
    desk.say({"match": "b.csv", "entities": {"orders": {"columns": {"order_id": "id", **AT}}}})
    assert cells(desk, "orders", "a.csv") == [None]
