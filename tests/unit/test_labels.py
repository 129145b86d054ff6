"""Every code that a mart declares has a label in each language."""

import csv
from collections import defaultdict
from typing import Any

import pytest
import yaml

from pipelines.config.settings import project_root

DBT = project_root() / "dbt_project"
LANGUAGES = {"en", "zh"}


def labelled() -> dict[str, dict[str, set[str]]]:
    """The codes of each code set, by language."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with (DBT / "seeds" / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["label"].strip() == row["label"] != "", row
            found[row["code_set"]][row["language"]].add(row["code"])
    return found


def code_sets(model: dict[str, Any]) -> dict[str, str]:
    """The code set of each column: that of its yml, else its name."""
    return {
        column["name"]: column.get("config", {}).get("meta", {}).get("code_set", column["name"])
        for column in model["columns"]
    }


def declared() -> dict[str, set[str]]:
    """The codes that the rules of marts accept, by code set."""
    tiers = yaml.safe_load((DBT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["clv_tiers"]
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((DBT / "models" / "marts").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            sets = code_sets(model)
            rules = [test["rules"]["arguments"] for test in model.get("data_tests", []) if "rules" in test]
            for accepted in (one for rule in rules for one in rule.get("accepted_values", [])):
                if accepted.get("quote", True):
                    codes = tiers if "clv_tiers" in accepted["values"] else accepted["values"]
                    for column in accepted["columns"]:
                        found[sets[column]] |= set(codes)
    return found


def test_every_code_that_a_mart_accepts_has_a_label() -> None:
    labels, codes = labelled(), declared()
    assert len(codes) > 15
    missing = {
        (code_set, language): sorted(found - labels[code_set][language])
        for code_set, found in codes.items()
        for language in LANGUAGES
    }
    assert {key: found for key, found in missing.items() if found} == {}


def test_every_issue_of_the_data_has_a_label() -> None:
    with (DBT / "seeds" / "data_issues.csv").open(encoding="utf-8", newline="") as file:
        issues = {row["issue"] for row in csv.DictReader(file)}
    labels = labelled()["issue"]
    assert {language: sorted(issues - labels[language]) for language in LANGUAGES} == {"en": [], "zh": []}


def test_every_construct_of_an_answer_has_a_label() -> None:
    with (DBT / "seeds" / "constructs.csv").open(encoding="utf-8", newline="") as file:
        constructs = {row["construct"] for row in csv.DictReader(file)}
    labels = labelled()["explanation"]
    assert {language: sorted(constructs - labels[language]) for language in LANGUAGES} == {"en": [], "zh": []}


@pytest.mark.parametrize("code_set", sorted(labelled()))
def test_a_code_set_has_the_same_codes_in_every_language(code_set: str) -> None:
    by_language = labelled()[code_set]
    assert by_language.keys() == LANGUAGES
    assert by_language["en"] == by_language["zh"]
