"""Every key of loyalty.yml with its name, group and description, read from the declarations."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from pipelines.config.about import About, about
from pipelines.config.parts import SettingsPart


@dataclass(frozen=True)
class Declared:
    """One key that has a value.

    Attributes:
        group: The keys of the groups that contain it, joined by points; empty at the top.
        name: Its own key.
        part: The group's declaration.
        field: The key's declaration.
        words: Its description.
        reason: The reason for the default; the group's reason if the key has none.
    """

    group: str
    name: str
    part: type[SettingsPart]
    field: FieldInfo
    words: About
    reason: str

    @property
    def path(self) -> str:
        """The keys of its groups and its own key, joined by points."""
        return f"{self.group}.{self.name}".lstrip(".")


def declared(part: type[SettingsPart], group: str = "", reason: str = "") -> Iterator[Declared]:
    """The keys of a group and of its subgroups, in the order of their declaration."""
    for name, field in part.model_fields.items():
        if field.exclude:
            continue
        below, words = _group(field.annotation), about(field)
        if below is None and words is not None:
            yield Declared(group, name, part, field, words, words.reason or reason)
        path = f"{group}.{name}".lstrip(".")
        if below is not None:
            yield from declared(below, path, words.reason if words else "")
        elif entry := _entry(field.annotation):
            yield from declared(entry, f"{path}{'[]' if get_origin(field.annotation) is tuple else '.<name>'}")


def members(kind: Any) -> tuple[Any, ...]:
    """The types of a union without None; any other type alone."""
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return tuple(one for one in kinds if one is not NoneType)


def _group(kind: Any) -> type[SettingsPart] | None:
    found = members(kind)
    return found[0] if len(found) == 1 and _is_part(found[0]) else None


def _entry(kind: Any) -> type[SettingsPart] | None:
    """The group that describes each entry of a list, or of keys with values; None for anything else."""
    return next((one for one in get_args(kind) if _is_part(one)), None) if get_origin(kind) in (tuple, dict) else None


def _is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, SettingsPart)
