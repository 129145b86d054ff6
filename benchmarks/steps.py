"""The cost of each step of a benchmark: seconds, processor seconds, memory.

Here: the clock and its table. Not here: any step.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.table import Table


def peak_gb() -> float:
    """The largest memory that this process has used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


class Steps:
    """The steps since the last table. Set `note` inside a step to describe its result."""

    def __init__(self) -> None:
        self.note = ""
        self._rows: list[tuple[str, float, float, float, str]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block."""
        self.note = ""
        start, used = time.perf_counter(), time.process_time()
        yield
        self._rows.append((name, time.perf_counter() - start, time.process_time() - used, peak_gb(), self.note))

    def table(self, title: str) -> Table:
        """The steps and their sum; the next table begins empty."""
        table = Table("step", title=title)
        for name in ("seconds", "processor s", "peak GB by then"):
            table.add_column(name, justify="right")
        table.add_column("what came of it")
        for name, wall, cpu, peak, note in self._rows:
            table.add_row(name, f"{wall:.1f}", f"{cpu:.1f}", f"{peak:.2f}", note)
        table.add_section()
        table.add_row("sum", *(f"{sum(row[at] for row in self._rows):.1f}" for at in (1, 2)), f"{peak_gb():.2f}")
        self._rows = []
        return table
