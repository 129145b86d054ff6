"""Names that several modules must agree on: asset keys, groups, jobs, tags, stages."""

import dagster as dg

from pipelines.runs.required import IDENTITY_PARTS, VALUE_PARTS

INGEST_JOB = "ingest"
DAILY_JOB = "daily"
FULL_REFRESH_JOB = "full_refresh"
BACKFILL_JOB = "backfill"

# As workspace.yaml loads it.
CODE_LOCATION = "pipelines.definitions"

RUN_TAG = "loyalty/run"
FULL_REFRESH_TAG = "loyalty/full_refresh"
FORCE_TAG = "loyalty/force"
ORIGINALS_TAG = "loyalty/originals"
BACKFILL_TAG = "loyalty/backfill"
COMMAND_LINE_TAG = "loyalty/command_line"
PROCESS_TAG = "loyalty/process"
THEN_DAILY_TAG = "loyalty/then_daily"

QUARANTINE_SHARE = dg.AssetKey(["staging", "stg_quarantine_share"])
PLAN = dg.AssetKey(["plan"])
ORDER_STATUSES = dg.AssetKey(["exchange", "order_statuses"])
CHANNELS = dg.AssetKey(["exchange", "channels"])
ACCOUNTS = dg.AssetKey(["exchange", "accounts"])
IDENTIFIERS = dg.AssetKey(["exchange", "identifiers"])
PSEUDONYMS = dg.AssetKey(["exchange", "pseudonyms"])
SETTINGS = dg.AssetKey(["exchange", "settings"])
IDENTITY_OUTPUTS = tuple(dg.AssetKey(["exchange", name]) for name in IDENTITY_PARTS)
VALUE_OUTPUTS = tuple(dg.AssetKey(["exchange", name]) for name in VALUE_PARTS)
PULLED = "pulled"  # the first part of the keys of pulled sources
PUBLISHED = dg.AssetKey(["published", "version"])


def landed_key(entity: str) -> dg.AssetKey:
    """The asset of a landed entity; dbt's source `landing.<entity>` has the same key."""
    return dg.AssetKey(["landing", entity])


def pulled_key(source: str) -> dg.AssetKey:
    """The asset of a pulled source."""
    return dg.AssetKey([PULLED, source])
