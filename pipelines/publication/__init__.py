"""Publication: the finished marts become a version that readers can trust. A pointer defines the current version.

This package writes, audits, lists, rewrites and removes versions below `<home>/published/`. Other packages build the
marts (dbt), check their quality (quality) and write the terminal output (cli).

    published/
        current -> versions/2026-01-31_1f0c9a7e      a relative link, replaced in one step
        versions/<as-of>_<run>/                      complete, or not there at all
            manifest.json  restatement.json  loyalty.duckdb  marts/<table>/part-0.parquet  quality/<stage>.html
            report/index.html
        changes/<as-of>_<run>.json, .html            what changed since the previous version; removed with its version
"""

from pipelines.publication.audit import audit, read_manifest
from pipelines.publication.erasure import KEPT_AS_NOBODYS, ErasedVersion, erase_customers, rows_of
from pipelines.publication.holds import hold
from pipelines.publication.model import (
    DATABASE,
    SCHEMA_VERSION,
    Manifest,
    MartTable,
    PublishedTable,
    Reference,
    Reporting,
    Retention,
    Version,
)
from pipelines.publication.pin import pin, pinned_id, refuse_if_pinned, unpin, why_not_current
from pipelines.publication.publishing import publish
from pipelines.publication.restatement import Change, Reason, Restatement, n_restated, read_restatement
from pipelines.publication.retention import delete_version, prune
from pipelines.publication.unfinished import finish_publication
from pipelines.publication.versions import (
    current_id,
    find_version,
    find_whole_version,
    has_day,
    list_versions,
    resolve_current,
    set_current,
)
from pipelines.publication.writer import parquet_options

__all__ = [
    "DATABASE",
    "KEPT_AS_NOBODYS",
    "SCHEMA_VERSION",
    "Change",
    "ErasedVersion",
    "Manifest",
    "MartTable",
    "PublishedTable",
    "Reason",
    "Reference",
    "Reporting",
    "Restatement",
    "Retention",
    "Version",
    "audit",
    "current_id",
    "delete_version",
    "erase_customers",
    "find_version",
    "find_whole_version",
    "finish_publication",
    "has_day",
    "hold",
    "list_versions",
    "n_restated",
    "parquet_options",
    "pin",
    "pinned_id",
    "prune",
    "publish",
    "read_manifest",
    "read_restatement",
    "refuse_if_pinned",
    "resolve_current",
    "rows_of",
    "set_current",
    "unpin",
    "why_not_current",
]
