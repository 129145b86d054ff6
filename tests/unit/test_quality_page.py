"""A gate's page: rendered by Great Expectations, of limited size, without network access and without values of rows."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from pipelines.quality import page as pages
from pipelines.quality import run_gate
from pipelines.quality.suites import load_suite
from tests.unit.publication_marts import publisher

PLANTED = "zz.planted@example.org"
SUITE = """
dataset: people
owner: customer insight
description: Is <b>all</b> well?
expectations:
  - {expect: expect_column_values_to_be_in_set, column: email, value_set: [x], why: one of a set}
  - {expect: expect_column_values_to_be_unique, column: email, why: each once, severity: warn}
  - {expect: expect_column_values_to_be_between, column: email, min_value: 3, why: within bounds}
  - {expect: expect_column_max_to_be_between, column: email, max_value: 3, why: its largest}
  - {expect: expect_column_min_to_be_between, column: born_on, min_value: "1990-01-01", why: its smallest}
  - {unexpected_rows: "select email from {batch}", name: listed, why: rows}
  - {unexpected_rows: "select 1 from {batch} where cast(email as integer) > 3", name: cast, why: a cast}
  - {unexpected_rows: "select error(email) from {batch}", name: raised, why: an error}
  - {unexpected_rows: "select \\"<script>\\" from {batch}", name: missing, why: no such column}
  - {unexpected_rows: "select email from {batch} where email = '<script>'", name: script, why: "a </script><script>"}
"""


class Loads(HTMLParser):
    """Collects everything that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object", "embed", "audio", "video", "base", "b"):
            self.found.append(tag)
        self.found += [
            f"{name}={value}"
            for name, value in attrs
            if name in ("src", "href", "action", "onclick") and not (value or "").startswith("#")  # a place on the page
        ]


@pytest.fixture
def people() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "create schema staging; create table staging.people as"
            f" select '{PLANTED}' as email, date '1987-06-05' as born_on from range(3) as r (i)"
            " union all select 'b', '2001-01-01'"
        )
        yield connection


def write(connection: duckdb.DuckDBPyConnection, folder: Path, text: str = SUITE) -> str:
    (folder / "people.yml").write_text(text)
    report = run_gate(
        "staging",
        [load_suite(folder / "people.yml")],
        connection,
        schemas=["staging"],
        page=folder / "quality" / "staging.html",
    )
    assert PLANTED not in repr(report)
    return (folder / "quality" / "staging.html").read_text()


def test_no_value_of_a_row_is_on_the_page(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    html = write(people, tmp_path)
    assert "planted" not in html
    assert "example.org" not in html
    assert "1987-06" not in html  # the year alone may be part of an id
    assert "withheld" in html


def test_the_page_says_what_was_expected_why_and_by_whom(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    html = re.sub(r"\s+", " ", write(people, tmp_path))
    assert "10 expectations: 8 stop the run, 1 is a warning, 0 were skipped" in html
    assert "column_values_to_be_unique.email: each once (warn; customer insight)" in html
    assert "listed: rows (error; customer insight)" in html
    assert "Conversion Error (" in html


def test_the_page_loads_and_runs_nothing(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    html = write(people, tmp_path)
    seen = Loads()
    seen.feed(html)
    assert seen.found == []
    assert "url(" not in html
    assert "@import" not in html


def test_the_page_is_the_last_runs_alone(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write(people, tmp_path)
    html = write(people, tmp_path, SUITE.replace("name: listed", "name: recounted"))
    assert "recounted: rows" in html
    assert "listed: rows" not in html
    assert [path.name for path in (tmp_path / "quality").iterdir()] == ["staging.html"]


def test_a_page_that_would_be_too_large_keeps_verdicts_and_says_what_it_leaves_out(
    people: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write(people, tmp_path)
    assert len(whole) < pages.PAGE_BYTES
    monkeypatch.setattr(pages, "PAGE_BYTES", len(whole) - 1)
    html = write(people, tmp_path)
    assert len(html) < len(whole)
    assert "page would be too large. 10 expectations: 8 stop the run" in html


def test_pages_are_published_beside_the_marts_and_audited_and_the_marts_keep_their_bytes(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    page = tmp_path / "marts.html"
    versions = []
    for text in ("one", "two"):
        page.write_text(text)
        versions.append(publish_day(31, documents={"quality/marts.html": page}))
    first, second = versions
    assert (first.path / "quality" / "marts.html").read_text() == "one"
    assert first.manifest is not None and second.manifest is not None
    document, restatement = first.manifest.documents
    assert restatement.path == "restatement.json"
    assert (document.path, document.bytes) == ("quality/marts.html", 3)
    assert document in first.manifest.files
    assert document.sha256 != second.manifest.documents[0].sha256
    assert [table.files for table in first.manifest.tables] == [table.files for table in second.manifest.tables]
