"""Reads from a published version how a customer came to their level, class and scores (mart customer_explanation).

Labels are those of dim_label. The files behind the facts are not published: privacy/explained.py finds them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from pipelines.base.database import connect
from pipelines.base.errors import PublicationError
from pipelines.publication.model import DATABASE

LANGUAGES = ("en", "zh")
STEPS = ("fact", "evidence", "score", "level", "class", "type", "quadrant", "distance", "reason", "action")
_DIMENSIONS = ("behaviour", "attitude", "emotion", "cognition")
# The code set of `detail`, by step or by kind of fact; other details have no label.
_DETAIL_SETS = {
    "evidence": "dimension",
    "level": "reason",
    "class": "explanation",
    "type": "explanation",
    "quadrant": "explanation",
    "distance": "explanation",
    "action": "action_reason",
    "interaction": "interaction_kind",
    "case": "case_kind",
    "answer": "explanation",
}
# The mart of each kind of fact, its key, and the columns that identify the landed row.
_RECORDS = {
    "order": ("fct_order", "order_key", ("order_id",)),
    "return": ("fct_return", "return_key", ("return_id",)),
    "interaction": ("fct_interaction", "interaction_key", ("interaction_id",)),
    "case": ("fct_case", "case_key", ("case_id",)),
    "referral": ("fct_referral", "referral_key", ("referral_id",)),
    "answer": ("fct_survey_answer", "answer_key", ("response_id", "question_id")),
}
_ROWS = """
    select
        customer_key, as_of_on, step, code_set, code, detail, value, threshold, remaining, weight, effect, occurred_on,
        n_facts, record_key, mart, column_name
    from customer_explanation
    where list_contains($keys::varchar[], customer_key)
    order by
        customer_key,
        list_position($steps::varchar[], step),
        case when step = 'fact' then occurred_on end desc nulls last,
        case when step = 'evidence' then list_position($dimensions::varchar[], detail) end,
        case when step = 'evidence' then weight end desc nulls last,
        case when step = 'fact' then code end,
        position,
        code
"""


@dataclass(frozen=True)
class Record:
    """The key of a landed row.

    Attributes:
        source: The source that delivered it.
        kind: The kind of fact: order, return, interaction, case, referral or answer.
        key: The values of its key columns.
    """

    source: str
    kind: str
    key: tuple[str, ...]


@dataclass(frozen=True)
class ExplainedRow:
    """A row of customer_explanation, with labels.

    Attributes:
        customer_key: The customer.
        as_of_on: The as-of day.
        step: The step.
        code: What it is about.
        label: The label of `code`.
        detail: The second code.
        detail_label: The label of `detail`.
        value: The figure.
        threshold: What it is compared with.
        remaining: How far the threshold is.
        weight: The weight of evidence or of a dimension.
        effect: The effect of evidence on the loyalty score.
        occurred_on: The day of a fact, or of the latest evidence.
        n_facts: The number of facts or of pieces of evidence.
        mart: The mart with the figure.
        column_name: The column with the figure.
        column_label: The label of the column.
        record: The landed row of a fact.
    """

    customer_key: str
    as_of_on: date
    step: str
    code: str
    label: str
    detail: str | None
    detail_label: str | None
    value: Decimal | None
    threshold: Decimal | None
    remaining: Decimal | None
    weight: Decimal | None
    effect: Decimal | None
    occurred_on: date | None
    n_facts: int | None
    mart: str
    column_name: str | None
    column_label: str | None
    record: Record | None


@dataclass(frozen=True)
class Explanation:
    """What a version says about some customers.

    Attributes:
        rows: The rows, by customer and step. Facts are ordered by day, the latest first.
        steps: The label of each step.
    """

    rows: tuple[ExplainedRow, ...]
    steps: dict[str, str]


def read_explanation(version: Path, keys: Iterable[str], language: str) -> Explanation:
    """The explanation of customers in a version. Keys that the version does not have are left out.

    Args:
        version: The folder of the version.
        keys: Values of customer_key.
        language: One of LANGUAGES.

    Raises:
        PublicationError: The version has no explanations, because an earlier version of this program published it.
    """
    with connect(version / DATABASE, read_only=True) as connection:
        try:
            found = connection.execute(
                _ROWS, {"keys": list(keys), "steps": list(STEPS), "dimensions": list(_DIMENSIONS)}
            ).fetchall()
        except duckdb.CatalogException:
            raise PublicationError(
                f"the version {version.name} has no explanations, because an earlier version of Loyalty Marts built it",
                hint="Call `loyalty run`, or choose a newer version.",
            ) from None
        labels = _labels(connection, language)
        records = _records(connection, {(row[4], row[13]) for row in found if row[2] == "fact"})
    rows = [
        ExplainedRow(
            customer_key=key,
            as_of_on=as_of_on,
            step=step,
            code=code,
            label=labels.get((code_set, code), code),
            detail=detail,
            detail_label=labels.get((_DETAIL_SETS.get(code if step == "fact" else step, ""), detail), detail),
            value=value,
            threshold=threshold,
            remaining=remaining,
            weight=weight,
            effect=effect,
            occurred_on=occurred_on,
            n_facts=n_facts,
            mart=mart,
            column_name=column_name,
            column_label=labels.get(("explanation", column_name), column_name),
            record=records.get((code, record_key)) if step == "fact" else None,
        )
        for key, as_of_on, step, code_set, code, detail, value, threshold, remaining, weight, effect, *rest in found
        for occurred_on, n_facts, record_key, mart, column_name in [rest]
    ]
    return Explanation(tuple(rows), {step: labels.get(("explanation_step", step), step) for step in STEPS})


def _labels(connection: duckdb.DuckDBPyConnection, language: str) -> dict[tuple[str, str], str]:
    rows = connection.execute("select code_set, code, label from dim_label where language = ?", [language]).fetchall()
    return {(code_set, code): label for code_set, code, label in rows}


def _records(connection: duckdb.DuckDBPyConnection, facts: set[tuple[str, str]]) -> dict[tuple[str, str], Record]:
    """The landed keys of facts, by kind and record_key."""
    found: dict[tuple[str, str], Record] = {}
    for kind, (mart, key, columns) in _RECORDS.items():
        asked = [record_key for fact_kind, record_key in facts if fact_kind == kind]
        if asked:
            query = f"select {key}, source, {', '.join(columns)} from {mart} where list_contains(?, {key})"  # noqa: S608 (names of ours)
            for record_key, source, *values in connection.execute(query, [asked]).fetchall():
                found[kind, record_key] = Record(source, kind, tuple(map(str, values)))
    return found
