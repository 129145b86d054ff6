"""Files that are not what they should be: each kind has an outcome of its own (docs/landing.md).

What is only about CSV's syntax stands in test_landing_csv.py; bombs and hostile names in test_untrusted_files.py.
"""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.landing import RefusedFiles
from pipelines.landing.readers.textfile import LONGEST_LINE
from tests.conftest import clean_environment
from tests.pipeline.landing_desk import HEADER, Desk, lines

NESTED: dict[str, Any] = {
    "orders": {"columns": {"order_id": "id", "customer_ref": "customer.id", "total": "total", "ordered_at": "at"}},
    "order_lines": {
        "each": '"items"',
        "columns": {"order_id": "id", "line_id": "item_no", "product_id": "item.sku"},
    },
}
JSONL = {"match": "*.jsonl", "format": "jsonl", "entities": NESTED}
JSON = {"match": "*.json", "format": "json", "entities": NESTED}


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines(), JSONL)
    desk.put("a.csv", b"\xef\xbb\xbf" + HEADER.encode() + b"o1,1,Tea,1\n")
    desk.put("b.jsonl", b'\xef\xbb\xbf{"id": "o2"}\n')
    desk.land()
    assert desk.rows("order_lines", "order_id") == [("o1",)]
    assert desk.rows("orders", "order_id") == [("o2",)]


@pytest.mark.parametrize(("name", "declared"), [("gbk", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "gbk")])
def test_another_encoding_than_the_declared_one_refuses_the_file_with_its_line(
    tmp_path: Path, name: str, declared: str
) -> None:
    desk = Desk(tmp_path, lines(encoding=declared))
    text = {"gbk": "绿茶", "latin-1": "Café"}[name]
    desk.put("a.csv", HEADER.encode() + b"o1,1,Tea,1\n" + f"o2,1,{text},1\n".encode(name))
    with pytest.raises(RefusedFiles, match=f"line 3: not {declared}"):
        desk.land()


def test_a_file_cut_off_within_a_record_keeps_all_others(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines(), JSONL)
    desk.put("a.csv", HEADER + "o1,1,Tea,1\no2,1,Te")
    desk.put("b.jsonl", '{"id": "o3"}\n{"id": "o')
    report = desk.land()
    assert [(file.records, file.taken, file.unreadable) for file in report.files] == [(2, 1, 1), (2, 1, 1)]
    assert desk.rows("unreadable", "rule, line, raw") == [("LND-002", 3, "o2,1,Te"), ("LND-001", 2, '{"id": "o')]


