"""Killed at any moment, the published set opens and is one version; and readers who resolve once never see two."""

import itertools
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from pipelines.publication import audit, list_versions, resolve_current
from tests.pipeline.publication_child import publish_many, read_many

CHILD = Path(__file__).with_name("publication_child.py")
KILLS = 15


def child(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_killed_at_any_moment_current_is_one_whole_version(tmp_path: Path) -> None:
    published = tmp_path / "published"
    moments = random.Random(20260131)
    editions = itertools.count(1)
    publish_many(tmp_path / "first.duckdb", published, next(editions), 1)
    newest = audit(resolve_current(published)).as_of
    interrupted = 0
    for attempt in range(KILLS):
        first = next(editions)
        for _ in range(99):
            next(editions)
        process = child("publish", tmp_path / f"{attempt}.duckdb", published, first, 100)
        assert process.stdout is not None
        process.stdout.readline()  # it has published once and is at it again
        time.sleep(moments.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        current = resolve_current(published)
        manifest = audit(current)  # hashes, rows and columns of every file
        assert manifest.version == current.name
        assert manifest.as_of > newest  # never back to what was before
        newest = manifest.as_of
        read_many(published, 0)
        assert not [version.problem for version in list_versions(published) if version.problem]
        interrupted += bool([*(published / "versions").glob(".*"), *published.glob(".current-*")])
    assert interrupted  # some kills did hit a publication, not the time between two
    (tmp_path / "last.duckdb").unlink(missing_ok=True)
    publish_many(tmp_path / "last.duckdb", published, next(editions), 1)
    assert audit(resolve_current(published)).as_of > newest
    assert not [*(published / "versions").glob(".*"), *published.glob(".current-*")]


def test_readers_who_resolve_once_never_see_two_versions(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_many(tmp_path / "warehouse.duckdb", published, 1, 1)
    readers = [child("read", published, 8) for _ in range(2)]
    time.sleep(1.5)
    publish_many(tmp_path / "warehouse.duckdb", published, 2, 10)
    for reader in readers:
        out, err = reader.communicate()
        assert reader.returncode == 0, err
        seen = json.loads(out)
        assert seen == sorted(seen)
        assert len(set(seen)) > 1  # the pointer did move under the reader


def test_two_who_publish_at_once_do_so_one_after_the_other(tmp_path: Path) -> None:
    published = tmp_path / "published"
    both = [child("publish", tmp_path / f"{first}.duckdb", published, first, 5) for first in (1, 101)]
    for process in both:
        _, err = process.communicate()
        assert process.returncode == 0, err
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
