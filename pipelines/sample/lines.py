"""Turns tables of text into lines of CSV or JSON, with line ends.

This module does not know files or entities.
"""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sample import text


def separated_lines(table: pa.Table, separator: str) -> pa.Array:
    """CSV lines with line ends. Fields are quoted only if necessary."""
    fields = [_field(_flat(column), separator) for column in table.columns]
    return text.joined(text.joined(*fields, by=separator), text.constant("\n", len(table)))


def _field(column: pa.Array, separator: str) -> pa.Array:
    filled = pc.fill_null(column, "")
    data = filled.buffers()[2]
    content = bytes(data) if data is not None else b""
    if not any(mark in content for mark in (b'"', b"\n", b"\r", separator.encode())):
        return filled
    quoted = text.joined(
        text.constant('"', len(filled)), pc.replace_substring(filled, '"', '""'), text.constant('"', len(filled))
    )
    return pc.if_else(pc.match_substring_regex(filled, f'["\\n\\r{separator}]'), quoted, filled)


def json_lines(table: pa.Table) -> pa.Array:
    """JSON objects with line ends. A dot in a name nests the field; neighbours with one prefix share an object.

    Line ends are the only control characters that are escaped: the sample has no others.
    """
    parts: list[pa.Array] = []
    opened = ""
    for index, name in enumerate(table.column_names):
        group, _, leaf = name.rpartition(".")
        glue = "{" if index == 0 else ", "
        if group != opened:
            glue = ("}" if opened else "") + glue + (f'"{group}": {{' if group else "")
            opened = group
        parts += [text.constant(f'{glue}"{leaf}": ', len(table)), _json_value(_flat(table.column(name)))]
    parts.append(text.constant(("}" if opened else "") + "}\n", len(table)))
    return text.joined(*parts)


def _json_value(column: pa.Array) -> pa.Array:
    if not pa.types.is_large_string(column.type):
        return pc.fill_null(pc.cast(column, pa.large_string()), "null")
    escaped = column
    for mark, code in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        escaped = pc.replace_substring(escaped, mark, code)
    quote = text.constant('"', len(column))
    return pc.fill_null(text.joined(quote, escaped, quote), "null")


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
