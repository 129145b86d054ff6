"""Checks, before anything is written, that the CRM has the fields of a push and that they can have its values."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.activation.push_crm import Crm, CrmField, Kind
from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.base.text import counted
from pipelines.config.audience_columns import audience_columns
from pipelines.config.push import PushSettings

_NOT_NUMBERS = {"string", "boolean", "date", "timestamp"}
_ONLY = {Kind.BOOLEAN: "boolean", Kind.DAY: "date", Kind.TIME: "timestamp"}
_OF_MARKS = {Kind.TEXT, Kind.CHOICES}


def chosen_fields(entry: PushSettings, known: Mapping[str, CrmField]) -> dict[str, CrmField]:
    """The fields that a push writes, by name.

    Raises:
        ConfigError: A field does not exist, or cannot have the values of its column.
    """
    problems = [
        problem
        for name, column in _columns(entry).items()
        if (problem := _problem(entry, name, column, known)) is not None
    ]
    if problems:
        raise ConfigError(
            "\n".join(problems),
            hint="correct `push` in loyalty.yml, or create the field in the CRM; nothing was written",
        )
    return {name: known[name] for name in _columns(entry)}


def require_options(entry: PushSettings, crm: Crm, fields: Mapping[str, CrmField], wants: pa.Table) -> None:
    """Check that every choice has an option for every value.

    Args:
        entry: What is pushed.
        crm: The CRM.
        fields: The fields that a push writes.
        wants: What the records should have.

    Raises:
        ConfigError: An option is missing.
    """
    problems = []
    for name, one in fields.items():
        if one.kind not in (Kind.CHOICE, Kind.CHOICES):
            continue
        values = wants["value"].filter(pc.equal(wants["field"], name))
        for each in pc.value_counts(values).to_pylist():
            try:
                crm.encoded(one, each["values"])
            except ValueError as problem:
                needed = counted(each["counts"], "record needs it", "records need it")
                problems.append(f"{entry.source}: {entry.object}: {problem}; {needed}")
    if problems:
        raise ConfigError(
            "\n".join(sorted(problems)),
            hint="add the options in the CRM, with these values or labels; nothing was written",
        )


def _columns(entry: PushSettings) -> dict[str, str | None]:
    """The column of each field; None for the field of the audiences."""
    found: dict[str, str | None] = {name: column for column, name in entry.fields.items()}
    if entry.audiences is not None:
        found[entry.audiences.field] = None
    return found


def _problem(entry: PushSettings, name: str, column: str | None, known: Mapping[str, CrmField]) -> str | None:
    place = f"{entry.source}: {entry.object}"
    if name not in known:
        near = did_you_mean(name, known, "check its API name")
        return f"{place} has no field `{name}`{near}"
    one = known[name]
    if one.kind is None:
        return f"{place}: the field `{name}` cannot be written: its type is {one.vendor_kind}"
    if column is None:
        fits = one.kind in _OF_MARKS
        content = "audiences"
    else:
        kind = audience_columns()[column].kind
        is_number = kind not in _NOT_NUMBERS
        fits = is_number if one.kind is Kind.NUMBER else _ONLY.get(one.kind, kind) == kind
        content = f"the column `{column}` ({kind})"
    return None if fits else f"{place}: the field `{name}` ({one.vendor_kind}) cannot hold {content}"
