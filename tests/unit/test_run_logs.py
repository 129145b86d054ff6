"""Logs do not grow for ever, and the logs of versions that are kept stay."""

import os
from pathlib import Path

from pipelines.config.home import Home
from pipelines.runs.logs import DBT_LOG_BYTES, KEPT_LOGS, dbt_log_options, log_path, prune_logs
from tests.unit.publication_marts import publisher

NEW = 1_700_000_000


def write_log(home: Home, run_id: str, age: int) -> Path:
    path = log_path(home, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, (NEW - age, NEW - age))
    return path


def test_the_newest_logs_stay_and_those_of_kept_versions(tmp_path: Path) -> None:
    home = Home(tmp_path)
    publisher(tmp_path)(5, "kept-20260105T000000")
    new = [write_log(home, f"new{number}", number) for number in range(KEPT_LOGS)]
    old = [write_log(home, f"old{number}", KEPT_LOGS + number) for number in range(5)]
    kept = write_log(home, "kept-20260105T000000", 10_000)
    dbt = home.logs / "dbt.log"
    dbt.write_text("x")
    os.utime(dbt, (1, 1))
    prune_logs(home)
    assert set(home.logs.iterdir()) == {*new, kept, dbt}
    assert not any(path.exists() for path in old)


def test_few_logs_all_stay(tmp_path: Path) -> None:
    home = Home(tmp_path)
    logs = [write_log(home, f"run{number}", number) for number in range(KEPT_LOGS)]
    prune_logs(home)
    assert set(home.logs.iterdir()) == set(logs)


def test_before_the_first_run_there_is_nothing_to_remove(tmp_path: Path) -> None:
    prune_logs(Home(tmp_path))


def test_dbt_is_told_to_bound_its_log() -> None:
    options = dbt_log_options(Path("/logs"))
    assert options[options.index("--log-file-max-bytes") + 1] == str(DBT_LOG_BYTES)
