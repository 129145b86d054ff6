"""Killed at any moment of landing, every batch is whole or was never there, and the next landing makes up for it.

The same holds for a landing that replaces batches: until the new batch is there the earlier one is, and never both.
"""

import random
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.landing import finish_replacement, read_ledger
from pipelines.landing.batches import PART
from pipelines.landing.index import read_deliveries
from pipelines.landing.replacement import JOURNAL
from tests.faults.children import end, kill_after, start
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


def contents(home: Path) -> Counter[str]:
    """How many batches each content has."""
    batches = {(row["batch"], row["file_sha256"]) for row in read_ledger(home).to_pylist()}
    return Counter(sha256 for _, sha256 in batches)


def delivered(home: Path) -> set[tuple[str, int]]:
    return {(row["file_name"], row["sequence"]) for row in read_deliveries(home).to_pylist()}


def test_killed_before_any_step_a_batch_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    base, inbox, mapping = tmp_path / "base", tmp_path / "inbox", tmp_path / "mapping.yml"
    inbox.mkdir()
    groups = [{**MAPPING["files"][0], "match": "a*.csv"}, {**MAPPING["files"][0], "match": "b*.csv"}]
    mapping.write_text(yaml.safe_dump({"source": "shop", "files": groups}), encoding="utf-8")
    # a name that was delivered twice, a content under two names, and one whose rows do not change
    for name, content in {"a1": "o,1,5", "a2": "o,3,9", "a3": "o,3,9", "b1": "o,4,1"}.items():
        (inbox / f"{name}.csv").write_text(f"kind,id,amount\n{content}\nr,2,7\nragged\n", encoding="utf-8")
    land_all(base, inbox, mapping)
    (inbox / "a1.csv").write_text("kind,id,amount\no,1,6\nr,2,7\n", encoding="utf-8")
    land_all(base, inbox, mapping)
    groups = [{**groups[0], "nulls": ["7"]}, {**groups[1], "delivery": "full"}]
    mapping.write_text(yaml.safe_dump({"source": "shop", "files": groups}), encoding="utf-8")
    before, deliveries = contents(base), delivered(base)
    assert set(before.values()) == {1}

    end(start("landing_child.py", base, inbox, mapping, tmp_path / "homes"))
    *killed, whole = sorted((tmp_path / "homes").iterdir())
    assert len(killed) > 50
    assert contents(whole) == before and tree(whole / "landing") != tree(base / "landing")
    states = set()
    for home in killed:
        check_whole(home)
        pending = (home / "landing" / JOURNAL).exists()
        states.add((pending, max(contents(home).values())))
        assert set(contents(home)) == set(before)
        assert pending or set(contents(home).values()) == {1}
        finish_replacement(home / "landing")
        check_whole(home)
        assert (contents(home), delivered(home)) == (before, deliveries)
        if pending or int(home.name) % 10 == 0:
            land_all(home, inbox, mapping)
            assert tree(home / "landing") == tree(whole / "landing")
    assert states == {(False, 1), (True, 1), (True, 2)}, "every state was met"
