"""The presets of business numbers per industry, read from the seed of the dbt project."""

import csv
from functools import cache
from pathlib import Path

_SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "loyalty_industry_presets.csv"


@cache
def presets() -> dict[str, dict[str, str]]:
    """The columns of each industry as text; empty if the industry has no number of its own."""
    with _SEED.open(encoding="utf-8", newline="") as file:
        return {row["industry"]: row for row in csv.DictReader(file)}
