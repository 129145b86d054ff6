"""Composes the graph. Each part is made in another module; this one only combines them."""

import warnings
from collections.abc import Mapping
from datetime import date

import dagster as dg

from pipelines.config.settings import Settings, find_config, load_settings, project_root
from pipelines.connectors.pulled_source import pulled_sources
from pipelines.orchestration.catalogue import catalogued, external_sources
from pipelines.orchestration.dbt_assets import dbt_steps
from pipelines.orchestration.exchange_assets import exchange_assets
from pipelines.orchestration.freshness_check import freshness_check
from pipelines.orchestration.gates import core_tables_read_by_marts, gates, load_gates
from pipelines.orchestration.identity_step import identity_step
from pipelines.orchestration.jobs import jobs_and_triggers
from pipelines.orchestration.landing_assets import landing_step
from pipelines.orchestration.partitions import as_of_days
from pipelines.orchestration.plan_asset import plan_asset
from pipelines.orchestration.publication_assets import publication_step, value_step
from pipelines.orchestration.pull_assets import pull_assets
from pipelines.orchestration.quarantine_check import quarantine_limits
from pipelines.orchestration.resources import run_resource
from pipelines.orchestration.totals import total_checks
from pipelines.quality import load_totals
from pipelines.runs.build_state import read_state
from pipelines.runs.dbt_manifest import MARTS_SCHEMA, load_manifest
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.required import required_parts


def build_defs(
    settings: Settings | None = None,
    *,
    resource_overrides: Mapping[str, object] | None = None,
    any_day: bool = False,
    dbt: DbtProcess | None = None,
) -> dg.Definitions:
    """Everything that Dagster is to know.

    Args:
        settings: The settings in force; by default those of LOYALTY_CONFIG or ./loyalty.yml. Without either, the graph
            can be shown but not run.
        resource_overrides: Resources to use instead of ours, by name (`run`).
        any_day: Whether any day can be built, instead of the days since the first event that is staged now: a command
            that lands files itself does not know that day yet.
        dbt: The dbt process of a run, to compile the project with.

    Raises:
        ConfigError: The config, a mapping or a suite cannot be used.
        BuildError: dbt cannot parse the project.
    """
    if settings is None:
        settings = load_settings() if find_config() else Settings.unconfigured()
    manifest = load_manifest(settings, dbt=dbt)
    suites, totals = load_gates(settings), load_totals(project_root() / "expectations")
    required = required_parts(manifest, suites, totals, settings.quarantine)
    days = as_of_days(settings, None if any_day else first_day(settings))
    staging, links, core, marts = dbt_steps(manifest)
    mart_keys = sorted(key for step in (core, marts) for key in step.keys if key.path[0] == MARTS_SCHEMA)
    with warnings.catch_warnings():
        # backfill policies are in beta; pyproject.toml bounds Dagster's version, so they do not change unnoticed
        warnings.simplefilter("ignore", dg.BetaWarning)
        publication = publication_step(manifest, mart_keys, days, required)
    own = [plan_asset(required), *exchange_assets(), identity_step(), value_step(), publication]
    daily = [*catalogued(own, manifest), links, core, marts]
    pulls = pull_assets(pulled_sources(settings))
    pulled = [key for pull in pulls for key in pull.keys]
    ingest = [*catalogued([*pulls, landing_step(required, pulled)], manifest), staging]
    not_blocking = core_tables_read_by_marts(core, marts)
    graph = dg.Definitions(
        assets=[*ingest, *daily, *external_sources(manifest)],
        asset_checks=[
            *gates(suites, not_blocking),
            quarantine_limits,
            total_checks(totals, not_blocking),
            freshness_check(),
        ],
        resources={"run": run_resource(settings), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(graph, jobs_and_triggers(ingest, daily, settings))


def first_day(settings: Settings) -> date | None:
    """The first day with an event, by what is staged; None if nothing is."""
    staged = read_state(settings.paths.build_state).staged
    return staged.events.first_on if staged and staged.events else None
