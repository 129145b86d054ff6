"""Every dbt test that is declared is executed, and passes: unit tests and data tests, of every step of the build.

What is declared is read from dbt's manifest, what was executed from dbt's results, so a test that no step selects is
found. How a model without a unit test is recognised is in `computes`.
"""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import pytest

from pipelines.base.entities import ENTITIES
from pipelines.runs.dbt_rules import failing_rules, has_rules, rules_of
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


# What a key is made with (macro hash_key), and where a source is read: no formulas of a model.
NO_FORMULA = {"md5", "||", "length", "read_parquet"}


def computes(sql: str) -> bool:
    """Whether a query has a branch, a function, an aggregate, a window or arithmetic, by DuckDB's own parser."""
    ((tree,),) = duckdb.execute("select json_serialize_sql(?)", [sql]).fetchall()
    assert not json.loads(tree)["error"], tree

    def found(part: object) -> bool:
        if isinstance(part, list):
            return any(map(found, part))
        if not isinstance(part, dict):
            return False
        kind, name = part.get("class"), part.get("function_name")
        is_formula = kind in ("CASE", "WINDOW") or (kind == "FUNCTION" and name not in NO_FORMULA)
        return is_formula or any(map(found, part.values()))

    return found(json.loads(tree))


def test_every_model_that_computes_has_a_unit_test_that_ran(tested: Warehouse) -> None:
    """Beyond what is made for each entity by one macro, and what is empty in a full build (the folder `changed`).

    Those are run with data of their own: test_staging.py, test_quarantine.py, test_as_of.py, test_incremental.py.
    """
    manifest, compiled = tested.manifest(), tested.home / "target" / "compiled" / "loyalty"
    checked = {
        manifest["unit_tests"][name]["depends_on"]["nodes"][0]
        for name, status in executed(tested, "unit_test").items()
        if status == "pass"
    }
    models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    per_entity = {form.format(entity) for entity in ENTITIES for form in ("stg_{}", "stg_{}__checked", "int_{}_as_of")}
    computing = {
        name
        for name, node in models.items()
        if node["name"] not in per_entity
        and "changed" not in node["fqn"]
        and not reads_every_entity(node)
        and computes((compiled / node["original_file_path"]).read_text(encoding="utf-8"))
    }
    assert len(computing) > 30
    assert computing - checked == set(), "write a dbt unit test for each formula of these models"


def reads_every_entity(node: dict[str, Any]) -> bool:
    """Whether a model repeats one query for each entity."""
    return {f"model.loyalty.stg_{entity}__checked" for entity in ENTITIES} <= set(node["depends_on"]["nodes"])


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("with a as (select x, y from t) select a.*, cast(y as date) as d from a inner join u on a.x = u.x", False),
        ("select md5(x || '|' || y) as key from t where z is not null", False),
        ("with a as (select case when x then 1 end as y from t) select y from a", True),
        ("select x + 1 as y from t", True),
        ("select min(x) as y from t group by z", True),
        ("select row_number() over (partition by x order by y) as n from t", True),
    ],
)
def test_a_formula_is_recognised_wherever_it_stands(sql: str, expected: bool) -> None:
    assert computes(sql) is expected


def rule_tests(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The tests that hold the rules of a table."""
    return {name: node for name, node in manifest["nodes"].items() if has_rules(node)}


def test_every_table_has_one_test_of_all_its_rules(tested: Warehouse) -> None:
    nodes = tested.manifest()["nodes"]
    tables = [node["attached_node"] for node in rule_tests(tested.manifest()).values()]
    assert len(tables) > 100
    assert len(set(tables)) == len(tables)
    others = [node for node in nodes.values() if node["resource_type"] == "test" and not has_rules(node)]
    assert [node["name"] for node in others if node.get("attached_node")] == []


def test_dbt_checks_exactly_the_rules_that_the_manifest_declares(tested: Warehouse) -> None:
    compiled = tested.home / "target" / "compiled" / "loyalty"
    for node in rule_tests(tested.manifest()).values():
        sql = (compiled / node["original_file_path"] / node["path"]).read_text(encoding="utf-8")
        rules = re.findall(r"select\s+'(\w+)' as rule", sql)
        assert sorted(rules) == sorted(rule.name for rule in rules_of(node)), node["name"]


def test_every_rule_of_a_key_finds_a_row_that_is_there_twice(tested: Warehouse) -> None:
    nodes = tested.manifest()["nodes"]
    grains = {
        name: nodes[node["attached_node"]]
        for name, node in rule_tests(tested.manifest()).items()
        if any(rule.kind == "grain" for rule in rules_of(node))
    }
    doubled = set()
    with duckdb.connect(str(tested.home / "warehouse.duckdb")) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for name, model in grains.items():
            table = f"{model['schema']}.{model['alias']}"
            if (model["schema"], model["alias"]) in tables:
                connection.execute(f"insert into {table} from {table}")
                if connection.execute(f"select 1 from {table} limit 1").fetchall():
                    doubled.add(name)
    with pytest.raises(AssertionError):
        tested.dbt("test", "--select", "test_name:rules", as_of=FIRST)
    assert len(doubled) > 30
    results = json.loads((tested.home / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    failing = {result["unique_id"]: failing_rules(result) for result in results}
    assert {name for name in doubled if "grain" not in failing[name]} == set()
    with pytest.raises(AssertionError, match=r"customer_rfm_rules: grain: \d+"):  # as dbt prints it
        tested.dbt("test", "--select", "customer_rfm_rules", as_of=FIRST)
