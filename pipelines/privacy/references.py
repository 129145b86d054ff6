"""Finds the one reference that a user means: SOURCE:REF, or REF if only one source has it. Nothing is changed.

find.py finds a whole person; this module finds a single reference, as decisions about identity need it. A guest has no
reference of their own: SOURCE:E-MAIL names one.
"""

from collections.abc import Callable, Iterator

import duckdb

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError, UnknownPersonError
from pipelines.identity.plain_contacts import email_of
from pipelines.privacy import match

Ref = tuple[str, str]
"""Source and reference."""
GuestRef = Callable[[str], str | None]
"""The reference of the guests with an e-mail; None if the e-mail cannot be one of a guest."""

_WHERE = "{column} = $asked or ({source} = $source and {column} = $ref)"


def find_reference(connection: duckdb.DuckDBPyConnection, asked: str, guest_ref: GuestRef) -> Ref:
    """The landed reference that a text names.

    Args:
        connection: From `open_landed`.
        asked: `SOURCE:REF`, `REF`, or the same with the e-mail of a guest.
        guest_ref: Makes the reference of a guest.

    Raises:
        UnknownPersonError: No landed row has the reference.
        ConfigError: It could mean references of several sources.
    """
    asked = asked.strip()
    source, _, ref = asked.partition(":")
    found = _found(connection, _columns(), {"asked": asked, "source": source, "ref": ref})
    if not found and "@" in asked:
        emails = {"asked": email_of(asked), "source": source, "ref": email_of(ref)}
        guests = _found(connection, _guest_columns(), emails)
        found = {(owner, guest): f"{owner}:{email}" for (owner, email) in guests if (guest := guest_ref(email))}
    if (source, ref) in found:
        return source, ref
    if not found:
        raise UnknownPersonError(
            f"no landed row has the reference {asked}",
            hint="check the spelling, and write SOURCE:REF; `loyalty check` lists the sources",
        )
    if len(found) > 1:
        owners = ", ".join(sorted(owner for owner, _ in found))
        raise ConfigError(
            f"{len(found)} sources have the reference {asked}: {owners}",
            hint=f"write the source in front of the reference, such as {min(found.values())}",
        )
    return next(iter(found))


def _found(
    connection: duckdb.DuckDBPyConnection, columns: Iterator[tuple[str, str, str, str]], values: dict[str, str]
) -> dict[Ref, str]:
    """The references that are in some columns, each as the user can write it."""
    query = " union ".join(
        f"select {source} as source, {column} as ref from {entity}"  # noqa: S608 (names of ours)
        f" where ({_WHERE.format(column=column, source=source)}) and {also}"
        for entity, source, column, also in columns
    )
    rows = connection.execute(query, values).fetchall()
    return {(str(source), str(ref)): f"{source}:{ref}" for source, ref in rows}


def _columns() -> Iterator[tuple[str, str, str, str]]:
    """Entity, source, column and condition of each column that refers to a person."""
    for entity in ENTITIES:
        for column in match.ref_columns(entity):
            yield entity, match.source_of(column), column, "true"


def _guest_columns() -> Iterator[tuple[str, str, str, str]]:
    """The same for the e-mails of guests."""
    for entity, definition in ENTITIES.items():
        if {"email", "customer_ref"} <= definition.columns.keys() and tuple(definition.key) != ("customer_ref",):
            yield entity, "source", "email", "customer_ref is null"
