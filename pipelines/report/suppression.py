"""The rule for small groups: which groups a report hides, so that none of them can be computed from the others.

A group below the limit is hidden. If readers know a total, one hidden part of it follows from the others by
subtraction. So of each total at least two parts are hidden, with at least as many people together as the limit: the
next smallest parts are hidden too. A group that is in several tables is hidden in all of them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

Size = int | float | Decimal
Group = tuple[str, frozenset[tuple[str, str]]]  # of whom, and the value of each column that names the group


def is_small(size: Size, limit: int) -> bool:
    """Whether a group of this size is hidden: somebody is in it, but too few people."""
    return 0 < size < limit


def hidden_groups(sizes: Mapping[Group, Size], totals: Sequence[Sequence[Group]], limit: int) -> frozenset[Group]:
    """The groups that are not shown.

    Args:
        sizes: The number of people or answers of each group that a report would show.
        totals: The parts of each sum that readers may know.
        limit: The smallest group that may be shown.
    """
    hidden = {group for group, size in sizes.items() if is_small(size, limit)}
    is_changed = True
    while is_changed:
        found = {group for parts in totals if (group := _next(parts, sizes, hidden, limit))}
        is_changed = bool(found)
        hidden |= found
    return frozenset(hidden)


def _next(parts: Sequence[Group], sizes: Mapping[Group, Size], hidden: set[Group], limit: int) -> Group | None:
    """The next part of a total to hide; None if nothing follows from what is shown, or if no part is left."""
    unknown = [part for part in parts if part in hidden]
    if not unknown or (len(unknown) > 1 and sum(sizes[part] for part in unknown) >= limit):
        return None
    left = [part for part in parts if part not in hidden and sizes[part] > 0]
    return min(left, key=lambda part: (sizes[part], sorted(part[1])), default=None)
