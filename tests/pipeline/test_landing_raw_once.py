"""The text of a record (`raw`) takes the space of one copy in the landed files, however many rows the record makes."""

import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.pipeline.landing_desk import Desk

RECORDS = 25_000  # more different values than DuckDB's dictionary of one row group takes
ROWS = 5

_LINES: dict[str, Any] = {
    "match": "*.jsonl",
    "format": "jsonl",
    "entities": {
        "orders": {"columns": {"order_id": "id", "customer_ref": "text", "ordered_at": "day"}},
        "order_lines": {"each": "lines", "columns": {"order_id": "id", "product_id": "item.sku"}},
    },
}
_ANSWERS: dict[str, Any] = {
    "match": "*.csv",
    "entities": {
        "customers": {"columns": {"customer_ref": "id", "updated_at": "day"}},
        "survey_answers": {
            "columns": {"response_id": "id", "answered_at": "day", "construct": "'nps'"},
            "unpivot": [{"question_id": f"'q{number}'", "answer_number": f"q{number}"} for number in range(ROWS)],
        },
    },
}


def _text(record: int) -> str:
    return hashlib.sha256(str(record).encode()).hexdigest()


def _lines() -> str:
    lines = ", ".join(f'{{"sku": "s{number}"}}' for number in range(ROWS))
    return "".join(
        f'{{"id": {record}, "day": "2024-05-01", "text": "{_text(record)}", "lines": [{lines}]}}\n'
        for record in range(RECORDS)
    )


def _answers() -> str:
    header = ",".join(f"q{number}" for number in range(ROWS))
    rows = (f"{record},2024-05-01,{_text(record)},1,2,3,4,5\n" for record in range(RECORDS))
    return f"id,day,text,{header}\n{''.join(rows)}"


@pytest.mark.parametrize(
    ("group", "name", "content", "one_row", "many_rows"),
    [
        (_LINES, "a.jsonl", _lines(), "orders", "order_lines"),
        (_ANSWERS, "a.csv", _answers(), "customers", "survey_answers"),
    ],
    ids=["elements with generated keys", "unpivoted answers"],
)
def test_raw_takes_the_space_of_one_copy_per_record(
    tmp_path: Path, group: dict[str, Any], name: str, content: str, one_row: str, many_rows: str
) -> None:
    """At most a fifth more than in the entity with one row per record. Five copies would take five times as much."""
    desk = Desk(tmp_path, group)
    desk.put(name, content)
    (outcome,) = desk.land().files
    assert outcome.rows == {one_row: RECORDS, many_rows: RECORDS * ROWS}
    assert _size_of_raw(desk, many_rows) < 1.2 * _size_of_raw(desk, one_row)


def _size_of_raw(desk: Desk, entity: str) -> int:
    (path,) = (desk.home / "landing" / entity / "source=shop").glob("*/part.parquet")
    file = pq.ParquetFile(path)
    column = file.schema_arrow.names.index("raw")
    groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
    return sum(int(group.column(column).total_compressed_size) for group in groups)
