"""Names, columns and codes of the marts change only with the schema version, and the changelog says how.

After a change that is meant: raise SCHEMA_VERSION (pipelines/publication/model.py), describe the change in
docs/changelog.md, then `pytest tests/unit/test_published_schema.py --update-snapshots`.
"""

import csv
import json
from pathlib import Path

import pytest
import yaml

from pipelines.config.settings import project_root
from pipelines.publication import SCHEMA_VERSION

SNAPSHOT = Path(__file__).with_name("published_schema.json")
DBT = project_root() / "dbt_project"

Schema = dict[str, dict[str, object]]


def declared() -> Schema:
    """Every mart's key, columns with types, and accepted codes, as the enforced contracts declare them."""
    found: Schema = {}
    for path in sorted((DBT / "models" / "marts").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            arguments = [test["rules"]["arguments"] for test in model.get("data_tests", []) if "rules" in test]
            found[model["name"]] = {
                "key": model["config"]["meta"]["key"],
                "columns": [f"{column['name']} {column['data_type']}" for column in model["columns"]],
                "codes": {
                    column: rule["values"]
                    for argument in arguments
                    for rule in argument.get("accepted_values", [])
                    for column in rule["columns"]
                },
            }
    with (DBT / "seeds" / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    for code_set in sorted({row["code_set"] for row in labels}):
        codes = sorted({row["code"] for row in labels if row["code_set"] == code_set})
        found[f"codes {code_set}"] = {"codes": codes}
    return found


def problem(kept: Schema, kept_version: int, found: Schema, version: int) -> str:
    """Why the schema version does not fit what is published; empty if it does."""
    if found != kept and version <= kept_version:
        changed = sorted(name for name in kept.keys() | found.keys() if kept.get(name) != found.get(name))
        return f"{', '.join(changed)} changed: raise SCHEMA_VERSION above {kept_version}"
    return ""


def test_what_is_published_changes_only_with_the_schema_version(request: pytest.FixtureRequest) -> None:
    kept = json.loads(SNAPSHOT.read_text(encoding="utf-8")) if SNAPSHOT.exists() else {"schema_version": 0, "marts": {}}
    found = declared()
    assert problem(kept["marts"], kept["schema_version"], found, SCHEMA_VERSION) == ""
    if request.config.getoption("--update-snapshots"):
        text = json.dumps({"schema_version": SCHEMA_VERSION, "marts": found}, indent=1, ensure_ascii=False)
        SNAPSHOT.write_text(text + "\n", encoding="utf-8")
        return
    assert (found, SCHEMA_VERSION) == (kept["marts"], kept["schema_version"])


def test_every_schema_version_is_described_in_the_changelog() -> None:
    changelog = (project_root() / "docs" / "changelog.md").read_text(encoding="utf-8")
    missing = [n for n in range(2, SCHEMA_VERSION + 1) if f"### Schema version {n}\n" not in changelog]
    assert missing == []


@pytest.mark.parametrize(
    "change",
    [{"key": ["b"]}, {"columns": ["a string", "b bigint"]}, {"codes": {"a": ["y"]}}],
    ids=["key", "column", "code"],
)
def test_a_change_without_a_higher_schema_version_is_found(change: dict[str, object]) -> None:
    before: Schema = {"rpt_x": {"key": ["a"], "columns": ["a string"], "codes": {"a": ["x"]}}}
    after: Schema = {"rpt_x": before["rpt_x"] | change}
    assert "rpt_x" in problem(before, 2, after, 2)
    assert problem(before, 2, after, 3) == ""
    assert problem(before, 2, before, 2) == ""
