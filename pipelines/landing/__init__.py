"""Landing: files of any source become immutable batches of the canonical entities. The part's public face."""

from pipelines.landing.batches import delivery_ages, landed_names, read_ledger
from pipelines.landing.check import SourceCheck, check_sources
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.land import land
from pipelines.landing.mapping import load_mapping
from pipelines.landing.model import Mapping
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
    "delivery_ages",
    "land",
    "landed_names",
    "load_mapping",
    "read_ledger",
]
