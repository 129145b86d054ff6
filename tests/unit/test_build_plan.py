"""How a day is built follows from what the warehouse holds: extended only where that is sure to give the same."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.base.errors import BuildError
from pipelines.config.home import Home
from pipelines.runs.build_state import (
    BuildStatus,
    BuiltState,
    EventDays,
    StagedState,
    WarehouseState,
    read_state,
    write_state,
)
from pipelines.runs.day_checks import check_day
from pipelines.runs.plan import BuildKind, extends_what_is_built, plan_build, plan_staging
from pipelines.runs.plan_file import read_plan, write_plan
from pipelines.runs.source_files import fingerprint_of

MONDAY, TUESDAY = date(2024, 1, 1), date(2024, 1, 2)


def state(
    *, as_of: date = MONDAY, fingerprint: str = "f", status: BuildStatus = BuildStatus.COMPLETE, built: str = "ab"
) -> WarehouseState:
    """A warehouse with the batches a, b and c staged."""
    return WarehouseState(
        staged=StagedState(fingerprint="s", batches=("a", "b", "c")),
        built=BuiltState(as_of=as_of, fingerprint=fingerprint, batches=tuple(built), status=status, run_id="r"),
    )


def test_a_complete_build_by_the_same_code_is_extended_by_what_is_new() -> None:
    plan = plan_build(state(), as_of=TUESDAY, fingerprint="f")
    assert (plan.kind, plan.previous_as_of, plan.changed_batches) == (BuildKind.INCREMENTAL, MONDAY, ("c",))
    assert plan.batches == ("a", "b", "c")
    assert plan.scratch_schema == ""


def test_models_whose_code_has_changed_are_built_whole_and_the_others_extended() -> None:
    built = state().built
    assert built is not None
    before = state().model_copy(update={"built": built.model_copy(update={"models": {"a": "1", "b": "1", "c": "1"}})})
    plan = plan_build(before, as_of=TUESDAY, fingerprint="g", models={"a": "1", "b": "2", "d": "1"})
    assert (plan.kind, plan.rebuilt, plan.changed_batches) == (BuildKind.INCREMENTAL, ("b", "d"), ("c",))
    assert "2 of 3 incremental models are built as a whole" in plan.reason
    assert plan_build(before, as_of=TUESDAY, fingerprint="f", models={"a": "9"}).rebuilt == ()
    same = plan_build(before, as_of=TUESDAY, fingerprint="g", models={"a": "1"})
    assert (same.kind, same.rebuilt) == (BuildKind.INCREMENTAL, ())
    assert plan_build(before, as_of=TUESDAY, fingerprint="g", models={"a": "9", "b": "9"}).kind is BuildKind.FULL


def test_the_same_day_is_extended_too() -> None:
    assert plan_build(state(), as_of=MONDAY, fingerprint="f").kind is BuildKind.INCREMENTAL


@pytest.mark.parametrize(
    ("before", "fingerprint", "refresh", "reason"),
    [
        (state().model_copy(update={"built": None}), "f", False, "nothing was built before"),
        (state(status=BuildStatus.IN_PROGRESS), "f", False, "was not completed"),
        (state(), "other", False, "have changed"),
        (state(built="abz"), "f", False, "1 landed batch was removed"),
        (state(), "f", True, "full refresh"),
    ],
)
def test_anything_else_is_built_whole(before: WarehouseState, fingerprint: str, refresh: bool, reason: str) -> None:
    plan = plan_build(before, as_of=TUESDAY, fingerprint=fingerprint, full_refresh=refresh)
    assert plan.kind is BuildKind.FULL
    assert plan.previous_as_of is None
    assert plan.changed_batches == plan.batches
    assert reason in plan.reason


def test_the_day_that_the_config_asks_for_is_built_though_the_tables_hold_a_later_one() -> None:
    plan = plan_build(state(as_of=TUESDAY), as_of=MONDAY, fingerprint="f", due=MONDAY)
    assert (plan.kind, plan.previous_as_of) == (BuildKind.FULL, None)
    assert f"the later day {TUESDAY}" in plan.reason
    aside = plan_build(state(as_of=TUESDAY), as_of=MONDAY, fingerprint="f", due=MONDAY, aside=True)
    assert aside.kind is BuildKind.BACKFILL


def test_a_day_before_the_state_is_built_aside_whatever_the_state_is() -> None:
    for before in (state(as_of=TUESDAY), state(as_of=TUESDAY, status=BuildStatus.IN_PROGRESS, fingerprint="x")):
        plan = plan_build(before, as_of=MONDAY, fingerprint="f")
        assert plan.kind is BuildKind.BACKFILL
        assert plan.previous_as_of is None
        assert plan.changed_batches == plan.batches
        assert plan.scratch_schema == "backfill_day"
        assert plan.exchange(Path("x")) == Path("x/backfill_day")


def test_nothing_is_planned_before_something_is_staged() -> None:
    with pytest.raises(BuildError, match="nothing is staged"):
        plan_build(WarehouseState(), as_of=TUESDAY, fingerprint="f")


STAGED = StagedState(
    fingerprint="s", batches=("a",), events=EventDays(first_on=date(2024, 1, 10), last_on=date(2024, 3, 1))
)


def test_a_day_is_refused_before_the_first_event_and_long_after_the_last_one() -> None:
    for day in (date(2024, 1, 10), date(2024, 3, 1), date(2024, 3, 8)):
        check_day(STAGED, day, 7)
    with pytest.raises(BuildError, match="2024-01-09 is before 2024-01-10, the first day with an event"):
        check_day(STAGED, date(2024, 1, 9), 7)
    with pytest.raises(BuildError, match="the data ends on 2024-03-01, 8 days before 2024-03-09") as caught:
        check_day(STAGED, date(2024, 3, 9), 7)
    assert "max_days_after_data (now 7)" in caught.value.hint and "--force" in caught.value.hint
    check_day(STAGED, date(2024, 3, 9), 8)


def test_no_day_is_built_without_any_event() -> None:
    with pytest.raises(BuildError, match="no event of a customer was accepted"):
        check_day(STAGED.model_copy(update={"events": None}), TUESDAY, 7)


def test_a_build_is_named_by_its_day_batches_deliveries_code_and_place() -> None:
    plan = plan_build(state(), as_of=TUESDAY, fingerprint="f")
    same = plan_build(state(status=BuildStatus.IN_PROGRESS), as_of=TUESDAY, fingerprint="f")
    assert same.kind is not plan.kind and same.id == plan.id
    older = state().model_copy(update={"staged": StagedState(fingerprint="s", batches=("a", "b", "c"), ages={"a": 1})})
    others = [
        plan_build(state(), as_of=MONDAY, fingerprint="f"),
        plan_build(state(), as_of=MONDAY, fingerprint="f", aside=True),
        plan_build(state(), as_of=TUESDAY, fingerprint="g"),
        plan_build(older, as_of=TUESDAY, fingerprint="f"),
    ]
    assert len({plan.id, *(other.id for other in others)}) == 5


def test_an_extension_needs_the_tables_that_it_was_planned_for() -> None:
    plan = plan_build(state(), as_of=TUESDAY, fingerprint="f")
    assert extends_what_is_built(plan, state().built)
    assert not extends_what_is_built(plan, None)
    assert not extends_what_is_built(plan, state(as_of=TUESDAY).built)
    assert not extends_what_is_built(plan, state(built="abc").built)
    assert not extends_what_is_built(plan, state(status=BuildStatus.IN_PROGRESS).built)


def test_a_second_try_builds_whole_what_the_first_would_have_extended() -> None:
    plan = plan_build(state(), as_of=TUESDAY, fingerprint="f").as_full("again")
    assert (plan.kind, plan.previous_as_of, plan.changed_batches) == (BuildKind.FULL, None, ("a", "b", "c"))


def test_staging_is_appended_to_unless_its_code_changed_or_batches_are_gone() -> None:
    assert not plan_staging(state(), ["a", "b", "c", "d"], fingerprint="s").is_full
    assert "changed" in plan_staging(state(), ["a", "b", "c"], fingerprint="other").reason
    assert "1 landed batch was" in plan_staging(state(), ["a", "b"], fingerprint="s").reason
    assert "full refresh" in plan_staging(state(), ["a", "b", "c"], fingerprint="s", full_refresh=True).reason
    assert plan_staging(WarehouseState(), [], fingerprint="s").is_full


def test_a_staging_model_whose_code_has_changed_is_built_whole_and_the_others_appended_to() -> None:
    staged = StagedState(fingerprint="s", models={"a": "1", "b": "1"}, batches=("a",))
    plan = plan_staging(WarehouseState(staged=staged), ["a"], fingerprint="t", models={"a": "1", "b": "2"})
    assert (plan.is_full, plan.rebuilt) == (False, ("b",))
    assert "1 of 2 incremental models" in plan.words({"a": "1", "b": "2"})


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(BuildError, match="no plan"):
        read_plan(home)
    plan = plan_build(state(), as_of=TUESDAY, fingerprint="f", models={"m": "1"})
    write_plan(home, plan)
    assert read_plan(home) == plan


def test_the_state_is_what_was_written_and_nothing_where_it_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "state" / "build.json"
    assert read_state(path) == WarehouseState()
    write_state(path, state())
    assert read_state(path) == state()
    path.write_text('{"built": {"as_of": "x"')
    assert read_state(path) == WarehouseState()


def test_a_fingerprint_changes_with_a_name_a_byte_or_a_value_and_with_nothing_else(tmp_path: Path) -> None:
    one, two = tmp_path / "one.sql", tmp_path / "two.sql"
    one.write_text("select 1")
    two.write_text("select 2")
    before = fingerprint_of([one, two], tmp_path, {"zone": "UTC", "months": 13})
    assert before == fingerprint_of([two, one], tmp_path, {"months": 13, "zone": "UTC"})
    assert before != fingerprint_of([one, two], tmp_path, {"zone": "UTC", "months": 12})
    two.write_text("select 3")
    changed = fingerprint_of([one, two], tmp_path, {"zone": "UTC", "months": 13})
    two.rename(tmp_path / "three.sql")
    renamed = fingerprint_of([one, tmp_path / "three.sql"], tmp_path, {"zone": "UTC", "months": 13})
    assert len({before, changed, renamed}) == 3


def test_a_build_aside_leaves_the_daily_state_also_on_its_own_day() -> None:
    plan = plan_build(state(), as_of=MONDAY, fingerprint="f", aside=True)
    assert plan.kind is BuildKind.BACKFILL
    assert plan.scratch_schema
    with pytest.raises(BuildError, match="2024-01-02 is after 2024-01-01"):
        plan_build(state(), as_of=TUESDAY, fingerprint="f", aside=True)
    with pytest.raises(BuildError, match="no daily build"):
        plan_build(state().model_copy(update={"built": None}), as_of=MONDAY, fingerprint="f", aside=True)
