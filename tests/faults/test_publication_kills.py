"""Killed at any moment of publication or retention, the published set opens and is exactly one version."""

import itertools
import random
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.publication import audit, list_versions, resolve_current
from tests.faults.children import end, kill_after, start
from tests.faults.publication_child import KEPT_DAYS, READERS, publish_many, read_once


@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_any_moment_current_is_one_whole_version(tmp_path: Path, kills: int) -> None:
    published = tmp_path / "published"
    moments = random.Random(20260131)
    editions = itertools.count(1)
    publish_many(tmp_path / "first.duckdb", published, next(editions), 1)
    newest = audit(resolve_current(published)).as_of
    interrupted = 0
    for attempt in range(kills):
        first = next(editions)
        for _ in range(99):
            next(editions)
        warehouse = tmp_path / f"{attempt}.duckdb"
        # without a grace period retention is at work in every publication
        process = start("publication_child.py", "publish", warehouse, published, first, 100, 0)
        kill_after(1, process, moments, 0.6)
        warehouse.unlink()
        current = resolve_current(published)
        manifest = audit(current)  # hashes, rows and columns of every file
        assert manifest.version == current.name
        assert manifest.as_of > newest  # never back to what was before
        newest = manifest.as_of
        assert {read_once(kind, published) for kind in READERS} == {manifest.inputs["edition"]}
        assert not [version.problem for version in list_versions(published) if version.problem]
        interrupted += bool([*(published / "versions").glob(".*"), *published.glob(".current-*")])
    assert interrupted  # some kills did hit a publication, not the time between two
    publish_many(tmp_path / "last.duckdb", published, next(editions), 1, grace_seconds=0)
    assert audit(resolve_current(published)).as_of > newest
    assert not [*(published / "versions").glob(".*"), *published.glob(".current-*")]
    assert len(list_versions(published)) == KEPT_DAYS


def test_two_who_publish_at_once_do_so_one_after_the_other(tmp_path: Path) -> None:
    published = tmp_path / "published"
    for process in [
        start("publication_child.py", "publish", tmp_path / f"{first}.duckdb", published, first, 5, 60)
        for first in (1, 101)
    ]:
        end(process)
    versions = list_versions(published)
    assert len({version.sequence for version in versions}) == len(versions)
    assert not [version.problem for version in versions if version.problem]
    assert audit(resolve_current(published)).inputs == {"edition": 105}


@pytest.mark.slow
def test_a_driver_of_duckdb_1_opens_what_is_published(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_many(tmp_path / "warehouse.duckdb", published, 7, 1)
    old = tmp_path / "old"
    install = ["install", "-q", "--no-deps", "--target", str(old), "duckdb>=1.1,<1.2"]
    if uv := shutil.which("uv"):
        command = [uv, "pip", *install, "--python", sys.executable]
    else:  # a pip from anywhere can install for our interpreter, whose environment may have none
        command = [shutil.which("pip") or "pip3", "--python", sys.executable, *install]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"no DuckDB 1.x to be had here: {installed.stderr.strip().splitlines()[-1:]}")
    program = f"""
import sys
sys.path.insert(0, {str(old)!r})
import duckdb
connection = duckdb.connect({str(resolve_current(published) / "loyalty.duckdb")!r}, read_only=True)
print(duckdb.__version__, connection.execute("select count(*), min(edition) from fct_order").fetchone())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("1.1.")
    assert done.stdout.strip().endswith("(20000, 7)")
    assert not duckdb.__version__.startswith("1.")
