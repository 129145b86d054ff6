"""What dbt declares twice says the same: entities, types, rule codes, seeds that both engines can load."""

import csv
import re
from pathlib import Path

import yaml
from jinja2 import Environment

from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.config.settings import project_root
from pipelines.landing.spans import Rule

PROJECT = project_root() / "dbt_project"
CHECKED = {ColumnType(name) for name in ("timestamp", "date", "amount", "price", "rate", "integer", "boolean")}


def declared() -> dict[str, dict[str, object]]:
    """The entities as macros/staging/entities.sql gives them."""
    text = (PROJECT / "macros" / "staging" / "entities.sql").read_text()
    found: list[dict[str, dict[str, object]]] = []
    module = Environment(extensions=["jinja2.ext.do"]).from_string(text, globals={"return": found.append}).module
    module.entities()  # type: ignore[attr-defined]  # a macro
    return found[0]


def rules() -> list[dict[str, str]]:
    """The rows of seeds/quarantine_rules.csv."""
    with (PROJECT / "seeds" / "quarantine_rules.csv").open() as file:
        return list(csv.DictReader(file))


def test_staging_knows_every_entity_as_landing_does() -> None:
    macros = declared()
    assert list(macros) == list(ENTITIES)
    for name, entity in ENTITIES.items():
        spec = macros[name]
        columns = spec["columns"]
        assert isinstance(columns, dict)
        assert {column: definition[0] for column, definition in columns.items()} == {
            column: kind.value for column, kind in entity.columns.items()
        }
        assert (spec["key"], spec["event"], spec["masked"]) == (list(entity.key), entity.event, list(entity.masked))
        assert {column for column, definition in columns.items() if len(definition) == 2} == {
            column for column, kind in entity.columns.items() if kind in CHECKED
        }


def test_every_rule_that_staging_checks_is_in_the_catalogue_and_the_other_way_round() -> None:
    used = {f"{spec['prefix']}-001" for spec in declared().values()}
    for path in [PROJECT / "macros" / "staging" / "entities.sql", *(PROJECT / "models" / "staging").rglob("*.sql")]:
        used |= set(re.findall(r"'([A-Z]{3}-\d{3})'", path.read_text()))
    assert used == {rule["code"] for rule in rules() if rule["entity"] != "unreadable"}


def test_every_rule_that_landing_checks_is_in_the_catalogue_and_the_other_way_round() -> None:
    assert {rule.value for rule in Rule} == {rule["code"] for rule in rules() if rule["entity"] == "unreadable"}


def test_a_rule_has_a_code_of_its_entity_and_speaks_of_one_of_its_columns() -> None:
    macros = declared()
    for rule in rules():
        code, name = rule["code"], rule["entity"]
        prefix, columns = "LND", ["raw"]
        if name != "unreadable":
            prefix, columns = str(macros[name]["prefix"]), list(ENTITIES[name].columns)
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
    assert found == {"fct_order.source_currency"}
