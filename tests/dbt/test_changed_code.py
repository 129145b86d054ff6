"""After a change of code, one incremental build gives what a full build gives."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.runs.model_hashes import hash_of_tests, incremental_models, model_hashes
from tests.dbt.shop_history import History
from tests.dbt.test_incremental import differing_rows
from tests.dbt.warehouse import Warehouse, open_warehouse

FIRST = date(2024, 1, 29)
CHANGED = "models/intermediate/customers/int_customer_category.sql"


def land(warehouse: Warehouse, history: History, days: range) -> None:
    for offset in days:
        for file in history.files(FIRST + timedelta(days=offset)):
            warehouse.land(file.rows, landed_on=file.landed_on, file_on=file.file_on, source=file.source)


def compiled(warehouse: Warehouse) -> dict[str, Any]:
    """The project's manifest with the SQL of every model; no test is looked at here."""
    selected = ("--select", "resource_type:model")
    warehouse.dbt("compile", *selected, "--full-refresh", "--write-json", as_of=date(2000, 1, 31))
    manifest: dict[str, Any] = json.loads((warehouse.home / "target" / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def hashes(manifest: dict[str, Any]) -> dict[str, str]:
    return incremental_models(manifest, model_hashes(manifest, {}, ""))


def edit(project: Path, name: str, old: str, new: str) -> None:
    path = project / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source = Path(__file__).parents[2] / "dbt_project"
    shutil.copytree(source, tmp_path / "project", ignore=shutil.ignore_patterns("target", "logs"))
    return tmp_path / "project"


def test_a_changed_model_and_what_is_built_from_it_are_built_whole_and_the_rest_is_extended(
    tmp_path: Path, project: Path
) -> None:
    history = History(3, FIRST, n_days=5)
    yesterday, today = FIRST + timedelta(days=2), FIRST + timedelta(days=3)
    with open_warehouse(tmp_path / "home", timezone="America/New_York") as warehouse:
        warehouse.project = project
        before = hashes(compiled(warehouse))
        land(warehouse, history, range(3))
        warehouse.ingest(yesterday)
        warehouse.build(yesterday)

        edit(project, "models/staging/_sources.yml", "Parquet files that", "The Parquet files that")
        warehouse.edition = "other words"
        assert hashes(compiled(warehouse)) == before

        # another formula: a customer's first day in a category becomes the last one
        edit(project, CHANGED, "min(purchases.ordered_on)", "max(purchases.ordered_on)")
        warehouse.edition = "another formula"
        after = hashes(compiled(warehouse))
        changed = sorted(name for name, value in after.items() if before[name] != value)
        assert "int_customer_category" in changed
        assert {"int_order", "stg_orders__checked"} & set(changed) == set()

        land(warehouse, history, range(3, 4))
        warehouse.ingest(today)
        warehouse.build(today, extending=yesterday, rebuilt=changed)
        warehouse.build(today, scratch="whole")
        assert differing_rows(warehouse, "whole") == {}

        # without the list, customers of whom nothing is new keep the old formula
        edit(project, CHANGED, "max(purchases.ordered_on)", "min(purchases.ordered_on)")
        warehouse.edition = "the first formula again"
        warehouse.build(today, extending=today, models=("int_customer_category",))
        warehouse.build(today, scratch="whole", models=("int_customer_category",))
        assert "int_customer_category" in differing_rows(warehouse, "whole")


def node(name: str, kind: str = "model", parents: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    config = {"materialized": "incremental", "severity": "error", "contract": {"enforced": True}}
    return {
        "name": name,
        "alias": name,
        "schema": "core",
        "resource_type": kind,
        "package_name": "loyalty",
        "depends_on": {"nodes": list(parents)},
        "compiled_code": f"select {name}",
        "columns": {},
        "config": config | more.pop("config", {}),
        **more,
    }


def manifest(**changes: dict[str, Any]) -> dict[str, Any]:
    nodes = {
        "seed.s": node("s", "seed", checksum={"checksum": "1"}),
        "model.a": node("a", parents=("source.landing.orders", "seed.s")),
        "model.b": node("b", parents=("model.a", "source.exchange.scores")),
        "model.c": node("c", parents=("source.landing.orders",), config={"materialized": "pairs"}),
        "test.b": node("test_b", "test", parents=("model.b",)),
    }
    nodes |= {name.replace("_", "."): nodes[name.replace("_", ".")] | change for name, change in changes.items()}
    sources = {
        "source.landing.orders": {"source_name": "landing", "name": "orders"},
        "source.exchange.scores": {"source_name": "exchange", "name": "scores"},
    }
    macros = {"m": {"package_name": "loyalty", "name": "materialization_pairs_default", "macro_sql": "one"}}
    return {"nodes": nodes, "sources": sources, "macros": macros}


def differing(other: dict[str, Any], inputs: dict[str, str] | None = None, common: str = "") -> set[str]:
    """The nodes whose hash differs from that in the plain manifest."""
    one, two = model_hashes(manifest(), {}, ""), model_hashes(other, inputs or {}, common)
    return {name for name in one if one[name] != two[name]}


def test_a_change_reaches_what_is_built_from_it_and_nothing_else() -> None:
    assert differing(manifest()) == set()
    assert differing(manifest(model_a={"description": "other words"})) == set()
    assert differing(manifest(model_b={"compiled_code": "select 2"})) == {"model.b"}
    assert differing(manifest(model_a={"compiled_code": "select 2"})) == {"model.a", "model.b"}
    assert differing(manifest(model_a={"columns": {"x": {"data_type": "integer"}}})) == {"model.a", "model.b"}
    assert differing(manifest(seed_s={"checksum": {"checksum": "2"}})) == {"seed.s", "model.a", "model.b"}
    assert differing(manifest(), {"scores": "other Python"}) == {"model.b"}
    assert differing(manifest(), common="another engine") == {"seed.s", "model.a", "model.b", "model.c"}


def test_a_materialization_of_ours_is_part_of_the_models_that_use_it() -> None:
    other = manifest()
    other["macros"]["m"]["macro_sql"] = "two"
    assert differing(other) == {"model.c"}


def test_another_test_or_severity_is_another_build_and_builds_no_table_whole() -> None:
    selected = {"model.b": ""}
    before = hash_of_tests(manifest(), selected)
    assert hash_of_tests(manifest(test_b={"compiled_code": "select 2"}), selected) != before
    assert hash_of_tests(manifest(test_b={"config": {"severity": "warn"}}), selected) != before
    assert hash_of_tests(manifest(test_b={"compiled_code": "select 2"}), {"model.c": ""}) == hash_of_tests(
        manifest(), {"model.c": ""}
    )
