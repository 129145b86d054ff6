"""Whether the amounts of order lines include tax: the rows decide, or the user."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Draft, Wishes, draft_mapping

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="UTC", currency="EUR")
WHO = "Order ID,Order Date,Customer ID,SKU,Quantity"


def drafted(folder: Path, header: str, *rows: str, wishes: Wishes = HOME) -> Draft:
    """The draft of order lines with these amounts: each row begins with the quantity."""
    lines = [f"{WHO},{header}", *(f"{n // 2},2024-01-1{n // 2},7,P{n},{row}" for n, row in enumerate(rows))]
    (folder / "order_items.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return draft_mapping([folder / "order_items.csv"], wishes, TODAY)


def mapped(draft: Draft) -> set[str]:
    (entry,) = yaml.safe_load(draft.text)["files"]
    return {"unit_price", "total", "tax"} & set(entry["entities"]["order_lines"]["columns"])


def decisions(draft: Draft) -> list[str]:
    return [remark.text for _, remark in draft.remarks if remark.is_decisive]


@pytest.mark.parametrize(
    ("header", "rows", "why"),
    [
        ("Unit Price,Line Total", ["2,10,23.80", "1,5,5.35", "1,8,9.52"], "it seems to include tax"),
        ("Unit Price,Tax Rate,Line Total", ["2,10,19,23.80", "1,5,7,5.35", "1,8,0,8"], "it seems to include tax"),
        ("Unit Price,Line Total", ["2,10,90", "1,5,90", "3,1,70"], "it includes something else"),
        ("Unit Price,Discount,Line Total", ["2,10,2,21.42", "1,5,0,5.95", "3,1,0,3.57"], "it seems to include tax"),
    ],
)
def test_a_line_total_above_the_price_of_its_units_is_marked(
    tmp_path: Path, header: str, rows: list[str], why: str
) -> None:
    (text,) = decisions(drafted(tmp_path, header, *rows))
    assert "`Line Total` is larger than `Unit Price` x `Quantity`" in text and why in text


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("Unit Price,Line Total", ["2,10,20", "1,5,5", "3,1,3"], {"unit_price", "total"}),
        ("Unit Price,Discount,Line Total", ["2,10,2,18", "1,5,0,5", "3,1,0,3"], {"unit_price", "total"}),
        ("Unit Price,Line Total", ["2,10,18", "1,5,5", "3,1,2"], {"unit_price", "total"}),  # a discount
        ("Unit Price,Tax,Line Total", ["2,10,3.80,23.80", "1,5,.35,5.35", "1,8,0,8"], {"unit_price", "total", "tax"}),
        # the price of a unit includes the tax, the total does not
        ("Unit Price,Tax,Line Total", ["2,11.90,3.80,20", "1,5.35,.35,5"], {"unit_price", "total"}),
        ("Unit Price,Tax,Total (ex tax)", ["2,10,3.80,20", "1,5,.35,5"], {"unit_price", "total"}),
        ("Unit Price,Tax,Total Inc Tax", ["2,11.90,3.80,23.80", "1,5.35,.35,5.35"], {"unit_price", "total", "tax"}),
    ],
)
def test_the_rows_or_the_names_show_whether_a_line_total_includes_tax(
    tmp_path: Path, header: str, rows: list[str], expected: set[str]
) -> None:
    draft = drafted(tmp_path, header, *rows)
    assert (mapped(draft), decisions(draft)) == (expected, [])


@pytest.mark.parametrize(
    ("header", "rows"),
    [("Unit Price,Tax,Line Total", ["2,10,3.80,20", "1,5,.35,5"]), ("Tax,Line Total", ["2,3.80,20", "1,.35,5"])],
)
def test_a_tax_that_the_total_may_or_may_not_include_is_marked(tmp_path: Path, header: str, rows: list[str]) -> None:
    (text,) = decisions(drafted(tmp_path, header, *rows))
    assert text.startswith("total: the rows do not show whether `Line Total` includes `Tax`")


def test_a_price_that_includes_tax_by_its_name_is_marked(tmp_path: Path) -> None:
    (text,) = decisions(drafted(tmp_path, "Price Inc Tax", "2,11.90", "1,5.35"))
    assert text.startswith("unit_price: by its name, `Price Inc Tax` may include tax")


def test_a_total_that_the_user_gives_is_not_marked(tmp_path: Path) -> None:
    wishes = Wishes(source="shop", timezone="UTC", currency="EUR", columns={"total": "Line Total"})
    assert decisions(drafted(tmp_path, "Unit Price,Line Total", "2,10,23.80", "1,5,5.35", wishes=wishes)) == []


def test_the_lines_inside_an_order_are_examined_too(tmp_path: Path) -> None:
    lines = [
        {"sku": "A", "quantity": 2, "price": 10, "total": 23.8},
        {"sku": "B", "quantity": 1, "price": 5, "total": 6},
    ]
    order = {"id": 1, "customer_id": 2, "created_at": "2024-01-01T10:00:00Z", "total": 29.8, "items": lines}
    (tmp_path / "orders.json").write_text(json.dumps([order]))
    (text,) = decisions(draft_mapping([tmp_path / "orders.json"], HOME, TODAY))
    assert "`total` is larger than `price` x `quantity`" in text


@pytest.mark.parametrize(
    ("amounts", "is_rate"),
    [(("19,20", "19,100", "7,50", "7,8"), True), (("3.19,20", "15.97,100", "3.27,50", ".52,8"), False)],
)
def test_a_tax_that_is_a_rate_is_left_out_and_marked(tmp_path: Path, amounts: tuple[str, ...], is_rate: bool) -> None:
    rows = [f"{n},2024-01-1{n},7,{row}" for n, row in enumerate(amounts)]
    text = "\n".join(["Order ID,Order Date,Customer ID,VAT,Total", *rows])
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    draft = draft_mapping([tmp_path / "orders.csv"], HOME, TODAY)
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert ("tax" in entry["entities"]["orders"]["columns"]) != is_rate
    assert [text.startswith("tax: `VAT` has the same values") for text in decisions(draft)] == [True] * is_rate


def test_a_discount_in_percent_is_not_read_as_an_amount(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "Unit Price,Discount,Line Total", "2,10,10,18", "1,5,0,5", "3,1,50,1.50")
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert "discount" not in entry["entities"]["order_lines"]["columns"] and decisions(draft) == []


@pytest.mark.parametrize(
    ("header", "discount"), [("Discount %", "10"), ("Discount (%)", "10"), ("Rabatt", "10%"), ("Rabatt", "10,5 %")]
)
def test_a_discount_in_percent_without_a_total_is_marked(tmp_path: Path, header: str, discount: str) -> None:
    (text,) = decisions(drafted(tmp_path, f"Unit Price,{header}", f'2,10,"{discount}"', f'1,5,"{discount}"'))
    assert text.startswith(f"discount: `{header}` is in percent and not read")


@pytest.mark.parametrize(
    ("name", "amount", "is_marked"),
    [
        ("Steueranteil", "3.19", True),
        ("Taxes collected", "3.19", True),
        ("Steueranteil", "0", False),
        ("Tax Number", "3", False),
        ("Tax rate", "3", False),
        ("MwSt-Satz", "3", False),
        ("Taxi", "3", False),
        ("Robust", "3", False),
        ("Amount excl. tax", "3.19", False),
    ],
)
def test_a_tax_that_is_not_read_is_marked(tmp_path: Path, name: str, amount: str, is_marked: bool) -> None:
    rows = [f"{n},2024-01-1{n},7,{amount},20" for n in range(3)]
    text = "\n".join([f"Order ID,Order Date,Customer ID,{name},Total", *rows])
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    draft = draft_mapping([tmp_path / "orders.csv"], HOME, TODAY)
    assert [text for text in decisions(draft) if text.startswith(f"tax: `{name}` is not read")] == [
        f"tax: `{name}` is not read. If `Total` includes this tax, map it as `tax`: otherwise the amounts of the marts"
        " include it"
    ] * is_marked
