"""The rule for small groups: which groups a report hides, so that none of them can be computed from the others.

A group below the limit is hidden. If readers know a total, one hidden part of it follows from the others by
subtraction. So of each total at least two parts are hidden, with at least as many people together as the limit: the
next smallest parts are hidden too. If no part is left, the total is hidden. A group that is in several tables is
hidden in all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

Size = int | float | Decimal
Group = tuple[str, frozenset[tuple[str, str]]]  # of whom, and the value of each column that names the group


@dataclass(frozen=True)
class Total:
    """A total and its parts: the group that they add up to, and the groups."""

    whole: Group
    parts: tuple[Group, ...]


def is_small(size: Size, limit: int) -> bool:
    """Whether a group of this size is hidden: somebody is in it, but too few people."""
    return 0 < size < limit


def hidden_groups(sizes: Mapping[Group, Size], totals: Sequence[Total], limit: int) -> frozenset[Group]:
    """The groups that are not shown.

    Args:
        sizes: The number of people or answers of each group that a report would show.
        totals: The sums that readers may know. A total without a size of its own has that of its parts.
        limit: The smallest group that may be shown.
    """
    known = {total.whole: sum(sizes[part] for part in total.parts) for total in totals} | dict(sizes)
    hidden = {group for group, size in known.items() if is_small(size, limit)}
    is_changed = True
    while is_changed:
        found = {group for total in totals if (group := _next(total, known, hidden, limit))}
        is_changed = bool(found)
        hidden |= found
    return frozenset(hidden)


def _next(total: Total, sizes: Mapping[Group, Size], hidden: set[Group], limit: int) -> Group | None:
    """The next group of a total to hide; None if nothing follows from what is shown of it."""
    unknown = [part for part in total.parts if part in hidden]
    if total.whole in hidden:
        is_safe = bool(unknown)
    else:
        is_safe = not unknown or (len(unknown) > 1 and sum(sizes[part] for part in unknown) >= limit)
    if is_safe:
        return None
    left = [part for part in total.parts if part not in hidden and sizes[part] > 0]
    if left:
        return min(left, key=lambda part: (sizes[part], sorted(part[1])))
    return None if total.whole in hidden else total.whole
