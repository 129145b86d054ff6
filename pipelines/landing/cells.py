"""A source's cell as a mapping's expressions read it: trimmed, and NULL if it is empty or one of the `nulls`.

The values of expressions are normalised in normal.py.
"""

from collections.abc import Sequence

from pipelines.base import quoting

# Unicode's White_Space and the characters without width: zero-width space and joiners, word joiner, byte order mark.
BLANKS = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
)


def trimmed(name: str) -> str:
    """SQL of a text column without blanks at its ends; empty becomes NULL. It repeats the name several times."""
    # DuckDB's trim with a set of characters takes forty times as long as a look at both ends, and few values need it.
    needs_no_trim = f"{name} >= '!' and {name} < '\u0080' and substring({name}, -1) between '!' and '~'"
    trim = f"nullif(trim({name}, {quoting.text(BLANKS)}), '')"
    return f"case when {needs_no_trim} then {name} when {name} <> '' then {trim} end"


class Cells:
    """The cells that a relation's columns read, and the SELECT that trims them.

    Each step is a separate SELECT, so that nothing is computed twice.

    Args:
        nulls: Texts that mean "no value".
    """

    def __init__(self, nulls: Sequence[str]) -> None:
        self._nulls = ", ".join(quoting.text(text.strip(BLANKS)) for text in nulls)
        self._cells: list[str] = []

    def add(self, cell: str) -> str:
        """Add the SQL of a cell, and return the name of its column in `select`."""
        self._cells.append(cell)
        return f"landing_cell{len(self._cells) - 1}"

    def select(self, kept: str, relation: str) -> str:
        """Select the trimmed cells from a relation, in addition to other select items."""
        names = {f"landing_cell{index}": cell for index, cell in enumerate(self._cells)}
        items = ", ".join([kept, *(f"{cell} as {name}" for name, cell in names.items())])
        query = f"select {items} from {relation}"  # noqa: S608 (names are quoted)
        for step in (trimmed, self._meaning) if self._nulls else (trimmed,):
            replaced = ", ".join(f"{step(name)} as {name}" for name in names)
            query = f"select * replace ({replaced}) from ({query})" if names else query  # noqa: S608 (names are quoted)
        return query

    def _meaning(self, name: str) -> str:
        return f"case when {name} in ({self._nulls}) then null else {name} end"
