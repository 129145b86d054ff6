"""Small files are staged several at once, and land as if staged one after the other (pipelines/landing/ahead.py)."""

import io
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from shutil import copytree
from typing import Any

import duckdb
import pytest

from pipelines.base import database
from pipelines.landing import LandingReport, RefusedFiles, land
from pipelines.landing.ledger import ErasedRows
from pipelines.landing.make_batch import BatchMaker, EarlierBatch, Task
from pipelines.landing.report import FileOutcome
from tests.pipeline.landing_desk import HEADER, TODAY, Desk, lines
from tests.pipeline.test_landing_workbooks import xlsx

FILES = 8


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets the number of threads of every DuckDB that is opened from now on."""
    before = dict(database._limits)

    def use(number: int) -> None:
        database.set_limits("1GB", number)

    yield use
    database._limits.clear()
    database._limits.update(before)


def row(number: int) -> str:
    return f"o{number},1,Tea {number},{number}\n"


def zipped(number: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("member.csv", HEADER + row(number))
    return packed.getvalue()


def workbook(number: int) -> bytes:
    return xlsx({"Sheet1": [HEADER.strip().split(","), row(number).strip().split(",")]})


def fill(desk: Desk) -> None:
    """Plain files, files that are read by a clean copy, and ones that are refused, empty, double or cut off."""
    for number in range(FILES):
        desk.put(f"plain{number}.csv", HEADER + row(number) * 3)
        desk.put(f"torn{number}.csv", HEADER + row(number) + '"never closed\n' + row(number))
        desk.put(f"nul{number}.csv", HEADER + row(number) + "a\0b,1,Tea,1\n")
        desk.put(f"zipped{number}.zip", zipped(number))
        desk.put(f"double{number}.csv", HEADER + row(number // 2))
    for number in range(4):
        desk.put(f"book{number}.xlsx", workbook(number))
        desk.put(f"refused{number}.csv", f"order,line\no{number},1\n")
        desk.put(f"empty{number}.csv", HEADER)
        desk.put(f"digits{number}.csv", HEADER + f"1.3{number}E+10,1,Tea,1\n")


def landed(desk: Desk, **more: Any) -> LandingReport:
    with pytest.raises(RefusedFiles) as refused:
        land(desk.home, desk.sources(), today=TODAY, **more)
    report = refused.value.report
    return replace(report, seconds=0.0, files=tuple(replace(file, seconds=0.0) for file in report.files))


def groups() -> list[dict[str, Any]]:
    return [lines("*.zip"), lines("*.xlsx", format="xlsx"), lines()]


def test_files_staged_together_land_as_if_staged_one_after_the_other(
    tmp_path: Path, threads: Callable[[int], None]
) -> None:
    desks = [Desk(tmp_path / str(number), *groups()) for number in (1, 2, 4)]
    reports = []
    fill(desks[0])
    for desk in desks[1:]:
        copytree(desks[0].inbox, desk.inbox, dirs_exist_ok=True)  # workbooks and archives contain the time
    for number, desk in zip((1, 2, 4), desks, strict=True):
        threads(number)
        reports.append(landed(desk))
    assert {file.outcome for file in reports[0].files} == {"landed", "skipped", "refused"}
    assert len(reports[0].warnings) >= 4
    assert reports[1] == reports[2] == reports[0]
    assert desks[1].tree() == desks[2].tree() == desks[0].tree()


def test_every_small_file_with_a_new_content_is_staged_before_its_turn(
    tmp_path: Path, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If this fails, the other tests here do not test what they should."""
    staged_by = []
    stage = BatchMaker.stage

    def noting(maker: BatchMaker, task: Task) -> FileOutcome:
        staged_by.append(threading.current_thread().name.rpartition("_")[0])
        return stage(maker, task)

    monkeypatch.setattr(BatchMaker, "stage", noting)
    desk = Desk(tmp_path, *groups())
    fill(desk)
    threads(2)
    report = landed(desk)
    assert staged_by.count("landing") == len([file for file in report.files if file.outcome != "skipped"])


