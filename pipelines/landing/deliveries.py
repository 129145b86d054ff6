"""How many later deliveries of its file name a batch has.

Deliveries are recorded in batches.py and read by index.py.
"""

from collections.abc import Iterable
from pathlib import Path

from pipelines.landing.index import read_deliveries


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
