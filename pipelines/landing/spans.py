"""Parts of a file that could not be read, and the rules that say why.

The codes of the rules are here. dbt's seed of quarantine rules explains them to the user.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Rule(StrEnum):
    """Why a record is unreadable.

    Attributes:
        NO_RECORD: It is not a record of the format: an open quote, text after a closing quote, not a JSON object.
        RAGGED: It has more or fewer fields than the header.
        NOT_TAKEN: No entity and no skip of the mapping takes it.
        NUL: It has a NUL character, which does not occur in text of the declared encoding.
        TOO_LONG: It is longer than allowed (`textfile.LONGEST_LINE`).
        NO_LIST: The mapping expects a list inside the record (`each`), but there is another value.
        HEADER_AGAIN: It repeats the header: several files were joined.
        CUT_OFF: It is the last record and has no line end, and its last field does not fit its type.
        UNMAPPED: A value has no entry in the mapping's `values`.
        FIELD_TWICE: A field that the mapping reads occurs twice in it.
    """

    NO_RECORD = "LND-001"
    RAGGED = "LND-002"
    NOT_TAKEN = "LND-003"
    NUL = "LND-004"
    TOO_LONG = "LND-005"
    NO_LIST = "LND-006"
    HEADER_AGAIN = "LND-007"
    CUT_OFF = "LND-008"
    UNMAPPED = "LND-009"
    FIELD_TWICE = "LND-014"


@dataclass(frozen=True)
class Span:
    """A part of a file that counts as one unreadable record.

    Attributes:
        record: Its number among the file's records.
        line: Its first physical line.
        line_end: Its last physical line.
        rule: Why it is unreadable.
        text: The text.
        part: The sheet or the member of an archive.
    """

    record: int
    line: int
    line_end: int
    rule: Rule
    text: str
    part: str | None = None


def as_table(spans: Sequence[Span]) -> pa.Table:
    """Spans as a table for DuckDB: record, line, line_end, rule, raw, part."""
    kinds = [("record", pa.int64()), ("line", pa.int64()), ("line_end", pa.int64())]
    schema = pa.schema([*kinds, *((name, pa.string()) for name in ("rule", "raw", "part"))])
    rows = [(span.record, span.line, span.line_end, span.rule.value, span.text, span.part) for span in spans]
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
