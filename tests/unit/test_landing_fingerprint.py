"""The fingerprint of a landed file: it follows everything that decides the rows, and nothing else."""

from typing import Any

import pytest

from pipelines.landing.entity_rows import EntityRows
from pipelines.landing.entry_parts import Skip
from pipelines.landing.fingerprint import declared, fingerprint, version
from pipelines.landing.model import FileGroup, Mapping
from pipelines.landing.survey_items import with_items

ORDERS: dict[str, Any] = {"columns": {"order_id": "id", "ordered_at": "day", "gross": "amount"}}
CLIENTS: dict[str, Any] = {"columns": {"customer_ref": "who", "country": "country"}}
ANSWERS: dict[str, Any] = {"columns": {"response_id": "id", "question_id": "question", "answered_at": "at"}}
FIXED: dict[str, Any] = {"format": "fixed", "fields": {"id": "1-2", "day": "3-9", "amount": "10-12"}}
SKIP = {"name": "void", "why": "never paid", "where": "state = 'void'"}


def print_of(entities: dict[str, Any], top: dict[str, Any] | None = None, **group: Any) -> str:
    mapping = Mapping.model_validate(
        {"source": "shop", **(top or {}), "files": [{"match": "*.csv", "entities": entities, **group}]}
    )
    read = with_items(mapping)
    return fingerprint(read, read.files[0])


# A value of each key of a group other than the one before, and whether rows can differ by it.
GROUP: dict[str, tuple[dict[str, Any], bool]] = {
    "match": ({"match": "*.txt"}, False),
    "format": ({"format": "jsonl"}, True),
    "delimiter": ({"delimiter": ";"}, True),
    "quoting": ({"quoting": "none"}, True),
    "name": ({"name": "orders"}, False),
    "encoding": ({"encoding": "latin-1"}, True),
    "skip_rows": ({"skip_rows": 1}, True),
    "header_rows": ({"header_rows": 2}, True),
    "last_header": ({"last_header": {"id": "^$"}}, False),  # it decides only which files are refused
    "names": ({"names": ["id"], "header_rows": 0}, True),
    "optional": ({"optional": ["amount"]}, False),  # it decides only which files are refused
    "sheet": ({"format": "xlsx", "sheet": ["A"]}, True),
    "fields": (FIXED, True),
    "positions_in": ({**FIXED, "positions_in": "bytes"}, True),
    "short_lines": ({**FIXED, "short_lines": "fill"}, True),
    "records": ({"format": "json", "records": "data"}, True),
    "unwrap": ({"format": "json", "unwrap": "data"}, True),
    "nulls": ({"nulls": ["-"]}, True),
    "file_on": ({"file_on": "x"}, False),  # each file's date is compared by itself
    "file_on_format": ({"file_on_format": "%d"}, False),
    "from_name": ({"from_name": {"store": "x"}}, True),
    "timestamps": ({"timestamps": ["%d.%m.%Y"]}, True),
    "timezone": ({"timezone": "Europe/Paris"}, True),
    "lookups": ({"lookups": {"days": {"about": "order", "key": "id", "columns": {"day": "at"}}}}, True),
    "look_up": ({"look_up": {"days": "id"}}, True),
    "skips": ({"skips": [SKIP]}, True),
    "delivery": ({"delivery": "full"}, False),
    "lines": ({"lines": "complete"}, False),
}
ROWS: dict[str, tuple[dict[str, Any], bool]] = {
    "where": ({"where": "amount > '0'"}, True),
    "each": ({"each": "items"}, True),
    "columns": ({"columns": {**ORDERS["columns"], "total": "amount"}}, True),
    "amount_basis": ({"amount_basis": "gross"}, True),
    "unpivot": ({"unpivot": [{"status": "a"}, {"status": "b"}]}, True),
    "items": ({"items": {"q1": "nps"}}, True),
    "wording": ({"wording": "question"}, True),
}


@pytest.mark.parametrize("key", sorted(FileGroup.model_fields.keys() - {"ignore", "known_by", "entities"}))
def test_every_key_of_a_group_counts_if_it_decides_rows(key: str) -> None:
    value, decides = GROUP[key]
    entities = {"orders": ORDERS} if key != "lines" else {"order_lines": {"columns": {"order_id": "id"}}}
    before = FIXED if key in ("positions_in", "short_lines") else {}
    assert (print_of(entities, **value) != print_of(entities, **before)) is decides


