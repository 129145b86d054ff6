"""A backfill's range: refused at once where it cannot come out whole, and gone on with where it stopped."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.base.errors import BuildError, ConfigError, GateError, LoyaltyError
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.runs.backfill import DayOutcome, DayStatus, backfill, days_between
from pipelines.runs.build_state import BuildStatus, BuiltState, EventDays, StagedState, WarehouseState, write_state
from pipelines.runs.code import core_code
from pipelines.runs.recorder import RunReport
from tests.unit.publication_marts import publisher
from tests.unit.small_manifest import use_small_manifest

BUILT = date(2026, 1, 10)
BATCHES = ("b1", "b2")


@pytest.fixture(autouse=True)
def small_project(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_manifest(monkeypatch)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings.unconfigured().model_copy(update={"home": tmp_path})
    state = WarehouseState(
        staged=StagedState(
            fingerprint="s", batches=BATCHES, events=EventDays(first_on=date(2026, 1, 2), last_on=BUILT)
        ),
        built=BuiltState(as_of=BUILT, fingerprint="f", batches=BATCHES, status=BuildStatus.COMPLETE, run_id="r"),
    )
    write_state(found.paths.build_state, state)
    return found


def keeping(settings: Settings, days: int) -> Settings:
    return settings.model_copy(update={"retention": settings.retention.model_copy(update={"days": days})})


def test_a_range_is_every_day_of_it_oldest_first(settings: Settings) -> None:
    days = days_between(settings, date(2026, 1, 8), BUILT)
    assert days == [date(2026, 1, 8), date(2026, 1, 9), BUILT]


def test_a_range_from_a_later_day_to_an_earlier_one_is_refused(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="is after"):
        days_between(settings, BUILT, date(2026, 1, 9))


def test_days_after_the_daily_build_are_refused(settings: Settings) -> None:
    with pytest.raises(BuildError, match="2026-01-11 is after 2026-01-10") as caught:
        days_between(settings, BUILT, date(2026, 1, 11))
    assert "loyalty run --as-of 2026-01-11" in caught.value.hint


def test_days_before_the_first_event_are_refused(settings: Settings) -> None:
    with pytest.raises(BuildError, match="2026-01-01 is before 2026-01-02, the first day with an event"):
        days_between(settings, date(2026, 1, 1), BUILT)


def test_without_a_daily_build_there_is_nothing_to_go_back_from(tmp_path: Path) -> None:
    empty = Settings.unconfigured().model_copy(update={"home": tmp_path})
    with pytest.raises(BuildError, match="no daily build"):
        days_between(empty, BUILT, BUILT)


def test_days_that_retention_would_remove_at_once_are_refused(settings: Settings, tmp_path: Path) -> None:
    publisher(tmp_path)(10, "aaaa")
    first = date(2026, 1, 6)
    assert len(days_between(keeping(settings, 5), first, date(2026, 1, 9))) == 4
    with pytest.raises(ConfigError, match="2026-01-06 to 2026-01-06") as caught:
        days_between(keeping(settings, 4), first, date(2026, 1, 9))
    assert "retention.days to 5" in caught.value.hint


class Builds:
    """Stands in for the runs: each publishes, or fails as told."""

    def __init__(self, problems: dict[date, LoyaltyError]) -> None:
        self.problems = problems
        self.asked: list[date] = []

    def __call__(self, settings: Settings, day: date, listener: object = None) -> RunReport:
        self.asked.append(day)
        if day in self.problems:
            raise self.problems[day]
        return RunReport(run_id="r", started_at="", published=f"/versions/{day}")


@pytest.fixture
def builds() -> Builds:
    return Builds({})


DAYS = [BUILT - timedelta(days=number) for number in (3, 2, 1)]


def statuses(outcomes: list[DayOutcome]) -> list[str]:
    return [outcome.status.value for outcome in outcomes]


def test_a_failed_check_stops_its_day_alone(settings: Settings, builds: Builds) -> None:
    builds.problems[DAYS[0]] = GateError("rows")
    outcomes = list(backfill(settings, DAYS, build=builds))
    assert statuses(outcomes) == ["failed", "published", "published"]
    assert builds.asked == DAYS


def test_any_other_failure_ends_the_backfill(settings: Settings, builds: Builds) -> None:
    builds.problems[DAYS[1]] = BuildError("no space")
    outcomes = list(backfill(settings, DAYS, build=builds))
    assert statuses(outcomes) == ["published", "failed"]
    assert outcomes[1].problem is builds.problems[DAYS[1]]


def publish_standing(
    settings: Settings, day: int, batches: tuple[str, ...] = BATCHES, build: str | None = None, **inputs: object
) -> None:
    key = load_key(settings.paths.key)
    publisher(settings.home)(
        day,
        "aaaa",
        versions={"build": build or core_code(settings, key_fingerprint(key)).fingerprint},
        inputs={"files": [{"batch": batch} for batch in batches], **inputs},
    )


def test_a_day_that_stands_is_passed_over(settings: Settings, builds: Builds) -> None:
    publish_standing(settings, DAYS[1].day)
    outcomes = list(backfill(settings, DAYS, build=builds))
    assert statuses(outcomes) == ["published", DayStatus.UNCHANGED.value, "published"]
    assert outcomes[1].version.endswith("2026-01-08_aaaa")
    assert builds.asked == [DAYS[0], DAYS[2]]


@pytest.mark.parametrize(("batches", "build"), [(("b1",), None), (BATCHES, "other code")])
def test_a_day_of_other_files_or_other_code_is_built_anew(
    settings: Settings, builds: Builds, batches: tuple[str, ...], build: str | None
) -> None:
    publish_standing(settings, DAYS[1].day, batches, build)
    assert statuses(list(backfill(settings, DAYS, build=builds))) == ["published"] * 3


def test_a_day_that_an_erasure_wrote_anew_is_built_anew(settings: Settings, builds: Builds) -> None:
    publish_standing(settings, DAYS[1].day, rewritten_from="2026-01-08_aaaa")
    assert statuses(list(backfill(settings, DAYS, build=builds))) == ["published"] * 3
