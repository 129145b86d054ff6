"""A build that extends yesterday's gives what a full build gives, whatever came in between."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.dbt.shop_history import History
from tests.dbt.warehouse import Warehouse, open_warehouse

FIRST = date(2024, 1, 29)


Models = dict[str, str]  # the schema by the name


def models(warehouse: Warehouse, step: str) -> Iterator[dict[str, Any]]:
    """The models of a step, from dbt's manifest."""
    for node in warehouse.manifest()["nodes"].values():
        if node["resource_type"] == "model" and step in node["tags"]:
            yield node | {"schema": node["schema"].removeprefix("whole_")}


def is_extended(model: dict[str, Any]) -> bool:
    return bool(model["config"]["materialized"] == "incremental")


def says_what_changed(model: dict[str, Any]) -> bool:
    """Whether it is empty in a full build and so is not compared."""
    return "changed" in model["fqn"]


def compared_in_core(warehouse: Warehouse) -> Models:
    """Every table of core: what is extended and what is built from it."""
    tables = (model for model in models(warehouse, "core") if model["config"]["materialized"] != "view")
    return {model["alias"]: model["schema"] for model in tables if not says_what_changed(model)}


def compared_in_staging(warehouse: Warehouse) -> Models:
    return {model["alias"]: model["schema"] for model in models(warehouse, "ingest") if is_extended(model)}


def must_have_rows(warehouse: Warehouse) -> Models:
    """What core extends, and the models that say by what: one without a row all the time would prove nothing."""
    found = (model for model in models(warehouse, "core") if is_extended(model) or says_what_changed(model))
    return {model["alias"]: model["schema"] for model in found}


def differing_rows(warehouse: Warehouse, scratch: str) -> dict[str, list[tuple[object, ...]]]:
    """Per table, some rows that are in the daily build or in the scratch build, not in both."""
    found = {}
    for table, schema in compared_in_core(warehouse).items():
        if rows := difference(warehouse, f"{schema}.{table}", f"{scratch}_{schema}.{table}"):
            found[table] = rows
    return found


def difference(warehouse: Warehouse, one: str, other: str) -> list[tuple[object, ...]]:
    return warehouse.rows(
        f"(select 'extended', * from (from {one} except all from {other}) limit 3) union all "
        f"(select 'whole', * from (from {other} except all from {one}) limit 3)"
    )


def staged_differently(warehouse: Warehouse, as_of: date) -> dict[str, list[tuple[object, ...]]]:
    """As `differing_rows`, of staging, which builds share: its tables are kept aside, then all batches staged anew."""
    extended = list(compared_in_staging(warehouse))
    with duckdb.connect(str(warehouse.home / "warehouse.duckdb")) as connection:
        connection.execute("create schema kept")
        for table in extended:
            connection.execute(f"create table kept.{table} as from staging.{table}")
    warehouse.dbt("build", "--select", *extended, "--exclude-resource-type", "unit_test", "--full-refresh", as_of=as_of)
    found = {table: difference(warehouse, f"kept.{table}", f"staging.{table}") for table in extended}
    return {table: rows for table, rows in found.items() if rows}


def with_rows(warehouse: Warehouse, models: Models) -> set[str]:
    """Those that have rows."""
    return {name for name, schema in models.items() if warehouse.rows(f"select 1 from {schema}.{name} limit 1")}


def run_days(home: Path, seed: int, steps: list[tuple[int, int]], compared: set[int]) -> None:
    """Land day by day, extend the build, and compare with a full build.

    Args:
        home: A folder for it.
        seed: Of the history.
        steps: Per run, the last day of landing and the as-of day, counted from FIRST.
        compared: The runs after which everything is compared.
    """
    history = History(seed, FIRST, n_days=max(landed for landed, _ in steps) + 1)
    landed_until, previous, filled = -1, None, set[str]()
    with open_warehouse(home, timezone="America/New_York") as warehouse:
        warehouse.statuses = [("shop", "declared", "sale"), ("till", "declared", "pending")]
        for n, (landed, as_of_offset) in enumerate(steps):
            for offset in range(landed_until + 1, landed + 1):
                for file in history.files(FIRST + timedelta(days=offset)):
                    warehouse.land(file.rows, landed_on=file.landed_on, file_on=file.file_on, source=file.source)
            landed_until = landed
            as_of = FIRST + timedelta(days=as_of_offset)
            warehouse.ingest(as_of)
            warehouse.build(as_of, extending=previous)
            previous = as_of
            filled |= with_rows(warehouse, must_have_rows(warehouse))
            if n in compared:
                warehouse.build(as_of, scratch="whole")
                assert differing_rows(warehouse, "whole") == {}, f"after run {n}, seed {seed}"
        assert staged_differently(warehouse, as_of) == {}, f"seed {seed}"
        assert must_have_rows(warehouse).keys() - filled == set()


def test_every_model_that_is_extended_is_compared(tmp_path: Path) -> None:
    with open_warehouse(tmp_path) as warehouse:
        warehouse.dbt("seed", as_of=FIRST)
        compared = compared_in_core(warehouse).keys() | compared_in_staging(warehouse).keys()
        nodes = warehouse.manifest()["nodes"].values()
    assert {node["alias"] for node in nodes if node["config"]["materialized"] == "incremental"} - compared == set()


def test_days_one_by_one_give_what_one_full_build_gives(tmp_path: Path) -> None:
    # Past a month's end; a day that is built twice; files that land before the day they speak of is built.
    run_days(tmp_path, seed=1, steps=[(0, -1), (2, 1), (3, 1), (7, 6)], compared={2, 3})
