"""Every query of the docs on published marts runs on the marts of the sample, and the twelve questions have answers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import duckdb
import pytest

from pipelines.config.settings import project_root

DOCS = project_root() / "docs"
PAGES = ["questions.md", "management-marts.md", "actions.md"]


class SampleHome(Protocol):
    """What the fixture `sample_home` gives."""

    published: Path


def queries(page: str) -> list[tuple[str, str]]:
    """The queries of a page, each with the last heading before it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found, heading = [], ""
    for title, query in re.findall(r"^## ([^\n]+)$|^```sql\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        heading = title or heading
        if query:
            found.append((heading, query))
    return found


@pytest.fixture(scope="module")
def marts(sample_home: SampleHome) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = (sample_home.published / "current").resolve() / "marts"
    with duckdb.connect() as connection:
        for mart in sorted(folder.iterdir()):
            connection.execute(f"create view {mart.name} as from '{mart}/*.parquet'")
        yield connection


def test_there_are_twelve_questions_each_with_one_query() -> None:
    found = queries("questions.md")
    assert [heading.split(".")[0] for heading, _ in found] == [str(n) for n in range(1, 13)]


@pytest.mark.parametrize(("page", "heading", "query"), [(page, *query) for page in PAGES for query in queries(page)])
def test_a_query_of_the_docs_runs_on_the_published_marts(
    marts: duckdb.DuckDBPyConnection, page: str, heading: str, query: str
) -> None:
    rows = marts.execute(query).fetchall()
    if page == "questions.md":
        assert rows, heading
