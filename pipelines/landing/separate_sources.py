"""Checks whether several sources have customers. A person in two sources is two customers: nothing links sources.

Only mappings are read, not data.
"""

from collections.abc import Iterator, Sequence

from pipelines.landing.model import Mapping

# The columns that refer to a customer. `person_ref` also links two references of one source.
_REFS = ("customer_ref", "person_ref", "referrer_ref", "referred_ref")


def separate_customers(mappings: Sequence[Mapping]) -> list[str]:
    """Warnings if more than one source has customers; otherwise empty."""
    names = sorted({mapping.source for mapping in mappings if any(_places(mapping, _REFS))})
    if len(names) < 2:
        return []
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    warnings = [
        f"customers of the sources {listed} are not linked: a reference belongs to its source, so a person in two of"
        " them counts as two customers. If a person can be in two of them, describe the files of these sources in one"
        " mapping with one `source`, and link the references by `customers.person_ref` (docs/mapping.md, Several tools,"
        " one customer). Otherwise no action is needed."
    ]
    for mapping in mappings:
        for where in _places(mapping, ("person_ref",)):
            warnings.append(f"{where}: person_ref links only references of the source {mapping.source}")
    return warnings


def _places(mapping: Mapping, columns: Sequence[str]) -> Iterator[str]:
    """The places (`path:line`) where a mapping has one of the columns."""
    for index, group in enumerate(mapping.files):
        for name, rows in group.entities.items():
            at = ("files", index, "entities", name)
            yield from (mapping.where((*at, "columns", column)) for column in columns if column in rows.columns)
            for number, block in enumerate(rows.unpivot):
                yield from (mapping.where((*at, "unpivot", number, c)) for c in columns if c in block)
