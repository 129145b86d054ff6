"""What returns take off: no more than their order counted, in any number of parts, and nothing that was not counted."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from tests.dbt.landed import Row
from tests.dbt.warehouse import Warehouse

EARLY, LATE = date(2024, 3, 10), date(2024, 3, 20)
LANDED = date(2024, 3, 21)


def order(number: str, day: str, **columns: str) -> Row:
    """An order of a customer of its own: 126 in all, of which 21 tax and 5 shipping."""
    row = {"order_id": number, "customer_ref": f"c-{number}", "ordered_at": f"2024-03-{day} 10:00:00"}
    return row | {"total": "126", "tax": "21", "shipping": "5"} | columns


def back(number: str, order_id: str | None, day: str | None, **columns: str) -> Row:
    """A return."""
    at = {"returned_at": f"2024-03-{day} 10:00:00"} if day else {}
    return {"return_id": f"{order_id}-{number}", "order_id": order_id, "kind": "refund"} | at | columns


ORDERS = [
    order("full", "01"),
    order("half", "01"),
    order("parts", "01"),
    order("split", "01"),
    order("too_much", "01"),
    order("too_much_in_parts", "01"),
    order("gift", "01"),
    order("test", "01", is_test="true"),
    order("cancelled", "01", cancelled_at="2024-03-02 10:00:00"),
    order("no_rate", "01", currency="USD"),
    order("free", "01", total="26"),
    {**order("no_amount", "01"), "total": None},
    order("line", "01", gross="90"),
    order("whole", "01"),
    order("undated", "01"),
    order("undated_late", "01"),
    order("unclear", "01"),
    order("late", "15"),
    *({**order(name, "01"), "total": None, "tax": None} for name in ("lines", "edited")),
    order("own_amount", "01", gross="80"),
    *(
        order(name, "01", total=total, tax="0", shipping="0")
        for name, total in (("coupon", "132"), ("corrected", "88"))
    ),
]
RETURNS = [
    back("1", "full", "05", amount="126"),
    back("1", "half", "05", amount="60.50", amount_basis="gross"),
    *(back(str(n), "parts", f"0{n}", amount="42", amount_basis="gross") for n in (5, 6, 7)),
    back("1", "split", "05", amount="60.50", tax="10.50", shipping="0"),
    back("1", "too_much", "05", amount="200"),
    back("1", "too_much_in_parts", "05", amount="70"),
    back("2", "too_much_in_parts", "06", amount="70"),
    back("1", "gift", "05", amount="30", customer_ref="c-full"),
    *(back("1", name, "05", amount="20") for name in ("test", "cancelled", "no_rate", "free", "no_amount")),
    back("1", "line", "05", line_id="1", quantity="1"),
    back("2", "line", "06", line_id="1"),
    back("1", "whole", "05", amount="30"),
    back("2", "whole", "06"),
    back("1", "undated", None, amount="40"),
    back("1", "unclear", "05", quantity="1"),
    back("1", "unheard_of", "05", amount="9", customer_ref="c-unheard_of"),
    back("2", "unheard_of", None, amount="9", customer_ref="c-unheard_of"),
    back("1", "late", None, amount="100"),
    *(back("1", name, "05", line_id="2", amount="50") for name in ("lines", "edited", "own_amount")),
    back("2", "lines", "06", line_id="3"),
    back("3", "lines", "06", line_id="1", amount="10"),
    *(back("1", name, "05", line_id="1") for name in ("coupon", "corrected")),
]
LINES: list[Row] = [
    {"order_id": "line", "line_id": "1", "quantity": "3", "unit_price": "20"},
    {"order_id": "line", "line_id": "2", "quantity": "1", "unit_price": "30"},
    {"order_id": "lines", "line_id": "1", "quantity": "1", "unit_price": "30"},
    {"order_id": "lines", "line_id": "2", "quantity": "1", "unit_price": "50", "status": "cancelled"},
    {"order_id": "lines", "line_id": "3", "quantity": "1", "unit_price": "50", "status": "pending"},
    {"order_id": "edited", "line_id": "1", "quantity": "1", "unit_price": "30"},
    {"order_id": "edited", "line_id": "2", "quantity": "0", "unit_price": "50"},
    {"order_id": "own_amount", "line_id": "1", "quantity": "1", "unit_price": "30"},
    {"order_id": "own_amount", "line_id": "2", "quantity": "1", "unit_price": "50", "status": "cancelled"},
    *(
        {"order_id": name, "line_id": line, "quantity": "1", "unit_price": price, "status": status}
        for name in ("coupon", "corrected")
        for line, price, status in (("1", "100", "paid"), ("2", "50", "cancelled"))
    ),
]


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    home = new_warehouse()
    home.models = ("fct_return", "int_customer_day", "int_customer_identity", "rpt_data_issue")
    lines, rates = LINES, [{"day": "2024-03-05", "currency": "USD", "rate": "0.9"}]
    home.land({"orders": ORDERS, "order_lines": lines, "returns": RETURNS, "fx_rates": rates}, landed_on=LANDED)
    home.land({"returns": [back("1", "undated_late", None, amount="40")]}, landed_on=LANDED, file_on=date(2024, 3, 12))
    home.ingest(LATE)
    home.build(EARLY, scratch="early")
    home.build(LATE)
    return home


def left(warehouse: Warehouse, order_id: str, schema: str = "intermediate") -> list[Decimal]:
    """What is left of the customer of an order."""
    query = (
        f"select sum(net_amount - returned_amount) from {schema}.int_customer_day where customer_key ="
        f" (select customer_key from {schema}.int_customer_identity where customer_ref = 'c-{order_id}')"
    )
    return [value for (value,) in warehouse.rows(query) if isinstance(value, Decimal)]


def test_a_full_refund_leaves_nothing_and_half_of_it_leaves_half(warehouse: Warehouse) -> None:
    assert left(warehouse, "full") == [0]
    assert left(warehouse, "half") == [Decimal("51.98")]
    assert left(warehouse, "parts") == [0], "thirds of 126 are 33.33, 33.34 and 33.33 of 100"
    assert left(warehouse, "split") == [50]


def test_no_refund_takes_off_more_than_its_order_counted(warehouse: Warehouse) -> None:
    assert left(warehouse, "too_much") == [0]
    assert left(warehouse, "too_much_in_parts") == [0]
    query = "select return_amount, excess_amount from marts.fct_return where return_id = 'too_much_in_parts-2'"
    assert warehouse.rows(query) == [(30, 40)]


def test_a_refund_is_taken_off_the_customer_of_its_order(warehouse: Warehouse) -> None:
    assert left(warehouse, "gift") == [70]


@pytest.mark.parametrize("name", ["test", "cancelled", "no_rate", "free", "no_amount"])
def test_what_was_never_counted_is_not_taken_off(warehouse: Warehouse, name: str) -> None:
    assert left(warehouse, name) == []
    query = f"select issue, return_amount from marts.fct_return where return_id = '{name}-1'"
    assert warehouse.rows(query) == [("order_not_counted", 0)]


def test_a_return_of_a_line_that_does_not_count_takes_nothing_off_the_sum_of_the_lines(warehouse: Warehouse) -> None:
    assert left(warehouse, "lines") == [20], "a cancelled and a pending line were never counted"
    assert left(warehouse, "edited") == [30], "a removed line does not count any more"
    assert left(warehouse, "own_amount") == [30], "the header's 80 include the cancelled line"
    query = "select return_id, return_amount from marts.fct_return where issue = 'line_not_counted' order by 1"
    assert warehouse.rows(query) == [("edited-1", 0), ("lines-1", 0), ("lines-2", 0)]


def test_a_return_without_an_amount_takes_what_its_line_or_order_has_left(warehouse: Warehouse) -> None:
    assert left(warehouse, "line") == [30]
    assert left(warehouse, "whole") == [0]
    query = "select return_amount from marts.fct_return where is_amount_derived order by return_id"
    assert warehouse.rows(query) == [(88,), (88,), (20,), (40,), (70,)]


def test_a_returned_line_takes_its_part_of_a_coupon_on_the_lines_that_the_header_includes(warehouse: Warehouse) -> None:
    assert left(warehouse, "coupon") == [44], "12 % off 150: 88 for the line that counts and 44 for the cancelled one"
    assert left(warehouse, "corrected") == [0], "12 % off the only line that counts"


def test_an_amount_that_cannot_be_derived_is_an_issue(warehouse: Warehouse) -> None:
    assert left(warehouse, "unclear") == [100]
    query = "select issue, return_amount from marts.fct_return where return_id = 'unclear-1'"
    assert warehouse.rows(query) == [("missing_amount", None)]


def test_a_return_without_a_date_is_dated_by_its_order_from_the_day_it_is_known(warehouse: Warehouse) -> None:
    query = "select returned_on, is_undated, issue from {}.fct_return where return_id = '{}-1'"
    assert warehouse.rows(query.format("marts", "undated")) == [(date(2024, 3, 1), True, None)]
    assert warehouse.rows(query.format("marts", "undated_late")) == [(date(2024, 3, 1), True, None)]
    assert warehouse.rows(query.format("early_marts", "undated_late")) == [], "its file is of the 12th"
    assert left(warehouse, "undated_late", "early_intermediate") == [100]


def test_a_return_without_a_date_of_an_order_not_known_yet_takes_nothing_off(warehouse: Warehouse) -> None:
    query = "select returned_on, issue from {}.fct_return where return_id = 'late-1'"
    assert warehouse.rows(query.format("early_marts")) == [(None, "missing_date")]
    assert warehouse.rows(query.format("marts")) == [(date(2024, 3, 15), None)]


def test_a_return_of_an_unknown_order_is_its_own_customers_and_reported(warehouse: Warehouse) -> None:
    assert left(warehouse, "unheard_of") == [-9]
    query = "select return_id, issue from marts.fct_return where is_order_unknown order by 1"
    assert warehouse.rows(query) == [("unheard_of-1", None), ("unheard_of-2", "missing_date")]


def test_all_that_was_assumed_or_left_out_is_counted_with_its_value(warehouse: Warehouse) -> None:
    query = "select issue, n_rows, amount from marts.rpt_data_issue where entity = 'returns' order by 1"
    assert warehouse.rows(query) == [
        ("line_not_counted", 3, 100),
        ("missing_amount", 1, None),
        ("missing_date", 1, 9),
        ("order_not_counted", 5, 98),
        ("order_unknown", 1, 9),
        ("refund_exceeds_order", 2, 114),
        ("refund_taken_as_goods", 8, 340),
        ("refund_taken_as_gross", 2, 326),
        ("return_amount_derived", 5, 306),
        ("return_undated", 3, 180),
    ]
