"""What makes a landed row known again: the hash of its content, and the key of a row whose source gives it none.

Expressions for DuckDB, no statement. Landing makes rows with them; an erasure uses the same ones, so that a row which
has lost its person is hashed like a row that never had one.
"""

from collections.abc import Collection, Sequence


def content_hash(columns: Sequence[str], known: Collection[str]) -> str:
    """MD5 over columns of text, each as its length and text, so that none runs into the next.

    Nothing, however it came about, is `:`: a column that is not in `known` counts as one that is NULL.
    """
    parts = ", ".join(f"strlen({column}), ':', {column}" if column in known else "':'" for column in columns)
    return f"md5(concat({parts}))"


def generated_key(sha256: str, file_on: str, number: str) -> str:
    """The key of a row by its file, its `content_hash` and its occurrence among equal rows of the file.

    Args:
        sha256: SQL of the file's hash.
        file_on: SQL of the file's date as text, empty where it has none.
        number: SQL of the occurrence, from 1.
    """
    return f"md5({sha256} || '|' || {file_on} || '|' || content_hash || '|' || {number})"
