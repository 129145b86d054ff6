"""Which parts of the current build are complete, and which blocking checks their tables have passed.

The file is `<home>/state/marks.json`. Before a step writes, it removes the marks of what it will write and of
everything that is built from it. When it has finished, it sets its own marks. Publication compares the marks with the
full list of what a build must have. So it does not matter who started which step, or in which order.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import LoyaltyError


class Step(StrEnum):
    """The steps of a run, each built from the ones before it."""

    LANDING = "landing"
    STAGING = "staging"
    EXCHANGE = "exchange"
    IDENTITY = "identity"
    CORE = "core"
    VALUE = "value"
    MARTS = "marts"


Required = Mapping[Step, frozenset[str]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StepMarks(_Part):
    """What is complete in one step.

    Attributes:
        build: The id of the data and code that it was built from (`landed_id`, `StagedState.id`, `BuildPlan.id`).
        names: The parts that were built, and the blocking checks that passed.
        warnings: The warnings of each gate, so that a later run from the same tables can repeat them.
    """

    build: str
    names: frozenset[str]
    warnings: dict[str, tuple[str, ...]] = {}


class Marks(_Part):
    """Everything in marks.json."""

    steps: dict[Step, StepMarks] = {}

    def before(self, step: Step, names: Iterable[str] | None = None) -> "Marks":
        """The marks that stay valid when a step, or the named parts of it, are written again."""
        order = list(Step)
        kept = {one: marks for one, marks in self.steps.items() if order.index(one) < order.index(step)}
        if names is not None and step in self.steps:
            own = self.steps[step]
            kept[step] = own.model_copy(update={"names": own.names - set(names)})
        return Marks(steps=kept)

    def marked(
        self, step: Step, build: str, names: Iterable[str], warnings: Mapping[str, tuple[str, ...]] | None = None
    ) -> "Marks":
        """These marks, and the names marked as well. If the step has marks of another build, they are removed."""
        own = self.steps.get(step)
        if own is None or own.build != build:
            own = StepMarks(build=build, names=frozenset())
        marks = StepMarks(
            build=build, names=own.names | frozenset(names), warnings={**own.warnings, **(warnings or {})}
        )
        return Marks(steps={**self.steps, step: marks})

    def missing(self, step: Step, build: str, required: Iterable[str]) -> list[str]:
        """The required names that are not marked for this build, sorted."""
        own = self.steps.get(step)
        present = own.names if own and own.build == build else frozenset()
        return sorted(set(required) - present)


def read_marks(path: Path) -> Marks:
    """The marks in marks.json; none if the file is missing or unreadable (a build must then set them again)."""
    try:
        return Marks.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return Marks()


def warnings_of(marks: Marks, steps: Iterable[Step]) -> list[str]:
    """The warnings of the gates of some steps."""
    found = [marks.steps[step].warnings for step in steps if step in marks.steps]
    return [words for warnings in found for each in warnings.values() for words in each]


def restore_marks(path: Path, marks: Marks) -> None:
    """Set the marks to an earlier state, for a step that has changed nothing."""
    _write(path, marks)


def begin_step(path: Path, step: Step, names: Iterable[str] | None = None) -> None:
    """Remove the marks of a step, or of the named parts of it, and of all later steps: its tables will change."""
    _write(path, read_marks(path).before(step, names))


def mark(path: Path, step: Step, build: str, names: Iterable[str]) -> None:
    """Mark parts as built, or checks as passed."""
    _write(path, read_marks(path).marked(step, build, names))


def mark_checks(
    path: Path,
    step: Step,
    build: str,
    passed: Iterable[str],
    checked: Iterable[str],
    warnings: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Mark the checks that passed; those that were checked and did not pass lose their mark.

    Args:
        path: marks.json.
        step: The step whose tables were checked.
        build: The id of the build to which the tables belong.
        passed: The checks that passed.
        checked: All checks that were executed.
        warnings: The warnings of each gate.
    """
    marks = read_marks(path)
    if own := marks.steps.get(step):
        others = own.model_copy(update={"names": own.names - set(checked)})
        marks = Marks(steps={**marks.steps, step: others})
    _write(path, marks.marked(step, build, passed, warnings))


def require(path: Path, builds: Mapping[Step, str], required: Required, error: type[LoyaltyError], hint: str) -> None:
    """Do nothing if every required part is marked.

    Args:
        path: marks.json.
        builds: For each step that must be complete, the id of the build that its marks must belong to.
        required: The full list of each step.
        error: The class of the error to raise.
        hint: The hint of the error.

    Raises:
        LoyaltyError: Something is missing; the message names it.
    """
    marks = read_marks(path)
    missing = [
        f"{step}: {name}" for step, build in builds.items() for name in marks.missing(step, build, required[step])
    ]
    if missing:
        total = sum(len(required[step]) for step in builds)
        shown = "\n".join(missing[:_SHOWN] + ([f"and {len(missing) - _SHOWN} more"] if len(missing) > _SHOWN else []))
        raise error(
            f"{len(missing)} of the {total} parts and blocking checks of this build are not complete:\n{shown}", hint
        )


_SHOWN = 10


def _write(path: Path, marks: Marks) -> None:
    content = {
        step: {"build": one.build, "names": sorted(one.names), "warnings": one.warnings}
        for step, one in sorted(marks.steps.items())
    }
    text = Marks.model_validate({"steps": content}).model_dump_json(indent=2)
    write_text_durably(path, text + "\n")
