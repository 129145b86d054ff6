"""A feed: one kind of file, the arrival day of its rows, and the function that renders rows as text.

This module only defines feeds and divides them into files. The entity modules make the rows, dirt.py adds bad rows, and
writer.py writes the files.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pyarrow as pa

from pipelines.sample.effects import Effect
from pipelines.sample.process import Ints

#: For this number of days before the end, feeds have their normal frequency. Older rows are in fewer, larger files.
RECENT_DAYS = 90

#: The source of the shop itself.
SHOP = "sample"

Render = Callable[[Ints], pa.Table]


class Every(StrEnum):
    """How often a file of a feed is delivered. The backlog is the time before the last RECENT_DAYS.

    Attributes:
        DAY: One file per day; in the backlog one per week.
        WEEK: One file per week; in the backlog one per month.
        MONTH: One file per month; in the backlog one per quarter.
        AS_IT_COMES: One file per day with arrivals.
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    AS_IT_COMES = "as it comes"


@dataclass(frozen=True)
class Feed:
    """One kind of file.

    Attributes:
        name: The first part of the file names.
        suffix: `csv`, `csv.gz`, `tsv`, `jsonl`, `parquet`.
        every: How often a file is delivered.
        entity: The canonical entity of its rows.
        key: The columns of the file that are the key of a row.
        arrives: The arrival day of each row, since 1970.
        render: Turns row numbers into a table of text columns with the names in the file.
        title: The lines above the header row.
        separator: The field separator of text tables.
        answers: For wide survey files: the columns that each become a row if they are not empty, with the id of the
            question.
        keys: The number of distinct keys, if a key has several versions; -1: one key per row.
        skipped: The number of rows that a skip of the mapping leaves out.
        plain: The rows from which a bad row can be made; the default is all rows.
        source: The source that delivers it.
        unknown_channels: Spellings of channels that no list has, with the number of their rows.
        effects: The planted effects that its rows show.
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
    source: str = SHOP
    unknown_channels: dict[str, int] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()


def file_days(arrives: Ints, every: Every, last: int) -> Ints:
    """The day in the file name of each row: the last of its day, week, month or quarter, but not after `last`."""
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
    """The last day of the period that contains a day. A period has `months` months (1: a month, 3: a quarter)."""
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    following = (month // months + 1) * months
    return (following.astype("datetime64[M]").astype("datetime64[D]") - 1).astype(np.int64)
