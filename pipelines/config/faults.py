"""Turns pydantic's errors about a user's YAML file into plain sentences, each with its line.

No other module does this. One fault gives one sentence: an error that only follows from another one is left out. Our
own rules write their sentence in the validator that rejects the value (ValueError).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pipelines.base.spelling import did_you_mean, nearest
from pipelines.base.text import printable_name
from pipelines.config.about import about
from pipelines.config.positions import Document, Path

_WHOLE = "the file"


@dataclass(frozen=True)
class Fault:
    """One fault in the file.

    Attributes:
        line: Its line in the file, from 1.
        where: The path of its key, joined by points.
        words: What was found, and what is allowed.
    """

    line: int
    where: str
    words: str

    def __str__(self) -> str:
        return f"{self.line}: {self.where}: {self.words}"


def faults(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Fault]:
    """Every fault of a document, in the order of the file.

    Args:
        error: Pydantic's error.
        document: The file as it was read.
        model: The model that the file was validated against.
    """
    found = [(_known(document, detail), detail) for detail in error.errors(include_url=False)]
    kept = {
        Fault(document.line(at), ".".join(map(str, at)) or _WHOLE, _words(detail, _fields(model, at[:-1])))
        for at, detail in found
        if not _follows(at, detail, found)
    }
    return sorted(kept, key=lambda fault: (fault.line, fault.where, fault.words))


def value_words(error: ValidationError) -> str:
    """The sentence for a single value that is not in a file, such as an option of the command line."""
    return _words(error.errors(include_url=False)[0], {})


def _known(document: Document, detail: ErrorDetails) -> Path:
    """A location without the parts that pydantic adds, such as the members of a union."""
    known: Path = ()
    for part in detail["loc"]:
        if (*known, part) in document.lines:
            known = (*known, part)
    if detail["type"] == "missing":
        return (*known, detail["loc"][-1])
    return known or detail["loc"][:1]


def _follows(at: Path, detail: ErrorDetails, found: list[tuple[Path, ErrorDetails]]) -> bool:
    """Whether an error only follows from another one.

    Pydantic reports a list with a wrong entry also as too short, and a key with a misspelt name also as missing. Errors
    below an unknown key are left out.
    """
    if detail["type"] == "too_short" and any(other[: len(at)] == at and len(other) > len(at) for other, _ in found):
        return True
    if any(at[: len(other)] == other and len(other) < len(at) and one["type"] != "too_short" for other, one in found):
        return True
    if detail["type"] != "missing":
        return False
    unknown = [one[-1] for one, other in found if other["type"] == "extra_forbidden" and one[:-1] == at[:-1]]
    return any(nearest(str(name), [str(at[-1])]) for name in unknown)


def _words(detail: ErrorDetails, fields: Mapping[str, FieldInfo]) -> str:
    """The sentence for one error; `fields` are the keys that are allowed at its place in the file."""
    kind, context, value = detail["type"], detail.get("ctx", {}), detail.get("input")
    if kind in ("value_error", "assertion_error"):
        return detail["msg"].partition(", ")[2]
    if kind == "missing":
        name = str(detail["loc"][-1])
        words = about(fields[name]) if name in fields else None
        return f"is missing: write, for example, `{name}: {words.example}`" if words and words.example else "is missing"
    if kind == "extra_forbidden":
        known = did_you_mean(str(detail["loc"][-1]), fields, f"the keys here are {', '.join(fields)}")
        return f"unknown key{known}"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context["expected"]))
        if not isinstance(value, str | int | float):
            return f"must be one of {', '.join(allowed)}, but is {_found(value)}"
        known = did_you_mean(str(value), allowed, f"allowed are {', '.join(allowed)}")
        return f"{_found(value)} is not allowed{known}"
    if kind == "string_type" and isinstance(value, int | float):
        return f"must be text, but {_found(value)} is not in quotes: write '{str(value).lower()}'"
    if kind in ("string_too_short", "too_short") and not value and context["min_length"] == 1:
        return "must not be empty"
    if must := _MUST.get(kind):
        bounds = {name: f"{bound:g}" for name, bound in context.items() if isinstance(bound, int | float)}
        return f"must {must.format(**context | bounds)}, but is {_found(value)}"
    return f"cannot be used: it is {_found(value)}"


_MUST = {
    "string_type": "be text",
    "string_too_short": "be text of at least {min_length} characters",
    "string_too_long": "be text of at most {max_length} characters",
    "string_pattern_mismatch": "be text of the form {pattern}",
    **dict.fromkeys(("bool_type", "bool_parsing"), "be true or false"),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "be a number"),
    "greater_than_equal": "be at least {ge}",
    "greater_than": "be greater than {gt}",
    "less_than_equal": "be at most {le}",
    "less_than": "be less than {lt}",
    "too_short": "be a list of at least {min_length}",
    "too_long": "be a list of at most {max_length}",
    **dict.fromkeys(("list_type", "tuple_type"), "be a list"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "contain keys with values (`key: value`)"),
    "path_type": "be a path",
}


def _found(value: object) -> str:
    """A value as it is written in the file, on one line."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | int | float):
        return f"`{printable_name(str(value))}`"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return "keys with values" if isinstance(value, dict) else "something else"


def _fields(model: type[BaseModel], at: Path) -> Mapping[str, FieldInfo]:
    """The keys that are allowed at a place in the file, with their declarations."""
    for found in _models(model, at):
        return {name: field for name, field in found.model_fields.items() if not field.exclude}
    return {}


def _models(kind: Any, at: Path) -> Iterator[type[BaseModel]]:
    """The models at a place below an annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if not at:
            yield kind
        elif field := kind.model_fields.get(str(at[0])):
            yield from _models(field.annotation, at[1:])
        return
    inner = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        for one in inner:
            yield from _models(one, at)
    elif get_origin(kind) is dict and at:
        yield from _models(inner[1], at[1:])
    elif get_origin(kind) in (list, tuple) and at:
        yield from _models(inner[0], at[1:])
    elif inner and hasattr(kind, "__metadata__"):
        yield from _models(inner[0], at)  # Annotated
