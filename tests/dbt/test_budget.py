"""The allocation of rpt_budget on small random cases, compared with the best one, found by trying all of them."""

import re
from collections.abc import Callable
from datetime import date
from itertools import product
from random import Random

import duckdb
import pytest

from tests.dbt.warehouse import Warehouse

BUDGET = 37
COSTS = {"email": 0.0, "sms": 0.1, "phone": 5.0, "visit": 0.0}
SUCCESS = {"email": 0.01, "sms": 0.02, "phone": 0.05, "visit": 0.02}
OFFER_COST, OFFER_SUCCESS = 10.0, 0.05
Cell = tuple[str, bool, int, int]


@pytest.fixture(scope="module")
def allocation(new_warehouse: Callable[[], Warehouse]) -> str:
    """The compiled SQL of rpt_budget, on a table `cells`."""
    warehouse = new_warehouse()
    warehouse.dbt("compile", "--select", "rpt_budget", as_of=date(2024, 3, 31), actions_budget_amount=BUDGET)
    (compiled,) = (warehouse.home / "target" / "compiled").rglob("rpt_budget.sql")
    sql, n_replaced = re.subn(r'[\w".]*int_action_cell"?', "cells", compiled.read_text(encoding="utf-8"))
    assert n_replaced == 1
    return sql


def cost_and_gain(cell: Cell) -> tuple[float, float]:
    """What the action costs for one customer of a cell, and what it is expected to gain."""
    channel, is_offer, n_customers, stake = cell
    share = SUCCESS[channel] + (OFFER_SUCCESS if is_offer else 0)
    return COSTS[channel] + (OFFER_COST if is_offer else 0), stake * share / n_customers


def best_gain(cells: list[Cell]) -> float:
    """The largest gain within the budget, over every number of customers of every cell whose gain exceeds its cost."""
    priced = [cost_and_gain(cell) for cell in cells]
    counts = (range(cell[2] + 1) if gain > cost else (0,) for cell, (cost, gain) in zip(cells, priced, strict=True))
    found = 0.0
    for chosen in product(*counts):
        if sum(n * cost for n, (cost, _) in zip(chosen, priced, strict=True)) <= BUDGET + 1e-9:
            found = max(found, sum(n * gain for n, (_, gain) in zip(chosen, priced, strict=True)))
    return found


def random_cells(random: Random) -> list[Cell]:
    cells = []
    for _ in range(random.randint(1, 5)):
        n_customers = random.randint(1, 4)
        cells.append(
            (random.choice(list(COSTS)), random.random() < 0.5, n_customers, n_customers * random.randint(20, 900))
        )
    return cells


def test_the_allocation_is_at_most_one_customer_worse_than_the_best_one(allocation: str) -> None:
    random, ratios = Random(7), []
    with duckdb.connect() as connection:
        for _ in range(150):
            cells = random_cells(random)
            rows = [
                ("reward" if offer else "welcome", channel, offer, "loyal", "emotional", band, n, stake)
                for band, (channel, offer, n, stake) in enumerate(cells)
            ]
            connection.execute(
                "create or replace table cells (next_action varchar, contact_channel varchar, is_offer boolean,"
                " level varchar, loyalty_class varchar, stake_band integer, n_customers bigint,"
                " value_at_stake_amount decimal(18, 2))"
            )
            connection.executemany("insert into cells values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            (found,) = connection.execute(
                f"select sum(funded_cost_amount), sum(funded_gain_amount), count(*) from ({allocation})"
            ).fetchall()
            cost, gain, n_rows = float(found[0]), float(found[1]), found[2]
            best = best_gain(cells)
            assert n_rows == len(cells)
            assert cost <= BUDGET + 0.005
            # gains are rounded to the cent in each row
            cent = 0.01 * len(cells)
            assert gain <= best + cent
            assert best - gain <= max(each for _, each in map(cost_and_gain, cells)) + cent
            ratios.append(gain / best if best else 1)
    # .989 on average, .729 in the worst case
    assert sum(ratios) / len(ratios) > 0.9