def test_a_file_with_many_records_is_staged_alone(
    tmp_path: Path, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB's optimizers are set for all connections, and decide which columns are declared as never NULL."""
    monkeypatch.setattr("pipelines.landing.make_batch.SMALL_FILE_RECORDS", 3)
    trees = []
    for number in (1, 4):
        threads(number)
        desk = Desk(tmp_path / str(number), lines())
        for file in range(24):
            desk.put(f"{file:02}.csv", HEADER + row(file) * (3 if file % 3 == 0 else 2))
        assert len(desk.land().landed_batches) == 24
        trees.append(desk.tree())
    assert trees[1] == trees[0]


def test_a_file_that_changes_after_it_was_staged_lands_as_it_is_now(
    tmp_path: Path, threads: Callable[[int], None]
) -> None:
    threads(2)
    desk = Desk(tmp_path, lines())
    for number in range(6):
        desk.put(f"{number}.csv", HEADER + row(number))

    def deliver_again(file: FileOutcome, done: int, _total: int) -> None:
        if done == 1:
            desk.put("2.csv", HEADER + row(200))

    land(desk.home, desk.sources(), today=TODAY, progress=deliver_again)
    assert desk.rows("order_lines", "order_id") == [(f"o{number}",) for number in (0, 1, 200, 3, 4, 5)]


def test_what_fails_among_others_is_tried_alone(
    tmp_path: Path, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example because the memory is enough for one file, but not for two at once."""
    stage = BatchMaker.stage
    at_once: set[str] = set()
    beside: list[set[str]] = []

    def scarce(maker: BatchMaker, task: Task) -> FileOutcome:
        if threading.current_thread() is threading.main_thread():
            beside.append(set(at_once))
            return stage(maker, task)
        at_once.add(task.batch)
        time.sleep(0.05)
        at_once.remove(task.batch)
        raise MemoryError

    monkeypatch.setattr(BatchMaker, "stage", scarce)
    threads(2)
    desk = Desk(tmp_path, lines())
    for number in range(6):
        desk.put(f"{number}.csv", HEADER + row(number))
    assert len(desk.land().landed_batches) == 6
    assert beside == [set()] * 6
    assert desk.rows("order_lines", "order_id") == [(f"o{number}",) for number in range(6)]


@pytest.mark.parametrize("number", [1, 2])
def test_times_do_not_depend_on_the_time_zone_of_the_machine(
    tmp_path: Path, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def in_tokyo(**more: Any) -> duckdb.DuckDBPyConnection:
        connection = database.connect(**more)
        connection.execute("set global TimeZone = 'Asia/Tokyo'")
        return connection

    monkeypatch.setattr(import_module("pipelines.landing.land"), "connect", in_tokyo)
    threads(number)
    group = lines()
    group["entities"]["order_lines"]["columns"]["product_name"] = "to_timestamp(product::bigint)::date::varchar"
    desk = Desk(tmp_path, group)
    for file in range(4):
        desk.put(f"{file}.csv", HEADER + f"o{file},1,1704063600,1\n")  # 2023-12-31 23:00 in UTC
    desk.land()
    assert desk.rows("order_lines", "product_name") == [("2023-12-31",)] * 4


def test_after_an_erasure_batches_are_made_one_after_the_other(tmp_path: Path, threads: Callable[[int], None]) -> None:
    threads(2)
    desk = Desk(tmp_path, lines())
    for number in range(6):
        desk.put(f"{number}.csv", HEADER + row(number))
    used = set()

    def erase(_folder: Path, _source: str, _records: int, _again: EarlierBatch | None) -> Mapping[str, ErasedRows]:
        used.add(threading.current_thread())
        return {}

    land(desk.home, desk.sources(), today=TODAY, erase=erase)
    assert used == {threading.main_thread()}
