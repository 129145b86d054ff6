"""Packs give the same rows as the files of the batches, whatever state they are in, and never outlive these files."""

import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.base.durable import PRIVATE, umask
from pipelines.landing import finish_replacement, packed_rows, packs
from pipelines.landing.batches import PART, Store
from pipelines.landing.packs import LIST, update_packs
from pipelines.landing.prepare import prepared
from pipelines.privacy import erase, finish_pending, forget, plan_erasure
from pipelines.quality import open_landing
from tests.pipeline import people
from tests.pipeline.landing_desk import Desk

GROUP = {"match": "*.csv", "entities": {"orders": {"columns": {"order_id": "id", "ordered_at": "at", "total": "n"}}}}
HEADER = "id,at,n\n"
Rows = list[tuple[object, ...]]


@pytest.fixture(autouse=True)
def two_are_worth_a_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "MIN_BATCHES_TO_PACK", 2)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A home with three landed files in a pack, and one that landed after them."""
    desk = Desk(tmp_path, GROUP)
    for name in ("a", "b", "c"):
        desk.put(f"{name}.csv", f"{HEADER}{name}1,2024-05-01,1.00\n{name}2,2024-05-01,2.00\n")
    desk.land()
    desk.put("d.csv", f"{HEADER}d1,2024-05-02,4.00\n")
    desk.land()
    return desk


def gate_rows(landing: Path, packed: dict[str, str]) -> Rows:
    """The orders that the gate of landing reads, after the names and types of their columns."""
    with open_landing(landing, packed) as connection:
        columns = sorted(row[:2] for row in connection.execute("describe orders").fetchall())
        names = ", ".join(name for name, _ in columns)
        return [*columns, *connection.execute(f"select {names} from orders order by all").fetchall()]


def from_packs(desk: Desk) -> Rows:
    return gate_rows(desk.home / "landing", packed_rows(desk.home / "landing"))


def from_files(desk: Desk) -> Rows:
    return gate_rows(desk.home / "landing", {})


def pack_files(landing: Path, entity: str = "orders") -> list[Path]:
    return sorted((landing / packs.FOLDER / entity).glob("*"))


def batches(landing: Path, entity: str = "orders") -> set[str]:
    """The batches in packs, as the packs themselves have them."""
    return {batch for path in pack_files(landing, entity) for batch in pq.read_table(path)["batch"].to_pylist()}


def order_ids(desk: Desk) -> list[object]:
    with open_landing(desk.home / "landing", packed_rows(desk.home / "landing")) as connection:
        return [row[0] for row in connection.execute("select order_id from orders order by 1").fetchall()]


def parts(desk: Desk) -> list[Path]:
    return sorted((desk.home / "landing/orders/source=shop").rglob(PART))


def test_packs_and_the_other_batches_give_the_rows_of_the_files(desk: Desk) -> None:
    assert len(pack_files(desk.home / "landing")) == 1 and len(batches(desk.home / "landing")) == 3
    assert set(packed_rows(desk.home / "landing")) == {"orders"}
    assert from_packs(desk) == from_files(desk)
    assert order_ids(desk) == ["a1", "a2", "b1", "b2", "c1", "c2", "d1"]


def test_a_packed_batch_is_not_opened(desk: Desk) -> None:
    expected = from_packs(desk)
    packed = next(
        part for part in parts(desk) if part.parent.name.removeprefix("batch=") in batches(desk.home / "landing")
    )
    before = packed.stat()
    packed.write_bytes(b"x" * before.st_size)
    os.utime(packed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert from_packs(desk) == expected


def test_few_batches_and_large_ones_are_not_packed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = desk.home / "landing"
    first = batches(landing)
    update_packs(landing)
    assert batches(landing) == first
    desk.put("e.csv", f"{HEADER}e1,2024-05-02,4.00\n")
    monkeypatch.setattr(packs, "SMALL_FILE_BYTES", 10)
    desk.land()
    assert batches(landing) == first
    monkeypatch.undo()
    monkeypatch.setattr(packs, "MIN_BATCHES_TO_PACK", 2)
    update_packs(landing)
    assert len(batches(landing)) == 5 and len(pack_files(landing)) == 2
    assert from_packs(desk) == from_files(desk)


@pytest.mark.parametrize("limit", ["MAX_BATCHES", "MAX_BYTES"])
def test_a_pack_has_a_limited_size(desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(packs, limit, 2 if limit == "MAX_BATCHES" else 1)
    shutil.rmtree(desk.home / "landing" / packs.FOLDER)
    update_packs(desk.home / "landing")
    assert len(pack_files(desk.home / "landing")) == (2 if limit == "MAX_BATCHES" else 4)
    assert from_packs(desk) == from_files(desk)


@pytest.mark.parametrize("change", ["rewritten", "removed", "landed again"])
def test_a_pack_with_a_batch_that_has_changed_is_written_again(desk: Desk, change: str) -> None:
    landing = desk.home / "landing"
    (old,) = pack_files(landing)
    if change == "landed again":
        (rows,) = GROUP["entities"].values()  # type: ignore[attr-defined]
        desk.say({**GROUP, "entities": {"orders": {"columns": {**rows["columns"], "status": "'paid'"}}}})
        desk.land()
        expected = 7
    else:
        part = next(part for part in parts(desk) if part.parent.name.removeprefix("batch=") in batches(landing))
        table = pq.read_table(part, partitioning=None)
        expected = 7 - table.num_rows
        with prepared(landing) as store:
            if change == "removed":
                shutil.rmtree(part.parent)
            else:
                store.replace(part, table.slice(0, 0))
        assert not pack_files(landing) and not packed_rows(landing)
        finish_replacement(landing)  # as a run does first
    assert old not in pack_files(landing) and pack_files(landing)
    assert from_packs(desk) == from_files(desk) and len(order_ids(desk)) == expected


@pytest.mark.parametrize(
    "damage", ["pack", "pack gone", "list", "list gone", "list of another version", "left by a kill"]
)
def test_damaged_packs_are_written_again(desk: Desk, damage: str) -> None:
    landing = desk.home / "landing"
    expected = from_files(desk)
    (pack,), listed = pack_files(landing), landing / packs.FOLDER / LIST
    if damage == "pack":
        pack.write_bytes(pack.read_bytes()[:100])
    elif damage == "pack gone":
        pack.unlink()
    elif damage == "list":
        listed.write_bytes(b"not Parquet")
    elif damage == "list gone":
        listed.unlink()
    elif damage == "list of another version":
        pq.write_table(pq.read_table(listed).drop_columns(["part_state"]), listed)
    else:
        (pack.parent / ".another.parquet.123").write_bytes(pack.read_bytes()[:100])
        shutil.copy(pack, pack.parent / "another.parquet")
    finish_replacement(landing)
    assert from_packs(desk) == expected
    (pack,) = pack_files(landing)
    assert pack.suffix == ".parquet" and pq.read_table(pack).num_rows >= 6


def test_a_batch_that_cannot_be_read_is_left_to_its_reader(desk: Desk) -> None:
    landing = desk.home / "landing"
    parts(desk)[0].write_bytes(b"not Parquet")
    finish_replacement(landing)
    assert not packed_rows(landing) and not pack_files(landing)


def test_a_restored_home_has_the_same_rows(desk: Desk, tmp_path: Path) -> None:
    expected = from_packs(desk)
    desk.home.rename(tmp_path / "old")
    shutil.copytree(tmp_path / "old", desk.home, copy_function=shutil.copyfile)  # with new times and numbers of files
    finish_replacement(desk.home / "landing")
    assert from_packs(desk) == expected and len(batches(desk.home / "landing")) == 4


def test_packs_are_readable_only_by_their_owner(desk: Desk) -> None:
    folder = desk.home / "landing" / packs.FOLDER
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600} and len(files) == 2
    assert {path.stat().st_mode & 0o777 for path in (folder, folder / "orders")} == {0o700}


def test_an_erasure_removes_the_packs_before_it_changes_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = people.settings(tmp_path, "shop", "other")
    for number, day in enumerate((people.DAY, people.LATER)):
        people.deliver(shop, "shop", day, orders=[people.order(f"A{number}", customer_ref="ann-0001")])
        people.deliver(shop, "other", day, returns=[{"return_id": f"R{number}", "customer_ref": "bob-0001"}])
    people.arrive(shop)
    landing = shop.paths.landing
    others = pack_files(landing, "returns")
    assert len(pack_files(landing)) == 1 and len(others) == 1
    (landing / packs.FOLDER / "orders" / ".left.parquet.1").write_bytes(b"rows of a killed run")

    def killed(store: Store, *_: object) -> None:
        assert not pack_files(landing) and pack_files(landing, "returns") == others
        raise KeyboardInterrupt

    whole = forget.erase_landed
    monkeypatch.setattr(forget, "erase_landed", killed)
    with umask(PRIVATE) as users:
        with pytest.raises(KeyboardInterrupt):
            erase(shop, plan_erasure(shop, "ann-0001"), users)
        assert not pack_files(landing)
        update_packs(landing)  # as the next run does before it finishes the erasure
        assert pack_files(landing)
        monkeypatch.setattr(forget, "erase_landed", whole)
        assert finish_pending(shop, users) is not None
    assert not pack_files(landing) and pack_files(landing, "returns") == others
    finish_replacement(landing)
    (pack,) = pack_files(landing)
    assert pq.read_table(pack)["customer_ref"].to_pylist() == [None, None]
