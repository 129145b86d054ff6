"""Checks whether the look-ups of a mapping fit together: names, columns, circles, and whom their rows are about."""

from collections.abc import Iterator

from pipelines.base.entities import ENTITIES
from pipelines.base.spelling import did_you_mean
from pipelines.landing.binding import ITEM, ITEM_NO, look_up_fields
from pipelines.landing.entity_fit import Location, Problem
from pipelines.landing.model import FileGroup, Mapping

# The canonical columns that name what a look-up is about. `loyalty forget` finds the rows of a person by them.
_NAMED_BY = {"customer": ("customer_ref", "email", "phone"), "order": ("order_id",)}


def problems_of_look_ups(mapping: Mapping) -> list[Problem]:
    """Everything in a mapping that keeps its look-ups from working."""
    return [
        (("files", index, *at), message)
        for index, group in enumerate(mapping.files)
        for at, message in (*_given(mapping, group), *_used(mapping, group))
    ]


def _given(mapping: Mapping, group: FileGroup) -> Iterator[tuple[Location, str]]:
    for name, spec in group.lookups.items():
        if name in (ITEM, ITEM_NO):
            yield ("lookups", name), f"`{name}` is the name of an element of `each`: choose another name"
        about = mapping.lookups_named(name)[0].about
        if spec.about != about:
            yield ("lookups", name, "about"), f"`{name}` is about `{about}` in another entry: write the same here"


def _used(mapping: Mapping, group: FileGroup) -> Iterator[tuple[Location, str]]:
    known = dict.fromkeys(name for one in mapping.files for name in one.lookups)
    for name, key in group.look_up.items():
        at = ("look_up", name)
        if name not in known:
            near = did_you_mean(name, known, f"the look-ups are {', '.join(known)}" if known else "there are none")
            yield (
                at,
                f"no entry under `files` of this mapping gives a look-up `{name}` (`lookups`){near}. A file can look up"
                " only in files of its own source",
            )
            continue
        if circle := _circle(mapping, group, name):
            yield (
                at,
                f"the look-ups depend on each other in a circle: {' -> '.join([*circle, name])}. Remove one of them",
            )
        columns = dict.fromkeys(column for spec in mapping.lookups_named(name) for column in spec.columns)
        fields = look_up_fields(group, name)
        if not fields:
            yield at, f"no expression of this entry reads `{name}`: write `{name}.column`, or remove it"
        for column in fields:
            if column not in columns:
                near = did_you_mean(column, columns, f"its columns are {', '.join(columns)}")
                yield at, f"the look-up `{name}` has no column `{column}`{near}"
        yield from ((at, message) for message in _about(mapping, group, name, key))


def _circle(mapping: Mapping, group: FileGroup, name: str) -> list[str]:
    """The names of the look-ups from one back to the files that read it; empty if there is no circle."""
    paths = [[name]]
    while paths:
        path = paths.pop()
        for giver in (one for one in mapping.files if path[-1] in one.lookups):
            if giver is group:
                return path
            paths += [[*path, following] for following in giver.look_up if following not in path]
    return []


def _about(mapping: Mapping, group: FileGroup, name: str, key: str) -> Iterator[str]:
    """What keeps `forget` from finding the rows of a look-up about customers or orders.

    The key must be what the rows of the entry have. A look-up about orders has only orders of its own source, so the
    entry cannot map `order_source`.
    """
    about = mapping.lookups_named(name)[0].about
    columns = _NAMED_BY.get(about, ())
    has_any = any(column in ENTITIES[entity].columns for entity in group.entities for column in columns)
    sources = {
        column.sql.strip()
        for rows in group.entities.values()
        for block in rows.blocks()
        for named, column in block.items()
        if named in columns
    }
    if has_any and key.strip() not in sources:
        yield (
            f"the look-up `{name}` is about `{about}`, but its key `{key}` is not what this entry maps to"
            f" {' or '.join(columns)}. Use the same expression, so that `loyalty forget` finds the rows of a person"
        )
    if about == "order" and any("order_source" in block for rows in group.entities.values() for block in rows.blocks()):
        yield (
            "this entry maps order_source, so its orders can be of another source. The look-up"
            f" `{name}` has only orders of this source, and `loyalty forget` would miss its rows. Move this entry and"
            " the files of the look-up into the mapping of the other source, without order_source, or remove the"
            " look-up"
        )
