"""There are as many value tiers as the setting names, from the cut points to the report by segment."""

from collections.abc import Callable
from datetime import date

import duckdb
import pytest

from tests.dbt.shop_history import History
from tests.dbt.warehouse import Warehouse

DAY = date(2024, 1, 29)
MODELS = ("int_value_cut_point", "int_customer_tier", "customer_clv", "int_clv_slice", "rpt_clv_by_segment")
THREE = {"bronze": 0, "silver": 0.5, "gold": 0.8}
SIX = {"a": 0, "b": 0.2, "c": 0.4, "d": 0.6, "e": 0.8, "f": 0.95}


@pytest.fixture(scope="module")
def valued(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """A build in which every customer's value differs: 1, 2, 3, …; a few days of orders give nobody a forecast."""
    warehouse = new_warehouse()
    for file in History(7, DAY, n_days=0).files(DAY):
        warehouse.land(file.rows, landed_on=file.landed_on, file_on=file.file_on, source=file.source)
    warehouse.ingest(DAY)
    warehouse.build(DAY)
    warehouse.build_marts(DAY)
    with duckdb.connect(str(warehouse.home / "warehouse.duckdb")) as connection:
        connection.execute("update intermediate.int_customer_value set clv_12m_amount = rowid + 1")
    return warehouse


@pytest.mark.parametrize("tiers", [THREE, SIX])
def test_every_tier_of_the_setting_is_reached_and_no_other(valued: Warehouse, tiers: dict[str, float]) -> None:
    # with dbt's own tests: accepted values follow the setting too
    valued.dbt("build", "--select", *MODELS, "--exclude-resource-type", "unit_test", as_of=DAY, clv_tiers=tiers)
    ((customers,),) = valued.rows("select count(*) from marts.customer_clv")
    assert isinstance(customers, int)
    assert customers >= 20
    for name, query in {
        "customers": "select value_tier, count(*) from marts.customer_clv group by all",
        "report": "select slice_value, n_customers from marts.rpt_clv_by_segment where slice_by = 'value_tier'",
    }.items():
        found = {str(tier): int(str(count)) for tier, count in valued.rows(query)}
        assert found.keys() == tiers.keys(), name
        bounds = [*tiers.values(), 1]
        expected = {tier: (upper - tiers[tier]) * customers for tier, upper in zip(tiers, bounds[1:], strict=True)}
        assert all(abs(found[tier] - expected[tier]) <= 2 for tier in tiers), (name, found)
