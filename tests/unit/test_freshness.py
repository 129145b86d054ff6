"""Freshness compares the published day with the day that the config gives. Old data is not compared with today."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.base.entities import ENTITIES
from pipelines.config.settings import Settings
from pipelines.orchestration.freshness_check import freshness_check
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.freshness import Freshness, publication_freshness
from pipelines.runs.lock import hold_lock
from pipelines.runs.recorder import Recorder
from pipelines.runs.scope import RunScope
from tests.unit.publication_marts import publisher

PUBLISHED = date(2026, 1, 5)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    publisher(tmp_path)(5, "aaaa")
    return tmp_path


def settings(home: Path, as_of: str | date) -> Settings:
    return Settings.unconfigured().model_copy(update={"home": home, "as_of": as_of})


def stage_case(home: Path, last: date) -> None:
    """Every entity is staged, and one has a row."""
    with duckdb.connect(str(home / "state" / "warehouse.duckdb")) as connection:
        connection.execute("create schema if not exists staging")
        for entity in ENTITIES.values():
            keys = "".join(f"{column} {'date' if column == 'day' else 'varchar'}, " for column in entity.key)
            connection.execute(
                f"create table if not exists staging.stg_{entity.name} (source varchar, {keys}updated_at timestamp,"
                " event_on date, effective_at timestamp, effective_on date, batch varchar)"
            )
        connection.execute(
            "create table if not exists staging.stg_batch (batch varchar, entity varchar, n_later bigint)"
        )
        connection.execute(
            "create table if not exists staging.stg_redelivered_row (entity varchar, source varchar, outcome varchar,"
            " event_on date, is_last boolean, is_accepted boolean)"
        )
        connection.execute("insert into staging.stg_cases (source, event_on, batch) values ('crm', ?, 'b1')", [last])


def test_a_day_fixed_in_the_config_is_fresh_however_long_ago(home: Path) -> None:
    found = publication_freshness(settings(home, PUBLISHED))
    assert (found.is_fresh, found.days_behind) == (True, 0)


def test_a_later_day_fixed_in_the_config_is_not_reached_yet(home: Path) -> None:
    found = publication_freshness(settings(home, PUBLISHED + timedelta(days=2)))
    assert (found.is_fresh, found.days_behind) == (False, 2)
    assert all(fact in str(found) for fact in ("2026-01-05", "2026-01-07", "2 days behind"))


def test_latest_compares_with_the_last_day_that_has_an_event(home: Path) -> None:
    stage_case(home, PUBLISHED)
    assert publication_freshness(settings(home, "latest")).is_fresh is True
    stage_case(home, PUBLISHED + timedelta(days=1))
    assert publication_freshness(settings(home, "latest")).days_behind == 1


def test_yesterday_is_the_day_before_today(home: Path) -> None:
    chosen = settings(home, "yesterday")
    found = publication_freshness(chosen)
    assert found.expected == chosen.today() - timedelta(days=1)
    assert found.days_behind == (found.expected - PUBLISHED).days


def test_a_later_day_than_asked_for_is_said(home: Path) -> None:
    found = publication_freshness(settings(home, PUBLISHED - timedelta(days=3)))
    assert (found.is_fresh, found.days_behind) == (False, 0)
    assert all(fact in str(found) for fact in ("2026-01-05", "2026-01-02", "3 days ahead"))
    assert found.why_stale(NOW) == "", "a day that can be built without force"
    assert "3 days ahead of 2026-01-02" in replace(found, max_days_after_data=2).why_stale(NOW)
    assert replace(found, max_days_after_data=2, limit_days=0).why_stale(NOW) == ""


def test_readers_who_see_no_version_or_a_broken_one_are_an_alarm(home: Path) -> None:
    current = home / "published" / "current"
    version = current.resolve()
    current.unlink()
    assert publication_freshness(settings(home, PUBLISHED)).why_stale(NOW) == "readers see no version"
    current.symlink_to(f"versions/{version.name}")
    (version / "manifest.json").write_text("x")
    assert "cannot be used" in publication_freshness(settings(home, PUBLISHED)).why_stale(NOW)


def test_what_is_not_known_is_said(home: Path, tmp_path: Path) -> None:
    found = publication_freshness(settings(home, "latest"))
    assert (found.expected, found.is_fresh, found.days_behind) == (None, None, None)
    assert found.problem
    assert "a run is active" in str(publication_freshness(settings(home, "latest"), is_running=True))
    with duckdb.connect() as other:
        other.execute(f"attach '{home}/state/warehouse.duckdb'")
        assert publication_freshness(settings(home, PUBLISHED)).is_fresh is True


def test_nothing_published_is_not_fresh(tmp_path: Path) -> None:
    found = publication_freshness(settings(tmp_path, PUBLISHED))
    assert (found.is_fresh, found.days_behind) == (False, None)
    assert all(fact in str(found) for fact in ("none", "2026-01-05"))


@pytest.mark.parametrize(("asked", "passed"), [(PUBLISHED, True), (PUBLISHED + timedelta(days=1), False)])
def test_the_asset_check_warns_and_stops_nothing(home: Path, asked: date, passed: bool) -> None:
    chosen = settings(home, asked)

    @dg.asset(key=["published", "version"])
    def published() -> None: ...

    with hold_lock(home / "lock", "r") as lock:
        scope = RunScope("r", chosen, lock, Recorder(home / "last_run.json", "r"), DbtProcess(chosen, lock))
        result = dg.materialize([published, freshness_check()], resources={"run": scope})
    (evaluation,) = result.get_asset_check_evaluations()
    assert result.success
    assert (evaluation.passed, evaluation.severity, evaluation.blocking) == (passed, dg.AssetCheckSeverity.WARN, False)
    assert evaluation.metadata["days_behind"].value == (0 if passed else 1)


def test_words_for_a_lag_that_has_no_number() -> None:
    assert str(PUBLISHED) in str(Freshness(None, PUBLISHED))
