"""The layers of the dbt project, by its manifest: what may read what, what has to be declared.

The rules are those of dbt_project_evaluator that fit here, each named at its test. Not used: "rejoining of upstream
concepts" and "multiple sources joined" (staging joins every entity with the ledger by design), "hard-coded references"
(sqlfluff and the parity tests find those), and "too many joins" (models have at most 120 lines).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from pipelines.base.entities import ENTITIES
from pipelines.runs.dbt_rules import rules_of
from pipelines.runs.required import DBT_STEPS
from tests.dbt.warehouse import Warehouse

Node = dict[str, Any]

STEPS = list(DBT_STEPS)
PREFIXES = {
    "staging": ("stg_",),
    "intermediate": ("int_",),
    "marts": ("dim_", "fct_", "customer_", "account_", "rpt_", "identity_"),
}
# Lists the changed keys of several domains, which read them; no model of it is a step of a domain.
ACROSS_DOMAINS = "changed"
# Views on views that a reader has to compute: no longer chains than this.
LONGEST_CHAIN_OF_VIEWS = 4
KEY_RULES = ("grain", "unique", "n_rows")
# Landed rows, of which two can be the same.
WITHOUT_KEY = {"int_rejected_row", "int_unlisted_line"}
# Models that read one input for each entity or topic.
WIDE = 12
ONE_INPUT_PER_ENTITY = {
    "int_issue_deletion",
    "int_issue_lost_digits",
    "stg_file_reconciliation",
    "stg_key_conflict",
    "stg_quarantine",
    "stg_quarantine_answer",
    "stg_redelivered_row",
    "rpt_data_issue",  # one per topic
}


@pytest.fixture(scope="module")
def manifest(new_warehouse: Callable[[], Warehouse]) -> dict[str, Any]:
    """dbt's manifest of the project as it is."""
    warehouse = new_warehouse()
    warehouse.dbt("seed", as_of=date(2024, 1, 29))
    return warehouse.manifest()


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, Node]:
    """Every model by its unique id."""
    return {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def layer(node: Node) -> str:
    return str(node["fqn"][1])


def folder(node: Node) -> str:
    """Layer and domain; staging has no domains."""
    return layer(node) if layer(node) == "staging" else "/".join(node["fqn"][1:3])


def links(models: dict[str, Node]) -> Iterator[tuple[Node, Node]]:
    """Every model with each model that it reads."""
    for node in models.values():
        for parent in node["depends_on"]["nodes"]:
            if parent in models:
                yield node, models[parent]


def test_every_layer_has_models(models: dict[str, Node]) -> None:
    assert {layer(node) for node in models.values()} == set(PREFIXES)


def test_a_layer_reads_itself_and_the_layers_before_it(models: dict[str, Node]) -> None:
    """Staging and intermediate models dependent on later models; marts read staging through intermediate models."""
    allowed = {
        "staging": {"staging"},
        "intermediate": {"staging", "intermediate"},
        "marts": {"intermediate", "marts"},
    }
    found = [
        f"{node['name']} reads {parent['name']}"
        for node, parent in links(models)
        if layer(parent) not in allowed[layer(node)]
    ]
    assert found == []


def test_landed_files_are_read_in_staging_alone(models: dict[str, Node]) -> None:
    """Direct join to source; the exchange, which Python writes from models, is read where it is needed."""
    readers = {
        node["name"]: layer(node)
        for node in models.values()
        if any(parent.startswith("source.loyalty.landing.") for parent in node["depends_on"]["nodes"])
    }
    assert len(readers) > 10
    assert set(readers.values()) == {"staging"}


def test_every_source_is_declared_and_read(manifest: dict[str, Any], models: dict[str, Node]) -> None:
    """Unused sources; sources without a description."""
    read = {parent for node in models.values() for parent in node["depends_on"]["nodes"]}
    assert set(manifest["sources"]) - read == set()
    assert [name for name, source in manifest["sources"].items() if not source["description"]] == []


def test_every_model_reads_something(models: dict[str, Node]) -> None:
    """Root models: rows that come from nowhere."""
    assert [node["name"] for node in models.values() if not node["depends_on"]["nodes"]] == []


def test_folders_do_not_read_each_other_in_a_circle(models: dict[str, Node]) -> None:
    reads: dict[str, set[str]] = defaultdict(set)
    for node, parent in links(models):
        domains = {node["fqn"][2], parent["fqn"][2]}
        if folder(node) != folder(parent) and ACROSS_DOMAINS not in domains:
            reads[folder(node)].add(folder(parent))
    assert len(reads) > 10
    try:
        TopologicalSorter(reads).prepare()
    except CycleError as error:
        pytest.fail(f"these folders read each other: {' -> '.join(error.args[1])}")


def test_a_mart_s_domain_is_one_of_the_intermediate_ones(models: dict[str, Node]) -> None:
    """Models in the folders of their domain; the calendar and the labels belong to all."""
    domains = {node["fqn"][2] for node in models.values() if layer(node) == "intermediate"}
    marts = {node["fqn"][2] for node in models.values() if layer(node) == "marts"}
    assert marts - domains == {"calendar", "labels"}


def test_a_model_is_named_for_its_layer(models: dict[str, Node]) -> None:
    """Model naming conventions."""
    assert [node["name"] for node in models.values() if not node["name"].startswith(PREFIXES[layer(node)])] == []


def test_a_model_is_described_beside_its_sql(models: dict[str, Node]) -> None:
    """Undocumented models; property files in the model's folder. An entity's file describes its staging models too."""
    assert [node["name"] for node in models.values() if not node["description"].startswith("Grain: ")] == []
    beside = {
        node["name"]: (Path(node["patch_path"].split("://")[1]).parent, Path(node["original_file_path"]).parent)
        for node in models.values()
    }
    entities = Path("models/staging/entities")
    per_entity = {form.format(name) for name in ENTITIES for form in ("stg_{}", "stg_{}__checked")}
    assert {name for name, (described, _) in beside.items() if described == entities} == per_entity
    assert [
        name for name, (described, written) in beside.items() if described != written and name not in per_entity
    ] == []


def test_a_model_is_built_by_one_step(models: dict[str, Node]) -> None:
    assert {node["name"]: node["tags"] for node in models.values() if len(set(node["tags"]) & set(STEPS)) != 1} == {}


def test_no_model_is_built_before_what_it_reads(models: dict[str, Node]) -> None:
    def step(node: Node) -> int:
        (tag,) = set(node["tags"]) & set(STEPS)
        return STEPS.index(tag)

    assert [
        f"{node['name']} reads {parent['name']}" for node, parent in links(models) if step(node) < step(parent)
    ] == []


def test_a_model_belongs_to_a_group(manifest: dict[str, Any], models: dict[str, Node]) -> None:
    groups = {node["name"]: node["group"] for node in models.values()}
    assert [name for name, group in groups.items() if not group] == []
    assert set(groups.values()) == {group["name"] for group in manifest["groups"].values()}


def test_a_mart_is_public_under_contract_and_described(models: dict[str, Node]) -> None:
    """Public models without contract; undocumented public models; columns without a type."""
    public = {node["name"] for node in models.values() if node["access"] == "public"}
    marts = {node["name"]: node for node in models.values() if layer(node) == "marts"}
    assert public == set(marts)
    for name, node in marts.items():
        assert node["config"]["contract"]["enforced"], name
        assert node["columns"], name
        assert [
            column["name"]
            for column in node["columns"].values()
            if not column["description"] or not column["data_type"]
        ] == [], name


def test_every_mart_has_a_reader_that_is_declared(manifest: dict[str, Any], models: dict[str, Node]) -> None:
    """Exposures on marts; every mart is published, so the exposures of the published version name all of them."""
    marts = {name for name, node in models.items() if layer(node) == "marts"}
    for name in ("bi_tools", "analysts_parquet"):
        assert set(manifest["exposures"][f"exposure.loyalty.{name}"]["depends_on"]["nodes"]) == marts


def test_every_mart_and_every_intermediate_table_has_a_rule_for_its_key(
    manifest: dict[str, Any], models: dict[str, Node]
) -> None:
    """Missing primary key tests."""
    keyed = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if any(rule.kind in KEY_RULES for rule in rules_of(node))
    }
    needed = {
        name
        for name, node in models.items()
        if layer(node) == "marts" or (layer(node) == "intermediate" and node["config"]["materialized"] != "view")
    }
    assert {models[name]["name"] for name in needed - keyed} == WITHOUT_KEY


