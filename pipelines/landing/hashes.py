"""SQL expressions that identify a landed row: the hash of its content, and the key of a row without its own key.

Landing and erasure use the same expressions, so that a row from which a person was erased has the same hash as a row
that never had one.
"""

from collections.abc import Collection

from pipelines.base.entities import ENTITIES


def content_hash(name: str, known: Collection[str], without: str | None = None) -> str:
    """The MD5 of the canonical text of an entity's row.

    Each column is written as its length and its text, so that columns cannot be confused. A NULL is written as `:`. A
    column that was added after rows had landed comes last, with its name, and is not written at all if it is NULL: so
    a row without it has the hash that it had before the column existed.

    Args:
        name: The entity.
        known: The columns that have a value. All others count as NULL.
        without: The key column that landing generates from the hash, if it does.
    """
    entity = ENTITIES[name]
    parts = [
        f"strlen({column}), ':', {column}" if column in known else "':'"
        for column in entity.columns
        if column != without and column not in entity.added
    ]
    # `||` gives NULL if the column is NULL, and concat() skips a NULL
    later = (column for column in sorted(entity.added) if column in known)
    parts += [f"'{column}' || strlen({column}) || ':' || {column}" for column in later]
    return f"md5(concat({', '.join(parts)}))"


def generated_key(sha256: str, file_on: str, number: str) -> str:
    """The key of a row, from its file, its `content_hash` and its number among equal rows of the file.

    Args:
        sha256: SQL of the file's hash.
        file_on: SQL of the file's date as text; empty if it has none.
        number: SQL of the row's number among equal rows, from 1.
    """
    return f"md5({sha256} || '|' || {file_on} || '|' || content_hash || '|' || {number})"
