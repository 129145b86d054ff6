"""IDs from which a spreadsheet has cut off digits, such as 1.38E+10: the run names them, and they find nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.landing_desk import Desk


def _orders(**more: Any) -> dict[str, Any]:
    columns = {"order_id": "id", "customer_ref": "customer", "coupon_code": "coupon", "ordered_at": "'2024-05-01'"}
    return {"match": "*.csv", "entities": {"orders": {"columns": columns}}, **more}


@pytest.mark.parametrize("lost", ["1.38E+10", "1,38E+10", "1e+12", "4.97076200000035e+18"])
def test_a_run_warns_about_ids_without_their_last_digits(tmp_path: Path, lost: str) -> None:
    desk = Desk(tmp_path, _orders())
    desk.put("a.csv", f'id,customer,coupon\no1,"{lost}",\no2,"{lost}",\n"{lost}",c3,"{lost}"\n')
    orders, customers = desk.land().warnings
    assert orders.startswith("shop: a.csv: 1 value of orders.order_id is written like 1.38E+10")
    assert "The rows are rejected" in orders
    assert customers.startswith("shop: a.csv: 2 values of orders.customer_ref are written like 1.38E+10")
    assert "The rows stay, without these values. Export the column as text" in customers


@pytest.mark.parametrize("kept", ["1.38E10", "E+10", "1.38E+10-A", "A1+2", "13800000000", "+1"])
def test_other_ids_are_not_warned_about(tmp_path: Path, kept: str) -> None:
    desk = Desk(tmp_path, _orders())
    desk.put("a.csv", f"id,customer,coupon\n{kept},{kept},\n")
    assert desk.land().warnings == ()


def test_a_key_without_its_last_digits_finds_nothing_in_a_look_up(tmp_path: Path) -> None:
    given = {
        "match": "tills.csv",
        "lookups": {"tills": {"about": "other", "key": "till", "columns": {"shop": "shop"}}},
    }
    used = _orders(match="a.csv", look_up={"tills": "coupon"})
    used["entities"]["orders"]["columns"]["store_id"] = "tills.shop"
    desk = Desk(tmp_path, given, used)
    desk.put("tills.csv", "till,shop\n1.38E+10,Paris\n7,Rome\n")
    desk.put("a.csv", "id,customer,coupon\no1,c1,1.38E+10\no2,c2,7\n")
    (warning,) = desk.land().warnings
    assert "the keys of 1 of 2 records have no row" in warning
    assert desk.rows("orders", "order_id, store_id") == [("o1", None), ("o2", "Rome")]
