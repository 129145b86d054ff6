"""The vars of a dbt command: the only way in which the settings and the plan reach the models.

dbt parses the project once. The folders of the home are fixed when dbt parses. So are the schema and the folder of a
backfill, which needs its own parse. All other vars are looked up when a model is compiled, so neither another day nor a
changed setting needs a new parse.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.config.settings import Settings, dbt_vars
from pipelines.runs.plan import BuildKind, BuildPlan, StagingPlan

Vars = Mapping[str, object]
# The day of the SQL in the manifest; any day would do.
FIXED_DAY = "2000-01-31"
_FOLDERS = ("landing_dir", "exchange_dir")


@dataclass(frozen=True)
class CommandVars:
    """The vars of a command.

    Attributes:
        parsed: Those that the project is parsed with.
        build: The settings, and the vars of this build, such as its day.
    """

    parsed: Vars
    build: Vars

    @property
    def all(self) -> Vars:
        """The vars that models see."""
        return {**self.parsed, **self.build}


def parsed_vars(settings: Settings) -> Vars:
    """The vars that the project is parsed with: the folders of landing and exchange."""
    values = dbt_vars(settings)
    return {name: values[name] for name in _FOLDERS}


def compiled_vars(settings: Settings) -> CommandVars:
    """The vars that the manifest's SQL is compiled with, the same every day: a full build of a fixed day."""
    return CommandVars(parsed_vars(settings), {**_settings_vars(settings), "as_of": FIXED_DAY})


def staging_vars(settings: Settings, plan: StagingPlan) -> CommandVars:
    """The vars of staging, which has no day."""
    build = {**_settings_vars(settings), "as_of": "", "rebuilt": _listed(plan.rebuilt)}
    return CommandVars(parsed_vars(settings), build)


def build_vars(settings: Settings, plan: BuildPlan) -> CommandVars:
    """The vars of core and marts by a plan."""
    parsed = dict(parsed_vars(settings))
    if plan.is_backfill:
        parsed["scratch_schema"] = plan.scratch_schema
        parsed["exchange_dir"] = f"{parsed['exchange_dir']}/{plan.scratch_schema}"
    build: dict[str, object] = {**_settings_vars(settings), "as_of": plan.as_of.isoformat()}
    if plan.kind is BuildKind.INCREMENTAL:
        assert plan.previous_as_of is not None
        build["previous_as_of"] = plan.previous_as_of.isoformat()
        build["rebuilt"] = _listed(plan.rebuilt)
        build["changed_batches"] = list(plan.changed_batches)
        build["new_batches"] = list(plan.new_batches)
    return CommandVars(parsed, build)


def _settings_vars(settings: Settings) -> dict[str, object]:
    return {name: value for name, value in dbt_vars(settings).items() if name not in _FOLDERS}


def vars_text(values: Vars) -> str:
    """The argument of `--vars`: JSON in a fixed order, because dbt parses the project again if the text differs.

    dbt reads it as YAML, which would read an escaped emoji as two characters.
    """
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def _listed(names: tuple[str, ...]) -> str:
    return ",".join(names)
