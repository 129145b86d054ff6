"""What may make a published number wrong, as the mart `rpt_data_issue` counts it, in words for a run and for status.

What an issue is and what to do about it stand in the seed data_issues; which rows have one is decided in the models
int_issue_<topic>. Counts, sources and codes only; nothing of a row.
"""

from dataclasses import dataclass
from decimal import Decimal

import duckdb

from pipelines.base import quoting

TABLE = "rpt_data_issue"
WARN = "warn"


@dataclass(frozen=True)
class DataIssue:
    """One row of the mart.

    Attributes:
        issue: Its code.
        severity: `warn` or `info`.
        source: The source.
        entity: The entity.
        detail: What tells cases of one issue apart; None where nothing does.
        n_rows: How many rows have it.
        amount: The value at stake in the reporting currency; None where it is unknown.
        is_amount_estimated: Whether that is an estimate.
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
        """The value at stake as text; empty where there is none."""
        if self.amount is None:
            return ""
        return f"{'about ' if self.is_amount_estimated else ''}{self.amount:,.2f} {currency}"

    def words(self, currency: str) -> str:
        """One sentence for a warning: where, how many, what it is worth, what it means, what to do."""
        detail = f" ({self.detail})" if self.detail else ""
        value = self.value(currency)
        at_stake = f", value at stake {value}" if value else ""
        return (
            f"{self.source} {self.entity}: {self.issue}{detail}: {self.n_rows:,} rows{at_stake}: {self.meaning}."
            f" {self.action}"
        )


def read_data_issues(connection: duckdb.DuckDBPyConnection, schema: str) -> list[DataIssue]:
    """Every issue, warnings and the largest first; none where the mart has not been built.

    Args:
        connection: The warehouse.
        schema: The schema of the marts.
    """
    columns = ", ".join(DataIssue.__dataclass_fields__)
    relation = f"{quoting.name(schema)}.{TABLE}"
    try:
        rows = connection.execute(
            f"select {columns} from {relation}"  # noqa: S608 (names of ours)
            " order by severity desc, amount desc nulls last, n_rows desc, issue, source, entity, detail"
        ).fetchall()
    except duckdb.CatalogException:
        return []
    return [DataIssue(*row) for row in rows]
