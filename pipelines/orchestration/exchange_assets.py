"""The files that the build reads in addition to staging: one asset per file of exchange/ that Python writes at once.

They contain the statuses and channels that mappings declare, the settings in force, and the keyed hashes that replace
contacts, references and accounts. The files that need tables of the build belong to the steps identity and value.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from pipelines.base.durable import write_durably
from pipelines.config.in_force import write_settings
from pipelines.config.secret_key import load_key
from pipelines.identity.accounts import write_accounts
from pipelines.identity.contacts import ContactRules
from pipelines.identity.identifiers import write_identifiers
from pipelines.identity.pseudonyms import write_pseudonyms
from pipelines.landing import declared_channels, declared_statuses, write_channels, write_order_statuses
from pipelines.orchestration.names import ACCOUNTS, CHANNELS, IDENTIFIERS, ORDER_STATUSES, PLAN, PSEUDONYMS, SETTINGS
from pipelines.orchestration.steps import RETRY, planned, seconds_of, step
from pipelines.runs.marks import Step, begin_step, mark
from pipelines.runs.scope import RunScope

CUSTOMER_REFS = dg.AssetKey(["staging", "stg_customer_refs"])
CONTACTS = dg.AssetKey(["staging", "stg_contacts"])
CUSTOMERS = dg.AssetKey(["staging", "stg_customers"])


@dataclass(frozen=True)
class Written:
    """What a file has.

    Attributes:
        rows: The number of its rows.
        counts: The counts of the stage.
    """

    rows: int
    counts: Mapping[str, int]


Write = Callable[[RunScope, Path], Written]
"""Writes a file into the folder in which the build exchanges files."""


def exchange_assets() -> list[dg.AssetsDefinition]:
    """The assets of the files."""
    return [
        _exchanged(
            ORDER_STATUSES,
            _order_statuses,
            "Statuses of orders and order lines that the mappings declare, with their classes.",
        ),
        _exchanged(
            CHANNELS,
            _channels,
            "Spellings of channels that the mappings declare, with their channels and touchpoints.",
        ),
        _exchanged(SETTINGS, _settings, "One row per setting in force, for the mart rpt_setting."),
        _exchanged(
            IDENTIFIERS,
            _identifiers,
            "One row per e-mail or phone as staging has it, with the keyed hash of its normal form.",
            reads=[CONTACTS],
        ),
        _exchanged(
            PSEUDONYMS,
            _pseudonyms,
            "One row per (source, ref), with the customer_key that replaces it in all later tables.",
            reads=[CUSTOMER_REFS, CONTACTS, IDENTIFIERS],
        ),
        _exchanged(
            ACCOUNTS,
            _accounts,
            "One row per account of a source, with the account_key that replaces it in all later tables.",
            reads=[CUSTOMERS],
        ),
    ]


def _exchanged(
    key: dg.AssetKey, write: Write, description: str, *, reads: Sequence[dg.AssetKey] = ()
) -> dg.AssetsDefinition:
    part = key.path[-1]

    @dg.asset(
        key=key,
        deps=[*reads, PLAN],
        group_name="exchange",
        kinds={"parquet"},
        retry_policy=RETRY,
        description=description,
    )
    def exchanged(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> dg.MaterializeResult[None]:
        paths = run.settings.paths
        with step(context, run, part) as stage:
            plan = planned(context, run)
            begin_step(paths.marks, Step.EXCHANGE, [part])
            written = write(run, plan.exchange(paths.exchange))
            stage.count(**written.counts)
            mark(paths.marks, Step.EXCHANGE, plan.id, [part])
        return dg.MaterializeResult(metadata={"dagster/row_count": written.rows, "seconds": seconds_of(run, part)})

    return exchanged


def _order_statuses(run: RunScope, exchange: Path) -> Written:
    declared = declared_statuses(source.mapping for source in run.settings.sources)
    write_order_statuses(exchange, declared)
    return Written(len(declared), {"declared": len(declared)})


def _channels(run: RunScope, exchange: Path) -> Written:
    declared = declared_channels(source.mapping for source in run.settings.sources)
    write_channels(exchange, declared)
    return Written(len(declared), {"declared": len(declared)})


def _settings(run: RunScope, exchange: Path) -> Written:
    rows = write_settings(exchange, run.settings)
    return Written(rows, {"settings": rows})


def _identifiers(run: RunScope, exchange: Path) -> Written:
    paths, rules = run.settings.paths, ContactRules.of(run.settings.model.identity)
    report = write_identifiers(paths.warehouse, paths.exchange, _key(run), rules)
    _share(paths.exchange, exchange, IDENTIFIERS)
    counts = {"known": report.known, "new": report.new, "unusable": report.unusable}
    return Written(report.known + report.new, counts)


def _pseudonyms(run: RunScope, exchange: Path) -> Written:
    paths = run.settings.paths
    report = write_pseudonyms(paths.warehouse, paths.exchange, _key(run))
    _share(paths.exchange, exchange, PSEUDONYMS)
    return Written(report.known + report.new, {"known": report.known, "new": report.new})


def _accounts(run: RunScope, exchange: Path) -> Written:
    rows = write_accounts(run.settings.paths.warehouse, exchange, _key(run))
    return Written(rows, {"accounts": rows})


def _key(run: RunScope) -> bytes:
    return load_key(run.settings.paths.key, run.settings.key_text)


def _share(exchange: Path, used: Path, key: dg.AssetKey) -> None:
    """Give a backfill's exchange folder the same file as the daily one, which keeps what is known."""
    if used != exchange:
        file = f"{key.path[-1]}.parquet"
        write_durably(used / file, lambda path: shutil.copyfile(exchange / file, path), mode=0o600)
