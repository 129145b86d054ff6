"""The industries' presets of business numbers, as the seed of the dbt project has them."""

import csv
from functools import cache
from pathlib import Path

_SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "loyalty_industry_presets.csv"


@cache
def presets() -> dict[str, dict[str, str]]:
    """By industry, each column as text; empty where the industry has no number of its own."""
    with _SEED.open(encoding="utf-8", newline="") as file:
        return {row["industry"]: row for row in csv.DictReader(file)}
