"""Warnings about audiences that no customer belongs to, and about texts in conditions that no customer has.

A misspelt text gives no error: nobody meets the condition, or, after `<>`, everybody does. Texts that a column can
never have are refused when loyalty.yml is read (config/audience_condition.py). What a shop writes itself, such as
segments and countries, is known only from the published marts.
"""

from collections.abc import Iterable, Mapping

import duckdb

from pipelines.base import quoting
from pipelines.base.spelling import did_you_mean
from pipelines.base.text import counted
from pipelines.config.audience_columns import audience_columns
from pipelines.config.audience_condition import Compared, columns_used, texts_compared
from pipelines.config.audiences import AudienceSettings
from pipelines.reading import OpenVersion

_MOST_SHOWN = 20


def audience_warnings(version: OpenVersion, audiences: Mapping[str, AudienceSettings]) -> dict[str, list[str]]:
    """What a user must know about the conditions of audiences, by audience, evaluated on the customers of a version.

    The version need not have been built with these audiences. There are no warnings if it has no customers. A
    condition on a column that the version does not have, because an earlier program built it, is left out.
    """
    found: dict[str, list[str]] = {name: [] for name in audiences}
    used = sorted({column for one in audiences.values() for column in columns_used(one.where)})
    with version.duckdb() as connection:
        published = set(connection.execute("select table_name, column_name from duckdb_columns()").fetchall())
        known = [name for name in used if (audience_columns()[name].mart, name) in published]
        if not {("dim_customer", f"consent_{one.channel}") for one in audiences.values()} <= published:
            return found
        connection.execute(f"create temp table customers as {_customers(known)}")
        ((n_customers,),) = connection.execute("select count(*) from customers").fetchall()
        for name, one in audiences.items():
            if n_customers and columns_used(one.where) <= set(known):
                found[name] = _warnings(connection, name, one, n_customers)
    return found


def _customers(columns: Iterable[str]) -> str:
    """SQL of the customers with the columns of conditions."""
    used = {audience_columns()[name].mart for name in columns} - {"dim_customer"}
    joins = [f"left join {mart} on dim_customer.customer_key = {mart}.customer_key" for mart in sorted(used)]
    chosen = [f"{audience_columns()[name].mart}.{quoting.name(name)}" for name in columns]
    consent = [f"dim_customer.consent_{channel} as has_{channel}_consent" for channel in ("email", "sms", "phone")]
    return f"select {', '.join([*chosen, *consent])} from dim_customer {' '.join(joins)}"  # noqa: S608 (our names)


def _warnings(
    connection: duckdb.DuckDBPyConnection, name: str, audience: AudienceSettings, n_customers: int
) -> list[str]:
    where, consent = f"(\n{audience.where}\n)", f"has_{audience.channel}_consent"
    counts = f"count(*) filter ({where}), count(*) filter ({where} and {consent})"
    ((n_meeting, n_members),) = connection.execute(f"select {counts} from customers").fetchall()  # noqa: S608 (checked)
    found = [_about_text(connection, name, one) for one in texts_compared(audience.where) if _is_open(one)]
    if not n_members:
        why = (
            f"none of the {n_customers:,} customers meets its condition"
            if not n_meeting
            else f"{counted(n_meeting, 'customer meets', 'customers meet')} its condition, but none of them gave"
            f" consent for the channel {audience.channel}"
        )
        found.insert(0, f"the audience {name} has no members: {why}")
    return [words for words in found if words]


def _is_open(compared: Compared) -> bool:
    """Whether a text was not checked against codes when loyalty.yml was read."""
    known = audience_columns().get(compared.column or "")
    return compared.is_pattern or known is None or not (known.codes or known.codes_var)


def _about_text(connection: duckdb.DuckDBPyConnection, name: str, compared: Compared) -> str:
    """The warning about a text that no customer has; empty if one has it."""
    sign = "like" if compared.is_pattern else "="
    condition = f"({compared.sql}) {sign} {quoting.text(compared.text)}"
    ((is_there,),) = connection.execute(f"select exists (from customers where {condition})").fetchall()
    if is_there:
        return ""
    what = "the pattern " if compared.is_pattern else ""
    words = (
        f"the audience {name} compares {compared.sql} with {what}{quoting.text(compared.text)}, which no customer has"
    )
    if compared.column is None or compared.is_pattern:
        return words
    column = quoting.name(compared.column)
    most_frequent = f"from customers where {column} is not null group by all order by count(*) desc, 1 limit 1000"
    values = [str(value) for (value,) in connection.execute(f"select {column} {most_frequent}").fetchall()]
    there = f"{', '.join(values[:_MOST_SHOWN])}{' and others' if len(values) > _MOST_SHOWN else ''}"
    return words + did_you_mean(compared.text, values, f"there are {there}" if values else "the column is empty")
