"""Killed at any moment of landing, every batch is whole or was never there, and the next landing makes up for it."""

import random
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.landing import read_ledger
from pipelines.landing.batches import PART
from tests.faults.children import kill_after, start
from tests.faults.landing_child import land_all

FILES = 40
DAY = "'2024-05-01'"
MAPPING = {
    "source": "shop",
    "files": [
        {
            "match": "*.csv",
            "entities": {
                "orders": {"where": "kind = 'o'", "columns": {"order_id": "id", "ordered_at": DAY, "gross": "amount"}},
                "returns": {
                    "where": "kind = 'r'",
                    "columns": {"return_id": "id", "returned_at": DAY, "amount": "amount"},
                },
            },
        }
    ],
}


def tree(landing: Path) -> dict[str, bytes]:
    """Every landed file's bytes; what lies in a scratch folder has not landed."""
    return {
        path.relative_to(landing).as_posix(): path.read_bytes()
        for path in landing.rglob(PART)
        if not path.relative_to(landing).parts[0].startswith(".")
    }


def check_whole(home: Path) -> int:
    """Every batch of the ledger has the rows that the ledger says; returns how many files have landed."""
    ledger = read_ledger(home).to_pylist()
    for row in ledger:
        part = home / "landing" / row["entity"] / f"source={row['source']}" / f"batch={row['batch']}" / PART
        assert pq.read_table(part, partitioning=None).num_rows == row["landed_rows"]
        assert row["records"] == row["taken_records"] + row["unreadable_records"] + row["skipped_records"]
    return len({row["batch"] for row in ledger})


@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_any_moment_every_batch_is_whole(tmp_path: Path, kills: int) -> None:
    inbox, mapping = tmp_path / "inbox", tmp_path / "mapping.yml"
    inbox.mkdir()
    mapping.write_text(yaml.safe_dump(MAPPING, sort_keys=False), encoding="utf-8")
    for number in range(FILES):
        rows = "".join(f"{'or'[row % 2]},{number}-{row},{row}.50\n" for row in range(200))
        (inbox / f"{number:03}.csv").write_text(f"kind,id,amount\n{rows}ragged\n", encoding="utf-8")
    land_all(tmp_path / "never_killed", inbox, mapping)
    whole = tree(tmp_path / "never_killed" / "landing")
    assert check_whole(tmp_path / "never_killed") == FILES

    home, moments = tmp_path / "home", random.Random(20260131)
    in_the_middle = 0
    for _ in range(kills):
        process = start("landing_child.py", home, inbox, mapping)
        kill_after(moments.randrange(FILES), process, moments, 0.05)
        landed = check_whole(home)
        in_the_middle += 0 < landed < FILES
        if landed == FILES:
            assert tree(home / "landing") == whole
            shutil.rmtree(home)
    assert in_the_middle
    land_all(home, inbox, mapping)
    assert tree(home / "landing") == whole
