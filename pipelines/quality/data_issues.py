"""Data issues: what may make a published number wrong. Read from the mart `rpt_data_issue`, for runs and `status`.

The seed data_issues describes each issue and what to do about it. The models int_issue_<topic> decide which rows have
an issue. This module reads counts, sources and codes only, no values of rows.
"""

from dataclasses import dataclass
from decimal import Decimal

import duckdb

from pipelines.base import quoting
from pipelines.base.text import counted

TABLE = "rpt_data_issue"
WARN = "warn"


@dataclass(frozen=True)
class DataIssue:
    """One row of the mart.

    Attributes:
        issue: The code of the issue.
        severity: `warn` or `info`.
        source: The source.
        entity: The entity.
        detail: What distinguishes several cases of one issue; None if there is one case.
        n_rows: How many rows have the issue.
        amount: The value at stake in the reporting currency; None if it is unknown.
        is_amount_estimated: Whether the amount is an estimate.
        meaning: What was found.
        action: What to do.
    """

    issue: str
    severity: str
    source: str
    entity: str
    detail: str | None
    n_rows: int
    amount: Decimal | None
    is_amount_estimated: bool
    meaning: str
    action: str

    def value(self, currency: str) -> str:
        """The value at stake as text; empty if it is unknown."""
        if self.amount is None:
            return ""
        return f"{'about ' if self.is_amount_estimated else ''}{self.amount:,.2f} {currency}"

    def words(self, currency: str) -> str:
        """The text of a warning: where, how many rows, the value at stake, what it means, and what to do."""
        detail = f" ({self.detail})" if self.detail else ""
        value = self.value(currency)
        at_stake = f", value at stake {value}" if value else ""
        return (
            f"{self.source} {self.entity}: {self.issue}{detail}: {counted(self.n_rows, 'row')}{at_stake}:"
            f" {self.meaning}."
            f" {self.action}"
        )


def read_data_issues(connection: duckdb.DuckDBPyConnection, schema: str) -> list[DataIssue]:
    """Every issue: warnings first, then by amount, the largest first. Empty if the mart has not been built.

    Args:
        connection: A connection to the warehouse.
        schema: The schema of the marts.
    """
    columns = ", ".join(DataIssue.__dataclass_fields__)
    relation = f"{quoting.name(schema)}.{TABLE}"
    try:
        rows = connection.execute(
            f"select {columns} from {relation}"  # noqa: S608 (fixed names)
            " order by severity desc, amount desc nulls last, n_rows desc, issue, source, entity, detail"
        ).fetchall()
    except duckdb.CatalogException:
        return []
    return [DataIssue(*row) for row in rows]
