"""The value models' clock: it stands still where nobody could be seen to buy, whoever did or did not change since."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tests.dbt.warehouse import Warehouse, pseudonym

FIRST = date(2024, 1, 1)
HISTORY = "select recency_days, age_days, unobserved_days from {schema}.int_purchase_history where {where}"


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def order(order_id: str, on: int, customer: str | None = None) -> dict[str, str | None]:
    return {"order_id": order_id, "ordered_at": f"{day(on)} 12:00:00", "gross": "10", "customer_ref": customer}


def history(warehouse: Warehouse, customer: str, as_of: int, schema: str = "intermediate") -> tuple[object, ...]:
    where = f"customer_key = '{pseudonym('shop', customer)}' and observed_on = '{day(as_of)}'"
    (row,) = warehouse.rows(HISTORY.format(schema=schema, where=where))
    return row


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """Orders of strangers every day, and of nobody from day 31 to day 61; built as of day 80."""
    home = new_warehouse()
    home.models = ("int_observation_gap", "int_purchase_history", "int_customer_summary")
    strangers = [order(f"s{n}", n) for n in [*range(31), *range(62, 81)]]
    known = [order("a", 0, "steady"), order("b", 10, "steady"), order("c", 75, "steady"), order("d", 20, "lost")]
    home.land({"orders": strangers + known}, landed_on=day(80))
    home.ingest(day(80))
    home.build(day(80))
    return home


def test_days_of_a_gap_count_neither_between_purchases_nor_since(warehouse: Warehouse) -> None:
    assert warehouse.rows("select silent_from_on, silent_to_on from intermediate.int_observation_gap") == [
        (day(31), day(61))
    ]
    assert history(warehouse, "steady", 80) == (75 - 31, 80 - 31, 31)
    assert history(warehouse, "lost", 80) == (0, 60 - 31, 31)
    assert warehouse.rows("select max(age_days) from intermediate.int_customer_summary") == [(80,)]


def test_what_closes_a_gap_sets_the_clock_of_customers_who_did_not_change(warehouse: Warehouse) -> None:
    complete = {"entity": "orders", "covered_from": str(day(0)), "covered_to": str(day(50)), "is_complete": "true"}
    warehouse.land({"coverage": [complete]}, landed_on=day(81), file_on=day(81))
    warehouse.ingest(day(81))
    warehouse.build(day(81), extending=day(80))
    assert history(warehouse, "lost", 81) == (0, 61 - 11, 11)

    late = [order(f"late{n}", n) for n in range(31, 62)]
    warehouse.land({"orders": late}, landed_on=day(82), source="till")
    warehouse.ingest(day(82))
    warehouse.build(day(82), extending=day(81))
    warehouse.build(day(82), scratch="whole")
    for customer, clock in {"steady": (75, 82, 0), "lost": (0, 62, 0)}.items():
        assert history(warehouse, customer, 82) == clock
        assert history(warehouse, customer, 82, "whole_intermediate") == clock


def test_days_since_the_last_order_are_a_gap_unless_a_source_says_that_its_orders_are_complete(
    warehouse: Warehouse,
) -> None:
    warehouse.build(day(120), extending=day(82))
    warehouse.build(day(120), scratch="whole")
    for schema in ("intermediate", "whole_intermediate"):
        assert warehouse.rows(f"select silent_from_on, silent_to_on from {schema}.int_observation_gap") == [
            (day(81), day(120))
        ]
        # T ends with the last order, and no purchase lies behind it
        assert history(warehouse, "steady", 120, schema) == (75, 80, 40)
        assert history(warehouse, "lost", 120, schema) == (0, 60, 40)
        assert warehouse.rows(f"select min(age_days - recency_days) from {schema}.int_purchase_history")[0][0] == 5

    complete = {"entity": "orders", "covered_from": str(day(62)), "covered_to": str(day(100)), "is_complete": "true"}
    warehouse.land({"coverage": [complete]}, landed_on=day(121), source="till")
    warehouse.ingest(day(121))
    warehouse.build(day(121), extending=day(120))
    assert history(warehouse, "lost", 121) == (0, 80, 21)
