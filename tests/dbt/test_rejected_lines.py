"""An order with a rejected line is incomplete from the day the line is known until an accepted row resolves it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from pipelines.config.settings import project_root
from pipelines.quality import load_totals, run_totals
from tests.dbt.landed import Row
from tests.dbt.warehouse import Warehouse

BEFORE, BETWEEN, AFTER = date(2024, 3, 4), date(2024, 3, 6), date(2024, 3, 10)
EXPORTED = date(2024, 3, 20)


def line(order_id: str | None, line_id: str | None, price: str, **more: str | None) -> Row:
    return {
        "order_id": order_id,
        "line_id": line_id,
        "quantity": "1",
        "unit_price": price,
        "customer_ref": "c",
        "ordered_at": "2024-03-01 10:00:00",
        **more,
    }


def known(day: int) -> str:
    return f"2024-03-{day:02} 10:00:00"


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """Three builds: before the rejected version of a line is known, while it is open, and after it is corrected."""
    home = new_warehouse()
    versions: list[Row] = [
        line("corrected", "1", "10.00", updated_at=known(1)),
        line("corrected", "2", "20.00", updated_at=known(1)),
        line("corrected", "2", "abc", updated_at=known(5)),
        line("corrected", "2", "25.00", updated_at=known(8)),
    ]
    home.land({"order_lines": versions}, landed_on=EXPORTED, source="till")
    rows: list[Row] = [
        line("no_line_key", "1", "5.00", customer_ref="partly"),
        line("no_line_key", None, "1.00", customer_ref="partly"),
        line("known_too", "1", "8.00", customer_ref="partly", ordered_at=known(2)),
        line("whole", "1", "abc", customer_ref="only_rejected", currency="GBP"),
        line("whole", "2", "2.00", customer_ref="only_rejected", quantity="-1", currency="pound"),
        line("undated", "1", "abc", ordered_at="yesterday"),
        line("future", "1", "1.00", ordered_at="2999-01-01 10:00:00"),
        line(None, "1", "7.00"),
    ]
    home.land({"order_lines": rows}, landed_on=EXPORTED, source="till")
    header: Row = {"customer_ref": "h", "ordered_at": known(2), "updated_at": known(2)}
    headers: list[Row] = [{**header, "order_id": "stated", "gross": "100"}, {**header, "order_id": "not_stated"}]
    bad: list[Row] = [line(order, "1", "1e5", ordered_at=None) for order in ("stated", "not_stated")]
    home.land({"orders": headers, "order_lines": bad}, landed_on=EXPORTED)
    worth_nothing: list[Row] = [
        line("one_is_cancelled", "1", "30.00", status="shipped"),
        line("one_is_cancelled", "2", "abc", status="cancelled"),
        line("one_is_pending", "1", "30.00", status="shipped"),
        line("one_is_pending", "2", "abc", status="pending"),
        line("one_is_free", "1", "30.00"),
        line("one_is_free", "2", "0.00", unit_cost="abc"),
        line("only_the_rejected_is_sold", "1", "30.00", status="cancelled"),
        line("only_the_rejected_is_sold", "2", "abc", status="shipped"),
        line("all_are_cancelled", "1", "abc", status="cancelled"),
        line("all_are_pending", "1", "abc", status="pending"),
        line("all_are_pending", "2", "abc", status="cancelled"),
    ]
    home.land({"order_lines": worth_nothing}, landed_on=EXPORTED, source="market")
    # one export of everything, made after the days that are built
    export = [line("export", "1", "4.00"), line("export", "2", "abc"), line("corrected", "3", "abc", updated_at=None)]
    home.land({"order_lines": export}, landed_on=EXPORTED, file_on=EXPORTED, source="till")
    # lines without a time of their own that become known after the built days, as their orders do
    later: list[Row] = [line(order, "1", "9.00", ordered_at=None, updated_at=known(15)) for order in ("later", "none")]
    of_later_day: Row = {"order_id": "later", "customer_ref": "h", "ordered_at": known(15), "updated_at": known(15)}
    home.land({"orders": [of_later_day], "order_lines": later}, landed_on=EXPORTED)
    home.ingest(AFTER)
    home.build(BEFORE, scratch="early")
    home.build(BETWEEN, scratch="whole")
    home.build(AFTER)
    return home


def order(warehouse: Warehouse, order_id: str, schema: str = "marts") -> tuple[object, ...] | None:
    rows = warehouse.rows(
        f"select net_amount, issue, is_incomplete, is_purchase from {schema}.fct_order where order_id = '{order_id}'"
    )
    return rows[0] if rows else None


INCOMPLETE = (None, "lines_rejected", True, True)


def test_a_rejected_line_marks_its_order_from_the_day_it_is_known_until_it_is_resolved(warehouse: Warehouse) -> None:
    assert order(warehouse, "corrected", "early_marts") == (Decimal("30.00"), None, False, True)
    assert order(warehouse, "corrected", "whole_marts") == INCOMPLETE
    assert order(warehouse, "corrected") == (Decimal("35.00"), None, False, True)


def test_a_rejected_line_of_a_later_export_counts_where_the_accepted_lines_of_its_order_do(
    warehouse: Warehouse,
) -> None:
    assert order(warehouse, "export", "early_marts") == INCOMPLETE


def test_a_rejected_line_without_a_line_key_marks_its_order(warehouse: Warehouse) -> None:
    assert order(warehouse, "no_line_key") == INCOMPLETE


def test_an_order_counts_with_the_amount_of_its_header_and_without_one_as_a_purchase_day(warehouse: Warehouse) -> None:
    assert order(warehouse, "stated") == (Decimal("100.00"), None, True, True)
    assert order(warehouse, "not_stated") == INCOMPLETE


def test_an_order_of_which_every_line_was_rejected_is_a_purchase_if_its_lines_state_the_day(
    warehouse: Warehouse,
) -> None:
    assert order(warehouse, "whole") == INCOMPLETE
    assert order(warehouse, "undated") is None
    assert order(warehouse, "future") is None


@pytest.mark.parametrize("order_id", ["one_is_cancelled", "one_is_pending", "one_is_free"])
def test_a_rejected_line_that_would_be_worth_nothing_leaves_its_order_complete(
    warehouse: Warehouse, order_id: str
) -> None:
    assert order(warehouse, order_id) == (Decimal("30.00"), None, False, True)


def test_a_rejected_line_that_was_sold_makes_its_order_a_sale(warehouse: Warehouse) -> None:
    assert order(warehouse, "only_the_rejected_is_sold") == INCOMPLETE


def test_an_order_of_which_no_line_was_sold_and_every_line_was_rejected_has_the_class_of_its_lines(
    warehouse: Warehouse,
) -> None:
    query = "select order_id, status_class, is_purchase from marts.fct_order where order_id like 'all_are_%' order by 1"
    assert warehouse.rows(query) == [("all_are_cancelled", "cancelled", False), ("all_are_pending", "pending", False)]


@pytest.mark.parametrize("name", ["orders", "order_lines"])
def test_rejected_lines_and_lines_of_a_later_day_are_in_the_totals(warehouse: Warehouse, name: str) -> None:
    totals = [total for total in load_totals(project_root() / "expectations") if total.name == name]
    with duckdb.connect(str(warehouse.home / "warehouse.duckdb"), read_only=True) as connection:
        [result] = run_totals(totals, connection, schemas=["marts", "intermediate", "staging"], as_of=AFTER)
    assert not result.faults


def test_a_customer_of_whom_no_purchase_has_an_amount_has_none(warehouse: Warehouse) -> None:
    query = """
        select n_purchase_days, n_orders_without_amount, net_amount
        from intermediate.int_customer_summary as summary
        inner join intermediate.int_customer_identity as identity using (customer_key)
        where observed_on = '2024-03-10' and customer_ref = '{}'
    """
    assert warehouse.rows(query.format("only_rejected")) == [(1, 1, None)]
    assert warehouse.rows(query.format("partly")) == [(2, 1, Decimal("8.00"))]


def test_rejected_rows_are_reported_with_their_number_and_value(warehouse: Warehouse) -> None:
    query = (
        "select source, detail, n_rows, amount, is_amount_estimated from marts.rpt_data_issue"
        " where issue = 'lines_rejected' order by all"
    )
    # accepted in the till: 10, 25, 5, 8 and 4, a mean of 10.40; nothing in the shop to estimate by
    mean = Decimal("10.40")
    # accepted in the market: four of 30; its cancelled lines are worth nothing
    assert warehouse.rows(query) == [
        ("market", "value estimated by the mean", 3, Decimal(90), True),
        ("market", "value read from the rows", 1, Decimal(0), False),
        ("shop", "value estimated by the mean", 2, None, True),
        ("till", "value estimated by the mean", 3, 3 * mean, True),
        ("till", "value read from the rows", 3, Decimal("4.00"), False),
        ("till", "value read from the rows, order unknown", 1, Decimal("7.00"), False),
    ]
    query = (
        "select source, detail, n_rows, amount from marts.rpt_data_issue where issue = 'orders_incomplete' order by all"
    )
    assert warehouse.rows(query) == [
        ("market", "without an amount", 1, Decimal(0)),
        ("shop", "with the amount of the header", 1, Decimal(0)),
        ("shop", "without an amount", 1, Decimal(0)),
        ("till", "without an amount", 3, Decimal("9.00")),
    ]


def test_the_value_of_a_file_is_read_from_its_rows_or_estimated_by_their_mean(warehouse: Warehouse) -> None:
    query = """
        select arrived_amount, open_amount from staging.stg_quarantine_share
        where source = 'till' and entity = 'order_lines' and arrived_rows = 8
    """
    # 5 + 1 + 8 + 2 + 1 + 7 are read, two are worth their mean of 4; the 5 and the 8 are accepted
    assert warehouse.rows(query) == [(Decimal(32), Decimal(19))]
