"""docs/sources.md: each system has all its parts, and its examples of custom fields and ZIP archives work."""

import re
import textwrap
import zipfile
from pathlib import Path

import pytest

from pipelines.config.settings import project_root
from pipelines.landing import load_mapping
from tests.exports.exported import EXPORTS
from tests.pipeline.landing_desk import Desk

TEXT = (project_root() / "docs" / "sources.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]}
EXAMPLES = [textwrap.dedent(example) for example in re.findall(r"```yaml\n( *extends: .*?)```", TEXT, flags=re.DOTALL)]


@pytest.mark.parametrize("name", SECTIONS)
def test_each_system_has_all_four_parts(name: str) -> None:
    parts = re.findall(r"\*\*(.*?)\*\*", SECTIONS[name])
    assert {"Where", "Taken", "Not taken"} <= set(parts)
    assert any("custom fields" in part.lower() for part in parts)


def test_every_built_in_mapping_is_listed() -> None:
    built_in = {path.name for path in EXPORTS.iterdir() if path.is_dir() and path.name[0] != "_"}
    table = "".join(line for line in TEXT.splitlines() if line.startswith("|"))
    assert {name for name in built_in if f"`{name}`" in table} == built_in


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_mapping(example: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_text(example, encoding="utf-8")
    assert load_mapping(path).extends


def example_of(system: str, word: str) -> str:
    """The example of a system that has a word."""
    (found,) = (one for one in EXAMPLES if one.startswith(f"extends: {system}\n") and word in one)
    return found


@pytest.mark.parametrize(
    ("system", "file", "old", "new", "query", "expected"),
    [
        (
            "shopify_api",
            "orders_rest_1.json",
            '"name": "#1001",',
            '"note_attributes": [{"name": "shop", "value": "S1"}],',
            "store_id from landed('orders')",
            "S1",
        ),
        (
            "woocommerce",
            "orders.json",
            '"meta_data": []',
            '"meta_data": [{"id": 1, "key": "_store", "value": "S1"}]',
            "store_id from landed('orders')",
            "S1",
        ),
        (
            "stripe",
            "unified_payments.csv",
            "Description",
            "store (metadata)",
            "store_id from landed('orders')",
            "Order 1001",
        ),
        (
            "typeform",
            "responses_page_1.json",
            '"hidden": {"email"',
            '"hidden": {"order": "A1", "email"',
            "order_id from landed('survey_answers')",
            "A1",
        ),
    ],
    ids=["shopify_api", "woocommerce", "stripe", "typeform"],
)
def test_a_custom_field_that_needs_an_expression_lands_by_the_example(
    system: str, file: str, old: str, new: str, query: str, expected: str, tmp_path: Path
) -> None:
    desk = Desk(tmp_path)
    word = query.partition(" ")[0]
    of_files = (one for one in EXAMPLES if "pulled_" not in one)
    (example,) = (one for one in of_files if one.startswith(f"extends: {system}\n") and word in one)
    desk.mapping.write_text(example, encoding="utf-8")
    text = (EXPORTS / system / file).read_text(encoding="utf-8")
    assert old in text
    desk.put(file, text.replace(old, new, 1))
    desk.land()
    assert (expected,) in desk.query(f"select {query}")


def test_an_archive_of_a_form_is_read_as_it_comes(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: google_forms\n", encoding="utf-8")
    with zipfile.ZipFile(desk.inbox / "Customer survey.csv.zip", "w") as archive:
        archive.write(EXPORTS / "google_forms" / "Customer survey.csv", "Customer survey.csv")
    desk.land()
    assert ("ada@example.com", "9") in desk.rows("survey_answers", "email, answer_number")
