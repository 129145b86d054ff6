"""The declared entities are complete, what is generated from them is current, and both engines can load the seeds."""

import csv
import re
from pathlib import Path

import pytest
import yaml

from pipelines.base.entities import ENTITIES, ColumnType, Entity
from pipelines.config.settings import project_root
from pipelines.landing.spans import Rule
from pipelines.quality import column_reference, mart_reference
from pipelines.quality.entity_reference import CATALOGUE, MACRO, catalogue, macro

PROJECT = project_root() / "dbt_project"
CHECKED = {ColumnType(name) for name in ("timestamp", "date", "amount", "price", "rate", "integer", "boolean")}


def rules() -> list[dict[str, str]]:
    """The rows of seeds/quarantine_rules.csv."""
    with (PROJECT / "seeds" / "quarantine_rules.csv").open() as file:
        return list(csv.DictReader(file))


def test_what_is_generated_from_the_declared_entities_is_current() -> None:
    assert (PROJECT.parent / MACRO).read_text(encoding="utf-8") == macro(), "call make docs"
    assert (PROJECT.parent / CATALOGUE).read_text(encoding="utf-8") == catalogue(PROJECT.parent), "call make docs"
    columns = (PROJECT.parent / column_reference.PAGE).read_text(encoding="utf-8")
    assert columns == column_reference.page(PROJECT.parent), "call make docs"
    published = (PROJECT.parent / mart_reference.PAGE).read_text(encoding="utf-8")
    assert published == mart_reference.page(PROJECT.parent), "call make docs"


def test_each_column_has_an_example_that_staging_accepts() -> None:
    forms = {
        ColumnType.TIMESTAMP: r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
        ColumnType.DATE: r"\d{4}-\d\d-\d\d",
        ColumnType.AMOUNT: r"-?\d+\.\d\d",
        ColumnType.PRICE: r"-?\d+(\.\d{1,4})?",
        ColumnType.RATE: r"\d+(\.\d{1,8})?",
        ColumnType.INTEGER: r"-?\d+",
        ColumnType.BOOLEAN: r"true|false",
        ColumnType.LOWER: r"[^A-Z]+",
    }
    for (name, column), example in column_reference.examples(PROJECT.parent).items():
        entity = ENTITIES[name]
        assert re.fullmatch(forms.get(entity.columns[column], r"\S(.*\S)?"), example), (name, column)
        assert example in entity.accepted.get(column, (example,)), (name, column)
        assert column != "currency" or re.fullmatch(r"[A-Z]{3}", example), (name, column)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=ENTITIES)
def test_an_entity_is_declared_as_staging_needs_it(entity: Entity) -> None:
    columns = list(entity.columns)
    assert columns[: len(entity.key)] == list(entity.key) and columns[-1] == "updated_at"
    assert {entity.event, *entity.masked, *entity.state} - {None} <= set(columns)
    # the rule that text can be cast has a code for each column that is cast, and for no other
    assert set(entity.malformed) == {column for column, kind in entity.columns.items() if kind in CHECKED}
    named = {column for rule in entity.rules for column in (*rule.columns, rule.beside)} - {""}
    assert named <= set(columns)
    unaccepted = {rule.columns[0] for rule in entity.rules if rule.reject == "unaccepted"}
    assert unaccepted == set(entity.accepted)
    assert all(rule.reject or rule.where for rule in entity.rules)


def test_an_entity_has_its_models_and_every_model_of_an_entity_is_declared() -> None:
    for folder, form in (
        ("staging", "stg_{}"),
        ("staging/checked", "stg_{}__checked"),
        ("intermediate/as_of", "int_{}_as_of"),
    ):
        missing = [
            name for name in ENTITIES if not (PROJECT / "models" / folder / f"{form.format(name)}.sql").is_file()
        ]
        assert missing == []
    assert len(list((PROJECT / "models" / "staging" / "checked").glob("*.sql"))) == len(ENTITIES)


def test_every_rule_that_landing_checks_is_in_the_catalogue_and_the_other_way_round() -> None:
    assert {rule.value for rule in Rule} == {rule["code"] for rule in rules() if rule["entity"] == "unreadable"}


