"""JSON, Parquet and wide surveys: how records of other shapes become rows."""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.landing import RefusedFiles
from tests.pipeline.landing_desk import Desk

ORDER = {
    "id": 4970762000000348015,
    "customer": {"id": "c1", "e mail": " Ann@Example.ORG "},
    "total": "12.10",
    "created": "2021-08-04T14:08:39+03:00",
    "items": [{"sku": "a", "n": 2}, {"sku": "b", "n": 1}],
    "refunds": [],
}
ORDERS = {
    "orders": {
        "columns": {
            "order_id": "id",
            "customer_ref": "customer.id",
            "email": 'customer."e mail"',
            "ordered_at": "created",
            "total": "total",
        }
    },
    "order_lines": {
        "each": '"items"',
        "columns": {"order_id": "id", "line_id": "item_no", "product_id": "item.sku", "quantity": "item.n"},
    },
    "returns": {
        "each": "refunds",
        "columns": {"return_id": "item.id", "order_id": "id", "amount": "item.amount", "returned_at": "item.at"},
    },
}


def _json(format: str, match: str, **more: Any) -> dict[str, Any]:
    return {"match": match, "format": format, "entities": ORDERS, **more}


def test_json_lines_are_read_with_nested_fields_and_lists(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _json("jsonl", "*.jsonl"))
    second = {**ORDER, "id": "x", "refunds": [{"id": "r1", "amount": "3.00", "at": "2021-08-05"}]}
    desk.put("a.jsonl.gz", gzip.compress(f"{json.dumps(ORDER)}\n\n{json.dumps(second)}".encode()))
    desk.land()
    assert desk.rows("orders", "order_id, customer_ref, email, ordered_at, total, record, line") == [
        ("4970762000000348015", "c1", "ann@example.org", "2021-08-04 11:08:39", "12.10", 1, 1),
        ("x", "c1", "ann@example.org", "2021-08-04 11:08:39", "12.10", 2, 3),
    ]
    assert desk.rows("order_lines", "order_id, line_id, product_id, quantity", "order_id, line_id") == [
        ("4970762000000348015", "1", "a", "2"),
        ("4970762000000348015", "2", "b", "1"),
        ("x", "1", "a", "2"),
        ("x", "2", "b", "1"),
    ]
    assert desk.rows("returns", "return_id, order_id, amount, returned_at") == [
        ("r1", "x", "3.00", "2021-08-05 00:00:00")
    ]
    assert desk.raws("orders")[0] == ORDER


def test_a_line_that_is_no_json_object_is_unreadable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _json("jsonl", "*.jsonl"))
    desk.put("a.jsonl", f'{json.dumps(ORDER)}\n{{"id": 7,\n[1, 2]\n"text"\n{json.dumps(ORDER)}\n')
    report = desk.land()
    assert desk.rows("orders", "record, line") == [(1, 1), (5, 5)]
    assert desk.rows("unreadable", "rule, record, line, raw", "line") == [
        ("LND-001", 2, 2, '{"id": 7,'),
        ("LND-001", 3, 3, "[1, 2]"),
        ("LND-001", 4, 4, '"text"'),
    ]
    assert (report.records, report.unreadable) == (5, 3)


def test_a_json_document_gives_its_list_with_lines(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _json("json", "*.json", records="data.dataList"))
    document = {"traceId": "t,[", "data": {"total": 2, "dataList": [ORDER, {**ORDER, "id": "x"}]}}
    desk.put("a.json", json.dumps(document, indent=1))
    desk.land()
    first, second = desk.rows("orders", "order_id, line", "record")
    assert (first[0], second[0]) == ("4970762000000348015", "x")
    text = json.dumps(document, indent=1).splitlines()
    assert [text[row[1] - 1].strip() for row in (first, second)] == ["{", "{"]
    assert '"x"' in text[second[1]]


def test_a_json_array_and_a_lone_object_are_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _json("json", "*.json"))
    desk.put("a.json", json.dumps([ORDER, ORDER]))
    desk.put("b.json", json.dumps({**ORDER, "id": "x"}))
    desk.put("c.json", "[]")
    report = desk.land()
    assert len(desk.rows("orders", "order_id")) == 3 and report.records == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"id": 1},\n{"id": 2}', "line 2: not valid JSON: a comma is missing"),
        ('[{"id": 1},\n{"id": }]', "line 2: not valid JSON"),
        ('{"data": {"dataList": 3}}', "there is no list"),
        ('{"other": []}', "`data.dataList`"),
    ],
)
def test_a_broken_json_document_is_refused_whole(tmp_path: Path, text: str, message: str) -> None:
    nested = "dataList" in text or "other" in text
    desk = Desk(tmp_path, _json("json", "*.json", **({"records": "data.dataList"} if nested else {})))
    desk.put("a.json", text)
    with pytest.raises(RefusedFiles, match=message):
        desk.land()
    assert desk.rows("orders") == []


