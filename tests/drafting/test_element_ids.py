"""The lines in a list of an order have their own ID, if it is different in each line of every order."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)


def drafted(folder: Path, orders: list[list[dict[str, Any]]], name: str = "lines") -> Draft:
    """The draft of orders with these lines."""
    records = [
        {"id": f"o{n}", "customer_id": 7, "created_at": "2024-01-01T10:00:00Z", "total": 5, name: lines}
        for n, lines in enumerate(orders)
    ]
    (folder / "orders.jsonl").write_text("\n".join(map(json.dumps, records)))
    return draft_mapping([folder / "orders.jsonl"], Wishes(source="shop", currency="EUR"), TODAY)


def columns(draft: Draft) -> dict[str, str]:
    (entry,) = yaml.safe_load(draft.text)["files"]
    found = entry["entities"]["order_lines"]["columns"]
    return {name: found[name] for name in ("line_id", "product_id") if name in found}


def line(number: object, sku: str | None = "A", **others: object) -> dict[str, Any]:
    return {"id": number, **({"sku": sku} if sku else {}), "quantity": 1, "price": 5, **others}


SKU = {"product_id": "item.sku"}
ID = {"line_id": "item.id"}


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([[line(11), line(12)], [line(13)]], ID | SKU),
        ([[line(1), line(2)], [line(1)], []], ID | SKU),  # numbers inside the order
        ([[line(1), line(1)], [line(2)]], SKU),
        ([[line(1), line(None)], [line(2)]], SKU),
        ([[line(1)], [line(2), {"sku": "B", "quantity": 1, "price": 1}]], SKU),
        ([[line(1, None), line(2, None)], [line(1, None)]], ID),
        ([[line(11, None), line(12, None)], [line(13, None)]], ID),
        ([[line(571, None), line(12, None)], [line(571, None)]], {"product_id": "item.id"}),
        # an ID of items that is the same in two lines of an order would lose one of them
        ([[line(11, item_id=5), line(12, item_id=5)]], ID | SKU),
        ([[line(None, item_id=5), line(None, item_id=5)]], SKU),
    ],
)
def test_an_id_that_is_unique_in_each_order_is_the_id_of_the_line(
    tmp_path: Path, orders: list[list[dict[str, Any]]], expected: dict[str, str]
) -> None:
    assert columns(drafted(tmp_path, orders)) == expected


def test_lines_land_with_their_id(tmp_path: Path) -> None:
    draft = drafted(tmp_path, [[line(11), line(12)], [line(13)]])
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put("orders.jsonl", (tmp_path / "orders.jsonl").read_bytes())
    desk.land(TODAY)
    assert desk.rows("order_lines", "order_id, line_id") == [("o0", "11"), ("o0", "12"), ("o1", "13")]
    assert not [remark for _, remark in draft.remarks if remark.text.startswith("line_id")]
