"""A source may name its columns as it likes: any name can be mapped once it is quoted, and two that clash are named."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import ConfigError
from tests.pipeline.landing_desk import Desk

# Names that SQL or this program give a meaning, and names that have to be escaped somewhere.
OWN = ["rowid", "record", "line", "raw", "f0", "r0", "item", "item_no", "content_hash", "file_name", "source", "batch"]
OWN += ["landing", "landing_page", "landing_source", "landing_read", "landing_fact"]
ODD = ["a.b", 'a"b', "a'b", "a b", "a,b", "*", "$", "/", "~1", "1", "#", "🍵", "Straße", "x;", "--", "{{ x }}"]


def names() -> list[str]:
    """Each name once, regardless of case; as many as one CSV file can have as columns in reasonable time."""
    called = [
        "now uuid today random current_date current_time current_timestamp localtime localtimestamp nextval currval"
        " transaction_timestamp gen_random_uuid setseed getenv unnest user session_user current_schema"
    ]
    reserved = duckdb.sql("select keyword_name from duckdb_keywords() where keyword_category = 'reserved'").fetchall()
    found = [*" ".join(called).split(), *(name for (name,) in reserved), *OWN, *ODD]
    return list({name.lower(): name for name in found}.values())


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def group(name: str, match: str, file_format: str) -> dict[str, Any]:
    columns = {"product_id": "sku", "product_name": quoted(name), "category": f"upper({quoted(name)})"}
    rows = {"where": f"{quoted(name)} is not null", "columns": columns}
    return {"match": match, "format": file_format, "entities": {"products": rows}}


def test_a_column_of_any_name_can_be_mapped_when_it_is_quoted(tmp_path: Path) -> None:
    groups, known = [], names()
    assert len(known) > 100
    for number, name in enumerate(known):
        groups += [group(name, f"{number}.{end}", end) for end in ("csv", "jsonl", "parquet")]
    desk = Desk(tmp_path, *groups)
    for number, name in enumerate(known):
        text = io.StringIO()
        csv.writer(text).writerows([[name, "sku"], [f"v{number}", "s"]])
        desk.put(f"{number}.csv", text.getvalue())
        desk.put(f"{number}.jsonl", json.dumps({name: f"v{number}", "sku": "s"}) + "\n")
        pq.write_table(pa.table({name: [f"v{number}"], "sku": ["s"]}), desk.inbox / f"{number}.parquet")
    desk.land()
    landed = {name: values for name, *values in desk.rows("products", "file_name, product_name, category")}
    for number, name in enumerate(known):
        for end in ("csv", "jsonl", "parquet"):
            assert landed[f"{number}.{end}"] == [f"v{number}", f"V{number}"], name


@pytest.mark.parametrize("name", ["now", "current_date", "uuid", "*", "a.b", "item_no"])
def test_a_field_of_an_element_may_have_any_name_too(tmp_path: Path, name: str) -> None:
    rows = {"each": "parts", "columns": {"order_id": "id", "product_name": f"item.{quoted(name)}"}}
    desk = Desk(tmp_path, {"match": "*.jsonl", "format": "jsonl", "entities": {"order_lines": rows}})
    desk.put("a.jsonl", json.dumps({"id": "o1", "parts": [{name: "v"}]}) + "\n")
    desk.land()
    assert desk.rows("order_lines", "product_name") == [("v",)]


def refusal(tmp_path: Path, *columns: str, file_format: str = "csv") -> str:
    wanted = dict(zip(("product_id", "product_name"), columns, strict=False))
    desk = Desk(tmp_path, {"match": "*", "format": file_format, "entities": {"products": {"columns": wanted}}})
    with pytest.raises(ConfigError) as refused:
        desk.land()
    return refused.value.message


@pytest.mark.parametrize("name", ["current_date", "CURRENT_TIMESTAMP", "localtime"])
def test_a_name_that_sql_calls_is_refused_unquoted_with_the_way_to_write_it(tmp_path: Path, name: str) -> None:
    message = refusal(tmp_path, "sku", name)
    assert "mapping.yml:" in message
    assert f"If it is a column, quote its name: '\"{name}\"'" in message


@pytest.mark.parametrize("call", ["now()", '"now"()', "uuid()", "coalesce(a, random())"])
def test_a_call_is_refused_however_it_is_written(tmp_path: Path, call: str) -> None:
    assert "() is not allowed in a mapping" in refusal(tmp_path, "sku", call)


@pytest.mark.parametrize("name", ["landing_raw", "landing_record", "Landing_Line", "landing_item", "landing_cell3"])
def test_a_name_that_landing_needs_is_refused_and_never_read_as_its_own(tmp_path: Path, name: str) -> None:
    assert "mapping.yml:9: " in (message := refusal(tmp_path, "sku", quoted(name))) and f"`{name}`" in message


@pytest.mark.parametrize(
    ("columns", "file_format", "words"),
    [
        (("Sku", "lower(sku)"), "csv", "`Sku` and `sku` differ only in case"),
        (("Sku", "sku"), "jsonl", "`Sku` and `sku` differ only in case"),
        (("a.Sku", "a.sku"), "jsonl", "`Sku` and `sku` differ only in case"),
    ],
)
def test_names_that_differ_only_in_case_are_refused_with_both_and_a_way_out(
    tmp_path: Path, columns: tuple[str, ...], file_format: str, words: str
) -> None:
    message = refusal(tmp_path, *columns, file_format=file_format)
    assert f"mapping.yml:9: {words}" in message
    assert "rename one of them" in message


def test_fields_of_an_element_that_differ_only_in_case_are_refused_too(tmp_path: Path) -> None:
    columns = {"order_id": "id", "product_name": "item.Name", "category": "item.name"}
    rows = {"each": "parts", "columns": columns}
    desk = Desk(tmp_path, {"match": "*", "format": "jsonl", "entities": {"order_lines": rows}})
    with pytest.raises(ConfigError, match="`Name` and `name` differ only in case"):
        desk.land()
