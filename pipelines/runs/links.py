"""The links between references, as the identity step reads them."""

from pathlib import Path

from pipelines.identity.links import DAYS, LINKS, LINKS_BEFORE
from pipelines.runs.warehouse import copy_tables

LINK_MODELS = {LINKS: "int_identity_edge", LINKS_BEFORE: "int_identity_edge_before", DAYS: "int_identity_day"}


def export_links(warehouse: Path, exchange: Path, scratch_schema: str) -> None:
    """Copy the links from the warehouse to the exchange folder (LINK_MODELS).

    Args:
        warehouse: The DuckDB file, with the links built.
        exchange: The folder of the files.
        scratch_schema: Prefix of the schemas of a backfill, else empty.
    """
    copy_tables(warehouse, exchange, scratch_schema, LINK_MODELS)
