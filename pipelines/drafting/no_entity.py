"""Messages about a file that fits no entity, or that fits another entity better than the drafted one."""

import shlex
from pathlib import Path

from pipelines.base.entities import ENTITIES
from pipelines.base.text import printable_name
from pipelines.drafting.matching import Match, Values
from pipelines.drafting.names import entity_names
from pipelines.drafting.table import Field, Table
from pipelines.landing.normal import TIMES


def why_none(candidates: list[Match]) -> str:
    """Why no entity fits a file."""
    if not candidates:
        return "no entity fits its columns"
    near = candidates[0]
    return f"no entity fits: it looks like {near.entity}, but no column was found for {', '.join(near.missing)}"


def looks_more_like(path: Path, near: Match, entity: str) -> str:
    """The remark on a file of which more columns fit another entity, but not all columns that this entity needs.

    Args:
        path: The file.
        near: The other entity.
        entity: The entity of the draft.
    """
    columns = " ".join(f"--column {need.partition(' or ')[0]}=COLUMN" for need in near.missing)
    call = f"loyalty map {shlex.quote(str(path))} --entity {near.entity} {columns}"
    return (
        f"the draft takes the records as {entity}, but more columns fit {near.entity}. No column was"
        f" found for what {near.entity} also need: {', '.join(near.missing)}. If the records are {near.entity}, name"
        f" the columns: `{call}`. Otherwise only remove this comment"
    )


def unread_times(values: Values) -> str:
    """The columns that are named like the time of a record and have no times, for the end of a message."""
    needed = [
        (entity, column)
        for entity in entity_names()
        for need in ENTITIES[entity].needs
        for column in need
        if ENTITIES[entity].columns[column] in TIMES
    ]
    for one in values.rows.fields:
        named = [(entity, name) for entity, name in needed if entity_names()[entity].rank(name, one.name) is not None]
        if not named or values.is_empty(one):
            continue
        entity, name = named[0]
        if not values.fits(one, name, ENTITIES[entity].columns[name]):
            ((example,),) = values.table.query(f"select min({one.column}) from {values.rows.sample}")  # noqa: S608 (a name of ours)
            text = f"; `{one.name}` is named like a time, but no known format of times reads its values, such as"
            advice = "names of months are read in English only: export numbers, such as 2024-01-31"
            return f"{text} `{printable_name(str(example))}` ({advice})"
    return ""


def equal_names(table: Table) -> str:
    """The names that several columns have, for the end of a message; such columns cannot be mapped."""
    names = ", ".join(f"`{name}`" for name in table.ambiguous)
    return f"; several columns are called {names} (upper and lower case are equal): rename them" if names else ""


def hint(path: Path, candidates: list[Match]) -> str:
    """The command in which the user says what was not found."""
    call = f"loyalty map {shlex.quote(str(path))} --entity"
    if not candidates:
        what = "State what one record is (--entity), and name all columns that it needs"
        columns = "--column order_id=COLUMN --column ordered_at=COLUMN"
        return f"{what}: `{call} orders {columns}` (docs/columns.md lists entities and their columns)."
    near = candidates[0]
    columns = " ".join(f"--column {need.partition(' or ')[0]}=COLUMN" for need in near.missing)
    advice = f"Name the columns of the file that contain them: `{call} {near.entity} {columns}`."
    if near.entity in ("orders", "order_lines") and "order_id" in near.missing:
        advice += " If the file has no order numbers: see docs/mapping.md, Keys, versions and dates."
    return advice


def listed(fields: tuple[Field, ...]) -> str:
    """The names of columns in a message, at most 50 of them."""
    shown = ", ".join(f"`{one.name}`" for one in fields[:50])
    return shown if len(fields) <= 50 else f"{shown} and {len(fields) - 50} more"