@pytest.mark.parametrize("key", sorted(EntityRows.model_fields))
def test_every_key_of_an_entity_counts(key: str) -> None:
    value, decides = ROWS[key]
    of = {"amount_basis": ("returns", {"columns": {"return_id": "id"}}), "items": ("survey_answers", ANSWERS)}
    of["wording"] = of["items"]
    name, rows = of.get(key, ("orders", ORDERS))
    assert (print_of({name: {**rows, **value}}) != print_of({name: rows})) is decides


@pytest.mark.parametrize(("key", "decides"), [("name", True), ("why", False), ("where", True)])
def test_of_a_skip_the_reason_does_not_count(key: str, decides: bool) -> None:
    assert key in Skip.model_fields
    one, other = SKIP, {**SKIP, key: "other"}
    assert (print_of({"orders": ORDERS}, skips=[one]) != print_of({"orders": ORDERS}, skips=[other])) is decides


@pytest.mark.parametrize(
    ("entities", "top", "decides"),
    [
        ({"orders": ORDERS}, {"timezone": "Europe/Paris"}, True),
        ({"customers": CLIENTS}, {"timezone": "Europe/Paris"}, False),  # no times
        ({"orders": ORDERS}, {"currency": "EUR"}, True),
        ({"customers": CLIENTS}, {"currency": "EUR"}, False),  # no currency
        ({"orders": {"columns": {**ORDERS["columns"], "currency": "cur"}}}, {"currency": "EUR"}, False),
        ({"orders": ORDERS}, {"order_statuses": {"sale": ["odd"]}}, False),
        ({"orders": ORDERS}, {"channels": {"odd": "web"}}, False),
    ],
)
def test_what_the_mapping_says_of_all_groups_counts_where_it_is_used(
    entities: dict[str, Any], top: dict[str, Any], decides: bool
) -> None:
    assert (print_of(entities, top) != print_of(entities)) is decides


def test_a_zone_and_formats_count_only_for_times() -> None:
    of_text = {"columns": {"customer_ref": {"sql": "who", "timezone": "Europe/Paris", "timestamps": "iso"}}}
    assert print_of({"customers": of_text}) == print_of({"customers": {"columns": {"customer_ref": "who"}}})
    of_time = {"columns": {**ORDERS["columns"], "ordered_at": {"sql": "day", "timezone": "Europe/Paris"}}}
    assert print_of({"orders": of_time}) != print_of({"orders": ORDERS})
    assert print_of({"orders": of_time}) == print_of({"orders": ORDERS}, {"timezone": "Europe/Paris"})


def test_the_way_of_writing_does_not_count() -> None:
    written = {"columns": {name: {"sql": f" {sql}\n"} for name, sql in ORDERS["columns"].items()}, "where": "true\n"}
    assert print_of({"orders": written}, quoting="double", nulls=["b", "a", "a"]) == print_of(
        {"orders": ORDERS}, nulls=["a", "b"]
    )


def test_the_version_of_a_landing_follows_rows_and_declarations() -> None:
    group = FileGroup.model_validate(
        {"match": "*", "entities": {"orders": ORDERS, "order_lines": {"each": "i", **LINES}}}
    )
    other = group.model_copy(update={"delivery": "full"})
    partial = group.model_copy(update={"lines": "partial"})
    versions = {version(rows, declared(one), "") for rows in ("a", "b") for one in (group, other, partial)}
    assert len(versions) == 6


LINES = {"columns": {"order_id": "id", "line_id": "item.no"}}


def test_an_item_counts_as_the_columns_that_it_declares() -> None:
    nps = {"construct": "'nps'", "scale_min": "0", "scale_max": "10", "is_reversed": "false", "question_id": "'nps'"}
    of_item, written = (
        {"columns": {"response_id": "id"}, "unpivot": [{"answer_number": "a", **one}]} for one in ({"item": "nps"}, nps)
    )
    assert print_of({"survey_answers": of_item}) == print_of({"survey_answers": written})
    assert print_of({"survey_answers": of_item}) != print_of(
        {"survey_answers": {**of_item, "unpivot": [{"answer_number": "a", "item": "ces"}]}}
    )
