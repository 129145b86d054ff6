"""The group `pull.sql` of a source in loyalty.yml: which tables and queries of a database are pulled."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart

SQL_VARIABLE = "LOYALTY_SQL"

TableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class SqlTable(SettingsPart):
    """A table or a query. Its name here is the beginning of the names of its files."""

    table: Annotated[
        str | None,
        About(
            "The table or view, such as `orders` or `public.orders`. Its parts are quoted, so upper and lower case must"
            " be those of the database.",
            "Either this or `query` is given.",
            shown="none",
        ),
    ] = Field(default=None, pattern=r"^[^.\x00]+(\.[^.\x00]+){0,2}$")
    query: Annotated[
        str | None,
        About(
            "One `select` statement in the SQL of the database, sent as it is, as a subquery.",
            "Either this or `table` is given.",
            shown="none",
        ),
    ] = Field(default=None, min_length=1)
    cursor: Annotated[
        str | None,
        About(
            "The column that grows whenever a row is added or changed: a time, a date or a whole number. Without it"
            " each pull reads the whole table, and its file replaces the earlier one.",
            "Only the owner of the database knows whether there is such a column.",
            shown="none",
        ),
    ] = Field(default=None, min_length=1)
    overlap_minutes: Annotated[
        int,
        About(
            "With a time or a date as `cursor`: each pull reads again the rows of this long before the last pull. For"
            " a date, it is rounded up to whole days.",
            "It covers transactions that are committed late, and an hour that occurs twice when clocks change.",
            "minutes",
        ),
    ] = Field(default=120, ge=0, le=525_600)
    overlap_numbers: Annotated[
        int,
        About(
            "With a whole number as `cursor`: each pull reads again the rows with this many numbers before the last"
            " one.",
            "A transaction takes its number when it begins, and becomes visible when it ends.",
        ),
    ] = Field(default=10_000, ge=0, le=10**12)
    full_read_days: Annotated[
        int | None,
        About(
            "After this many days, all rows are read again.",
            "A table can be large, and a cursor that always grows misses nothing.",
            "days",
            shown="never",
        ),
    ] = Field(default=None, ge=1, le=3_650)

    @model_validator(mode="after")
    def _one_of_both(self) -> "SqlTable":
        if (self.table is None) == (self.query is None):
            raise ValueError("needs either `table` or `query`")
        return self


class SqlSettings(SettingsPart):
    """Tables and queries of PostgreSQL, MySQL, MariaDB, SQLite or SQL Server (docs/sources.md)."""

    environment_variable: Annotated[
        str,
        About(
            "The environment variable that has the URI of the database. The URI has a password, so it is never in this"
            " file.",
            "One database needs one variable.",
        ),
    ] = Field(default=SQL_VARIABLE, pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")
    tables: Annotated[
        dict[TableName, SqlTable],
        Field(min_length=1),
        About(
            "The tables and queries, each by a name of lower-case letters, digits and `_`. Its files begin with it.",
            example="{orders: {table: public.orders, cursor: updated_at}}",
        ),
    ]
    page_rows: Annotated[
        int,
        About(
            "At most this many rows are in memory. A pull that is stopped continues after the last page of them.",
            "A page of wide rows also ends at 64 MB.",
            "rows",
        ),
    ] = Field(default=200_000, ge=1, le=10_000_000)
