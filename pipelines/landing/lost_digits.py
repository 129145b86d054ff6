"""IDs that are numbers without their last digits, such as 1.38E+10: a spreadsheet program has cut them off.

Different records have one such ID. Staging leaves it out and counts it (macro `has_lost_digits`); landing warns about
the file.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.base.text import counted

LOST = r"\d+([.,]\d+)?[eE]\+\d+"


def has_lost_digits(text: str) -> str:
    """SQL that checks a text; NULL for NULL. It repeats the text."""
    # The pattern is compared only with texts that have a plus sign.
    return f"(contains({text}, '+') and regexp_full_match({text}, {quoting.text(LOST)}))"


def lost_digits(connection: duckdb.DuckDBPyConnection, entity: str, part: Path) -> Iterator[str]:
    """A message for each column of an entity with such IDs.

    Args:
        connection: Any DuckDB.
        entity: The entity.
        part: The Parquet file with its rows.
    """
    ids = ENTITIES[entity].ids
    if not ids:
        return
    select = ", ".join(f"count(*) filter ({has_lost_digits(column)})" for column in ids)
    (counts,) = connection.execute(f"select {select} from read_parquet({quoting.files(part)})").fetchall()  # noqa: S608 (names are ours)
    for column, count in zip(ids, counts, strict=True):
        if count:
            effect = (
                "The rows are rejected" if column in ENTITIES[entity].key else "The rows stay, without these values"
            )
            yield (
                f"{counted(count, 'value')} of {entity}.{column} {'is' if count == 1 else 'are'} written like 1.38E+10:"
                " digits are lost, so different records could have one ID. The run leaves these IDs out (data issue"
                f" digits_lost). {effect}. Export the column as text, and deliver the file again"
            )
