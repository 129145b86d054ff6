"""What a push needs of a CRM: its fields, reading records by ID, and writing them. One module per vendor has it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from pipelines.base.errors import PullError

SEPARATOR = ";"
"""Between the audiences of a customer, in a field of text."""


class Kind(StrEnum):
    """What a field can have."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DAY = "day"
    TIME = "time"
    CHOICE = "choice"
    CHOICES = "choices"


@dataclass(frozen=True)
class CrmField:
    """A field of an object.

    Attributes:
        name: Its API name.
        vendor_kind: Its type, as the vendor names it.
        kind: What it can have; None if a push cannot write it.
        options: The value of each option by its value and by its label; empty if any text may be written.
        digits: The number of decimal places of a number; None if the vendor does not say.
    """

    name: str
    vendor_kind: str
    kind: Kind | None
    options: Mapping[str, str] = field(default_factory=dict)
    digits: int | None = None


@dataclass(frozen=True)
class Written:
    """What the server answered about one record.

    Attributes:
        record_id: The record.
        problem: Why it was refused; empty if it was written.
    """

    record_id: str
    problem: str = ""


Values = Mapping[str, JsonValue]


class Crm(Protocol):
    """The records of one object of a CRM."""

    batch: int
    """How many records are read, and written, at a time."""

    id_pattern: str
    """How the IDs of records are formed (a pattern of RE2). A reference of another form is no ID."""

    def fields(self) -> Mapping[str, CrmField]:
        """All fields of the object, by API name.

        Raises:
            PullError: The object does not exist, or may not be read.
        """

    def encoded(self, one: CrmField, text: str) -> JsonValue:
        """A value as the interface takes it.

        Args:
            one: The field.
            text: The value as DuckDB writes it. It is not empty.

        Raises:
            ValueError: The field cannot have it.
        """

    def read(self, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Values]:
        """Some fields of records; a record that the object does not have is left out.

        Raises:
            PullError: The server refuses it, or cannot be reached.
        """

    def write(self, records: Mapping[str, Values]) -> Iterable[Written]:
        """Change fields of records. It creates none. What the server refuses of a record is in its answer.

        Raises:
            PullError: The server refuses every record, or cannot be reached.
        """

    def hint(self, problem: PullError) -> str:
        """What to do about an error, for a reader who has called `loyalty push`."""

    def close(self) -> None:
        """Close the connections."""


def option(one: CrmField, text: str) -> str:
    """The value of an option by its value or its label; of a field without options the text itself.

    Raises:
        ValueError: The field does not have this option.
    """
    if one.options and text not in one.options:
        raise ValueError(f"the field `{one.name}` has no option `{text}`")
    return one.options.get(text, text)


def rounded(one: CrmField, text: str) -> Decimal:
    """A number with the decimal places of its field.

    Raises:
        ValueError: It is not a number.
    """
    try:
        number = Decimal(text)
        return number if one.digits is None else number.quantize(Decimal(1).scaleb(-one.digits), ROUND_HALF_UP)
    except InvalidOperation as problem:
        raise ValueError(f"the field `{one.name}` has numbers, so it cannot have `{text}`") from problem


def choices(text: str) -> list[str]:
    """The values of a choice of several."""
    return [one for one in text.split(SEPARATOR) if one]


def comparable(kind: Kind | None, value: JsonValue) -> str:
    """A value of a field as text, so that the same value has the same text; empty if there is none."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return SEPARATOR.join(sorted(map(str, value)))
    if kind is Kind.NUMBER:
        try:
            return f"{Decimal(str(value)).normalize():f}"
        except InvalidOperation:
            pass
    return str(value)
