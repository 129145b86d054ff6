"""The index of the ledger and the deliveries answers as the files of the batches do, whatever state it is in."""

import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import BuildError
from pipelines.landing import finish_replacement, read_ledger
from pipelines.landing.batches import LEDGER, PART
from pipelines.landing.index import INDEXED, index_path, read_deliveries
from pipelines.landing.prepare import prepared
from tests.pipeline.landing_desk import Desk

GROUP = {"match": "*.csv", "entities": {"orders": {"columns": {"order_id": "id", "ordered_at": "at", "total": "n"}}}}
HEADER = "id,at,n\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A home with three landed files, one of which was delivered twice."""
    desk = Desk(tmp_path, GROUP)
    for name in ("a", "b", "c"):
        desk.put(f"{name}.csv", f"{HEADER}{name}1,2024-05-01,1.00\n")
    desk.land()
    desk.put("a.csv", f"{HEADER}a1,2024-05-01,2.00\n")
    desk.land()
    return desk


def answers(desk: Desk) -> tuple[list[dict[str, object]], ...]:
    return read_ledger(desk.home).to_pylist(), read_deliveries(desk.home).to_pylist()


def indexes(desk: Desk) -> list[Path]:
    return [index_path(desk.home / "landing", dataset) for dataset in INDEXED]


def from_the_files(desk: Desk) -> tuple[list[dict[str, object]], ...]:
    """The answers without an index."""
    for path in indexes(desk):
        path.unlink(missing_ok=True)
    return answers(desk)


def ledger_parts(desk: Desk) -> list[Path]:
    return sorted((desk.home / "landing" / LEDGER / "source=shop").rglob(PART))


def test_landing_indexes_every_batch(desk: Desk) -> None:
    indexed = [pq.read_table(path).num_rows for path in indexes(desk)]
    assert indexed == [4, 4]
    with_index = answers(desk)
    assert with_index == from_the_files(desk) and len(with_index[0]) == 4


def test_a_batch_that_is_indexed_is_not_opened(desk: Desk) -> None:
    expected = answers(desk)
    part, *_ = ledger_parts(desk)
    before = part.stat()
    part.write_bytes(b"x" * before.st_size)
    os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert answers(desk) == expected
    os.utime(part)
    with pytest.raises(BuildError, match="is damaged"):
        answers(desk)


def test_an_old_index_changes_no_answer_and_is_renewed(desk: Desk, tmp_path: Path) -> None:
    old = [shutil.copy(path, tmp_path / path.name) for path in indexes(desk)]
    desk.put("d.csv", f"{HEADER}d1,2024-05-02,4.00\n")
    desk.put("b.csv", f"{HEADER}b1,2024-05-01,3.00\n")
    desk.land()
    current, expected = [path.read_bytes() for path in indexes(desk)], answers(desk)
    for path, copy in zip(indexes(desk), old, strict=True):
        shutil.copy(copy, path)
    assert answers(desk) == expected
    finish_replacement(desk.home / "landing")  # as a run does first
    assert [path.read_bytes() for path in indexes(desk)] == current
    assert expected == from_the_files(desk) and len(expected[0]) == 6


@pytest.mark.parametrize("damage", ["garbage", "cut", "pages", "other columns"])
def test_a_damaged_index_changes_no_answer_and_is_renewed(desk: Desk, damage: str) -> None:
    expected = answers(desk)
    for path in indexes(desk):
        whole = path.read_bytes()
        if damage == "garbage":
            path.write_bytes(b"not Parquet")
        elif damage == "cut":
            path.write_bytes(whole[:100])
        elif damage == "pages":
            path.write_bytes(whole[:4] + bytes(200) + whole[204:])
        else:
            pq.write_table(pq.read_table(path).drop_columns(["file_name"]), path)
    assert answers(desk) == expected
    finish_replacement(desk.home / "landing")
    assert [pq.read_table(path).num_rows for path in indexes(desk)] == [4, 4]
    assert answers(desk) == expected


def test_a_batch_that_is_removed_or_rewritten_is_not_taken_from_the_index(desk: Desk) -> None:
    gone, changed, *_ = ledger_parts(desk)
    shutil.rmtree(gone.parent)
    table = pq.read_table(changed, partitioning=None)
    with prepared(desk.home / "landing") as store:  # as an erasure does
        rows = [{**row, "landed_rows": 0, "erased_rows": 1} for row in table.to_pylist()]
        store.replace(changed, type(table).from_pylist(rows, schema=table.schema))
        ledger = read_ledger(desk.home).to_pylist()
        assert sorted(row["erased_rows"] for row in ledger) == [0, 0, 1]
    assert sorted(pq.read_table(indexes(desk)[0])["erased_rows"].to_pylist()) == [0, 0, 1]
    assert answers(desk) == from_the_files(desk)


def test_a_restored_home_has_the_same_answers(desk: Desk, tmp_path: Path) -> None:
    expected = answers(desk)
    desk.home.rename(tmp_path / "old")
    shutil.copytree(tmp_path / "old", desk.home, copy_function=shutil.copyfile)  # with new times and numbers of files
    assert answers(desk) == expected


def test_an_index_is_readable_only_by_its_owner(desk: Desk) -> None:
    assert {path.stat().st_mode & 0o777 for path in indexes(desk)} == {0o600}
    assert indexes(desk)[0].parent.stat().st_mode & 0o777 == 0o700
