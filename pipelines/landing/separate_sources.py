"""Checks whether the customers of several sources, and what names an order of another source, can be linked.

Only mappings are read, not data.
"""

import re
from collections.abc import Iterator, Sequence

from pipelines.base.entities import ENTITIES
from pipelines.landing.model import Mapping

# An expression that is a text, such as 'shop'.
_CONSTANT = re.compile("'((?:[^']|'')*)'")
# The columns that refer to a customer.
_REFS = ("customer_ref", "person_ref", "referrer_ref", "referred_ref")
# The entities that make orders.
_ORDERS = ("orders", "order_lines")


def separate_customers(mappings: Sequence[Mapping]) -> list[str]:
    """Warnings about sources whose customers cannot be linked with those of other sources; empty if there are none."""
    names = {mapping.source for mapping in mappings if any(_places(mapping, _REFS))}
    warnings = _unknown_sources(mappings, "person_source", "The records are linked with nobody of that source")
    if len(names) < 2:
        return warnings
    if apart := _unlinked(mappings, names):
        listed = apart[0] if len(apart) == 1 else f"{', '.join(apart[:-1])} and {apart[-1]}"
        warnings.append(
            f"customers of {'the source' if len(apart) == 1 else 'the sources'} {listed} cannot be linked with those of"
            " other sources, so a person in two sources counts as two customers. Map `email` or `phone` wherever a"
            " source has them, or `customers.person_ref` with `person_source` (docs/identity.md). If nobody can be in"
            " two sources, no action is needed."
        )
    for mapping in mappings:
        if not any(_places(mapping, ("person_source",))):
            warnings.extend(
                f"{mapping.where(place)}: person_ref is read as a reference of the source {mapping.source}. If it is"
                " one of another source, map person_source"
                for place, _ in _columns(mapping)
                if place[-1] == "person_ref" and not mapping.is_built_in(place)
            )
    return warnings


def separate_orders(mappings: Sequence[Mapping]) -> list[str]:
    """Warnings about records that refer to orders in a source that does not exist or has no orders."""
    with_orders = {mapping.source for mapping in mappings for name in _entities(mapping) if name in _ORDERS}
    without_orders = {mapping.source for mapping in mappings} - with_orders
    warnings = _unknown_sources(mappings, "order_source", "The records are linked to no order")
    warnings.extend(
        f"{mapping.where(place)}: order_source is '{name}', and the source {name} has no orders. The records are linked"
        " to no order"
        for mapping, place, name in _constants(mappings, "order_source")
        if name in without_orders
    )
    for mapping in mappings:
        if mapping.source in with_orders:
            continue
        sources = ((place, sql) for place, sql in _columns(mapping) if place[-1] == "order_source")
        with_source = {place[:4] for place, sql in sources if sql.strip() != "''"}  # entities of files
        warnings.extend(
            f"{mapping.where(place)}: order_id is read as an order of the source {mapping.source}, which has no orders."
            f" {_if_of_another_source(str(place[3]))}"
            for place, _ in _columns(mapping)
            if place[-1] == "order_id" and place[:4] not in with_source
        )
    return warnings


def _if_of_another_source(entity: str) -> str:
    """What to do if the records of an entity name orders of another source."""
    if "order_source" in ENTITIES[entity].columns:
        return "If the order is in another source, map order_source"
    return (
        f"{entity} have no order_source. If the order is in another source, set `source` in this mapping to the name of"
        " that source"
    )


def _entities(mapping: Mapping) -> Iterator[str]:
    yield from (name for group in mapping.files for name in group.entities)


def _unlinked(mappings: Sequence[Mapping], names: set[str]) -> list[str]:
    """The sources without anything that could link their customers with those of another source."""
    if any(True for mapping in mappings for _ in _places(mapping, ("person_source",))):
        return []  # such records can name a reference of any source
    with_contacts = {mapping.source for mapping in mappings if any(_places(mapping, ("email", "phone")))} & names
    return sorted(names - with_contacts)


def _unknown_sources(mappings: Sequence[Mapping], column: str, consequence: str) -> list[str]:
    """Warnings about constants in a column that names a source, if no mapping has them as its source."""
    sources = sorted({mapping.source for mapping in mappings})
    return [
        f"{mapping.where(place)}: {column} is '{name}', and no source of loyalty.yml has this name"
        f" ({', '.join(sources)}). {consequence}"
        for mapping, place, name in _constants(mappings, column)
        if name not in sources
    ]


def _constants(mappings: Sequence[Mapping], column: str) -> Iterator[tuple[Mapping, tuple[str | int, ...], str]]:
    """Every constant that is mapped to a column, unless it is empty: the mapping, the place, the text as it lands."""
    for mapping in mappings:
        for place, sql in _columns(mapping):
            constant = _CONSTANT.fullmatch(sql.strip()) if place[-1] == column else None
            if constant and (name := constant[1].replace("''", "'").strip()):
                yield mapping, place, name


def _places(mapping: Mapping, columns: Sequence[str]) -> Iterator[str]:
    """The places (`path:line`) where a mapping has one of the columns."""
    yield from (mapping.where(place) for place, _ in _columns(mapping) if place[-1] in columns)


def _columns(mapping: Mapping) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every column of a mapping: its place and its expression."""
    for index, group in enumerate(mapping.files):
        for name, rows in group.entities.items():
            at = ("files", index, "entities", name)
            yield from (((*at, "columns", column), spec.sql) for column, spec in rows.columns.items())
            for number, block in enumerate(rows.unpivot):
                yield from (((*at, "unpivot", number, column), spec.sql) for column, spec in block.items())