def test_swapped_columns_land_by_their_names(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", "quantity,product,line,order\n2,Tea,1,o1\n")
    desk.land()
    assert desk.rows("order_lines", "order_id, line_id, product_name, quantity") == [("o1", "1", "Tea", "2")]


@pytest.mark.parametrize("damage", [slice(0, -9), slice(0, 40)])
def test_a_gzip_with_a_broken_tail_is_refused_and_leaves_nothing(tmp_path: Path, damage: slice) -> None:
    desk = Desk(tmp_path, lines(), JSONL)
    packed = gzip.compress("".join(f'{{"id": "o{n}"}}\n' for n in range(500)).encode())
    desk.put("a.jsonl.gz", packed[damage])
    desk.put("b.jsonl.gz", packed + b"behind")
    with pytest.raises(RefusedFiles, match=r"a\.jsonl\.gz: damaged gzip(?s:.*)b\.jsonl\.gz: damaged gzip"):
        desk.land()
    assert desk.rows("orders") == desk.rows("unreadable") == desk.rows("ledger") == []


def test_a_gzip_that_is_damaged_and_does_not_decode_is_refused_for_the_one_or_the_other(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    packed = gzip.compress(HEADER.encode() + b"o1,1,Caf\xe9,1", mtime=0)
    desk.put("a.csv.gz", packed[:-8] + bytes(4) + packed[-4:])
    with pytest.raises(RefusedFiles, match=r"a\.csv\.gz: (damaged gzip|line 2: not utf-8)"):
        desk.land()


def test_a_line_that_is_too_long_is_one_unreadable_record_and_its_beginning_is_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines(), JSONL)
    long = "x" * (LONGEST_LINE + 10)
    desk.put("a.csv", f"{HEADER}o1,1,Tea,1\no2,1,{long},1\no3,1,Tea,1\n{long}")
    desk.put("b.jsonl", f'{{"id": "o4"}}\n{{"id": "{long}"}}\n{{"id": "o5"}}')
    desk.land()
    assert desk.rows("order_lines", "order_id, line, record") == [("o1", 2, 1), ("o3", 4, 3)]
    assert desk.rows("orders", "order_id, line, record") == [("o4", 1, 1), ("o5", 3, 3)]
    found = desk.rows("unreadable", "file_name, rule, record, line, raw[:5], length(raw) < 1200")
    assert found == [
        ("a.csv", "LND-005", 2, 3, "o2,1,", True),
        ("a.csv", "LND-005", 4, 5, "xxxxx", True),
        ("b.jsonl", "LND-005", 2, 2, '{"id"', True),
    ]


def test_a_record_that_duckdb_would_not_read_is_unreadable_and_not_its_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    more = ",".join(f"c{n}" for n in range(30))
    wide = ",".join(["绿茶" * 15_000] * 30)  # 2.7 MB of UTF-8 in 0.9 million characters
    desk.put("a.csv", f"{HEADER.strip()},{more}\no1,1,Tea,1,{wide}\no2,1,Tea,1{',' * 30}\n")
    desk.land()
    assert desk.rows("order_lines", "order_id, line") == [("o2", 3)]
    assert desk.rows("unreadable", "rule, record, line") == [("LND-005", 1, 2)]


def test_a_field_longer_than_csv_reads_costs_its_own_record(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", f"{HEADER}o1,1,{'x' * 140_000},1\no2,1,Tea,1\n")
    desk.land()
    assert desk.rows("order_lines", "order_id") == [("o2",)]
    assert desk.rows("unreadable", "rule, line, length(raw)") == [("LND-001", 2, 140_007)]


_CHILD = """
import resource, sys
from pathlib import Path
from tests.pipeline.landing_desk import HEADER, Desk, lines
desk = Desk(Path(sys.argv[1]), lines(), lines("*.jsonl", format="jsonl"))
desk.put("small.csv", HEADER + "o1,1,Tea,1\\n")
desk.put("small.jsonl", '{"order": 1, "line": 1, "product": 1, "quantity": 1}')
desk.land()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Path(sys.argv[2]).rename(desk.inbox / sys.argv[3])
(big,) = (file for file in desk.land().files if file.file_name == sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, big.records, big.unreadable)
"""


@pytest.mark.parametrize(("name", "records"), [("big.csv", 1), ("big.jsonl", 2)])
def test_a_line_of_a_hundred_megabytes_is_never_held_in_memory(tmp_path: Path, name: str, records: int) -> None:
    big = tmp_path / "big"
    with big.open("w") as file:
        file.write(HEADER)
        file.writelines("x" * 1_000_000 for _ in range(100))
    command = [sys.executable, "-c", _CHILD, str(tmp_path), str(big), name]
    environment = clean_environment(PYTHONPATH=str(Path(__file__).parents[2]))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    grown, *counts = map(int, done.stdout.split())
    assert grown * (1 if sys.platform == "darwin" else 1024) < 60_000_000
    assert counts == [records, records]


def test_json_of_changing_shape_has_its_fate_record_by_record(tmp_path: Path) -> None:
    desk = Desk(tmp_path, JSONL)
    records: list[dict[str, Any]] = [
        {"id": "o1", "customer": {"id": "c1"}, "total": "1", "items": [{"sku": "a"}]},
        {"id": "o2", "customer": "c2", "total": 2, "items": []},
        {"id": "o3", "customer": ["c3"], "total": {"amount": 3}, "items": None},
        {"id": "o4", "more": {"of": ["it"]}},
        {"id": "o5", "items": {"sku": "a"}},
        {"id": "o6", "items": "a"},
        {"id": "o7", "items": [{"sku": "b"}, "c", None, {"sku": {"of": 1}}]},
    ]
    desk.put("a.jsonl", "\n".join(map(json.dumps, records)))
    desk.land()
    assert desk.rows("orders", "order_id, customer_ref, total") == [
        ("o1", "c1", "1"),
        ("o2", None, "2"),
        ("o3", None, '{"amount":3}'),
        ("o4", None, None),
        ("o7", None, None),
    ]
    assert desk.rows("order_lines", "order_id, line_id, product_id", "record, line_id") == [
        ("o1", "1", "a"),
        ("o7", "1", "b"),
        ("o7", "2", None),
        ("o7", "3", None),
        ("o7", "4", '{"of":1}'),
    ]
    assert desk.rows("unreadable", "rule, line") == [("LND-006", 5), ("LND-006", 6)]


def test_a_nul_makes_a_record_unreadable_in_every_format(tmp_path: Path) -> None:
    columns = {"order_id": "id", "ordered_at": "'2024-05-01'"}
    parquet = {"match": "*.parquet", "format": "parquet", "entities": {"orders": {"columns": columns}}}
    desk = Desk(tmp_path, JSONL, JSON, parquet)
    records = [{"id": "o1"}, {"id": "o\0"}, {"id": "o3", "note": "\\u0000"}, {"id": "o4", "note": {"x\0": 1}}]
    desk.put("a.jsonl", "\n".join(map(json.dumps, records)))
    desk.put("b.json", json.dumps(records))
    table = pa.Table.from_pylist([{"id": "o1", "n": None}, {"id": "o\0", "n": None}, {"id": "o3", "n": ["\0"]}])
    pq.write_table(table, desk.inbox / "c.parquet")
    desk.land()
    assert desk.rows("orders", "file_name, order_id, record") == [
        ("a.jsonl", "o1", 1),
        ("a.jsonl", "o3", 3),
        ("b.json", "o1", 1),
        ("b.json", "o3", 3),
        ("c.parquet", "o1", 1),
    ]
    assert desk.rows("unreadable", "file_name, rule, record") == [
        ("a.jsonl", "LND-004", 2),
        ("a.jsonl", "LND-004", 4),
        ("b.json", "LND-004", 2),
        ("b.json", "LND-004", 4),
        ("c.parquet", "LND-004", 2),
        ("c.parquet", "LND-004", 3),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"id": 1}] [{"id": 2}]', "line 1: .*document's end"),
        ('{"id": 1}\n{"id": 2}', "line 2: .*document's end.*jsonl"),
        ('{"data": [{"id": 1}]', "an object does not end"),
        ('{"data": [{"id": 1}], "data": [{"id": 2}]}', "line 1: .*`data` twice"),
        ('{"data": [{"id": 1}], 2}', "a colon is missing"),
    ],
)
def test_nothing_behind_or_beside_a_json_list_is_lost(tmp_path: Path, text: str, message: str) -> None:
    desk = Desk(tmp_path, {**JSON, "records": "data"} if "data" in text else JSON)
    desk.put("a.json", text)
    with pytest.raises(RefusedFiles, match=message):
        desk.land()
    assert desk.rows("orders") == []


