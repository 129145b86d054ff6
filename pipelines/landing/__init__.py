"""Landing: files of any source become immutable batches of the canonical entities. This is the package's interface."""

from pipelines.landing.channels import write_channels
from pipelines.landing.check import SourceCheck, check_sources
from pipelines.landing.deliveries import delivery_ages
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.index import landed_batches, read_ledger
from pipelines.landing.land import land
from pipelines.landing.ledger import ErasedRows
from pipelines.landing.make_batch import EarlierBatch, Erase, NotLandedAgain
from pipelines.landing.mapping import declared_channels, declared_statuses, load_mapping, read_mapping
from pipelines.landing.model import Mapping
from pipelines.landing.open_marks import open_marks
from pipelines.landing.order_statuses import write_order_statuses
from pipelines.landing.outdated import read_landed
from pipelines.landing.outdated_files import OutdatedFiles, outdated_files
from pipelines.landing.packs import packed_rows
from pipelines.landing.prepare import finish_replacement
from pipelines.landing.preview import LandingPreview, preview_landing
from pipelines.landing.report import FileOutcome, LandingReport, Outcome, Progress, RefusedFiles
from pipelines.landing.separate_sources import separate_customers, separate_orders

__all__ = [
    "EarlierBatch",
    "Erase",
    "ErasedRows",
    "FileOutcome",
    "LandingPreview",
    "LandingReport",
    "Mapping",
    "NotLandedAgain",
    "Outcome",
    "OutdatedFiles",
    "Progress",
    "RefusedFiles",
    "SourceCheck",
    "SourceFiles",
    "check_sources",
    "declared_channels",
    "declared_statuses",
    "delivery_ages",
    "finish_replacement",
    "land",
    "landed_batches",
    "load_mapping",
    "open_marks",
    "outdated_files",
    "packed_rows",
    "preview_landing",
    "read_landed",
    "read_ledger",
    "read_mapping",
    "separate_customers",
    "separate_orders",
    "write_channels",
    "write_order_statuses",
]