def test_a_rule_has_a_code_of_its_entity_and_speaks_of_one_of_its_columns() -> None:
    for rule in rules():
        code, name = rule["code"], rule["entity"]
        prefix, columns = "LND", ["raw"]
        if name != "unreadable":
            prefix, columns = ENTITIES[name].prefix, list(ENTITIES[name].columns)
        assert re.fullmatch(rf"{prefix}-\d{{3}}", code), code
        assert set(rule["column_name"].split()) <= set(columns), code


def test_a_rule_says_what_it_means_and_what_to_do_and_refuses_the_row() -> None:
    for rule in rules():
        assert rule["meaning"].removesuffix(".").strip() and rule["meaning"].endswith("."), rule["code"]
        assert rule["action"].removesuffix(".").strip() and rule["action"].endswith("."), rule["code"]
        # a row that breaks any rule is refused: there is nothing milder
        assert rule["severity"] == "error", rule["code"]


def test_a_code_that_was_given_once_stays_and_speaks_of_the_same_column() -> None:
    given = set((Path(__file__).parent / "rule_codes.txt").read_text().splitlines())
    found = {f"{rule['code']} {rule['entity']}.{rule['column_name']}" for rule in rules()}
    assert given - found == set(), "a code keeps its meaning for ever: give a new one"
    assert found - given == set(), "write the new code into rule_codes.txt"


def test_no_seed_has_an_apostrophe_which_spark_cannot_load() -> None:
    for path in sorted(Path(PROJECT / "seeds").glob("*.csv")):
        assert "'" not in path.read_text(), path.name


def test_no_text_of_a_seed_is_empty_or_null_which_spark_loads_as_the_text_none() -> None:
    declared = [
        seed
        for path in (PROJECT / "seeds").glob("*.yml")
        for seed in yaml.safe_load(path.read_text(encoding="utf-8"))["seeds"]
    ]
    assert {seed["name"] for seed in declared} == {path.stem for path in (PROJECT / "seeds").glob("*.csv")}
    for seed in declared:
        types = seed.get("config", {}).get("column_types", {})
        with (PROJECT / "seeds" / f"{seed['name']}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        texts = [name for name in rows[0] if types.get(name, "string") == "string"]
        wrong = [row for row in rows if any(row[name] in ("", "null") for name in texts)]
        assert wrong == [], seed["name"]


def test_a_column_that_is_new_leaves_the_hashes_of_landed_rows_as_they_are() -> None:
    lines = (Path(__file__).parent / "hashed_columns.txt").read_text().splitlines()
    hashed = {name: columns for name, *columns in map(str.split, lines)}
    found = {name: [c for c in entity.columns if c not in entity.added] for name, entity in ENTITIES.items()}
    assert found == hashed, "declare a new column with `added: true`; only a new entity gets a line in the file"
    assert all(entity.added.isdisjoint(entity.key) for entity in ENTITIES.values())


def published_columns() -> list[tuple[str, str, str]]:
    """Model, name and description of every column of a mart."""
    paths = sorted((PROJECT / "models" / "marts").rglob("_*.yml"))
    models = [model for path in paths for model in yaml.safe_load(path.read_text()).get("models", [])]
    return [(model["name"], column["name"], column["description"]) for model in models for column in model["columns"]]


def test_every_amount_of_a_mart_says_that_it_is_in_the_reporting_currency() -> None:
    amounts = [
        (model, name, description)
        for model, name, description in published_columns()
        if re.search(r"(^|_)amount$", name) and not re.match(r"(n|is)_", name)
    ]
    assert len(amounts) >= 30
    assert [f"{model}.{name}" for model, name, text in amounts if "the reporting currency" not in text] == []


def test_a_currency_in_a_mart_is_called_the_sources() -> None:
    found = {f"{model}.{name}" for model, name, _ in published_columns() if "currency" in name}
    assert found == {"fct_campaign_touch.source_currency", "fct_order.source_currency"}
