"""CONTRIBUTING.md can be followed as it is written: what its recipes name is there, under that name."""

import csv
import re

from pipelines.config.settings import project_root
from pipelines.quality import load_suites
from pipelines.runs.dbt_manifest import mart_tables

ROOT = project_root()
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", TEXT)
FOLDERS = ("pipelines/", "dbt_project/", "tests/", "expectations/", "benchmarks/", "docs/", ".venv/bin/")


def test_every_path_that_it_names_is_there() -> None:
    named = [word for code in CODE for word in code.split() if word.startswith(FOLDERS)]
    linked = re.findall(r"\]\((?!http)([^)#]+)", TEXT)
    assert len(named) > 20
    # a placeholder stands for whatever is there: at least one
    patterns = {name: re.sub(r"<[^>]+>", "*", name).rstrip("/") for name in (*named, *linked)}
    missing = [name for name, pattern in patterns.items() if not list(ROOT.glob(pattern))]
    assert missing == []


def test_every_make_target_that_it_names_is_there() -> None:
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", made, flags=re.MULTILINE))
    named = {word for line in re.findall(r"(?:^|`)make ([a-z -]+)", TEXT, flags=re.MULTILINE) for word in line.split()}
    assert len(named) > 8
    assert named - targets == set()


def test_programs_are_called_where_make_puts_them() -> None:
    for program in ("loyalty", "pytest", "dbt"):
        # `loyalty forget` in a sentence is the name of a command, and is not to be typed here
        assert not re.search(rf"`{program} [^`]*(--|tests/)", TEXT), program


def test_the_columns_of_the_rules_are_the_seeds() -> None:
    found = re.search(r"its columns: ([^)]+)\)", TEXT)
    assert found
    with (ROOT / "dbt_project" / "seeds" / "quarantine_rules.csv").open(encoding="utf-8", newline="") as file:
        assert found[1].split(", ") == next(csv.reader(file))


def test_a_mart_is_published_by_the_key_that_it_tells_to_write() -> None:
    assert "config: {meta: {key: [...]}}" in CODE
    node = {
        "resource_type": "model",
        "config": {"schema": "marts", "meta": {"key": ["customer_key"]}},
        "original_file_path": "models/marts/rfm/customer_basket.sql",
        "alias": "customer_basket",
        "description": "",
        "columns": {},
    }
    (table,) = mart_tables({"nodes": {"model.loyalty.customer_basket": node}})
    assert table.key == ("customer_key",)


def test_severities_are_those_that_a_suite_can_have() -> None:
    suites = [suite for stage in ("landing", "staging", "marts") for suite in load_suites(ROOT / "expectations", stage)]
    used = {str(expectation.severity) for suite in suites for expectation in suite.expectations}
    assert used == {"error", "warn"}
    assert "(`error` or `warn`)" in TEXT
