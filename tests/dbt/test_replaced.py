"""What a build does to the previous relation of a model: it replaces it, of whatever type, or leaves it if it fails."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.config.settings import project_root
from pipelines.runs.logs import dbt_log_options
from tests.dbt.warehouse import Warehouse, open_warehouse

DAY = date(2024, 1, 31)


def build(warehouse: Warehouse, materialized: str, query: str) -> None:
    """Build one model, as it is now."""
    model = warehouse.project / "models" / "intermediate" / "settings" / "int_probe.sql"
    model.write_text(f"{{{{ config(materialized='{materialized}') }}}}\n{query}\n", encoding="utf-8")
    warehouse.edition = f"{materialized} {query}"
    log = dbt_log_options(warehouse.home / "logs")
    warehouse.dbt("run", "--select", "int_probe", *log, as_of=DAY)


def found(warehouse: Warehouse) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The rows of the model, and the type of its relation."""
    kind = "select table_type from information_schema.tables where table_name like 'int_probe%'"
    return warehouse.rows("from intermediate.int_probe"), warehouse.rows(kind)


@pytest.mark.parametrize(("before", "after"), [("table", "table"), ("table", "view"), ("view", "table")])
def test_a_model_replaces_its_relation_of_any_type_and_a_failed_one_leaves_it(
    before: str, after: str, tmp_path: Path
) -> None:
    shutil.copytree(
        project_root() / "dbt_project", tmp_path / "project", ignore=shutil.ignore_patterns("target", "logs")
    )
    types = {"table": "BASE TABLE", "view": "VIEW"}
    with open_warehouse(tmp_path / "home") as warehouse:
        warehouse.project = tmp_path / "project"
        build(warehouse, before, "select 1 as n")
        assert found(warehouse) == ([(1,)], [(types[before],)])
        with pytest.raises(AssertionError, match="int_probe"):
            build(
                warehouse,
                after,
                "select error('the query fails while it runs') as n" if after == "table" else "select x",
            )
        assert found(warehouse) == ([(1,)], [(types[before],)])
        build(warehouse, after, "select 2 as n")
        assert found(warehouse) == ([(2,)], [(types[after],)])
    assert "Error in model int_probe" in (tmp_path / "home" / "logs" / "dbt.log").read_text()
