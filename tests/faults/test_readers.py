"""Who reads by the documented way (resolve `current` once, read below it) never sees two versions and never fails."""

import json
from pathlib import Path

import pytest

from pipelines.publication import list_versions
from tests.faults.children import end, start
from tests.faults.publication_child import HOLDS, READERS, publish_many

GRACE_SECONDS = 10


@pytest.mark.parametrize("publications", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_four_readers_never_mix_versions(tmp_path: Path, publications: int) -> None:
    published, stop = tmp_path / "published", tmp_path / "stop"
    warehouse = tmp_path / "warehouse.duckdb"
    publish_many(warehouse, published, 1, 1, GRACE_SECONDS)
    readers = {kind: start("publication_child.py", "read", kind, published, stop) for kind in READERS}
    for reader in readers.values():
        assert reader.stdout is not None
        reader.stdout.readline()
    try:
        publish_many(warehouse, published, 2, publications, GRACE_SECONDS)
    finally:
        stop.touch()
    for kind, reader in readers.items():
        seen = json.loads(end(reader))
        assert seen == sorted(seen), kind
        assert len(set(seen)) > 1, f"the pointer did not move under {kind}"
    if publications >= 50:
        assert len(list_versions(published)) < publications  # retention did remove what was read before


def test_who_holds_a_version_needs_no_grace_period(tmp_path: Path) -> None:
    published, stop = tmp_path / "published", tmp_path / "stop"
    warehouse = tmp_path / "warehouse.duckdb"
    publish_many(warehouse, published, 1, 1, 0)
    reader = start("publication_child.py", "read", HOLDS, published, stop)
    assert reader.stdout is not None
    reader.stdout.readline()
    try:
        publish_many(warehouse, published, 2, 4, 0)
    finally:
        stop.touch()
    seen = json.loads(end(reader))
    assert seen == sorted(seen) and len(set(seen)) > 1
