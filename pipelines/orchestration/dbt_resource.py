"""dagster-dbt's resource, told three things that it would otherwise find out slowly or wrongly.

dbt runs as a subprocess (in this process it would hold the warehouse's lock). Which models, with which vars and what
becomes of the results is in dbt_build.py.
"""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version as installed
from pathlib import Path

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource
from dagster_dbt.dbt_manifest import DbtManifestParam
from packaging.version import Version

from pipelines.settings import child_environment, dbt_executable, project_root


class LoyaltyDbt(DbtCliResource):
    """dbt beside the interpreter, with our environment.

    Attributes:
        environment: What profiles.yml reads, and the folder whose parse cache a fresh target starts from.
    """

    environment: dict[str, str]

    @classmethod
    def of(cls, environment: dict[str, str], parse_cache: Path) -> "LoyaltyDbt":
        """The resource for one home."""
        project = project_root() / "dbt_project"
        return cls(
            project_dir=str(project),
            profiles_dir=str(project),
            dbt_executable=str(dbt_executable()),
            global_config_flags=["--no-use-colors", "--no-version-check"],
            environment={
                **environment,
                "DBT_TARGET_PATH": str(parse_cache),
                # a test is run in the first stage that has all its models, not in the first that has one of them
                "DBT_INDIRECT_SELECTION": "buildable",
                # they need no data, and so belong to `make test`
                "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
            },
        )

    def cli(
        self,
        args: Sequence[str],
        *,
        raise_on_error: bool = True,
        manifest: DbtManifestParam | None = None,
        dagster_dbt_translator: DagsterDbtTranslator | None = None,
        context: dg.OpExecutionContext | dg.AssetExecutionContext | None = None,
        target_path: Path | None = None,
    ) -> DbtCliInvocation:
        """As dagster-dbt's, in our environment."""
        with child_environment(self.environment):
            return super().cli(
                args,
                raise_on_error=raise_on_error,
                manifest=manifest,
                dagster_dbt_translator=dagster_dbt_translator,
                context=context,
                target_path=target_path,
            )

    @cached_property
    def _cli_version(self) -> Version:
        # dagster-dbt starts `dbt --version` for this, five seconds a run
        return Version(installed("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        # only fetch_row_counts and fetch_column_metadata use the adapter, and they keep the warehouse open in this
        # process, which blocks the next dbt; cli() takes None for "no adapter"
        return None
