"""The identity step between links and core: which references belong to one customer.

The rules are in pipelines/identity. dbt finds the links (tag:identity, see dbt_assets.py) and applies the result
(int_customer_identity).
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.config.secret_key import load_key
from pipelines.identity.decided import pseudonymised
from pipelines.identity.decisions import read_decisions
from pipelines.identity.history import write_history
from pipelines.identity.links import LINKS
from pipelines.identity.resolve import Limits, write_identity
from pipelines.orchestration.names import IDENTITY_OUTPUTS
from pipelines.orchestration.steps import RETRY, planned, seconds_of, step
from pipelines.runs.links import LINK_MODELS, export_links
from pipelines.runs.marks import Step, begin_step, mark
from pipelines.runs.required import IDENTITY_PARTS
from pipelines.runs.scope import RunScope

EDGES = tuple(dg.AssetKey(["intermediate", model]) for model in LINK_MODELS.values())


def identity_step() -> dg.AssetsDefinition:
    """Exports the links from the warehouse, and writes which references are linked, now and at earlier month ends."""

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
        seconds = seconds_of(run, "identity")
        rows = (report.n_references, report.n_blocked, n_past)
        for output, number in zip(IDENTITY_OUTPUTS, rows, strict=True):
            if output in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=output, metadata={"dagster/row_count": number, "seconds": seconds})

    return identity
