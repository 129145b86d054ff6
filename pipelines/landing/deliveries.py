"""What has been delivered, read from the landing: which content came under which name, and in which order.

Recording a delivery is batches.py's.
"""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from pipelines.landing.batches import DELIVERIES, read_dataset


def read_deliveries(home: Path) -> pa.Table:
    """Every delivery: its columns, then `source` and `batch`; sorted by source, file name and sequence."""
    return read_dataset(home, DELIVERIES, "source, file_name, sequence")


def delivery_ages(home: Path) -> dict[str, int]:
    """How many deliveries of its name have come since each batch's own; 0 is in force.

    A batch that came under several names has the lowest of their ages.
    """
    rows = read_deliveries(home).to_pylist()
    return ages_of((row["source"], row["file_name"], row["sequence"], row["batch"]) for row in rows)


def ages_of(deliveries: Iterable[tuple[str, str, int, str]]) -> dict[str, int]:
    """The same of deliveries that are at hand: source, file name, sequence and batch of each."""
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
