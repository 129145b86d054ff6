"""Keeps the digits of numbers in JSON records.

DuckDB reads a number with a fraction or an exponent as a floating-point number, which has 15 to 17 digits. A number
that would change is therefore read as a text with all of its digits. The record itself stays unchanged.
"""

import re
from decimal import Decimal, getcontext

import duckdb
import pyarrow as pa

from pipelines.base import quoting

_SURE = 15  # digits that a floating-point number always keeps
# A fraction with more digits than that before and after the point, or an exponent after as many digits. Nothing before
# a number is checked, so that a text such as a key may be taken for one; `exact` decides.
_CANDIDATE = "|".join(
    [*(rf"\d{{{before}}}\.\d{{{_SURE + 1 - before}}}" for before in range(1, _SURE + 1)), rf"\d{{{_SURE + 1}}}[.eE]"]
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_LONGEST = 60  # digits of a number in plain notation
_CHUNK = 5_000  # records
_EXACT = "landing_exact"


def exact(document: str) -> str:
    """A JSON document in which each number that a floating-point number would change is a text."""
    return _TOKEN.sub(lambda token: _exact(token[0]), document)


def _exact(token: str) -> str:
    if token[0] == '"' or not set(token) & set(".eE"):
        return token
    number = Decimal(token)
    try:
        is_kept = Decimal(repr(float(token))) == number
    except ArithmeticError:
        is_kept = False
    if is_kept:
        return token
    is_whole = number == number.to_integral_value()
    plain = number.quantize(Decimal(1)) if is_whole and number.adjusted() < getcontext().prec else number
    shown = f"{plain:f}" if abs(number.adjusted()) < _LONGEST else token
    return f'"{shown}"'


def keep_digits(connection: duckdb.DuckDBPyConnection, table: str, column: str, kept: str) -> bool:
    """Write the documents of a table of records (record, rule, …) with all digits of their numbers, if any needs it.

    Args:
        connection: Has the table.
        table: The table.
        column: Its column with the documents.
        kept: The column for the documents as they are read: the same one, or a new one.

    Returns:
        Whether a number needed it, so that the column has been written.
    """
    found = f"from {table} where rule is null and regexp_matches({column}, {quoting.text(_CANDIDATE)})"
    ((first, last),) = connection.execute(f"select min(record), max(record) {found}").fetchall()
    is_needed = False
    for start in range(first, last + 1, _CHUNK) if first is not None else ():
        documents = connection.execute(
            f"select record, {column} {found} and record between {start} and {start + _CHUNK - 1}"
        ).fetchall()
        changed = [(record, text) for record, document in documents if (text := exact(document)) != document]
        if changed:
            _store(connection, changed, is_first=not is_needed)
            is_needed = True
    if is_needed:
        others = f"one.* exclude ({column})" if kept == column else "one.*"
        text = f"coalesce({_EXACT}.text, {column})"
        connection.execute(
            f"create or replace temp table {table} as select {others}, {text} as {kept}"  # noqa: S608 (names of ours)
            f" from {table} as one left join {_EXACT} on one.record = {_EXACT}.record order by one.record"
        )
        connection.execute(f"drop table {_EXACT}")
    return is_needed


def _store(connection: duckdb.DuckDBPyConnection, changed: list[tuple[int, str]], *, is_first: bool) -> None:
    records, texts = zip(*changed, strict=True)
    rows = pa.table({"record": pa.array(records, pa.int64()), "text": pa.array(texts, pa.string())})
    connection.register("landing_exact_rows", rows)
    into = f"create or replace temp table {_EXACT} as" if is_first else f"insert into {_EXACT}"
    connection.execute(f"{into} select * from landing_exact_rows")  # noqa: S608 (names of ours)
    connection.unregister("landing_exact_rows")
