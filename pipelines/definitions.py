"""The definitions that Dagster loads (see workspace.yaml). pipelines/orchestration/build_defs.py composes them."""

from pipelines.orchestration.build_defs import build_defs

__all__ = ["build_defs", "defs"]

defs = build_defs()
