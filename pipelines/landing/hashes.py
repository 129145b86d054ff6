"""SQL expressions that identify a landed row: the hash of its content, and the key of a row without its own key.

Landing and erasure use the same expressions, so that a row from which a person was erased has the same hash as a row
that never had one.
"""

from collections.abc import Collection, Sequence


def content_hash(columns: Sequence[str], known: Collection[str]) -> str:
    """The MD5 of text columns. Each column is written as its length and its text, so that columns cannot be confused.

    A NULL is written as `:`. A column that is not in `known` counts as NULL.
    """
    parts = ", ".join(f"strlen({column}), ':', {column}" if column in known else "':'" for column in columns)
    return f"md5(concat({parts}))"


def generated_key(sha256: str, file_on: str, number: str) -> str:
    """The key of a row, from its file, its `content_hash` and its number among equal rows of the file.

    Args:
        sha256: SQL of the file's hash.
        file_on: SQL of the file's date as text; empty if it has none.
        number: SQL of the row's number among equal rows, from 1.
    """
    return f"md5({sha256} || '|' || {file_on} || '|' || content_hash || '|' || {number})"
