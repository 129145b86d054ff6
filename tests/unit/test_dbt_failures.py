"""dbt's failures in words: which test or model, how many rows, and the exit code that belongs to it."""

import json
from pathlib import Path

from pipelines.base.errors import BuildError, GateError
from pipelines.orchestration.dbt_build import build_args
from pipelines.runs.dbt_results import as_error, read_failures

MANIFEST = {
    "nodes": {
        "test.loyalty.unique_x.1": {"name": "unique_x", "depends_on": {"nodes": ["model.loyalty.fct_order"]}},
        "model.loyalty.fct_order": {"name": "fct_order", "depends_on": {"nodes": []}},
        "test.loyalty.fct_order_rules.2": {
            "name": "fct_order_rules",
            "attached_node": "model.loyalty.fct_order",
            "depends_on": {"nodes": ["model.loyalty.dim_customer", "model.loyalty.fct_order"]},
            "test_metadata": {"name": "rules", "kwargs": {"grain": ["order_key"], "not_null": ["source"]}},
        },
    }
}
FAILED_TEST = {"unique_id": "test.loyalty.unique_x.1", "status": "fail", "failures": 3, "message": "Got 3 results"}
BROKEN_MODEL = {"unique_id": "model.loyalty.fct_order", "status": "error", "message": "Binder Error:\n  no x"}
FINE = {"unique_id": "model.loyalty.fct_order", "status": "success", "message": "OK"}
SKIPPED = {"unique_id": "model.loyalty.fct_order", "status": "skipped", "message": None}


def results(folder: Path, *found: dict[str, object]) -> Path:
    (folder / "run_results.json").write_text(json.dumps({"results": found}))
    return folder


def test_a_failed_test_is_a_failed_gate_with_its_rows_and_its_model(tmp_path: Path) -> None:
    failures = read_failures(results(tmp_path, FINE, FAILED_TEST, SKIPPED), MANIFEST)
    error = as_error(failures, "dbt_core", tmp_path / "dbt.log", tmp_path)
    assert isinstance(error, GateError)
    assert "test unique_x on fct_order: 3 rows" in error.message
    assert str(tmp_path / "dbt.log") in error.hint
    assert [str(found) for found in error.findings] == ["test unique_x: 3"]


def test_a_failed_test_of_several_rules_is_a_failure_for_each_rule_that_failed(tmp_path: Path) -> None:
    failed = {
        "unique_id": "test.loyalty.fct_order_rules.2",
        "status": "fail",
        "failures": 2,
        "message": "Got 2 results",
        "adapter_response": {"_message": "grain: 4; not_null_source: 1"},
    }
    error = as_error(read_failures(results(tmp_path, failed), MANIFEST), "dbt_core", tmp_path / "dbt.log", tmp_path)
    assert isinstance(error, GateError)
    assert error.message.splitlines() == [
        "2 dbt tests failed in dbt_core:",
        "test fct_order.grain: 4 rows",
        "test fct_order.not_null_source: 1 row",
    ]
    assert [str(found) for found in error.findings] == ["test fct_order.grain: 4", "test fct_order.not_null_source: 1"]


def test_a_broken_model_is_a_failed_build_with_dbts_own_words(tmp_path: Path) -> None:
    failures = read_failures(results(tmp_path, FAILED_TEST, BROKEN_MODEL), MANIFEST)
    error = as_error(failures, "dbt_core", tmp_path / "dbt.log", tmp_path)
    assert isinstance(error, BuildError)
    assert "model fct_order: Binder Error: no x" in error.message


def test_a_dbt_that_did_not_get_to_results_is_quoted(tmp_path: Path) -> None:
    assert read_failures(tmp_path, MANIFEST) == []
    error = as_error([], "dbt_core", tmp_path / "dbt.log", tmp_path, "Compilation Error")
    assert isinstance(error, BuildError)
    assert "Compilation Error" in error.message


def test_a_long_list_of_failures_is_cut_and_counted(tmp_path: Path) -> None:
    failures = read_failures(results(tmp_path, *[FAILED_TEST] * 25), MANIFEST)
    message = as_error(failures, "dbt_marts", tmp_path / "dbt.log", tmp_path).message
    assert message.startswith("25 dbt tests failed in dbt_marts")
    assert message.endswith("and 15 more")


def test_dbt_is_asked_for_a_full_refresh_only_where_it_is_meant(tmp_path: Path) -> None:
    full, extended = (build_args(tmp_path, full_refresh=asked) for asked in (True, False))
    assert "--full-refresh" in full
    assert "--full-refresh" not in extended
