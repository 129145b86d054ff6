"""Dagster has a check for each rule of a table, and dbt runs one test of them all."""

from types import SimpleNamespace
from typing import Any

import dagster as dg

from pipelines.orchestration.rule_checks import divided, rule_results, selected_rules

TEST, OTHER = "test.loyalty.fct_order_rules.2", "test.loyalty.nothing_is_late.3"
ORDER, CUSTOMER = "model.loyalty.fct_order", "model.loyalty.dim_customer"
MANIFEST: dict[str, Any] = {
    "nodes": {
        ORDER: {"name": "fct_order"},
        CUSTOMER: {"name": "dim_customer"},
        TEST: {
            "name": "fct_order_rules",
            "fqn": ["loyalty", "marts", "fct_order_rules"],
            "attached_node": ORDER,
            "depends_on": {"nodes": [CUSTOMER, ORDER]},
            "test_metadata": {"name": "rules", "kwargs": {"grain": ["order_key"], "not_null": ["source"]}},
        },
        OTHER: {"name": "nothing_is_late", "depends_on": {"nodes": [ORDER]}},
    },
    "parent_map": {ORDER: [], CUSTOMER: [], TEST: [CUSTOMER, ORDER], OTHER: [ORDER]},
    "child_map": {ORDER: [TEST, OTHER], CUSTOMER: [TEST], TEST: [], OTHER: []},
}
KEY = dg.AssetKey(["marts", "fct_order"])
GRAIN, NOT_NULL = f"{TEST}.grain", f"{TEST}.not_null_source"


def context(*selected: str) -> Any:
    """A step that checks the rules with these ids."""
    return SimpleNamespace(
        assets_def=SimpleNamespace(
            check_specs=[
                dg.AssetCheckSpec(name.rsplit(".", 1)[-1], asset=KEY, metadata={"dagster_dbt/unique_id": name})
                for name in selected
            ]
        )
    )


def test_a_test_of_rules_is_divided_into_a_test_for_each() -> None:
    found = divided(MANIFEST)
    assert found["nodes"].keys() == {*MANIFEST["nodes"], GRAIN, NOT_NULL}
    assert [found["nodes"][name]["name"] for name in (GRAIN, NOT_NULL)] == ["grain", "not_null_source"]
    assert found["child_map"][ORDER] == [OTHER, GRAIN, NOT_NULL]
    assert found["child_map"][CUSTOMER] == [GRAIN, NOT_NULL]
    assert found["parent_map"][GRAIN] == found["parent_map"][NOT_NULL] == [CUSTOMER, ORDER]


def test_a_divided_test_is_selected_by_the_name_of_the_one_that_dbt_knows() -> None:
    found = divided(MANIFEST)["nodes"]
    assert found[GRAIN]["fqn"] == found[NOT_NULL]["fqn"] == ["loyalty", "marts", "fct_order_rules"]


def test_the_manifest_that_is_divided_stays_as_it_is() -> None:
    divided(MANIFEST)
    assert MANIFEST["nodes"][TEST]["attached_node"] == ORDER
    assert MANIFEST["child_map"][ORDER] == [TEST, OTHER]


def results(result: dict[str, Any], *selected: str) -> dict[str, tuple[bool, dict[str, Any]]]:
    """By rule, whether it passed, and what Dagster shows."""
    found = rule_results(selected_rules(context(*selected)), MANIFEST, {"unique_id": TEST, **result})
    return {
        str(one.check_name): (one.passed, {name: value.value for name, value in one.metadata.items()}) for one in found
    }


def test_every_rule_of_a_test_that_passed_has_passed() -> None:
    found = results({"status": "pass"}, GRAIN, NOT_NULL)
    assert {name: passed for name, (passed, _) in found.items()} == {"grain": True, "not_null_source": True}


def test_of_a_test_that_failed_the_rules_that_are_kept_have_passed() -> None:
    failed = {"status": "fail", "adapter_response": {"_message": "not_null_source: 3"}}
    found = results(failed, GRAIN, NOT_NULL)
    assert {name: passed for name, (passed, _) in found.items()} == {"grain": True, "not_null_source": False}
    assert found["not_null_source"][1]["dagster_dbt/failed_row_count"] == 3
    assert found["grain"][1]["status"] == "pass"


def test_a_test_that_could_not_be_run_has_no_rule_that_passed() -> None:
    found = results({"status": "error"}, GRAIN, NOT_NULL)
    assert {name: passed for name, (passed, _) in found.items()} == {"grain": False, "not_null_source": False}


def test_a_rule_that_the_step_was_not_asked_for_has_no_result() -> None:
    assert results({"status": "pass"}, GRAIN).keys() == {"grain"}
