"""Reads which content was delivered under which file name and in which order.

Deliveries are recorded in batches.py.
"""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from pipelines.landing.batches import DELIVERIES, read_dataset


def read_deliveries(home: Path) -> pa.Table:
    """Every delivery: the columns, then `source` and `batch`; sorted by source, file name and sequence."""
    return read_dataset(home, DELIVERIES, "source, file_name, sequence")


def delivery_ages(home: Path) -> dict[str, int]:
    """Per batch: how many later deliveries of the same file name there are; 0 for the latest delivery.

    A batch that was delivered under several names has the lowest of their ages.
    """
    rows = read_deliveries(home).to_pylist()
    return ages_of((row["source"], row["file_name"], row["sequence"], row["batch"]) for row in rows)


def ages_of(deliveries: Iterable[tuple[str, str, int, str]]) -> dict[str, int]:
    """Like `delivery_ages`, for given deliveries: source, file name, sequence and batch of each."""
    last: dict[tuple[str, str], int] = {}
    own: dict[tuple[str, str, str], int] = {}
    for source, file_name, sequence, batch in deliveries:
        name = (source, file_name)
        last[name] = max(last.get(name, 0), sequence)
        own[*name, batch] = max(own.get((*name, batch), 0), sequence)
    ages: dict[str, int] = {}
    for (source, file_name, batch), sequence in own.items():
        age = last[source, file_name] - sequence
        ages[batch] = min(age, ages.get(batch, age))
    return ages
