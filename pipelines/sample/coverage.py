"""What the source declares about its own completeness: one row per entity and month."""

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.feed import Every, Feed, file_days
from pipelines.sample.process import Ints

COVERED = ["orders", "order_lines", "payments", "returns", "customers", "interactions", "cases", "survey_answers"]


def coverage_feed(first: int, last: int) -> Feed:
    """Each row covers the time from the first day to the day of the file."""
    ends = np.unique(file_days(np.arange(first, last + 1, dtype=np.int64), Every.MONTH, last))
    day = np.repeat(ends, len(COVERED))

    def render(rows: Ints) -> pa.Table:
        return pa.table(
            {
                "entity": text.picked(COVERED, rows % len(COVERED)),
                "from": text.day_text(np.full(len(rows), first)),
                "to": text.day_text(day[rows]),
                "complete": text.constant("yes", len(rows)),
                "changed": text.zulu(day[rows] * text.DAY_S + 18 * 3600),
            }
        )

    return Feed("coverage", "csv", Every.MONTH, "coverage", ("entity",), day, render, keys=len(COVERED))
