"""What Dagster loads (see workspace.yaml). Composed in pipelines/orchestration/build_defs.py, nothing else here."""

from pipelines.orchestration.build_defs import build_defs

__all__ = ["build_defs", "defs"]

defs = build_defs()
