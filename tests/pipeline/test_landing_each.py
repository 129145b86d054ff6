"""The elements of a list inside a record (`each`): their values, and how often their text is parsed."""

import json
from pathlib import Path
from typing import Any

from pipelines.landing.binding import relation_of
from pipelines.landing.model import FileGroup
from tests.pipeline.landing_desk import Desk

_COLUMNS = {
    "order_id": "id",
    "line_id": "item.no",
    "product_id": "item.product.sku",
    "product_name": 'item."name*"',
    "category": "item.category",
    "quantity": "item.qty",
    "unit_price": "item.price",
}
GROUP: dict[str, Any] = {
    "match": "*.jsonl",
    "format": "jsonl",
    "nulls": ["n/a"],
    "entities": {"order_lines": {"each": "lines", "where": "kind = 'sale'", "columns": _COLUMNS}},
    "skips": [{"name": "draft", "why": "not sent", "where": "kind = 'draft'"}],
}


def test_each_element_has_its_own_values_and_what_is_no_object_has_none(tmp_path: Path) -> None:
    """Names with marks, nested names, NULL words, texts and numbers in place of objects, and lists of other records."""
    desk = Desk(tmp_path, GROUP)
    first = {"no": 1, "product": {"sku": "s1"}, "name*": " Tea ", "category": "n/a", "qty": 2, "price": 1.50}
    records = [
        {"id": 7, "kind": "sale", "lines": [first, {"no": 2, "product": "flat", "qty": "3"}, 5]},
        {"id": 8, "kind": "draft", "lines": [{"no": 1}]},
        {"id": 9, "kind": "other", "lines": [{"no": 1}]},
    ]
    desk.put("a.jsonl", "\n".join(map(json.dumps, records)))
    (outcome,) = desk.land().files
    assert (outcome.taken, outcome.skipped, outcome.unreadable, outcome.rows) == (1, 1, 1, {"order_lines": 3})
    assert desk.rows("order_lines", "order_id, line_id, product_id, product_name, category, quantity, unit_price") == [
        ("7", "1", "s1", "Tea", None, "2", "1.5"),
        ("7", "2", None, None, None, "3", None),
        ("7", None, None, None, None, None, None),
    ]


def test_an_element_is_parsed_once_for_all_its_columns() -> None:
    """The relation of elements calls each function of JSON once, however many columns there are."""
    group = FileGroup.model_validate(GROUP)
    relation = relation_of(group, group.entities["order_lines"])
    assert relation.count("json_extract_string(") == relation.count("from_json(") == 1
