"""What could not be read: a stretch of a file, and the rule that says why.

The rules' codes stand here; their meaning for the user stands in dbt's seed of quarantine rules.
"""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """Why a record is unreadable.

    Attributes:
        RAGGED: It has more or fewer fields than the header.
        REFUSED: It is not valid CSV: an open quote, or text behind a closing one.
        NUL: It has a NUL character.
        NOT_JSON: It is not a JSON object.
        NOT_TAKEN: No entity and no skip of the mapping takes it.
    """

    RAGGED = "LND-001"
    REFUSED = "LND-002"
    NUL = "LND-003"
    NOT_JSON = "LND-004"
    NOT_TAKEN = "LND-005"


@dataclass(frozen=True)
class Span:
    """A stretch that counts as one unreadable record.

    Attributes:
        record: Its number among the file's records.
        line: Its first physical line.
        line_end: Its last.
        rule: Why.
        text: The stretch itself.
    """

    record: int
    line: int
    line_end: int
    rule: Rule
    text: str
