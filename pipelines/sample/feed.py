"""A feed: one kind of file, its rows by day of arrival, and how a slice of rows becomes text.

Only the shape and the cutting into files; what the rows say stands in the entity modules, what is wrong with some of
them in dirt.py, how a file is written in writer.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pyarrow as pa

from pipelines.sample.process import Ints

Render = Callable[[Ints], pa.Table]


class Every(StrEnum):
    """How often a file of a feed comes."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Feed:
    """One kind of file.

    Attributes:
        name: First part of the files' names.
        suffix: `csv`, `csv.gz`, `tsv`, `jsonl`, `parquet`.
        every: How often a file comes.
        entity: The canonical entity that its rows become.
        key: The file's columns that make the row's key.
        arrives: Day of arrival of each row, since 1970.
        render: Row numbers to a table of text columns, under the names in the file.
        title: Lines above the header row.
        separator: Field separator, where there is one.
        answers: For wide survey files: the columns that become a row each where they are not empty, with the
            question's id.
        keys: Distinct keys among the rows, where a key has several versions; -1: a key a row.
        skipped: Rows that the mapping leaves out by name.
        plain: Rows that a bad row may be made from; all of them unless given.
    """

    name: str
    suffix: str
    every: Every
    entity: str
    key: tuple[str, ...]
    arrives: Ints
    render: Render
    title: tuple[str, ...] = ()
    separator: str = ","
    answers: dict[str, str] = field(default_factory=dict)
    keys: int = -1
    skipped: int = 0
    plain: Ints | None = None


def file_days(arrives: Ints, every: Every, last: int) -> Ints:
    """The day that each row's file bears: the last day of the day, week (Sunday) or month, and never after `last`."""
    if every is Every.DAY:
        days = arrives
    elif every is Every.WEEK:
        days = arrives + (6 - (arrives + 3) % 7)
    else:
        months = arrives.astype("datetime64[D]").astype("datetime64[M]")
        days = ((months + 1).astype("datetime64[D]") - 1).astype(np.int64)
    return np.minimum(days, last)
