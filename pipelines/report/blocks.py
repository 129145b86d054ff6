"""What a page of the report is made of: blocks, each one query with its chart. Only declarations are here.

A block's texts are `blocks.<key>.title`, `.lead`, `.read` (how to read it, optional) and `.finding` (optional) in
texts/. Its table and its chart show the same rows, so they cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["bars", "columns", "lines", "shares", "heat", "scatter"]


@dataclass(frozen=True)
class Chart:
    """Which columns of the block's query a chart shows.

    Attributes:
        kind: bars (one horizontal bar per category), columns (one vertical bar per period, stacked by colour), lines
            (over periods, with intervals), shares (bars of 100 %), heat (a matrix of coloured cells) or scatter.
        x: The column of the horizontal axis; for bars and shares the value.
        y: The column of the vertical axis; for bars and shares the category.
        colour: The column that gives the colour; empty if there is one series.
        value: The column that a cell of a heat map shows.
        low: The lower end of the interval; empty without one.
        high: The upper end of the interval.
        line: A second column, shown as a dashed line (predicted beside actual); lines only.
    """

    kind: Kind
    x: str
    y: str
    colour: str = ""
    value: str = ""
    low: str = ""
    high: str = ""
    line: str = ""

    @property
    def measure(self) -> str:
        """The column of the figure that the chart shows."""
        return {"bars": self.x, "shares": self.x, "heat": self.value}.get(self.kind, self.y)


@dataclass(frozen=True)
class Parts:
    """How the groups of a block add up to totals that readers may know (suppression.py).

    Attributes:
        of: Who is counted. Groups of the same people with equal names are the same group in all blocks.
        by: The columns that name the group of a row.
        within: The columns that the parts of one total have in common; none: the total is that of all rows. None if
            readers know no total.
        fixed: What all rows have in common, by column.
    """

    of: str
    by: tuple[str, ...]
    within: tuple[str, ...] | None = ()
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """One figure of the report: a query, its table and its chart.

    Attributes:
        key: Its key in the texts and its anchor.
        marts: The marts of the query. The definition of a column is that of the first of them that has the column.
        sql: The query. Its columns have the names that they have in the marts. `$as_of`, `$min_group`, `$month_end`
            and `$year_ago` may be used.
        chart: The chart; None for a table alone.
        codes: The code set in dim_label of a column with codes, by column.
        group: The column that counts the people or answers of a row. Rows of fewer than the suppression limit are not
            shown. Empty if the rows are not groups of people.
        parts: How the groups add up to totals that readers may know; None if they do not.
        finding: A query with one row of figures for the sentence `finding`; nothing is said if one of them is NULL.
        needs: What to connect if there are no rows: a key of `needs` in the texts.
        shown: The largest number of rows of the table; a chart shows all.
        is_narrow: Whether two such blocks fit beside each other on a wide screen.
    """

    key: str
    marts: tuple[str, ...]
    sql: str
    chart: Chart | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    parts: Parts | None = None
    finding: str = ""
    needs: str = "orders"
    shown: int = 500
    is_narrow: bool = False


@dataclass(frozen=True)
class Page:
    """One page: its key in the texts, and its blocks in order."""

    key: str
    blocks: tuple[Block, ...]
