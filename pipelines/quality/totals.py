"""Totals across stages: equations whose left and right side must be equal, to the row and to the cent.

Each total is a file `expectations/totals/<name>.yml` with its terms and one query. If a total does not add up, the
error gives the value of every term. Great Expectations is not used for totals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from pipelines.base.errors import Finding, GateError
from pipelines.quality.connections import schema_path
from pipelines.quality.gx import safe_message
from pipelines.quality.suites import DAY
from pipelines.quality.yaml_file import Text, read_model

_HINT = "Correct the total; docs/quality.md explains how to write one."


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    total: Text
    asset: Text
    owner: Text
    why: Text
    left: list[str] = Field(min_length=1)
    right: list[str] = Field(min_length=1)
    sql: Text


@dataclass(frozen=True)
class Total:
    """One equation.

    Attributes:
        name: The name of its file.
        total: What is counted, as text.
        asset: The mart that shows its result. No other mart may be built from this mart, because it would wait for the
            total.
        owner: Who is responsible if it does not add up.
        why: Why it must add up.
        left: Columns of the query whose sum is the left side.
        right: Columns of the query whose sum is the right side.
        sql: A query with the terms and `part`, which names what a row is about (a source); `{as_of}` is the day built.
    """

    name: str
    total: str
    asset: str
    owner: str
    why: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class TotalResult:
    """The result of a total.

    Attributes:
        total: The total.
        faults: For each part that does not add up, its terms as text; empty if all parts add up.
        parts: The number of parts.
    """

    total: Total
    faults: tuple[str, ...]
    parts: int

    @property
    def summary(self) -> str:
        """One line: what does not add up, and why it must."""
        return f"the total of {self.total.total} does not add up: {'; '.join(self.faults)} ({self.total.why})"


def load_totals(folder: Path) -> list[Total]:
    """The totals in `<folder>/totals/`.

    Args:
        folder: The folder `expectations/`.

    Raises:
        ConfigError: A file cannot be read or is not a valid total; the message gives file and line.
    """
    return [_load(path) for path in sorted((folder / "totals").glob("*.yml"))]


def _load(path: Path) -> Total:
    _, parsed = read_model(path, _File, _HINT)
    return Total(
        path.stem,
        parsed.total,
        parsed.asset,
        parsed.owner,
        parsed.why,
        tuple(parsed.left),
        tuple(parsed.right),
        parsed.sql,
    )


def run_totals(
    totals: Sequence[Total], connection: duckdb.DuckDBPyConnection, *, schemas: Sequence[str], as_of: date
) -> list[TotalResult]:
    """Count both sides of every total.

    Args:
        totals: From `load_totals`.
        connection: From `open_warehouse`.
        schemas: Where tables are looked up, in this order.
        as_of: The day built.

    Raises:
        GateError: A query cannot be run.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"set search_path = {schema_path(schemas)}")
        return [_run(total, cursor, as_of) for total in totals]


def _run(total: Total, connection: duckdb.DuckDBPyConnection, as_of: date) -> TotalResult:
    terms = ", ".join((*total.left, *total.right))
    dated = total.sql.replace(DAY, f"date '{as_of}'")
    query = f"select part, {terms} from ({dated}) order by part"  # noqa: S608 (from a file of the project)
    try:
        rows = connection.execute(query).fetchall()
    except duckdb.Error as error:
        problem = f"the query of the total {total.name} failed: {safe_message(str(error))}"
        raise GateError(problem, hint=_HINT) from error
    faults = (_fault(total, str(part), [Decimal(number) for number in numbers]) for part, *numbers in rows)
    return TotalResult(total, tuple(fault for fault in faults if fault), len(rows))


def _fault(total: Total, part: str, numbers: Sequence[Decimal]) -> str:
    split = len(total.left)
    difference = sum(numbers[:split], Decimal()) - sum(numbers[split:], Decimal())
    if not difference:
        return ""
    left, right = (
        " + ".join(f"{name} {number}" for name, number in zip(names, side, strict=True))
        for names, side in ((total.left, numbers[:split]), (total.right, numbers[split:]))
    )
    return f"{part}: {left} is {abs(difference)} {'more' if difference > 0 else 'less'} than {right}"


def check_totals(results: Sequence[TotalResult]) -> None:
    """Stop the run unless every total adds up.

    Raises:
        GateError: A total does not add up. The message gives its terms and the difference.
    """
    wrong = [result for result in results if result.faults]
    if not wrong:
        return
    listed = "\n".join(f"  {result.summary}" for result in wrong)
    raise GateError(
        f"{len(wrong)} of {len(results)} totals across the stages do not add up\n{listed}",
        hint="A stage has lost or doubled rows, so correcting the data does not help. Rebuild everything"
        " (`loyalty run --full-refresh`). If the error comes back, report it. The queries are in expectations/totals/."
        " The published version has not changed.",
        findings=tuple(Finding(f"total {result.total.name}", len(result.faults)) for result in wrong),
    )
