"""dbt's own tests of staging and core, unit tests among them, hold on a history with everything in it."""

from collections.abc import Callable
from datetime import date

from tests.dbt.shop_history import History
from tests.dbt.warehouse import Warehouse

FIRST = date(2024, 1, 29)


def test_grains_relationships_totals_and_formulas_hold_and_dbt_warns_of_nothing(
    new_warehouse: Callable[[], Warehouse],
) -> None:
    warehouse = new_warehouse()
    for file in History(7, FIRST, n_days=0).files(FIRST):
        warehouse.land(file.rows, landed_on=file.landed_on, file_on=file.file_on, source=file.source)
    warehouse.ingest(FIRST, tested=True)
    warehouse.build(FIRST, tested=True)
    assert warehouse.rows("select count(*) > 20 from marts.fct_order where is_purchase") == [(True,)]
