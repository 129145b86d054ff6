"""Who is who: identifiers and pseudonyms for the build, and the references that belong to one customer.

The rules are in pipelines/identity. dbt finds the links (tag:identity, see dbt_assets.py) and applies the result
(int_customer_identity).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from pipelines.base.durable import write_durably
from pipelines.config.secret_key import load_key
from pipelines.identity.accounts import write_accounts
from pipelines.identity.contacts import ContactRules
from pipelines.identity.decided import pseudonymised
from pipelines.identity.decisions import read_decisions
from pipelines.identity.history import write_history
from pipelines.identity.identifiers import write_identifiers
from pipelines.identity.links import LINKS
from pipelines.identity.pseudonyms import write_pseudonyms
from pipelines.identity.resolve import Limits, write_identity
from pipelines.orchestration.names import ACCOUNTS, IDENTIFIERS, IDENTITY_OUTPUTS, PLAN, PSEUDONYMS
from pipelines.orchestration.steps import RETRY, planned, step
from pipelines.runs.links import LINK_MODELS, export_links
from pipelines.runs.marks import Step, begin_step, mark
from pipelines.runs.required import IDENTITY_PARTS
from pipelines.runs.scope import RunScope

CUSTOMER_REFS = dg.AssetKey(["staging", "stg_customer_refs"])
CONTACTS = dg.AssetKey(["staging", "stg_contacts"])
CUSTOMERS = dg.AssetKey(["staging", "stg_customers"])
EDGES = tuple(dg.AssetKey(["intermediate", model]) for model in LINK_MODELS.values())


def identity_assets() -> list[dg.AssetsDefinition]:
    """The assets of identifiers and pseudonyms, and the step that finds which references are linked."""

    @dg.asset(
        key=IDENTIFIERS,
        deps=[CONTACTS, PLAN],
        group_name="exchange",
        kinds={"parquet"},
        retry_policy=RETRY,
        description="One row per e-mail or phone as staging has it, with the keyed hash of its normal form.",
    )
    def identifiers(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.MaterializeResult[None]:
        settings, paths = run.settings, run.settings.paths
        with step(context, run, "identifiers") as stage:
            plan, part = planned(context, run), IDENTIFIERS.path[-1]
            begin_step(paths.marks, Step.EXCHANGE, [part])
            rules = ContactRules.of(settings.model.identity)
            key = load_key(paths.key, settings.key_text)
            report = write_identifiers(paths.warehouse, paths.exchange, key, rules)
            stage.count(known=report.known, new=report.new, unusable=report.unusable)
            share(paths.exchange, plan.exchange(paths.exchange), part)
            mark(paths.marks, Step.EXCHANGE, plan.id, [part])
        return dg.MaterializeResult(metadata={"dagster/row_count": report.known + report.new, "new": report.new})

    @dg.asset(
        key=PSEUDONYMS,
        deps=[CUSTOMER_REFS, CONTACTS, IDENTIFIERS, PLAN],
        group_name="exchange",
        kinds={"parquet"},
        retry_policy=RETRY,
        description="One row per (source, ref), with the customer_key that replaces it in all later tables.",
    )
    def pseudonyms(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.MaterializeResult[None]:
        paths = run.settings.paths
        with step(context, run, "pseudonyms") as stage:
            plan, part = planned(context, run), PSEUDONYMS.path[-1]
            begin_step(paths.marks, Step.EXCHANGE, [part])
            report = write_pseudonyms(paths.warehouse, paths.exchange, load_key(paths.key, run.settings.key_text))
            stage.count(known=report.known, new=report.new)
            share(paths.exchange, plan.exchange(paths.exchange), part)
            mark(paths.marks, Step.EXCHANGE, plan.id, [part])
        return dg.MaterializeResult(metadata={"dagster/row_count": report.known + report.new, "new": report.new})

    @dg.asset(
        key=ACCOUNTS,
        deps=[CUSTOMERS, PLAN],
        group_name="exchange",
        kinds={"parquet"},
        retry_policy=RETRY,
        description="One row per account of a source, with the account_key that replaces it in all later tables.",
    )
    def accounts(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.MaterializeResult[None]:
        paths = run.settings.paths
        with step(context, run, "accounts") as stage:
            plan, part = planned(context, run), ACCOUNTS.path[-1]
            begin_step(paths.marks, Step.EXCHANGE, [part])
            key = load_key(paths.key, run.settings.key_text)
            rows = write_accounts(paths.warehouse, plan.exchange(paths.exchange), key)
            stage.count(accounts=rows)
            mark(paths.marks, Step.EXCHANGE, plan.id, [part])
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    @dg.multi_asset(
        name="identity",
        specs=[dg.AssetSpec(key, deps=EDGES, group_name="exchange", kinds={"parquet"}) for key in IDENTITY_OUTPUTS],
        # a single output can be selected, but all outputs are always written together
        can_subset=True,
        retry_policy=RETRY,
    )
    def identity(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]
    ) -> Iterator[dg.MaterializeResult[None]]:
        settings, paths = run.settings, run.settings.paths
        with step(context, run, "identity") as stage:
            plan = planned(context, run)
            begin_step(paths.marks, Step.IDENTITY, IDENTITY_PARTS)
            exchange = plan.exchange(paths.exchange)
            export_links(paths.warehouse, exchange, plan.scratch_schema)
            key = load_key(paths.key, settings.key_text)
            decisions = pseudonymised(read_decisions(paths.decisions), key)
            limits = Limits.of(settings.model.identity)
            report = write_identity(exchange / LINKS, exchange, decisions, limits)
            n_past = write_history(exchange, decisions, limits)
            stage.count(
                linked_references=report.n_references, customers_of_these=report.n_components, blocked=report.n_blocked
            )
            mark(paths.marks, Step.IDENTITY, plan.id, IDENTITY_PARTS)
        rows = (report.n_references, report.n_blocked, n_past)
        for output, number in zip(IDENTITY_OUTPUTS, rows, strict=True):
            if output in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=output, metadata={"dagster/row_count": number})

    return [identifiers, pseudonyms, accounts, identity]


def share(exchange: Path, used: Path, name: str) -> None:
    """Give a backfill's exchange folder the same file as the daily one."""
    if used != exchange:
        file = f"{name}.parquet"
        write_durably(used / file, lambda path: shutil.copyfile(exchange / file, path), mode=0o600)
