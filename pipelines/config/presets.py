"""The presets of business numbers per industry, read from the seed of the dbt project."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "loyalty_industry_presets.csv"
_REASON = "_reason"


@dataclass(frozen=True)
class Preset:
    """One number of an industry.

    Attributes:
        value: The number as text.
        reason: Why it fits the industry.
    """

    value: str
    reason: str


@cache
def presets() -> dict[str, dict[str, Preset]]:
    """The numbers of each industry, by the name of the setting."""
    with _SEED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["industry"]: dict(_numbers(row)) for row in rows}


def _numbers(row: dict[str, str]) -> Iterator[tuple[str, Preset]]:
    """Each number of a row, with the reason beside it."""
    for name, value in row.items():
        if name + _REASON in row:
            yield name, Preset(value, reason=row[name + _REASON])
