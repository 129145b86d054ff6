"""dagster-dbt's resource with our environment, and without two things that it would do slowly or wrongly.

dbt runs as a subprocess (in this process it would hold the warehouse's lock). Which models, with which vars and what
becomes of the results is in dbt_build.py.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version as installed
from pathlib import Path

from dagster_dbt import DbtCliResource
from packaging.version import Version

from pipelines.config.settings import child_command, dbt_executable, project_root


class LoyaltyDbt(DbtCliResource):
    """dbt beside the interpreter, with our environment.

    Attributes:
        environment: What profiles.yml and the macro this_build read.
        folder: Where dbt runs, which relative paths in the environment start from.
    """

    environment: dict[str, str]
    folder: str

    @classmethod
    def of(cls, environment: Mapping[str, str], folder: Path) -> "LoyaltyDbt":
        """The resource for one home."""
        project = project_root() / "dbt_project"
        # unit tests need no data, and so belong to `make test`
        ours = {**environment, "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"}
        # dagster-dbt gives dbt the environment of this process; this changes it for dbt alone
        program, *before = child_command(folder, ours)
        return cls(
            project_dir=str(project),
            profiles_dir=str(project),
            dbt_executable=program,
            global_config_flags=[*before, str(dbt_executable()), "--no-use-colors", "--no-version-check"],
            environment=ours,
            folder=str(folder),
        )

    def with_environment(self, values: Mapping[str, str]) -> "LoyaltyDbt":
        """The same dbt with further variables."""
        return self.of({**self.environment, **values}, Path(self.folder))

    @cached_property
    def _cli_version(self) -> Version:
        # dagster-dbt starts `dbt --version` for this, five seconds a run
        return Version(installed("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        # only fetch_row_counts and fetch_column_metadata use the adapter, and they keep the warehouse open in this
        # process, which blocks the next dbt; cli() takes None for "no adapter"
        return None
