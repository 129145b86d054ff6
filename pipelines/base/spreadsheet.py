"""Writes CSV (RFC 4180) that is safe to open in a spreadsheet program: no cell is executed as a formula.

A file is written completely or not at all. The caller chooses the columns and decides who may see them.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines.base.durable import write_durably
from pipelines.base.errors import ConfigError

# Every character that Python or a spreadsheet takes for a blank, and characters without a width of their own: soft
# hyphens, and marks and overrides of direction.
_BLANKS = (
    "\t\n\v\f\r\x1c-\x1f \x85\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u3000\ufeff"
)
# A text that a spreadsheet would run as a formula, for `re` and for DuckDB's regexp_matches. The first characters are
# those that OWASP lists under "CSV injection", with their full-width forms. Blanks before them are ignored.
FORMULA = f"^(?:[{_BLANKS}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])"
_FORMULA = re.compile(FORMULA)
APOSTROPHE = "'"  # in front of such a text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text as a formula."""
    return _FORMULA.match(text) is not None


def without_formula(value: object) -> object:
    """The value. Text that a spreadsheet would run as a formula gets a leading apostrophe, so that it stays text."""
    return f"{APOSTROPHE}{value}" if isinstance(value, str) and is_formula(value) else value


def write_csv(
    path: Path,
    names: Sequence[str],
    batches: Iterable[Iterable[Sequence[object]]],
    *,
    unchanged: re.Pattern[str] | None = None,
) -> int:
    """Write rows to a file that only its owner can read. An existing file is replaced.

    Every cell is quoted, lines end with CR LF, and the encoding is UTF-8. None becomes an empty cell, a boolean
    becomes `true` or `false`.

    Args:
        path: The file.
        names: The column names.
        batches: The rows in batches: only one batch at a time is in memory.
        unchanged: Texts that match completely are written as they are, for example phone numbers with +.

    Returns:
        The number of rows.

    Raises:
        ConfigError: The file cannot be written.
    """
    rows = 0

    def write(staged: Path) -> None:
        nonlocal rows
        with staged.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow([without_formula(name) for name in names])
            for batch in batches:
                for row in batch:
                    writer.writerow([_cell(value, unchanged) for value in row])
                    rows += 1

    try:
        write_durably(path, write, mode=0o600)
    except OSError as problem:
        raise ConfigError(f"{path} cannot be written: {problem.strerror}", hint="choose another file") from problem
    return rows


def _cell(value: object, unchanged: re.Pattern[str] | None) -> object:
    if unchanged is not None and isinstance(value, str) and unchanged.fullmatch(value):
        return value
    return str(value).lower() if isinstance(value, bool) else without_formula(value)
