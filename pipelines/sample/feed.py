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

#: Feeds are delivered at their full pace for so many days; what is older came as a backlog, in fewer files.
RECENT_DAYS = 90

Render = Callable[[Ints], pa.Table]


class Every(StrEnum):
    """How often a file of a feed comes.

    Attributes:
        DAY: One a day; in the backlog, which is all before the last RECENT_DAYS, one a week.
        WEEK: One a week; in the backlog one a month.
        MONTH: One a month; in the backlog one a quarter.
        AS_IT_COMES: One on each day of arrival.
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    AS_IT_COMES = "as it comes"


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
    """The day that each row's file bears: the last of its day, week, month or quarter; never after `last`."""
    if every is Every.AS_IT_COMES:
        return np.minimum(arrives, last)
    backlog = last - RECENT_DAYS
    paces: dict[Every, tuple[Ints, Ints]] = {
        Every.DAY: (arrives, _week_end(arrives)),
        Every.WEEK: (_week_end(arrives), _months_end(arrives, 1)),
        Every.MONTH: (_months_end(arrives, 1), _months_end(arrives, 3)),
    }
    recent, before = paces[every]
    return np.where(arrives <= backlog, np.minimum(before, backlog), np.minimum(recent, last))


def _week_end(days: Ints) -> Ints:
    return days + (6 - (days + 3) % 7)


def _months_end(days: Ints, months: int) -> Ints:
    """Last day of the calendar's run of so many months (1: the month, 3: the quarter) that a day lies in."""
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    following = (month // months + 1) * months
    return (following.astype("datetime64[M]").astype("datetime64[D]") - 1).astype(np.int64)
