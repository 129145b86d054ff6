"""What the connector needs of a database, and errors that show neither the URI nor its password."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import pyarrow as pa

from pipelines.connectors.sql.cursors import Kind

BATCH_BYTES = 64 * 1024**2
"""A page of wide rows ends at this size."""


@dataclass(frozen=True)
class Column:
    """A column of a table or query.

    Attributes:
        name: Its name.
        sql: The expression that reads it so that its values can become the type without loss.
        type: Its type in Parquet.
        kind: Its kind if it can be a cursor; None if it cannot.
    """

    name: str
    sql: str
    type: pa.DataType
    kind: Kind | None = None


class Database(Protocol):
    """One database. It opens a connection for each statement, so that a connection that broke harms only one."""

    cast_types: Mapping[Kind, str]
    """The type to which a literal of a cursor is cast."""

    def quoted(self, name: str) -> str:
        """A name as an identifier."""

    def now(self) -> datetime:
        """The server's time, UTC.

        Raises:
            PullError: The server cannot be used.
        """

    def local_offset(self) -> timedelta:
        """The offset of the server's time zone from UTC: times without zone are in it, as far as is known."""

    def columns(self, base: str, table: str | None) -> list[Column]:
        """The columns of a table or of a subquery.

        Args:
            base: What is written after `from`.
            table: The name of the table; None for a query.

        Raises:
            PullError: It cannot be read.
        """

    def ordered(self, column: Column) -> str:
        """The expression by which the values of a cursor are compared and ordered."""

    def unusable(self, column: Column) -> str | None:
        """A condition on rows whose cursor has no order among the others; None if the type excludes them."""

    def batches(self, sql: str, columns: list[Column]) -> Iterator[pa.Table]:
        """The rows of a query in small batches, in the server's order. The server does not collect them in memory.

        Args:
            sql: The query. It selects the expressions of the columns in their order.
            columns: The columns.

        Raises:
            PullError: The server refused it, or the connection broke, or a value cannot be kept as it is.
        """

    def close(self) -> None:
        """Close what is open."""


def select(what: str, base: str, where: str = "", order: str = "") -> str:
    """A query.

    Args:
        what: The expressions.
        base: The quoted table, or the subquery.
        where: The condition; empty for all rows.
        order: The expression by which rows are ordered; empty for any order.
    """
    rest = (f" where {where}" if where else "") + (f" order by {order}" if order else "")
    return f"select {what} from {base}{rest}"  # noqa: S608 (names are quoted; a query is the user's own)


# strings, quoted names, dollar-quoted strings, comments; whatever else, one character at a time
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \$(\w*)\$.*?\$\1\$ | (?P<blank>\s+|--[^\n]*|/\*.*?\*/) | .""",
    re.DOTALL | re.VERBOSE,
)


def without_end(query: str) -> str:
    """A query without the `;` at its end, as a subquery must be. Comments after it stay.

    Args:
        query: The query as the user has written it.
    """
    found = [(token[0], token["blank"] is not None) for token in _TOKEN.finditer(query)]
    for index in range(len(found) - 1, -1, -1):
        text, is_blank = found[index]
        if text == ";":
            found[index] = ("", True)
        elif not is_blank:
            break
    return "".join(text for text, _ in found).strip()


NO_ROW = "1 = 0"
"""A condition for the description of columns."""


def shown(words: object, *secrets: str | None) -> str:
    """The message of a driver on one line, without secrets.

    Args:
        words: The message.
        secrets: What must not be in it.
    """
    text = " ".join(str(words).split())
    # SQLite quotes the value
    text = re.sub(r"(Could not decode to UTF-8 column '[^']*') with text .*", r"\1: it is not UTF-8", text)
    for secret in sorted((one for one in secrets if one), key=len, reverse=True):
        text = text.replace(secret, "…")
    return re.sub(r"://[^\s@/]*@", "://…@", text)
