"""The section `What the marts say` of a page, compared with what queries find."""

import re
from collections.abc import Iterable
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[1]


def share(numerator: str, denominator: str) -> str:
    """SQL of a percentage with one decimal, as the pages write it."""
    return f"format('{{:.1f}} %', 100 * ({numerator}) / ({denominator}))"


def thousands(number: str) -> str:
    """SQL of a number with separators, as the pages write it."""
    return f"format('{{:,}}', {number})"


def check_reading(con: duckdb.DuckDBPyConnection, page: str, figures: dict[str, str]) -> None:
    """Every number in a table of the section is the text that one of the queries gives, and the other way round.

    Args:
        con: Where the queries run, on the raw files and on the marts.
        page: Its path in the project.
        figures: Start of a table's row to a query with one row: the numbers of the row as texts, in order.
    """
    lines = [line for line in _section(page) if line.startswith("| ") and not line.startswith(("| ---", "| what"))]
    cells = [re.split(r" \| | / ", line.removeprefix("| ").removesuffix(" |")) for line in lines]
    said = {name: numbers for name, *numbers in cells}
    found = {name: [str(value) for value in con.execute(query).fetchall()[0]] for name, query in figures.items()}
    assert found == said, f"found {found}"


def check_text(con: duckdb.DuckDBPyConnection, page: str, figures: dict[str, str], ignored: Iterable[str]) -> None:
    """Checks that every number in the text of the section comes from a query, and that each result is in the text.

    Args:
        con: Where the queries run, on the marts.
        page: Its path in the project.
        figures: Maps a part of a sentence (`{}` for each number) to a query with one row: the numbers as texts.
        ignored: Parts of sentences whose numbers are not checked, such as dates.
    """
    text = " ".join(" ".join(line for line in _section(page) if not line.startswith("|")).split())
    for words_around, query in figures.items():
        values = [str(value) for value in con.execute(query).fetchall()[0]]
        assert words_around.format(*values) in text, f"found {values} for {words_around}"
        text = text.replace(words_around.format(*values), "")
    for part in ignored:
        assert part in text, part
        text = text.replace(part, "")
    assert re.findall(r"[^.;:]*\d[^.;:]*", text) == [], "numbers without a query"


def _section(page: str) -> list[str]:
    """The lines of the section `What the marts say`."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return text.split("## What the marts say", 1)[1].split("\n## ", 1)[0].splitlines()
