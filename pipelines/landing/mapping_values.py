"""The types of values in a mapping: each is checked, with its own error message, and normalised.

model.py defines the keys and their meaning.
"""

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.base.spelling import did_you_mean

# The ledger counts records under this name if every block of `unpivot` is empty in them.
BLANK = "blank"


def _plain(value: Any) -> Any:
    """YAML numbers and booleans as SQL text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _column(value: Any) -> Any:
    value = _plain(value)
    if value is None or value == "" or isinstance(value, list):
        found = "a list" if isinstance(value, list) else "empty"
        raise ValueError(f"must be the name of a source column, or an expression over source columns, but is {found}")
    return {"sql": value} if isinstance(value, str) else value


def _question(value: Any) -> Any:
    value = _plain(value)
    return {"item": value} if isinstance(value, str) else value


def _words(value: Any) -> Any:
    """The keys and values of a value map as texts; a value of None means "no value"."""
    if not isinstance(value, dict):
        return value
    return {str(key): _plain(one) for key, one in value.items()}


def _distinct(values: dict[str, str | None]) -> dict[str, str | None]:
    if not values:
        raise ValueError("is empty: write the source's values and what they mean, or remove the key")
    seen: dict[str, str] = {}
    for key in values:
        word = " ".join(key.split()).lower()
        if word in seen:
            raise ValueError(
                f"`{seen[word]}` and `{key}` are the same value, because case and repeated blanks make no difference:"
                " remove one of them"
            )
        seen[word] = key
    return values


def _zone(value: str | None) -> str | None:
    if value is not None:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            near = did_you_mean(value, available_timezones(), "use a name such as Europe/London")
            raise ValueError(f"`{value}` is not a time zone{near}") from None
    return value


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _readable(value: Any) -> Any:
    """Reject formats that users may expect to work, and explain why."""
    if isinstance(value, str) and value.lower() in ("excel", "xlsm"):
        raise ValueError(f"`{value}` is not a format: write `xlsx`, or `xls` for old workbooks")
    if isinstance(value, str) and value.lower() in ("zip", "gzip", "gz"):
        raise ValueError(f"`{value}` is not a format: write the format of the packed files")
    if isinstance(value, str) and (what := _OTHER_FORMATS.get(value.lower())):
        raise ValueError(f"`{value}` is {what}, which cannot be read: save it as CSV (UTF-8), and use `format: csv`")
    return value


def _source_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", value):
        raise ValueError(
            f"`{value}` cannot be the name of a source: use at most 63 lower-case letters, digits and `_`, and begin"
            " with a letter"
        )
    if value == "none":
        raise ValueError("the name `none` is reserved for empty tables: choose another name")
    return value


def _skip_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError(
            f"`{value}` cannot be the name of a skip: use lower-case letters, digits and `_`, and begin with a letter"
        )
    if value == BLANK:
        raise ValueError(f"the name `{BLANK}` is reserved for records without an answer: choose another name")
    return value


def _entry_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError(
            f"`{value}` cannot be a name here: use lower-case letters, digits and `_`, and begin with a letter"
        )
    return value


def _listed(value: Any) -> Any:
    value = _plain(value)
    return [value] if isinstance(value, str) else value


def _positions(value: Any) -> Any:
    found = re.fullmatch(r"\s*([0-9]{1,7})\s*(?:-\s*([0-9]{1,7})\s*)?", str(value))
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= first <= last:
        raise ValueError(
            f"must be the first and the last position of the field, counted from 1, such as `1-10`, but is `{value}`"
        )
    return first, last


_OTHER_FORMATS = {
    "xlsb": "a binary Excel workbook",
    "ods": "an OpenDocument spreadsheet",
    "pdf": "a PDF document",
    "html": "a web page",
    "xml": "an XML document",
}

ANY_OTHER = "*"
"""In a value map: every value without an entry of its own. As a meaning: the value itself."""

ValueMap = Annotated[dict[str, str | None], BeforeValidator(_words), AfterValidator(_distinct)]
Sql = Annotated[str, BeforeValidator(_plain), Field(min_length=1)]
Positions = Annotated[tuple[int, int], BeforeValidator(_positions)]
"""The first and the last position of a field in a line, from 1."""
Regex = Annotated[str, AfterValidator(_regex)]
Zone = Annotated[str | None, AfterValidator(_zone)]
Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
SourceName = Annotated[str, AfterValidator(_source_name)]
EntryName = Annotated[str, AfterValidator(_entry_name)]
SkipName = Annotated[str, AfterValidator(_skip_name)]
Format = Annotated[
    Literal["csv", "tsv", "json", "jsonl", "parquet", "xlsx", "xls", "fixed"], BeforeValidator(_readable)
]
ColumnSource = BeforeValidator(_column)
"""For the model `Column`: a plain text is its expression."""
QuestionSource = BeforeValidator(_question)
"""For the model `Question`: a plain text is the name of an item."""
