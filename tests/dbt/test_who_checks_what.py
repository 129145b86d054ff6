"""docs/quality.md, held: each promise is checked in one place, by the tool that says it best."""

from collections.abc import Iterator
from typing import Any

import yaml

from pipelines.landing.entities import ENTITIES
from pipelines.quality import load_suites, load_totals
from pipelines.quality.page import PAGE_BYTES
from pipelines.settings import project_root

ROOT = project_root()
MODELS = ROOT / "dbt_project" / "models"

# What a dbt test of a column says, as Great Expectations would.
SAME = {
    "not_null": "expect_column_values_to_not_be_null",
    "unique": "expect_column_values_to_be_unique",
    "accepted_values": "expect_column_values_to_be_in_set",
    "within_bounds": "expect_column_values_to_be_between",
}

# Models without a unit test, and what holds them instead.
NO_FORMULA = {
    "dim_date": "a calendar; its ends are held by tests/dbt/test_as_of.py",
    "fct_order": "selects int_order, which has the formulas",
    "fct_order_line": "selects int_order_line and int_order",
    "fct_return": "selects int_return",
    "int_customer_identity": "one join; every_reference_has_a_pseudonym",
    "int_customer_sighting": "the first day in each entity; int_customer_summary is tested on it",
    "int_customer_category": "the first day of each category; tests/dbt/test_incremental.py",
    "int_purchase_score": "reads what the value step wrote",
    "int_value_fit": "reads what the value step wrote; tests/pipeline/test_sample_truth.py",
    "rpt_clv_parameters": "reads what the value step wrote; tests/unit/test_value_fits.py",
    "rpt_data_issue": "the union of int_issue_ models, which have the formulas; tests/pipeline/test_data_issues.py",
    "rpt_clv_validation": "reads what the value step wrote; tests/unit/test_value_trial.py",
}


def documents() -> Iterator[dict[str, Any]]:
    for path in sorted(MODELS.rglob("*.yml")):
        yield yaml.safe_load(path.read_text(encoding="utf-8"))


def models() -> dict[str, dict[str, Any]]:
    return {model["name"]: model for document in documents() for model in document.get("models") or ()}


def data_tests(part: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The data tests of a model or a column: their names and arguments."""
    found = []
    for test in part.get("data_tests") or ():
        name, spec = (test, {}) if isinstance(test, str) else next(iter(test.items()))
        found.append((name, (spec or {}).get("arguments", {})))
    return found


def grains(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [arguments for name, arguments in data_tests(model) if name == "grain"]


def marts() -> dict[str, dict[str, Any]]:
    return {name: model for name, model in models().items() if (model.get("config") or {}).get("meta", {}).get("key")}


def said_by_dbt(model: dict[str, Any]) -> set[tuple[str, str]]:
    """(expectation, columns) that the dbt tests of a model amount to."""
    said = set()
    for column in model.get("columns") or ():
        said |= {(SAME[name], column["name"]) for name, _ in data_tests(column) if name in SAME}
    for grain in grains(model):
        columns = grain["columns"]
        said.add((SAME["unique"] if len(columns) == 1 else "expect_compound_columns_to_be_unique", ", ".join(columns)))
        said |= {(SAME["not_null"], column) for column in columns if column not in grain.get("optional", [])}
    return said


def test_no_suite_repeats_a_dbt_test_of_the_same_column() -> None:
    found = models()
    for stage in ("staging", "marts"):
        for suite in load_suites(ROOT / "expectations", stage):
            asked = {(expectation.kind, expectation.column) for expectation in suite.expectations}
            assert not asked & said_by_dbt(found.get(suite.dataset, {})), suite.dataset


def test_every_mart_has_one_test_of_its_key() -> None:
    assert len(marts()) >= 10
    for name, model in marts().items():
        (grain,) = grains(model)
        assert set(grain["columns"]) <= set(model["config"]["meta"]["key"]), name


def test_no_column_of_a_key_is_tested_again() -> None:
    for name, model in models().items():
        columns = {column["name"]: {test for test, _ in data_tests(column)} for column in model.get("columns") or ()}
        for grain in grains(model):
            whole = {"unique"} if len(grain["columns"]) == 1 else set()
            for column in grain["columns"]:
                again = whole if column in grain.get("optional", []) else {*whole, "not_null"}
                assert not columns.get(column, set()) & again, f"{name}.{column}"


def test_every_model_that_computes_has_a_unit_test_or_a_reason() -> None:
    tested = {test["model"] for document in documents() for test in document.get("unit_tests") or ()}
    folders = (MODELS / "marts", MODELS / "intermediate" / "orders", MODELS / "intermediate" / "customers")
    found = {path.stem for folder in folders for path in folder.rglob("*.sql")}
    assert found - tested == NO_FORMULA.keys()


def test_every_suite_speaks_of_what_its_stage_has_and_says_whom_to_ask() -> None:
    datasets = {
        "landing": {*ENTITIES, "unreadable", "ledger"},
        "staging": {path.stem for path in (MODELS / "staging").glob("stg_*.sql")},
        "marts": set(marts()),
    }
    for stage, known in datasets.items():
        for suite in load_suites(ROOT / "expectations", stage):
            assert suite.dataset in known
            assert suite.owner
            assert all(expectation.why and expectation.severity for expectation in suite.expectations)


def test_every_total_ends_in_a_mart_and_is_told_of_in_the_docs() -> None:
    told = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    for total in load_totals(ROOT / "expectations"):
        assert total.asset in marts()
        assert f"| {total.total}" in told


def test_the_docs_name_the_pages_bound() -> None:
    told = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    assert f"{PAGE_BYTES // 1024} KiB" in told
