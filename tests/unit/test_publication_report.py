"""The report in a version: named by its manifest, and made again when somebody is erased."""

import hashlib
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.base.errors import PublicationError
from pipelines.publication import SCHEMA_VERSION, audit, erase_customers, list_versions, publish
from pipelines.publication.model import REPORT, Manifest, Version
from tests.unit.publication_marts import CUSTOMERS, build

HER = hashlib.md5(b"7", usedforsecurity=False).hexdigest()


def count(folder: Path, manifest: Manifest) -> str:
    """A report that says which version it is of, and how many customers its marts have."""
    ((n,),) = duckdb.sql(f"select count(*) from '{folder}/marts/dim_customer/*.parquet'").fetchall()
    return f"{manifest.version}: {n}"


@pytest.fixture
def version(tmp_path: Path) -> Version:
    warehouse = build(tmp_path / "state" / "warehouse.duckdb")
    return publish(
        warehouse, tmp_path / "published", as_of=date(2026, 1, 31), run_id="run", tables=[CUSTOMERS], report=count
    )


def test_a_version_has_the_report_that_its_manifest_names(version: Version) -> None:
    assert (version.path / REPORT).read_text() == f"{version.id}: 50"
    assert REPORT in [file.path for file in audit(version.path).documents]


def test_a_changed_report_is_noticed(version: Version) -> None:
    (version.path / REPORT).write_text("another report")
    with pytest.raises(PublicationError, match=REPORT):
        audit(version.path)


def test_an_erasure_makes_the_report_again(version: Version) -> None:
    published = version.path.parents[1]
    erase_customers(published, [HER], report=count)
    (fresh,) = list_versions(published)
    assert (fresh.path / REPORT).read_text() == f"{fresh.id}: 49"
    assert [file.path for file in audit(fresh.path).documents].count(REPORT) == 1


def test_an_erasure_leaves_out_a_report_that_it_cannot_make_again(version: Version) -> None:
    published = version.path.parents[1]
    old = audit(version.path).model_copy(update={"schema_version": SCHEMA_VERSION - 1})
    (version.path / "manifest.json").write_text(old.to_text())
    erase_customers(published, [HER], report=count)
    (fresh,) = list_versions(published)
    assert not (fresh.path / REPORT).exists()
    assert REPORT not in [file.path for file in audit(fresh.path).documents]


def test_a_report_that_cannot_be_made_stops_the_publication(tmp_path: Path) -> None:
    def broken(folder: Path, manifest: Manifest) -> str:
        raise PublicationError("no report", hint="none")

    warehouse = build(tmp_path / "state" / "warehouse.duckdb")
    with pytest.raises(PublicationError, match="no report"):
        publish(
            warehouse, tmp_path / "published", as_of=date(2026, 1, 31), run_id="run", tables=[CUSTOMERS], report=broken
        )
    assert list_versions(tmp_path / "published") == []
