"""A build of a day uses nothing that happened or was said after it, and what is missing is stood in for openly."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.dbt.warehouse import Warehouse

EARLY = date(2024, 3, 10)
LATE = date(2024, 3, 20)
LANDED = date(2024, 3, 21)

ORDERS: list[dict[str, str | None]] = [
    # said on the 5th, corrected on the 15th
    {"order_id": "corrected", "ordered_at": "2024-03-05 10:00:00", "gross": "10", "updated_at": "2024-03-05 10:00:00"},
    {"order_id": "corrected", "ordered_at": "2024-03-05 10:00:00", "gross": "99", "updated_at": "2024-03-15 10:00:00"},
    # known from later exports alone: the earliest stands in
    {"order_id": "stand_in", "ordered_at": "2024-03-05 10:00:00", "gross": "11", "updated_at": "2024-03-12 10:00:00"},
    {"order_id": "stand_in", "ordered_at": "2024-03-05 10:00:00", "gross": "12", "updated_at": "2024-03-13 10:00:00"},
    # what came of it later is not known yet
    {
        "order_id": "masked",
        "ordered_at": "2024-03-05 10:00:00",
        "gross": "10",
        "status": "cancelled",
        "paid_at": "2024-03-06 10:00:00",
        "promised_at": "2024-03-14 10:00:00",
        "delivered_at": "2024-03-12 10:00:00",
        "cancelled_at": "2024-03-13 10:00:00",
        "updated_at": "2024-03-18 10:00:00",
    },
    # moved behind the day, by a correction made before it
    {"order_id": "moved", "ordered_at": "2024-03-05 10:00:00", "gross": "10", "updated_at": "2024-03-05 10:00:00"},
    {"order_id": "moved", "ordered_at": "2024-03-15 10:00:00", "gross": "10", "updated_at": "2024-03-08 10:00:00"},
    # happens later
    {"order_id": "later", "ordered_at": "2024-03-11 00:30:00", "gross": "10"},
    # 23:30 in New York is the next day in UTC, and still the 10th
    {"order_id": "late_evening", "ordered_at": "2024-03-11 03:30:00", "gross": "10"},
]


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    home = new_warehouse()
    home.models = ("fct_order", "dim_customer", "dim_date", "int_cases_as_of")
    home.timezone = "America/New_York"
    home.land({"orders": [{"currency": "GBP", "customer_ref": "c", **row} for row in ORDERS]}, landed_on=LANDED)
    line = {"line_id": "1", "quantity": "1", "unit_price": "5"}
    home.land({"order_lines": [{"order_id": "stand_in", **line}]}, landed_on=LANDED, file_on=LANDED)
    home.land({"order_lines": [{"order_id": "later", **line}]}, landed_on=LANDED, file_on=date(2024, 3, 1))
    home.land(
        {"customers": [{"customer_ref": "c", "country": "GB"}, {"customer_ref": "unseen", "country": "GB"}]},
        landed_on=LANDED,
        file_on=date(2024, 3, 1),
    )
    home.land({"customers": [{"customer_ref": "c", "country": "FR"}]}, landed_on=LANDED, file_on=date(2024, 3, 15))
    case = {"opened_at": "2024-03-05 10:00:00", "first_response_at": "2024-03-06 10:00:00", "status": "closed"}
    case |= {"closed_at": "2024-03-15 10:00:00", "satisfaction": "5", "updated_at": "2024-03-18 10:00:00"}
    home.land({"cases": [{"case_id": "1", **case}]}, landed_on=LANDED)
    home.ingest(LATE)
    home.build(EARLY, scratch="early")
    home.build(LATE)
    return home


def order(warehouse: Warehouse, schema: str, order_id: str, columns: str) -> list[tuple[object, ...]]:
    return warehouse.rows(f"select {columns} from {schema}.fct_order where order_id = '{order_id}'")


def test_a_later_correction_is_not_known_yet(warehouse: Warehouse) -> None:
    assert order(warehouse, "early_marts", "corrected", "gross_amount::int") == [(10,)]
    assert order(warehouse, "marts", "corrected", "gross_amount::int") == [(99,)]


def test_the_earliest_version_stands_in_for_what_was_said_too_late(warehouse: Warehouse) -> None:
    assert order(warehouse, "early_marts", "stand_in", "gross_amount::int, n_lines") == [(11, 1)]
    assert order(warehouse, "marts", "stand_in", "gross_amount::int, n_lines") == [(12, 1)]


def test_what_came_of_it_later_is_masked_and_plans_are_not(warehouse: Warehouse) -> None:
    columns = "paid_at is null, delivered_at is null, cancelled_at is null, promised_at is null, status, is_cancelled"
    assert order(warehouse, "early_marts", "masked", columns) == [(False, True, True, False, None, False)]
    assert order(warehouse, "marts", "masked", columns) == [(False, False, False, False, "cancelled", True)]


def test_an_event_moved_behind_the_day_has_not_happened(warehouse: Warehouse) -> None:
    assert order(warehouse, "early_marts", "moved", "1") == []
    assert order(warehouse, "marts", "moved", "ordered_on") == [(date(2024, 3, 15),)]


def test_the_day_ends_at_midnight_of_the_configured_zone(warehouse: Warehouse) -> None:
    assert order(warehouse, "early_marts", "late_evening", "ordered_on") == [(EARLY,)]
    assert order(warehouse, "early_marts", "later", "ordered_on") == [(EARLY,)], "00:30 UTC is the evening before"


def test_a_case_closed_later_is_still_open(warehouse: Warehouse) -> None:
    query = (
        "select first_response_at is null, closed_at is null, status, satisfaction is null"
        " from {}.int_cases_as_of where case_id = '1'"
    )
    assert warehouse.rows(query.format("early_staging")) == [(False, True, None, True)]
    assert warehouse.rows(query.format("staging")) == [(False, False, "closed", False)]


def test_a_customer_is_as_described_on_the_day(warehouse: Warehouse) -> None:
    query = "select distinct country from {}.dim_customer where first_purchase_on is not null"
    assert warehouse.rows(query.format("early_marts")) == [("GB",)]
    assert warehouse.rows(query.format("marts")) == [("FR",)]
    assert warehouse.rows("select count(*) from marts.dim_customer where first_seen_on is null") == [(1,)]


def test_a_backfill_leaves_the_daily_tables_alone(warehouse: Warehouse) -> None:
    assert warehouse.rows("select max(date_on) from marts.dim_date where not is_after_as_of") == [(LATE,)]
    assert warehouse.rows("select max(date_on) from early_marts.dim_date where not is_after_as_of") == [(EARLY,)]
