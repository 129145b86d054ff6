"""Drafts mappings and configs from files, for a user to complete: what is in a file, and what it leaves open.

Nothing here lands or builds. A draft is loaded by landing like any other mapping before it is written.
"""

from pipelines.drafting.config import DraftedConfig, DraftedSource, config_text
from pipelines.drafting.draft import draft_mapping
from pipelines.drafting.drafted import Draft, Remark, Wishes
from pipelines.drafting.kinds import distinct_names, source_name
from pipelines.drafting.names import drafted_entities
from pipelines.drafting.recognised import systems_of
from pipelines.landing.inbox import files_below, is_left_out

__all__ = [
    "Draft",
    "DraftedConfig",
    "DraftedSource",
    "Remark",
    "Wishes",
    "config_text",
    "distinct_names",
    "draft_mapping",
    "drafted_entities",
    "files_below",
    "is_left_out",
    "source_name",
    "systems_of",
]