def test_a_metric_adds_up_what_one_mart_has(manifest: dict[str, Any], models: dict[str, Node]) -> None:
    """A rate is a ratio of sums: no measure is a mean, and no metric averages the values of shorter periods."""
    sources = {parent for node in manifest["semantic_models"].values() for parent in node["depends_on"]["nodes"]}
    assert {layer(models[name]) for name in sources} == {"marts"}
    measures = [measure for node in manifest["semantic_models"].values() for measure in node["measures"]]
    assert {measure["agg"] for measure in measures} == {"sum", "count", "count_distinct"}
    kinds = {metric["name"]: metric["type"] for metric in manifest["metrics"].values()}
    rates = [name for name in kinds if name.endswith(("_rate", "_share"))]
    assert len(rates) > 5
    assert {kinds[name] for name in rates} == {"ratio"}
    assert [
        metric["name"]
        for metric in manifest["metrics"].values()
        if (metric["type_params"]["cumulative_type_params"] or {}).get("period_agg") == "average"
    ] == []


def test_nothing_is_built_that_nobody_reads(manifest: dict[str, Any], models: dict[str, Node]) -> None:
    """Dead-end models and seeds: read by a model, a test of several models, or an exposure."""
    readers = [*models.values(), *manifest["exposures"].values()]
    read = {parent for reader in readers for parent in reader["depends_on"]["nodes"]}
    built = {name for name, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    assert built - read == set()


def test_chains_of_views_are_short(models: dict[str, Node]) -> None:
    """Chained views: a query on the last one computes all of them."""

    def length(name: str) -> int:
        node = models.get(name)
        if node is None or node["config"]["materialized"] != "view":
            return 0
        return 1 + max(map(length, node["depends_on"]["nodes"]), default=0)

    assert {name: length(name) for name in models if length(name) > LONGEST_CHAIN_OF_VIEWS} == {}


def test_wide_models_are_those_with_an_input_for_each_entity(models: dict[str, Node]) -> None:
    """Model fan-in."""
    inputs: dict[str, set[str]] = defaultdict(set)
    for node, parent in links(models):
        inputs[node["name"]].add(parent["name"])
    assert {name for name, found in inputs.items() if len(found) > WIDE} == ONE_INPUT_PER_ENTITY
