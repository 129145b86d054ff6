"""Each kind of rule finds the rows that break it, and leaves the others alone."""

import json
from collections.abc import Callable
from datetime import date

import duckdb
import pytest

from pipelines.runs.dbt_rules import failing_rules
from tests.dbt.shop_history import History
from tests.dbt.warehouse import Warehouse

DAY = date(2024, 1, 29)


@pytest.fixture(scope="module")
def built(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    for file in History(7, DAY, n_days=0).files(DAY):
        warehouse.land(file.rows, landed_on=file.landed_on, file_on=file.file_on, source=file.source)
    warehouse.ingest(DAY)
    warehouse.build(DAY)
    warehouse.build_marts(DAY)
    return warehouse


def broken_rules(warehouse: Warehouse, table: str, statement: str) -> dict[str, int]:
    """The rules of a table that fail, with their rows, after a statement; the table is as before on return."""
    name = table.split(".")[1]
    with duckdb.connect(str(warehouse.home / "warehouse.duckdb")) as connection:
        connection.execute(f"create table kept as from {table}")
        connection.execute(statement)
    with pytest.raises(AssertionError):
        warehouse.dbt("test", "--select", f"{name}_rules", as_of=DAY)
    with duckdb.connect(str(warehouse.home / "warehouse.duckdb")) as connection:
        connection.execute(f"delete from {table}")
        connection.execute(f"insert into {table} from kept")
        connection.execute("drop table kept")
    results = json.loads((warehouse.home / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    (result,) = (found for found in results if found["unique_id"].startswith("test."))
    return failing_rules(result)


FIRST = "(select min(customer_key) from marts.customer_rfm)"
ANY = "(select max(customer_key) from marts.customer_clv)"


@pytest.mark.parametrize(
    ("table", "statement", "expected"),
    [
        (
            "marts.customer_rfm",
            f"update {{}} set rfm_segment = null where customer_key = {FIRST}",
            {"not_null_rfm_segment": 1},
        ),
        (
            "marts.customer_rfm",
            f"update {{}} set m_quintile = 6, r_quintile = 0 where customer_key = {FIRST}",
            {"within_bounds_m_quintile": 1, "within_bounds_r_quintile": 1},
        ),
        (
            "marts.customer_rfm",
            f"update {{}} set rfm_segment_at_month_end = 'x' where customer_key = {FIRST}",
            {"accepted_values_rfm_segment_at_month_end": 1},
        ),
        (
            "marts.customer_rfm",
            f"update {{}} set customer_key = 'nobody' where customer_key = {FIRST}",
            {"relationships_customer_key": 1},
        ),
        ("marts.customer_rfm", f"insert into {{}} from {{}} where customer_key = {FIRST}", {"grain": 1}),
        ("marts.customer_rfm", f"update {{}} set customer_key = null where customer_key = {FIRST}", {"grain": 1}),
        (
            "marts.customer_clv",
            f"update {{}} set historic_net_amount = null, n_orders_without_amount = 0 where customer_key = {ANY}",
            {"historic_net_amount_is_known": 1},
        ),
        ("intermediate.int_industry_settings", "delete from {}", {"n_rows": 1}),
        (
            "intermediate.int_holdout_window",
            "insert into {} by name select 'holdout' as window_name union all select 'holdout'",
            {"unique_window_name": 1},
        ),
    ],
)
def test_a_row_that_breaks_a_rule_is_found_by_that_rule_alone(
    built: Warehouse, table: str, statement: str, expected: dict[str, int]
) -> None:
    assert broken_rules(built, table, statement.replace("{}", table)) == expected
