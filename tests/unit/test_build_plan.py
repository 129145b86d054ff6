"""How a day is built follows from what the warehouse holds: extended only where that is sure to give the same."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import BuildError, GateError
from pipelines.orchestration.build_state import (
    STAGING_CHECKS,
    BuildKind,
    BuildStatus,
    BuiltState,
    StagedState,
    WarehouseState,
    fingerprint_of,
    pass_staging,
    plan_build,
    read_state,
    staging_needs_refresh,
    write_state,
)

MONDAY, TUESDAY = date(2024, 1, 1), date(2024, 1, 2)


def state(
    *, as_of: date = MONDAY, fingerprint: str = "f", status: BuildStatus = BuildStatus.COMPLETE, built: str = "ab"
) -> WarehouseState:
    """A warehouse with the batches a, b and c staged."""
    return WarehouseState(
        staged=StagedState(fingerprint="s", batches=("a", "b", "c"), passed=STAGING_CHECKS),
        built=BuiltState(as_of=as_of, fingerprint=fingerprint, batches=tuple(built), status=status, run_id="r"),
    )


def test_a_complete_build_by_the_same_code_is_extended_by_what_is_new() -> None:
    plan = plan_build(state(), as_of=TUESDAY, fingerprint="f")
    assert (plan.kind, plan.previous_as_of, plan.changed_batches) == (BuildKind.INCREMENTAL, MONDAY, ("c",))
    assert plan.batches == ("a", "b", "c")
    assert plan.scratch_schema == ""


def test_the_same_day_is_extended_too() -> None:
    assert plan_build(state(), as_of=MONDAY, fingerprint="f").kind is BuildKind.INCREMENTAL


@pytest.mark.parametrize(
    ("before", "fingerprint", "refresh", "reason"),
    [
        (state().model_copy(update={"built": None}), "f", False, "nothing was built before"),
        (state(status=BuildStatus.IN_PROGRESS), "f", False, "was not completed"),
        (state(), "other", False, "have changed"),
        (state(built="abz"), "f", False, "no longer there"),
        (state(), "f", True, "asked for"),
    ],
)
def test_anything_else_is_built_whole(before: WarehouseState, fingerprint: str, refresh: bool, reason: str) -> None:
    plan = plan_build(before, as_of=TUESDAY, fingerprint=fingerprint, full_refresh=refresh)
    assert plan.kind is BuildKind.FULL
    assert plan.previous_as_of is None
    assert plan.changed_batches == plan.batches
    assert reason in plan.reason


def test_a_day_before_the_state_is_built_aside_whatever_the_state_is() -> None:
    for before in (state(as_of=TUESDAY), state(as_of=TUESDAY, status=BuildStatus.IN_PROGRESS, fingerprint="x")):
        plan = plan_build(before, as_of=MONDAY, fingerprint="f")
        assert plan.kind is BuildKind.BACKFILL
        assert plan.previous_as_of is None
        assert plan.changed_batches == plan.batches
        assert plan.scratch_schema == "backfill_20240101"
        assert plan.exchange(Path("x")) == Path("x/backfill_20240101")


def test_nothing_is_built_from_what_has_not_passed_every_gate() -> None:
    staged = StagedState(fingerprint="s", batches=("a",))
    for before in (WarehouseState(), WarehouseState(staged=staged)):
        with pytest.raises(GateError, match="has not passed its gates"):
            plan_build(before, as_of=TUESDAY, fingerprint="f")
    passed = WarehouseState(staged=staged)
    for check in sorted(STAGING_CHECKS):
        with pytest.raises(GateError, match="has not passed its gates"):
            plan_build(passed, as_of=TUESDAY, fingerprint="f")
        passed = pass_staging(passed, check)
    assert plan_build(passed, as_of=TUESDAY, fingerprint="f").batches == ("a",)


def test_a_second_try_builds_whole_what_the_first_would_have_extended() -> None:
    plan = plan_build(state(), as_of=TUESDAY, fingerprint="f").as_full("again")
    assert (plan.kind, plan.previous_as_of, plan.changed_batches) == (BuildKind.FULL, None, ("a", "b", "c"))


def test_staging_is_appended_to_unless_its_code_changed_or_batches_are_gone() -> None:
    assert staging_needs_refresh(state(), "s", ["a", "b", "c", "d"]) == ""
    assert "changed" in staging_needs_refresh(state(), "other", ["a", "b", "c"])
    assert "1 batches" in staging_needs_refresh(state(), "s", ["a", "b"])
    assert staging_needs_refresh(WarehouseState(), "s", [])


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
    with pytest.raises(BuildError, match="lies after 2024-01-01"):
        plan_build(state(), as_of=TUESDAY, fingerprint="f", aside=True)
    with pytest.raises(BuildError, match="no daily build"):
        plan_build(state().model_copy(update={"built": None}), as_of=MONDAY, fingerprint="f", aside=True)
