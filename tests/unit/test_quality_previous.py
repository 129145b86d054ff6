"""What a gate compares with: the day built, and the version that was published before it."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.orchestration.gates import published_before
from pipelines.quality import GateReport, run_gate
from pipelines.quality.suites import load_suite
from tests.unit.publication_marts import publisher

SUITE = """
dataset: people
owner: me
description: trial
expectations:
  - unexpected_rows: |
      with told as (select * from {batch})
      select told.id from told inner join previous.people as was on told.id = was.id where told.level <> was.level
    name: levels_are_stable
    why: trial
  - unexpected_rows: select id from {batch} where day_on > {as_of}
    name: nothing_is_later
    why: trial
"""


@pytest.fixture
def people(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create schema marts;"
            "create table marts.people as select i as id, 'b' as level, date '2026-01-28' + i::integer as day_on"
            " from range(5) as r (i)"
        )
    with duckdb.connect(str(warehouse), read_only=True) as connection:  # as a gate opens it
        yield connection


def run(connection: duckdb.DuckDBPyConnection, folder: Path, previous: Path | None) -> GateReport:
    (folder / "people.yml").write_text(SUITE)
    return run_gate(
        "marts",
        [load_suite(folder / "people.yml")],
        connection,
        schemas=["marts"],
        as_of=date(2026, 1, 31),
        previous=previous,
        page=folder / "page.html",
    )


def publish_people(folder: Path) -> Path:
    (folder / "people").mkdir(parents=True)
    target = str(folder / "people" / "part-0.parquet").replace("'", "''")
    duckdb.execute(
        f"copy (select i as id, case when i < 2 then 'a' else 'b' end as level from range(9) as r (i)) to '{target}'"
    )
    return folder


def test_a_suite_reads_what_was_published_before_and_the_day_that_is_built(
    people: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    report = run(people, tmp_path, publish_people(tmp_path / "it's [odd]* :x {y}"))
    stable, later = report.results
    assert (stable.unexpected_count, stable.skipped, stable.error) == (2, "", "")
    assert later.unexpected_count == 1
    assert report.skipped == ()
    assert len(people.execute(stable.where).fetchall()) == 2  # to be run by anybody, with nothing attached


def test_without_a_version_before_the_comparison_is_skipped_and_told(
    people: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "marts" / "others").mkdir(parents=True)
    for previous in (None, tmp_path / "marts"):  # nothing published; a version that did not have this mart
        report = run(people, tmp_path, previous)
        (stable,) = report.skipped
        assert stable.name == "levels_are_stable"
        assert stable.summary.startswith("people: levels_are_stable: ")
        assert stable.skipped and stable.skipped in stable.summary
        assert [result.name for result in report.failures] == ["nothing_is_later"]
        assert f"levels_are_stable: not checked: {stable.skipped}" in (tmp_path / "page.html").read_text()


def test_a_gate_leaves_nothing_of_the_version_before_behind(people: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    before = publish_people(tmp_path / "marts")
    run(people, tmp_path, before)
    attached = people.execute("select database_name from duckdb_databases() where not internal").fetchall()
    assert attached == [("warehouse",)]
    assert run(people, tmp_path, before).skipped == ()


def test_the_version_before_is_the_newest_of_the_nearest_earlier_day(tmp_path: Path) -> None:
    published, publish_day = tmp_path / "published", publisher(tmp_path)
    assert published_before(published, date(2026, 1, 31)) is None
    versions = [publish_day(day) for day in (31, 20, 20)]
    publish_day(10)
    assert published_before(published, date(2026, 1, 31)) == versions[2].path / "marts"
    assert published_before(published, date(2026, 1, 10)) is None
    (versions[2].path / "manifest.json").unlink()
    assert published_before(published, date(2026, 1, 31)) == versions[1].path / "marts"


def test_a_version_of_another_schema_version_is_not_compared_with(tmp_path: Path) -> None:
    published, publish_day = tmp_path / "published", publisher(tmp_path)
    version = publish_day(10)
    assert published_before(published, date(2026, 1, 31)) == version.path / "marts"
    manifest = version.path / "manifest.json"
    manifest.write_text(re.sub(r'"schema_version": \d+', '"schema_version": 1', manifest.read_text()))
    assert published_before(published, date(2026, 1, 31)) is None
