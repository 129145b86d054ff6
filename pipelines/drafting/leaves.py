"""The columns and fields that an entry of a mapping reads, and those that it cannot do without."""

import re
from collections.abc import Iterable, Iterator

from pipelines.base.entities import ENTITIES
from pipelines.landing.binding import Tree, is_of_item, record_tree, references
from pipelines.landing.entity_rows import GENERATED_KEYS
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.wide import COLUMNS

_HASHED = re.compile(r"md5\(lower\([^()]*\)\)")


def leaves_of(group: FileGroup) -> tuple[Reference, ...]:
    """The columns and fields that an entry reads by their names."""
    return tuple(leaf for leaf in all_leaves(record_tree(group)) if leaf != (COLUMNS,))


def all_leaves(tree: Tree, at: Reference = ()) -> Iterator[Reference]:
    """The columns and fields in a tree of names."""
    for name, child in tree.children.items():
        if child.children:
            yield from all_leaves(child, (*at, name))
        else:
            yield (*at, name)


def lower(paths: Iterable[Reference]) -> set[Reference]:
    """Columns and fields in lower case."""
    return {tuple(part.lower() for part in path) for path in paths}


def needed(group: FileGroup, *, is_known: bool) -> Iterator[set[Reference]]:
    """The columns of each expression without which an entity of the entry has no key, no time or no list.

    A file needs one of them: keys have other names in other versions of a system. Unless its name says what it is
    (`is_known`), the e-mail address does not count where it stands in for an ID: most lists of customers have one.
    """
    for name, rows in group.entities.items():
        entity = ENTITIES[name]
        names = [column for column in entity.key if column != GENERATED_KEYS.get(name)]
        names += [need[0] for need in entity.needs if len(need) == 1]
        texts = [block[column].sql for block in rows.blocks() for column in names if column in block]
        for text in texts:
            read = (not is_known and references(_HASHED.sub("null", text))) or references(text)
            own = {path for path in read if not (rows.each and is_of_item(path))}
            own -= {(column,) for column in group.from_name}
            if own:
                yield lower(own)
