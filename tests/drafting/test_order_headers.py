"""A file with a row per line may repeat what concerns the whole order: it is one order, and its total counts once."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="UTC", currency="EUR")

# the labels of the WooCommerce plugin Advanced Order Export
PLUGIN = (
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Email (Billing),Cart Discount Amount,"
    "Order Shipping Amount,Order Total Amount,Order Total Tax Amount,SKU,Item #,Item Name,Quantity (- Refund),"
    "Item Cost,Coupon Code,Discount Amount\n"
    "1001,Completed,2024-03-01 10:15,,Ada,ada@example.com,5,4.90,54.90,8.77,TEA,1,Tea,2,20,SPRING,5\n"
    "1001,{0},2024-03-01 10:15,,Ada,ada@example.com,{1},CUP,2,Cup,1,15,SPRING,5\n"
    "1002,Processing,2024-03-02 11:00,,Bo,bo@example.com,0,4.90,19.90,3.18,CUP,1,Cup,1,15,,\n"
)


@pytest.mark.parametrize(("status", "amounts"), [("Completed", "5,4.90,54.90,8.77"), ("", ",,,")])
def test_an_order_of_several_rows_is_one_order_with_lines(tmp_path: Path, status: str, amounts: str) -> None:
    path = tmp_path / "orders-2024-03.csv"
    path.write_text(PLUGIN.format(status, amounts), encoding="utf-8")
    draft = draft_mapping([path], HOME, TODAY)
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put(path.name, path.read_bytes())
    desk.land(TODAY)
    assert sorted(set(desk.rows("orders", "order_id, email, status, total, discount, shipping, coupon_code"))) == [
        ("1001", "ada@example.com", "completed", "54.90", "5", "4.90", "SPRING"),
        ("1002", "bo@example.com", "processing", "19.90", "0", "4.90", None),
    ]
    assert desk.rows("order_lines", "order_id, product_id, quantity, unit_price") == [
        ("1001", "TEA", "2", "20"),
        ("1001", "CUP", "1", "15"),
        ("1002", "CUP", "1", "15"),
    ]
    lines = yaml.safe_load(draft.text)["files"][0]["entities"]["order_lines"]["columns"]
    assert "discount" not in lines  # the coupon is of the order
    open_ones = [remark.text for _, remark in draft.remarks if remark.is_decisive]
    assert any("`Item Cost` is the only amount of a line" in text for text in open_ones)
    assert any("`Discount Amount`: all rows of an order have the same value" in text for text in open_ones)
    assert not any("could also be orders" in text for text in open_ones)


@pytest.mark.parametrize("is_of_order", [True, False])
def test_a_total_is_of_the_order_if_it_is_not_the_price_of_the_line(tmp_path: Path, is_of_order: bool) -> None:
    totals = (11, 11, 7) if is_of_order else (5, 5, 7)
    (tmp_path / "sales.csv").write_text(
        "Order ID,Order Date,SKU,Quantity,Price,Total\n"
        f"1,2024-01-02,A,1,5,{totals[0]}\n1,2024-01-02,B,1,5,{totals[1]}\n2,2024-01-03,A,1,6,{totals[2]}\n"
    )
    (entry,) = yaml.safe_load(draft_mapping([tmp_path / "sales.csv"], HOME, TODAY).text)["files"]
    assert ("orders" in entry["entities"]) == is_of_order
    assert ("total" in entry["entities"]["order_lines"]["columns"]) != is_of_order


def test_without_an_amount_of_the_order_there_are_only_lines(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(
        "Order ID,Order Date,SKU,Quantity,Price,Cost\n1,2024-01-02,A,1,5,2\n1,2024-01-02,B,2,4,1\n"
    )
    draft = draft_mapping([tmp_path / "sales.csv"], HOME, TODAY)
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert list(entry["entities"]) == ["order_lines"]
    assert entry["entities"]["order_lines"]["columns"]["unit_cost"] == "Cost"
