"""A JSON document with several lists of records: the draft reads one of them, and marks the others."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Draft, Wishes, draft_mapping

ORDERS = [{"id": 1, "customer_id": 2, "created_at": "2024-01-01T10:00:00Z", "total": 5, "currency": "EUR"}]
CUSTOMERS = [{"id": 2, "email": "ada@example.com"}]


def drafted(path: Path, document: object) -> Draft:
    path.write_text(json.dumps(document), encoding="utf-8")
    return draft_mapping([path], Wishes(source="shop", timezone="UTC"), date(2024, 5, 31))


@pytest.mark.parametrize(
    ("document", "records", "others"),
    [
        ({"meta": {"n": 1}, "orders": ORDERS, "customers": CUSTOMERS}, "orders", "`customers`"),
        ({"export": {"orders": ORDERS, "customers": CUSTOMERS}}, "export.orders", "`export.customers`"),
        ({"bestellungen": ORDERS, "kunden": CUSTOMERS}, "bestellungen", "`kunden`"),
        ({"orders": ORDERS, "version": "2"}, "orders", ""),
        ({"bestellungen": ORDERS}, "bestellungen", ""),
    ],
)
def test_the_lists_that_a_draft_does_not_read_are_marked(
    tmp_path: Path, document: object, records: str, others: str
) -> None:
    draft = drafted(tmp_path / "dump.json", document)
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert entry["records"] == records and "orders" in entry["entities"]
    marks = [remark.text for _, remark in draft.remarks if remark.is_decisive]
    assert any(f"the document also has {others}" in text for text in marks) == bool(others)


def test_a_single_order_keeps_its_lines(tmp_path: Path) -> None:
    draft = drafted(tmp_path / "order.json", {**ORDERS[0], "line_items": [{"sku": "A", "quantity": 1, "price": 5}]})
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert "records" not in entry and sorted(entry["entities"]) == ["order_lines", "orders"]
    assert not [remark for _, remark in draft.remarks if "the document also has" in remark.text]
