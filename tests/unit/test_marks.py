"""Marks: what is written again loses its marks and those of all that is built from it, and nothing else does."""

from pathlib import Path

import pytest

from pipelines.base.errors import PublicationError
from pipelines.runs.marks import Marks, Step, begin_step, mark, mark_checks, read_marks, require

REQUIRED = {step: frozenset({"table", "check"}) for step in Step}


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "marks.json"
    for step in Step:
        mark(path, step, "build", ["table"])
        mark(path, step, "build", ["check"])
    return path


def refused(path: Path, **builds: str) -> str:
    """The words of a refusal; empty if nothing is refused."""
    wanted = {step: builds.get(step.value, "build") for step in Step}
    try:
        require(path, wanted, REQUIRED, PublicationError, "build it")
    except PublicationError as problem:
        assert problem.hint == "build it"
        return problem.message
    return ""


def test_a_complete_build_is_refused_nothing(complete: Path) -> None:
    assert refused(complete) == ""


@pytest.mark.parametrize("step", Step)
def test_a_step_that_begins_takes_its_own_marks_and_all_later_ones(complete: Path, step: Step) -> None:
    begin_step(complete, step)
    order = list(Step)
    assert set(read_marks(complete).steps) == set(order[: order.index(step)])
    assert f"{step}: table" in refused(complete)


def test_a_part_that_begins_leaves_the_other_parts_of_its_step(complete: Path) -> None:
    begin_step(complete, Step.EXCHANGE, ["table"])
    marks = read_marks(complete)
    assert marks.missing(Step.EXCHANGE, "build", REQUIRED[Step.EXCHANGE]) == ["table"]
    assert Step.CORE not in marks.steps and Step.STAGING in marks.steps


def test_marks_of_another_build_do_not_count(complete: Path) -> None:
    assert refused(complete, core="other").count("core: ") == 2
    mark(complete, Step.CORE, "other", ["table"])
    assert read_marks(complete).missing(Step.CORE, "other", REQUIRED[Step.CORE]) == ["check"]


def test_a_check_that_fails_loses_the_mark_of_an_earlier_pass(complete: Path) -> None:
    mark_checks(complete, Step.MARTS, "build", passed=[], checked=["check"])
    assert refused(complete) == ("1 of the 14 parts and blocking checks of this build are not complete:\nmarts: check")
    mark_checks(complete, Step.MARTS, "build", passed=["check"], checked=["check"])
    assert refused(complete) == ""


def test_a_file_that_cannot_be_read_marks_nothing(complete: Path) -> None:
    complete.write_text('{"steps": {"core"')
    assert read_marks(complete) == Marks()
    assert "14 of the 14" in refused(complete)
