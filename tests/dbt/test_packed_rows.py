"""A full build reads the packs of landing and the batches that are in none, and has the same rows either way."""

import os
import shutil
from collections.abc import Callable
from datetime import date

import pytest

from pipelines.landing import packs
from pipelines.landing.batches import part_path
from pipelines.landing.packs import update_packs
from tests.dbt.warehouse import Warehouse

DAY = date(2024, 3, 9)
CHECKED = "select * from staging.stg_orders__checked order by all"


def order(number: int) -> dict[str, str | None]:
    """One order, which staging accepts if its number is even."""
    gross = "10.50" if number % 2 == 0 else "unknown"
    return {"order_id": f"o{number}", "ordered_at": "2024-03-01 10:00:00", "currency": "GBP", "gross": gross}


def test_packs_and_files_give_the_same_rows(
    new_warehouse: Callable[[], Warehouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "MIN_BATCHES_TO_PACK", 2)
    home = new_warehouse()

    def check(*options: str) -> list[tuple[object, ...]]:
        home.dbt("run", "--select", "stg_orders__checked", *options, as_of=DAY)
        return home.rows(CHECKED)

    batches = [home.land({"orders": [order(number)]}, landed_on=DAY) for number in range(3)]
    update_packs(home.landing)
    home.land({"orders": [order(3)]}, landed_on=DAY)
    # a file that is damaged, with the time and size that it had: a build that reads the pack does not open it
    part = part_path(home.landing, "orders", "shop", batches[0])
    content, before = part.read_bytes(), part.stat()
    part.write_bytes(b"x" * before.st_size)
    os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert len(check()) == 4
    home.land({"orders": [order(4)]}, landed_on=DAY)
    extended = check()
    assert len(extended) == 5 and check("--full-refresh") == extended
    part.write_bytes(content)
    shutil.rmtree(home.landing / packs.FOLDER)
    assert check("--full-refresh") == extended
