"""Finds the one reference that a user means: SOURCE:REF, or REF if only one source has it. Nothing is changed.

find.py finds a whole person; this module finds a single reference, as decisions about identity need it.
"""

import duckdb

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError, UnknownPersonError
from pipelines.privacy import match

Ref = tuple[str, str]
"""Source and reference."""


def find_reference(connection: duckdb.DuckDBPyConnection, asked: str) -> Ref:
    """The landed reference that a text names.

    Args:
        connection: From `open_landed`.
        asked: `SOURCE:REF` or `REF`.

    Raises:
        UnknownPersonError: No landed row has the reference.
        ConfigError: It could mean references of several sources.
    """
    asked = asked.strip()
    source, _, ref = asked.partition(":")
    where = "{0} = $asked or ({1} = $source and {0} = $ref)"
    query = " union ".join(
        f"select {(owner := match.source_of(column))} as source, {column} as ref"  # noqa: S608 (names of ours)
        f" from {entity} where {where.format(column, owner)}"
        for entity in ENTITIES
        for column in match.ref_columns(entity)
    )
    rows = connection.execute(query, {"asked": asked, "source": source, "ref": ref}).fetchall()
    found = {(str(owner), str(name)) for owner, name in rows}
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
            hint="write the source in front of the reference, such as "
            + " or ".join(sorted(f"{owner}:{name}" for owner, name in found)[:2]),
        )
    return next(iter(found))
