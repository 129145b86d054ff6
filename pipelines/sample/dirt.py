"""Plans bad rows and edits their text. breakages.py lists what can be wrong.

A bad row is an additional row: a copy of a good row with its own key and one fault, directly after the good row. So the
result of the good rows does not depend on the bad rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sample.breakage import Breakage
from pipelines.sample.breakages import BREAKAGES
from pipelines.sample.feed import Feed
from pipelines.sample.process import Ints, draws

#: The keys of these feeds are codes that staging checks: a new key would be a second fault.
_KEYS_KEPT = ("fx_rates", "coverage")
#: These feeds need not break every rule: the kiosk's rows break each of their rules at least once.
_NOT_ALL_RULES = ("survey_relationship", "survey_transaction")


@dataclass(frozen=True)
class Plan:
    """The bad rows of one feed.

    Attributes:
        made_from: The good row from which each bad row is made.
        breakages: The fault of each bad row.
    """

    made_from: Ints
    breakages: tuple[Breakage, ...]


def plan(feed: Feed, share: float, seed: int) -> Plan:
    """Choose the bad rows of a feed.

    Args:
        feed: The feed.
        share: Bad rows as a share of good ones. If it is above zero, every rule of an entity is broken at least once.
        seed: Seed of the draws.

    Returns:
        The plan; empty if the feed has no rows or no breakages.
    """
    menu = _in_turns(BREAKAGES.get(feed.name, ()))
    pool = np.arange(len(feed.arrives)) if feed.plain is None else feed.plain
    if share <= 0 or not menu or not len(pool):
        return Plan(np.empty(0, np.int64), ())
    least = 1 if feed.name in _NOT_ALL_RULES else len({each.rule + each.damage for each in menu})
    count = max(least, round(share * len(feed.arrives)))
    chosen = draws(seed, f"dirt {feed.name}").choice(pool, count, replace=count > len(pool))
    return Plan(np.asarray(chosen, np.int64), tuple(menu[index % len(menu)] for index in range(count)))


def _in_turns(breakages: Sequence[Breakage]) -> list[Breakage]:
    """The first breakage of every rule, then the second of every rule, and so on."""
    seen: dict[str, int] = {}
    turns = []
    for index, each in enumerate(breakages):
        turn = seen.get(each.rule + each.damage, 0)
        seen[each.rule + each.damage] = turn + 1
        turns.append((turn, index))
    return [breakages[index] for _, index in sorted(turns)]


def edit(feed: Feed, table: pa.Table, rows: Ints, numbers: Ints, chosen: Plan) -> pa.Table:
    """Break some rows of a rendered table.

    Args:
        feed: The feed.
        table: Its rendered rows.
        rows: The positions of the bad rows in the table.
        numbers: The number of each bad row in the plan.
        chosen: The plan.

    Returns:
        The table with the faults.
    """
    edits: dict[str, dict[int, str | None]] = {}
    for row, number in zip(rows.tolist(), numbers.tolist(), strict=True):
        breakage = chosen.breakages[number]
        if feed.name not in _KEYS_KEPT:
            edits.setdefault(feed.key[-1], {})[row] = f"X-{breakage.rule}-{number + 1}"
        for column, value in breakage.edits.items():
            edits.setdefault(column, {})[row] = value
    for column, values in edits.items():
        mask = np.zeros(len(table), bool)
        mask[list(values)] = True
        replacements = pa.array([values[row] for row in sorted(values)], pa.large_string())
        index = table.column_names.index(column)
        old = table.column(index).combine_chunks()
        table = table.set_column(index, column, pc.replace_with_mask(old, pa.array(mask), replacements))
    return table


def damage(line: str, how: str, separator: str) -> str:
    """A line that landing cannot read: a surplus or missing field, an open quote, NUL, half an object."""
    body = line.rstrip("\n")
    damaged = {
        "surplus": f"{body}{separator}surplus",
        "short": body.rpartition(separator)[0],
        "quote": f'"{body}',
        "nul": body.replace(separator, f"{separator}\0", 1),
        "json": body[: len(body) // 2],
    }
    return damaged[how] + "\n"
