"""The plan of the build that is going on, kept beside the state so that every later step, also one that is executed
again on its own, follows the same plan."""

from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import BuildError
from pipelines.config.home import Home
from pipelines.runs.build_state import BuildPlan

_PLAN = TypeAdapter(BuildPlan)


def write_plan(home: Home, plan: BuildPlan) -> None:
    """Keep the plan."""
    write_text_durably(home.build_plan, _PLAN.dump_json(_PLAN.validate_python(asdict(plan)), indent=2).decode() + "\n")


def read_plan(home: Home) -> BuildPlan:
    """The plan in force.

    Raises:
        BuildError: There is none.
    """
    try:
        return _PLAN.validate_json(home.build_plan.read_bytes())
    except (FileNotFoundError, ValidationError) as problem:
        raise BuildError(
            f"there is no plan at {home.build_plan}", hint="run the whole daily job: loyalty run"
        ) from problem
