"""Every code that a mart declares, and every column of a mart, has a label in each language."""

import csv
from collections import defaultdict
from enum import StrEnum
from typing import Any

import pytest
import yaml

from pipelines.config.settings import project_root
from pipelines.value.drivers import DriverStatus
from pipelines.value.report import FitStatus
from pipelines.value.suitability import ModelKind, Verdict

DBT = project_root() / "dbt_project"
LANGUAGES = {"en", "zh"}


def columns() -> dict[str, list[str]]:
    """The columns of each mart."""
    return {
        model["name"]: [column["name"] for column in model["columns"]]
        for path in sorted((DBT / "models" / "marts").rglob("*.yml"))
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    }


def column_labels(language: str) -> dict[str, str]:
    """The label of each column."""
    with (DBT / "seeds" / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: row["label"]
            for row in csv.DictReader(file)
            if row["code_set"] == "column" and row["language"] == language
        }


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


def semantic_files() -> list[dict[str, Any]]:
    """The files with semantic models and metrics."""
    return [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((DBT / "models" / "marts").rglob("_*__metrics.yml"))
    ]


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


def test_every_code_with_a_label_is_one_that_a_mart_accepts() -> None:
    """A code that is only in the labels was added to the code, and the mart rejects it."""
    labels = labelled()
    extra = {name: sorted(labels[name]["en"] - codes) for name, codes in declared().items() if name != "issue"}
    assert {name: found for name, found in extra.items() if found} == {}


@pytest.mark.parametrize(
    ("code_set", "codes"),
    [
        ("fit_status", FitStatus),
        ("driver_status", DriverStatus),
        ("suitability_model", ModelKind),
        ("suitability_verdict", Verdict),
    ],
)
def test_a_mart_accepts_every_code_that_the_value_step_writes(code_set: str, codes: type[StrEnum]) -> None:
    assert {str(code) for code in codes} <= declared()[code_set]


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


def test_every_metric_is_described_and_has_its_label_in_each_language() -> None:
    metrics = [metric for file in semantic_files() for metric in file.get("metrics", [])]
    assert len(metrics) > 15
    assert [metric["name"] for metric in metrics if not metric["description"].strip()] == []
    with (DBT / "seeds" / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = {
            (row["code"], row["language"]): row["label"] for row in csv.DictReader(file) if row["code_set"] == "metric"
        }
    assert {name for name, _ in labels} == {metric["name"] for metric in metrics}
    assert {name: label for (name, language), label in labels.items() if language == "en"} == {
        metric["name"]: metric["label"] for metric in metrics
    }


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_column_of_a_mart_has_a_label_and_every_label_a_column(language: str) -> None:
    published = {column for names in columns().values() for column in names}
    labels = set(column_labels(language))
    assert len(published) > 500
    assert sorted(published - labels) == [], "these columns have no label (code set column of labels.csv)"
    assert sorted(labels - published) == [], "no mart has these columns"
    assert list(column_labels(language)) == sorted(labels), "the rows are not in alphabetical order"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_two_columns_of_a_mart_never_have_the_same_label(language: str) -> None:
    labels = column_labels(language)
    for mart, names in columns().items():
        found: dict[str, list[str]] = defaultdict(list)
        for name in names:
            found[labels[name]].append(name)
        assert {label: same for label, same in found.items() if len(same) > 1} == {}, mart


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_label_of_a_column_fits_the_head_of_a_table(language: str) -> None:
    assert {name: label for name, label in column_labels(language).items() if len(label) > 50} == {}


@pytest.mark.parametrize("code_set", sorted(labelled()))
def test_a_code_set_has_the_same_codes_in_every_language(code_set: str) -> None:
    by_language = labelled()[code_set]
    assert by_language.keys() == LANGUAGES
    assert by_language["en"] == by_language["zh"]
