"""The plan of the current build, kept in `<home>/state/plan.json`.

Every later step reads it there, so that a step that is executed again by itself follows the same plan.
"""

from pydantic import ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import BuildError
from pipelines.config.home import Home
from pipelines.runs.plan import BuildPlan


def write_plan(home: Home, plan: BuildPlan) -> None:
    """Keep the plan."""
    write_text_durably(home.build_plan, plan.model_dump_json(indent=2) + "\n")


def read_plan(home: Home) -> BuildPlan:
    """The plan in force.

    Raises:
        BuildError: There is none.
    """
    try:
        return BuildPlan.model_validate_json(home.build_plan.read_bytes())
    except (FileNotFoundError, ValidationError) as problem:
        raise BuildError(
            f"there is no plan of a build at {home.build_plan}", hint="run the whole daily job: loyalty run"
        ) from problem