@pytest.mark.parametrize(("name", "group"), [("a.json", JSON), ("a.jsonl", JSONL)])
def test_json_in_which_no_record_has_a_field_of_the_mapping_is_another_file(
    tmp_path: Path, name: str, group: dict[str, Any]
) -> None:
    desk = Desk(tmp_path, group)
    desk.put(name, '{"code": "not_allowed", "message": "Sorry", "data": {"status": 401}}')
    words = "no record has any of the fields that the mapping reads; the first one has `code`, `message`, `data`"
    with pytest.raises(RefusedFiles, match=words):
        desk.land()
    desk.put(name, '{"id": null}')  # is a record of this kind, without its key
    desk.land()
    assert [row[:1] for row in desk.rows("ledger", "records", "1")][:1] == [(1,)]


def test_a_json_document_too_long_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.landing.readers.jsonpass.LONGEST_DOCUMENT", 100)
    desk = Desk(tmp_path, JSON)
    desk.put("a.json", json.dumps([{"id": "x" * 80}]))
    desk.put("b.json", json.dumps([{"id": "x" * 90}]))
    with pytest.raises(RefusedFiles, match=r"b\.json: the document has more than 100 characters") as refused:
        desk.land()
    assert "JSON lines" in refused.value.hint
    assert desk.rows("orders", "file_name") == [("a.json",)]
