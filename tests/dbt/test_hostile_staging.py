"""Nothing is lost behind landing either: of hostile files too, landed = accepted + quarantined + superseded.

The numbers of each are known from how the files were made (tests/faults/hostile_files.py).
"""

from collections.abc import Callable
from datetime import date

import pytest

from pipelines.landing import RefusedFiles
from tests.dbt.warehouse import Warehouse
from tests.faults.hostile_files import GROUPS, KINDS, HostileFile, hostile_file
from tests.pipeline.landing_desk import Desk

AS_OF = date(2024, 5, 30)
SWAPPED = b"id,kind,gross,at,note\n" + b"".join(b"w%d,sale,2024-05-01 10:00:00,12.50,n\n" % n for n in range(7))
AGAIN = b"id,kind,at,gross,note\n" + b"v1,sale,2024-05-01 10:00:00,12.50,n\n" * 3 + b"v1,sale,2024-05-01 10:00:00,1,n\n"


def _land(warehouse: Warehouse, files: list[HostileFile], **more: bytes) -> None:
    desk = Desk(warehouse.home, *GROUPS, currency="GBP")
    desk.home = warehouse.home
    for file in files:
        desk.put(file.name, file.content)
    for name, content in more.items():
        desk.put(f"{name}.csv", content)
    with pytest.raises(RefusedFiles):
        desk.land()
    warehouse.ingest(AS_OF)


def _check(warehouse: Warehouse, files: list[HostileFile]) -> None:
    query = (
        "select file_name, entity, landed_rows, accepted_rows, quarantined_rows, superseded_rows"
        " from staging.stg_file_reconciliation"
    )
    found = {(name, entity): counts for name, entity, *counts in warehouse.rows(query)}
    for file in files:
        orders = sum(file.orders.values())
        if orders:
            expected = [orders, orders - file.quarantined, file.quarantined, 0]
            assert found[file.name, "orders"] == expected, file.name
        else:
            assert (file.name, "orders") not in found
        landed, accepted, quarantined, superseded = found.get((file.name, "order_lines"), [0, 0, 0, 0])
        assert landed == file.lines == accepted + quarantined + superseded, file.name
    unreadable = dict(
        warehouse.rows(
            "select file_name, count(*) from staging.stg_quarantine where entity = 'unreadable' group by all"
        )
    )
    assert unreadable == {file.name: sum(file.rules.values()) for file in files if file.rules}


@pytest.fixture(scope="module")
def files() -> list[HostileFile]:
    return [hostile_file(kind, number, rows=150) for kind in KINDS for number in range(10)]


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse], files: list[HostileFile]) -> Warehouse:
    home = new_warehouse()
    _land(home, files, swapped=SWAPPED, again=AGAIN)
    return home


def test_every_planted_row_is_accepted_or_quarantined_as_planted(
    warehouse: Warehouse, files: list[HostileFile]
) -> None:
    _check(warehouse, files)


def test_values_in_each_other_s_columns_are_quarantined_by_their_types(warehouse: Warehouse) -> None:
    query = "select broken_rules, count(*) from staging.stg_quarantine where file_name = 'swapped.csv' group by all"
    assert warehouse.rows(query) == [("ORD-002, ORD-007", 7)]


def test_equal_rows_of_one_key_are_one_accepted_and_the_others_superseded(warehouse: Warehouse) -> None:
    query = (
        "select landed_rows, accepted_rows, quarantined_rows, superseded_rows"
        " from staging.stg_file_reconciliation where file_name = 'again.csv'"
    )
    assert warehouse.rows(query) == [(4, 1, 0, 3)]


@pytest.mark.slow
def test_every_planted_row_of_long_files_is_accepted_or_quarantined_as_planted(
    new_warehouse: Callable[[], Warehouse],
) -> None:
    files = [hostile_file(kind, number, rows=10_000) for kind in KINDS for number in range(12)]
    warehouse = new_warehouse()
    _land(warehouse, files)
    _check(warehouse, files)
