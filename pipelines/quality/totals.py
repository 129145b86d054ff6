"""Totals that cross stages: what is on the left equals what is on the right, term by term, to the row and the cent.

Each stands in `expectations/totals/<name>.yml` with its terms and one query. They are equations rather than
expectations, and say which term is how large; Great Expectations has no part in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from pipelines.base.errors import Finding, GateError
from pipelines.quality.engine import schema_path
from pipelines.quality.gx import safe_message
from pipelines.quality.suites import DAY
from pipelines.quality.yaml_file import Words, read_model

_HINT = "Correct the total; docs/quality.md says how one is written."


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    total: Words
    asset: Words
    owner: Words
    why: Words
    left: list[str] = Field(min_length=1)
    right: list[str] = Field(min_length=1)
    sql: Words


@dataclass(frozen=True)
class Total:
    """One equation.

    Attributes:
        name: Its file's name.
        total: What is counted, in words.
        asset: The mart that it is told of; no other mart may be built from it, for it would wait for the total.
        owner: Who is asked when it does not add up.
        why: Why it must.
        left: Columns of the query whose sum is the one side.
        right: Columns whose sum is the other.
        sql: A query with the terms and `part`, which says what a row is about (a source); `{as_of}` is the day built.
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
    """How an equation came out.

    Attributes:
        total: The equation.
        faults: For each part that does not add up, its terms in words; empty where all do.
        parts: The number of parts.
    """

    total: Total
    faults: tuple[str, ...]
    parts: int

    @property
    def words(self) -> str:
        """One line: what does not add up, and why it must."""
        return f"{self.total.total} do not add up: {'; '.join(self.faults)} ({self.total.why})"


def load_totals(folder: Path) -> list[Total]:
    """The totals of `<folder>/totals/`.

    Args:
        folder: The folder `expectations/`.

    Raises:
        ConfigError: A file cannot be read or is no total; the message gives file and line.
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
        totals: As `load_totals` gives them.
        connection: As `open_warehouse` gives it.
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
    query = f"select part, {terms} from ({dated}) order by part"  # noqa: S608 (the project's own)
    try:
        rows = connection.execute(query).fetchall()
    except duckdb.Error as error:
        raise GateError(f"the total {total.name} cannot be counted: {safe_message(str(error))}", hint=_HINT) from error
    faults = (_fault(total, str(part), [Decimal(number) for number in numbers]) for part, *numbers in rows)
    return TotalResult(total, tuple(fault for fault in faults if fault), len(rows))


def _fault(total: Total, part: str, numbers: Sequence[Decimal]) -> str:
    split = len(total.left)
    off = sum(numbers[:split], Decimal()) - sum(numbers[split:], Decimal())
    if not off:
        return ""
    sides = (
        " + ".join(f"{name} {number}" for name, number in zip(names, side, strict=True))
        for names, side in ((total.left, numbers[:split]), (total.right, numbers[split:]))
    )
    return f"{part}: {' is not '.join(sides)}, but {abs(off)} {'more' if off > 0 else 'less'}"


def check_totals(results: Sequence[TotalResult]) -> None:
    """Do nothing where every total adds up.

    Raises:
        GateError: One does not: which terms, by how much.
    """
    wrong = [result for result in results if result.faults]
    if not wrong:
        return
    listed = "\n".join(f"  {result.words}" for result in wrong)
    raise GateError(
        f"{len(wrong)} of {len(results)} totals across the stages do not add up\n{listed}",
        hint="Each query stands in expectations/totals/. What was published before is untouched: a stage has lost or"
        " doubled rows, which no correction of data mends. Build from nothing (`loyalty run --full-refresh`); if it"
        " comes back, report it.",
        findings=tuple(Finding(f"total {result.total.name}", len(result.faults)) for result in wrong),
    )
