"""The sample's bytes: the same for the same wish, whatever else differs."""

import hashlib
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.base.errors import ConfigError
from pipelines.sample import write_sample, writer
from tests.unit.sample_files import UNTIL, day_of, expected_counts, kind, planted, small_sample


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


def test_the_same_sample_can_be_written_again_in_place(tmp_path: Path) -> None:
    assert _write(tmp_path) == _write(tmp_path)


def test_a_folder_with_another_sample_is_left_alone(tmp_path: Path) -> None:
    before = _write(tmp_path, seed=3)
    with pytest.raises(ConfigError, match="another sample"):
        _write(tmp_path, seed=4)
    assert _digests(tmp_path) == before


def test_a_folder_with_somebody_elses_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "mine.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path))):
        _write(tmp_path)
    assert list(_digests(tmp_path)) == ["inbox/mine.csv"]


@pytest.mark.parametrize("wish", [{"customers": 0}, {"days": 3}, {"dirty": 0.9}, {"seed": -1}])
def test_a_wish_that_makes_no_sense_is_refused_before_anything_is_written(tmp_path: Path, wish: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wish))):
        write_sample(tmp_path / "out", **wish)
    assert not (tmp_path / "out").exists()


def test_a_small_sample_with_little_dirt_still_breaks_every_rule(tmp_path: Path) -> None:
    report = write_sample(tmp_path, customers=200, days=200, dirty=0.0001)
    assert report.bad_rows.keys() == {bad.rule for bad in planted(small_sample())}


def test_bad_rows_stay_too_few_to_stop_the_gates_even_in_a_small_sample(tmp_path: Path) -> None:
    write_sample(tmp_path, customers=300, days=100)
    for entity, counts in expected_counts(tmp_path).items():
        rows = counts["clean_rows"] + counts["bad_rows"]
        assert entity == "unreadable" or rows < 50 or counts["bad_rows"] <= 0.2 * rows, (entity, counts)


def test_the_smallest_sample_can_be_written(tmp_path: Path) -> None:
    report = write_sample(tmp_path, customers=20, days=60)
    assert min(rows for kind, rows in report.rows.items() if kind in ("orders", "order_lines", "fx_rates")) > 0


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
    assert len(list((small_sample() / "inbox").iterdir())) < 400


def test_orders_of_the_last_quarter_come_day_by_day() -> None:
    orders = {day_of(path.name) for path in (small_sample() / "inbox").iterdir() if kind(path.name) == "orders"}
    assert orders > {UNTIL - timedelta(back) for back in range(90)}