def test_parquet_values_become_text_and_times_utc(tmp_path: Path) -> None:
    group: dict[str, Any] = {
        "match": "*.parquet",
        "format": "parquet",
        "entities": {
            "orders": {
                "columns": {
                    "order_id": "id",
                    "customer_ref": "customer.id",
                    "ordered_at": "local_time",
                    "paid_at": "instant",
                    "promised_at": "day",
                    "total": "total",
                    "is_test": "test",
                }
            }
        },
    }
    desk = Desk(tmp_path, group, timezone="Asia/Tokyo")
    at = datetime(2024, 1, 2, 3, 4, 5)
    table = pa.table(
        {
            "id": [7, 8],
            "customer": [{"id": "c1"}, None],
            "local_time": pa.array([at, None], pa.timestamp("us")),
            "instant": pa.array([at.replace(tzinfo=UTC, microsecond=500000), None], pa.timestamp("us", tz="UTC")),
            "day": pa.array([date(2024, 1, 2), None]),
            "total": pa.array([Decimal("12.10"), None], pa.decimal128(18, 2)),
            "test": [True, None],
        }
    )
    pq.write_table(table, desk.inbox / "a.parquet")
    report = desk.land()
    assert desk.rows(
        "orders", "order_id, customer_ref, ordered_at, paid_at, promised_at, total, is_test, record, line"
    ) == [
        ("7", "c1", "2024-01-01 18:04:05", "2024-01-02 03:04:05.5", "2024-01-01 15:00:00", "12.10", "true", 1, 1),
        ("8", None, None, None, None, None, None, 2, 2),
    ]
    assert report.records == 2
    assert desk.raws("orders")[0]["customer"] == {"id": "c1"}


def test_a_parquet_file_without_a_column_or_damaged_is_refused(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path, {"match": "*", "format": "parquet", "entities": {"products": {"columns": {"product_id": "sku"}}}}
    )
    pq.write_table(pa.table({"id": [1]}), desk.inbox / "a.parquet")
    desk.put("b.parquet", b"PAR1 no more")
    with pytest.raises(RefusedFiles, match=r"lacks `sku`(?s:.*)not a Parquet file"):
        desk.land()


WIDE = {
    "match": "*.csv",
    "timestamps": ["%Y/%m/%d %H:%M:%S"],
    "entities": {
        "survey_answers": {
            "columns": {"response_id": "序号", "answered_at": "提交答卷时间", "survey_kind": "'relationship'"},
            "unpivot": [
                {
                    "question_id": "'nps'",
                    "construct": "'NPS'",
                    "answer_number": '"1、推荐"',
                    "scale_min": 0,
                    "scale_max": 10,
                },
                {"question_id": "'why'", "construct": "'nps'", "answer_text": "2、原因"},
            ],
        }
    },
}
WIDE_HEADER = "序号,提交答卷时间,1、推荐,2、原因\n"


def test_a_wide_survey_becomes_a_row_per_answer(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {**WIDE, "encoding": "gbk"}, timezone="Asia/Shanghai")
    desk.put("a.csv", (WIDE_HEADER + "1,2024/05/01 08:00:00,9,快\n2,2024/05/01 09:30:00,3,  \n").encode("gbk"))
    report = desk.land()
    columns = "response_id, question_id, construct, answer_number, answer_text, scale_max, answered_at, record"
    assert desk.rows("survey_answers", columns, "record, question_id") == [
        ("1", "nps", "nps", "9", None, "10", "2024-05-01 00:00:00", 1),
        ("1", "why", "nps", None, "快", None, "2024-05-01 00:00:00", 1),
        ("2", "nps", "nps", "3", None, "10", "2024-05-01 01:30:00", 2),
    ]
    assert (report.records, report.rows) == (2, {"survey_answers": 3})


def test_a_response_without_any_answer_is_skipped_and_counted(tmp_path: Path) -> None:
    desk = Desk(tmp_path, WIDE)
    desk.put("a.csv", WIDE_HEADER + "1,2024/05/01 08:00:00,9,\n2,2024/05/01 09:30:00, ,\u00a0\n")
    report = desk.land()
    assert (report.records, report.unreadable, report.skipped, report.blank) == (2, 0, 1, 1)
    assert report.rows == {"survey_answers": 1}
    assert desk.rows("ledger", "taken_records, skipped_records, skips") == [(1, 1, '{"blank": 1}')]


def test_a_response_that_the_mapping_does_not_take_is_not_blank(tmp_path: Path) -> None:
    wide = {**WIDE, "entities": {"survey_answers": {**WIDE["entities"]["survey_answers"], "where": "\"序号\" <> '2'"}}}
    desk = Desk(tmp_path, wide)
    desk.put("a.csv", WIDE_HEADER + "1,2024/05/01 08:00:00,,\n2,2024/05/01 09:30:00,,\n")
    report = desk.land()
    assert (report.records, report.unreadable, report.blank) == (2, 1, 1)
    assert desk.rows("unreadable", "rule, record, line") == [("LND-003", 2, 3)]
