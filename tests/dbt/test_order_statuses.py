"""Only sales count: a pending order counts from the day its status changes, and a cancelled line is worth nothing."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.dbt.warehouse import Warehouse

PLACED, PAID = date(2024, 3, 5), date(2024, 3, 8)
LANDED = date(2024, 3, 9)


def order(order_id: str, status: str | None, changed: date | None = None, **more: str) -> dict[str, str | None]:
    updated_at = f"{changed} 12:00:00" if changed else None
    base = {"order_id": order_id, "customer_ref": "c", "ordered_at": f"{PLACED} 10:00:00", "total": "10"}
    return {**base, "status": status, "updated_at": updated_at, **more}


def line(order_id: str, line_id: str, price: str, status: str | None) -> dict[str, str | None]:
    own = {
        "customer_ref": "c",
        "ordered_at": f"{PLACED} 10:00:00",
        "quantity": "1",
        "category": f"of {order_id} {line_id}",
    }
    return {"order_id": order_id, "line_id": line_id, "unit_price": price, "status": status, **own}


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    home = new_warehouse()
    home.models = ("fct_order", "fct_order_line", "int_customer_category", "rpt_data_issue")
    home.statuses = [("shop", "bereit gelegt", "sale"), ("shop", "delivered", "pending")]
    home.land(
        {
            "orders": [
                order("paid later", "awaiting payment", PLACED),
                order("paid later", "paid", PAID),
                order("never paid", "on hold", PLACED),
                order("no status", None),
                order("refunded", "partially_refunded"),
                order("declared", "bereit-gelegt"),
                order("overruled", "delivered"),
                order("unknown", "verloren"),
                order("unknown again", "verloren"),
                # its status is of a later day; what it was before is not known
                order("cancelled later", "cancelled", PAID, cancelled_at=f"{PAID} 10:00:00"),
                order("header", "paid", total="60"),
                {**order("lines", "paid"), "total": None},
            ],
            "order_lines": [
                line("header", "1", "50", "cancelled"),
                line("header", "2", "10", "shipped"),
                line("lines", "1", "50", "cancelled"),
                line("lines", "2", "10", "shipped"),
                line("lines", "3", "5", "verloren"),
                line("lines", "4", "7", "pending"),
            ],
        },
        landed_on=LANDED,
    )
    home.land({"orders": [order("elsewhere", "bereit gelegt", customer_ref="d")]}, landed_on=LANDED, source="till")
    part = [
        line("part", "1", "10", "shipped"),
        line("part", "2", "50", "cancelled"),
        line("part", "3", "3", "verloren"),
    ]
    cancelled = [line("all", "1", "10", "cancelled"), line("all", "2", "50", "storniert")]
    home.land({"order_lines": [*part, *cancelled]}, landed_on=LANDED, source="market")
    home.ingest(PAID)
    home.build(PLACED, scratch="early")
    home.build(PAID)
    return home


def purchases(warehouse: Warehouse, schema: str) -> dict[object, str]:
    query = f"select order_id, net_amount::varchar from {schema}.fct_order where is_purchase order by 1"
    return {order_id: str(amount) for order_id, amount in warehouse.rows(query)}


ALWAYS = {
    "no status": "10.00",
    "refunded": "10.00",
    "declared": "10.00",
    "header": "60.00",
    "lines": "15.00",
    "part": "10.00",
}


def test_a_pending_order_counts_from_the_day_its_status_changes(warehouse: Warehouse) -> None:
    assert purchases(warehouse, "early_marts") == ALWAYS | {"cancelled later": "10.00"}
    assert purchases(warehouse, "marts") == ALWAYS | {"paid later": "10.00"}


def test_what_an_order_is_stands_beside_its_status(warehouse: Warehouse) -> None:
    found = warehouse.rows("select order_id, status, status_class, is_cancelled, issue from marts.fct_order")
    classes = {order_id: rest for order_id, *rest in found}
    assert classes["overruled"] == ["delivered", "pending", False, None]
    assert classes["elsewhere"] == ["bereit gelegt", "unknown", False, "unknown_status"]
    assert classes["part"] == ["shipped", "sale", False, None]
    assert classes["all"] == ["cancelled", "cancelled", True, None]


def test_a_line_that_is_not_sold_is_no_part_of_the_order_nor_of_what_the_customer_buys(warehouse: Warehouse) -> None:
    found = warehouse.rows("select order_id, n_lines, quantity::int from marts.fct_order where n_lines > 0 order by 1")
    assert found == [("all", 2, 2), ("header", 1, 1), ("lines", 2, 2), ("part", 1, 1)]
    lines = warehouse.rows("select order_id, line_id, issue from marts.fct_order_line where is_purchase order by all")
    assert lines == [
        ("header", "2", None),
        ("lines", "2", None),
        ("lines", "3", "unknown_status"),
        ("part", "1", None),
    ]
    bought = warehouse.rows("select category from intermediate.int_customer_category order by 1")
    assert bought == [("of header 2",), ("of lines 2",), ("of lines 3",), ("of part 1",)]


def test_unknown_and_pending_statuses_are_reported_with_their_value(warehouse: Warehouse) -> None:
    columns = "issue, source, entity, detail, severity, n_rows, amount::int"
    of_statuses = "issue in ('pending_orders', 'unknown_status')"
    assert warehouse.rows(f"select {columns} from marts.rpt_data_issue where {of_statuses} order by all") == [
        ("pending_orders", "shop", "order_lines", "pending", "info", 1, 7),
        ("pending_orders", "shop", "orders", "delivered", "info", 1, 10),
        ("pending_orders", "shop", "orders", "on hold", "info", 1, 10),
        ("unknown_status", "market", "order_lines", "verloren", "warn", 1, 3),
        ("unknown_status", "shop", "order_lines", "verloren", "warn", 1, 5),
        ("unknown_status", "shop", "orders", "verloren", "warn", 2, 20),
        ("unknown_status", "till", "orders", "bereit gelegt", "warn", 1, 10),
    ]
