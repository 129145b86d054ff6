"""Which days have events: a wrong year in a few rows does not stretch history, and coverage counts as data."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import pytest

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import BuildError
from pipelines.config.settings import Settings
from pipelines.runs.build_state import EventDays, StagedState
from pipelines.runs.day_checks import check_day
from pipelines.runs.event_days import check_day_by_now, event_days, first_day

TODAY = date(2024, 6, 1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema staging")
        for entity in ENTITIES.values():
            connection.execute(f"create table staging.stg_{entity.name} (event_on date, covered_to date)")
    return path


def happened(warehouse: Path, entity: str, *days: date) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.executemany(f"insert into staging.stg_{entity} (event_on) values (?)", [[day] for day in days])


def at(warehouse: Path, today: date) -> Settings:
    """The settings that the check reads, with this day as today."""
    paths = SimpleNamespace(warehouse=warehouse)
    return cast(Settings, SimpleNamespace(paths=paths, max_days_after_data=7, today=lambda: today))


def test_the_days_are_those_of_the_first_and_the_last_event_of_any_entity(warehouse: Path) -> None:
    assert event_days(warehouse, TODAY) is None
    happened(warehouse, "orders", date(2024, 2, 1), date(2024, 5, 1), date(2031, 1, 1))
    happened(warehouse, "cases", date(2024, 1, 15))
    happened(warehouse, "customers", date(2019, 1, 1), date(2024, 5, 20))
    assert event_days(warehouse, TODAY) == EventDays(first_on=date(2024, 1, 15), last_on=date(2024, 5, 1))


def test_a_day_that_coverage_states_counts_as_data(warehouse: Path) -> None:
    happened(warehouse, "orders", date(2024, 5, 1))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into staging.stg_coverage (covered_to) values ('2024-05-26'), ('2024-12-31')")
    assert event_days(warehouse, TODAY) == EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 26))


def test_days_that_coverage_states_in_advance_count_once_they_have_come(warehouse: Path) -> None:
    happened(warehouse, "orders", date(2024, 5, 1), TODAY)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into staging.stg_coverage (covered_to) values ('2024-06-30')")
    staged = StagedState(fingerprint="s", batches=("a",), events=event_days(warehouse, TODAY))
    july = date(2024, 7, 2)
    with pytest.raises(BuildError, match="the data ends on 2024-06-01"):
        check_day(staged, july, 7)
    check_day_by_now(at(warehouse, july), staged, july)
    with pytest.raises(BuildError, match="the data ends on 2024-06-30"):
        check_day_by_now(at(warehouse, date(2024, 7, 8)), staged, date(2024, 7, 8))


def test_a_clock_that_was_wrong_when_files_were_staged_hides_no_day(warehouse: Path) -> None:
    happened(warehouse, "orders", date(2024, 5, 1), TODAY)
    for wrong in (date(2024, 5, 2), date(1970, 1, 1)):
        staged = StagedState(fingerprint="s", batches=("a",), events=event_days(warehouse, wrong))
        check_day_by_now(at(warehouse, TODAY), staged, TODAY)


HISTORY = [(date(2020, 1, 1) + timedelta(days=number), 5) for number in range(100)]


@pytest.mark.parametrize(
    ("stray", "first"),
    [
        ([], date(2020, 1, 1)),
        ([(date(1901, 1, 1), 1)], date(2020, 1, 1)),
        ([(date(1900, 1, 1), 10), (date(1970, 1, 1), 10)], date(2020, 1, 1)),
        ([(date(2018, 6, 1), 1)], date(2018, 6, 1)),  # a pause of a year and a half is one history
        ([(date(1970, 1, 1), 40)], date(1970, 1, 1)),  # too many events to be a few wrong rows
    ],
)
def test_a_few_events_long_before_all_others_are_stray(stray: list[tuple[date, int]], first: date) -> None:
    assert first_day([*stray, *HISTORY]) == first


def test_one_wrong_day_is_stray_in_a_small_history_too() -> None:
    assert first_day([(date(1901, 1, 1), 1), (date(2024, 1, 1), 2), (date(2024, 2, 1), 1)]) == date(2024, 1, 1)
    assert first_day([(date(1997, 1, 1), 2), (date(1998, 6, 30), 1)]) == date(1997, 1, 1)
