"""Puts the graph together. Every part is made elsewhere; this module only knows what goes with what."""

from collections.abc import Mapping

import dagster as dg

from pipelines.orchestration.dbt_assets import dbt_steps
from pipelines.orchestration.dbt_manifest import MARTS_SCHEMA, load_manifest
from pipelines.orchestration.freshness_check import freshness_check
from pipelines.orchestration.gates import gates
from pipelines.orchestration.jobs import jobs_and_triggers
from pipelines.orchestration.landing_assets import landed_entities
from pipelines.orchestration.partitions import as_of_days
from pipelines.orchestration.plan_assets import plan_assets
from pipelines.orchestration.publication_assets import publication_step, value_step
from pipelines.orchestration.quarantine_check import quarantine_limits
from pipelines.orchestration.resources import dbt_resource, run_resource
from pipelines.orchestration.totals import total_checks
from pipelines.settings import Settings, find_config, load_settings


def build_defs(
    settings: Settings | None = None, *, resource_overrides: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Everything that Dagster is to know.

    Args:
        settings: The settings in force; by default what LOYALTY_CONFIG or ./loyalty.yml says, and without either a
            graph that can be looked at and not run.
        resource_overrides: Resources to take instead of ours, by name (`run`, `dbt`).

    Raises:
        ConfigError: The config, a mapping or a suite cannot be used.
        BuildError: dbt cannot parse the project.
    """
    if settings is None:
        settings = load_settings() if find_config() else Settings.unconfigured()
    manifest = load_manifest(settings)
    days = as_of_days(settings.timezone)
    staging, core, marts = dbt_steps(manifest, days)
    mart_keys = sorted(key for step in (core, marts) for key in step.keys if key.path[0] == MARTS_SCHEMA)
    daily = [*plan_assets(days), core, value_step(days), marts, publication_step(manifest, mart_keys, days)]
    ingest = [landed_entities, staging]
    graph = dg.Definitions(
        assets=[*ingest, *daily],
        asset_checks=[*gates(), quarantine_limits, total_checks(), freshness_check()],
        resources={"run": run_resource(settings), "dbt": dbt_resource(settings), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(graph, jobs_and_triggers(ingest, daily, settings))
