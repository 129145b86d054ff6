"""Files that a built-in mapping nearly reads: a column is missing, or no column says which system the file is from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.fitting import columns_there, is_readable
from pipelines.drafting.generic import specific
from pipelines.drafting.layout import Layout
from pipelines.drafting.leaves import leaves_of, lower, needed
from pipelines.drafting.recognised import built_in_mappings, named_fit
from pipelines.landing.model import FileGroup

_LEAST_SPECIFIC = 2  # columns that only this system has, and at least half of those that the entry needs
_LEAST_SHARE = 0.5
_LEAST_COMMON = 3  # columns that an entry reads of a file that only has names of any system
_ALL = "*"


@dataclass(frozen=True)
class Near:
    """A built-in entry of which a file has most columns.

    Attributes:
        mapping: The built-in mapping.
        entry: Its entry.
        read: How many columns of the file it reads.
        missing: The columns that the file lacks; if one of several is enough, with `or` between them.
        is_needed: Whether rows would have no key or no time without them.
    """

    mapping: str
    entry: str
    read: int
    missing: tuple[str, ...]
    is_needed: bool


def about_near(path: Path, layout: Layout) -> Remark | None:
    """What the user should know about a file that a built-in mapping nearly reads; None if none does.

    Args:
        path: A file that no built-in mapping reads.
        layout: How it is written.
    """
    entries = [(name, group) for name, mapping in built_in_mappings() for group in mapping.files]
    found = [near for name, group in entries if (near := _near(path, layout, name, group))]
    if found:
        return _lacking(min(found, key=lambda near: (-near.read, len(near.missing), near.mapping)))
    return _common(path, layout)


def _lacking(near: Near) -> Remark:
    names = ", ".join(near.missing)
    text = (
        f"the file looks like {near.entry} of the built-in mapping {near.mapping} ({near.read} columns), but lacks"
        f" {names}. If it comes from that system, export it again with what is missing"
    )
    if not near.is_needed:
        text += f". Or extend {near.mapping}, and add what is missing to `optional` of its entry {near.entry}"
    return decisive(text)


def _common(path: Path, layout: Layout) -> Remark | None:
    """A remark on a file with the name of an entry, and with its columns, which any system may have."""
    fits = (named_fit(path, layout, name) for name, _ in built_in_mappings())
    found = [f"{fit.mapping} (entry {fit.entry})" for fit in fits if fit and fit.read >= _LEAST_COMMON]
    if not found:
        return None
    return Remark(
        f"the name of the file and its columns also fit the built-in mapping {' or '.join(found)}, but other systems"
        " have columns of these names too. If the file comes from that system, use that mapping (docs/sources.md)"
    )


def _near(path: Path, layout: Layout, name: str, group: FileGroup) -> Near | None:
    if group.ignore or group.name is None or not is_readable(layout, group):
        return None
    try:
        there, written = columns_there(path, layout, group)
    except InputError:
        return None
    every = [leaf for leaf in leaves_of(group) if leaf[0] not in group.from_name]
    # loaders write names in lower case; another case is of another system
    read = [
        leaf for leaf in every if lower([leaf]) <= there and (not written or {leaf[0], leaf[0].lower()} & set(written))
    ]
    optional = {one.lower() for one in group.optional}
    is_free = _ALL in optional or not written  # a record of JSON leaves out what is empty
    required = [leaf for leaf in every if not is_free and leaf[0].lower() not in optional]
    keys = [one for one in needed(group, is_known=True) if not one & there]
    own = specific(read)
    if own < max(_LEAST_SPECIFIC, _LEAST_SHARE * specific(required or every)):
        return None
    missing = [leaf for leaf in required if not lower([leaf]) <= there]
    names = [*(f"`{'.'.join(leaf)}`" for leaf in missing), *_of_keys(keys, lower(missing), every)]
    return Near(name, group.name, len(read), tuple(dict.fromkeys(names)), bool(keys)) if names else None


def _of_keys(
    keys: Iterable[set[tuple[str, ...]]], without: set[tuple[str, ...]], every: Iterable[tuple[str, ...]]
) -> Iterator[str]:
    """The columns of which a file needs one, unless they are in another list."""
    shown = {tuple(part.lower() for part in leaf): f"`{'.'.join(leaf)}`" for leaf in every}
    yield from (" or ".join(sorted(shown.get(one, ".".join(one)) for one in key)) for key in keys if not key & without)
