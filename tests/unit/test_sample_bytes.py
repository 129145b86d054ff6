"""The sample's bytes: the same for the same wish, whatever else differs."""

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.sample import write_sample, writer
from tests.unit.sample_files import UNTIL, day_of, kind, small_sample


def _digests(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _write(out: Path, seed: int = 3, dirty: float = 0.02) -> dict[str, str]:
    write_sample(out, customers=60, days=100, seed=seed, dirty=dirty, until=date(2024, 12, 31))
    return _digests(out)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    assert _write(tmp_path / "one") == _write(tmp_path / "two")


def test_another_seed_gives_other_orders(tmp_path: Path) -> None:
    assert _write(tmp_path / "one", seed=3) != _write(tmp_path / "two", seed=4)


def test_the_chunks_that_files_are_written_in_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _write(tmp_path / "one")
    monkeypatch.setattr(writer, "CHUNK_ROWS", 7)
    assert _write(tmp_path / "two") == whole


def test_dirt_adds_lines_and_changes_none(tmp_path: Path) -> None:
    _write(tmp_path / "clean", dirty=0.0)
    _write(tmp_path / "dirty", dirty=0.05)
    for clean in sorted((tmp_path / "clean" / "inbox").glob("*.csv")):
        if "_again" in clean.name:
            continue
        dirty = (tmp_path / "dirty" / "inbox" / clean.name).read_text(encoding="utf-8").splitlines()
        remaining = iter(dirty)
        assert all(line in remaining for line in clean.read_text(encoding="utf-8").splitlines()), clean.name


def test_a_sample_without_dirt_has_no_bad_row(tmp_path: Path) -> None:
    report = write_sample(tmp_path, customers=60, days=100, dirty=0.0)
    assert report.bad_rows == {}


def test_the_files_stay_few_enough_to_land_quickly() -> None:
    assert len(list((small_sample() / "inbox").iterdir())) < 500


def test_orders_of_the_last_quarter_come_day_by_day() -> None:
    orders = {day_of(path.name) for path in (small_sample() / "inbox").iterdir() if kind(path.name) == "orders"}
    assert orders > {UNTIL - timedelta(back) for back in range(90)}
