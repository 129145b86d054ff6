"""Every dbt test that is declared is executed, and passes: unit tests and data tests, of every step of the build.

What is declared is read from dbt's manifest, what was executed from dbt's results: a test that no step selects is found.
"""

from collections.abc import Callable
from datetime import date

import pytest

from tests.dbt.shop_history import History
from tests.dbt.warehouse import Warehouse

FIRST = date(2024, 1, 29)


@pytest.fixture(scope="module")
def tested(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """A whole build, with every test that each step selects."""
    warehouse = new_warehouse()
    for file in History(7, FIRST, n_days=0).files(FIRST):
        warehouse.land(file.rows, landed_on=file.landed_on, file_on=file.file_on, source=file.source)
    warehouse.ingest(FIRST, tested=True)
    warehouse.build(FIRST, tested=True)
    warehouse.build_marts(FIRST, tested=True)
    return warehouse


def executed(warehouse: Warehouse, kind: str) -> dict[str, str]:
    return {name: status for name, status in warehouse.ran.items() if name.startswith(f"{kind}.")}


def test_every_unit_test_that_is_declared_runs_and_passes(tested: Warehouse) -> None:
    declared = tested.manifest()["unit_tests"]
    assert len(declared) > 0
    assert executed(tested, "unit_test") == dict.fromkeys(declared, "pass")


def test_every_data_test_that_is_declared_runs_and_passes(tested: Warehouse) -> None:
    declared = [name for name, node in tested.manifest()["nodes"].items() if node["resource_type"] == "test"]
    assert len(declared) > 0
    assert executed(tested, "test") == dict.fromkeys(declared, "pass")


def test_no_test_and_no_model_is_switched_off(tested: Warehouse) -> None:
    assert tested.manifest()["disabled"] == {}


def test_every_model_and_seed_is_built_by_one_of_the_steps(tested: Warehouse) -> None:
    nodes = tested.manifest()["nodes"]
    declared = {name for name, node in nodes.items() if node["resource_type"] in ("model", "seed")}
    assert executed(tested, "model").keys() | executed(tested, "seed").keys() == declared


def test_what_is_tested_has_rows(tested: Warehouse) -> None:
    assert tested.rows("select count(*) > 20 from marts.fct_order where is_purchase") == [(True,)]
