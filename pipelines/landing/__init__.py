"""Landing: files of any source become immutable batches of the canonical entities. The part's public face."""

from pipelines.landing.batches import delivery_ages, landed_batches, read_ledger
from pipelines.landing.check import SourceCheck, check_sources
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.land import land
from pipelines.landing.mapping import declared_statuses, load_mapping
from pipelines.landing.model import Mapping
from pipelines.landing.order_statuses import write_order_statuses
from pipelines.landing.report import FileOutcome, LandingReport, Outcome, Progress, RefusedFiles

__all__ = [
    "FileOutcome",
    "LandingReport",
    "Mapping",
    "Outcome",
    "Progress",
    "RefusedFiles",
    "SourceCheck",
    "SourceFiles",
    "check_sources",
    "declared_statuses",
    "delivery_ages",
    "land",
    "landed_batches",
    "load_mapping",
    "read_ledger",
    "write_order_statuses",
]
