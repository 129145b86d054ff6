"""The vars of a dbt command: the only way in which the settings and the plan reach the models.

dbt parses the project with the vars of an installation, once. The vars of a build are looked up when a model is
compiled, so another day needs no other parse. Schemas and folders are part of what was parsed: a backfill, which has
its own, is parsed for itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.config.settings import Settings, dbt_vars
from pipelines.runs.plan import BuildKind, BuildPlan, StagingPlan

Vars = Mapping[str, object]
# The day of the SQL in the manifest; any day would do.
FIXED_DAY = "2000-01-31"


@dataclass(frozen=True)
class CommandVars:
    """The vars of a command.

    Attributes:
        parsed: Those that the project is parsed with.
        build: Those that the build at hand has besides, or instead. dbt's macro `this_build` reads them.
    """

    parsed: Vars
    build: Vars

    @property
    def all(self) -> Vars:
        """The vars that models see."""
        return {**self.parsed, **self.build}


def parsed_vars(settings: Settings) -> Vars:
    """The vars that the project is parsed and compiled with, the same every day: a full build of a fixed day."""
    return {**dbt_vars(settings), "as_of": FIXED_DAY}


def staging_vars(settings: Settings, plan: StagingPlan) -> CommandVars:
    """The vars of staging, which has no day."""
    return CommandVars(parsed_vars(settings), {"as_of": "", "rebuilt": _listed(plan.rebuilt)})


def build_vars(settings: Settings, plan: BuildPlan) -> CommandVars:
    """The vars of core and marts by a plan."""
    parsed = dict(parsed_vars(settings))
    if plan.is_backfill:
        parsed["scratch_schema"] = plan.scratch_schema
        parsed["exchange_dir"] = f"{parsed['exchange_dir']}/{plan.scratch_schema}"
    build: dict[str, object] = {"as_of": plan.as_of.isoformat()}
    if plan.kind is BuildKind.INCREMENTAL:
        assert plan.previous_as_of is not None
        build["previous_as_of"] = plan.previous_as_of.isoformat()
        build["rebuilt"] = _listed(plan.rebuilt)
        build["changed_batches"] = list(plan.changed_batches)
        build["new_batches"] = list(plan.new_batches)
    return CommandVars(parsed, build)


def vars_text(values: Vars) -> str:
    """The argument of `--vars`: JSON in a fixed order, because dbt parses the project again if the text differs.

    dbt reads it as YAML, which would read an escaped emoji as two characters.
    """
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def _listed(names: tuple[str, ...]) -> str:
    return ",".join(names)
