"""The paid tier of the loyalty programme, and points that expire.

One member in three pays for the tier `plus`, 30 days at a time. Each has a probability of their own not to renew, from
a beta distribution (ALPHA, BETA): the shifted-beta-geometric model should find these parameters again. Points that are
not redeemed within a year expire, the oldest first.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.feed import Every, Feed
from pipelines.sample.people import People, refs
from pipelines.sample.process import Ints, draws
from pipelines.sample.text import DAY_S, Clock

ALPHA, BETA = 0.8, 2.4
PLUS_SHARE = 1 / 3
PERIOD_DAYS, EXPIRY_DAYS = 30, 365
FEE = "4.99"
#: Renewals come at most this many days late.
LATE_DAYS = 3
KINDS = ["Tier", "Renew", "Expire"]
_TIER, _RENEW, _EXPIRE = range(3)


@dataclass(frozen=True)
class Points:
    """Points earned (above 0) and redeemed (below 0), one row per event.

    Attributes:
        person: Index into People.
        at: UTC time in seconds since 1970.
        points: The change of the balance.
    """

    person: Ints
    at: Ints
    points: Ints


def memberships_feed(people: People, members: Ints, points: Points, clock: Clock, seed: int) -> Feed:
    """Begins and renewals of the paid tier, and the expiry of points.

    Args:
        people: The people.
        members: The people who have joined the programme.
        points: The points that they earned and redeemed.
        clock: The clock.
        seed: Seed of the draws.
    """
    rng = draws(seed, "memberships")
    paying = np.unique(np.concatenate([members[:1], members[rng.random(len(members)) < PLUS_SHARE]]))
    begins = people.registered[paying] + rng.integers(0, 60, len(paying))
    lasts = rng.geometric(np.clip(rng.beta(ALPHA, BETA, len(paying)), 1e-6, 1.0))
    most = np.maximum((clock.last - begins) // PERIOD_DAYS + 1, 0)
    n = np.minimum(lasts, most)
    nth = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    late = np.where(nth == 0, 0, rng.integers(0, LATE_DAYS + 1, len(nth)))
    day = np.repeat(begins, n) + nth * PERIOD_DAYS
    until = clock.utc(day + PERIOD_DAYS, np.full(len(day), 12 * 3600))
    paid_at = clock.utc(day + late, rng.integers(8 * 3600, 20 * 3600, len(day)))
    expired = _expired(points, clock)
    person = np.concatenate([np.repeat(paying, n), expired.person])
    kind = np.concatenate([np.where(nth == 0, _TIER, _RENEW), np.full(len(expired.at), _EXPIRE)])
    at = np.concatenate([paid_at, expired.at])
    until = np.concatenate([until, np.zeros(len(expired.at), np.int64)])
    lost = np.concatenate([np.zeros(len(day), np.int64), expired.points])
    chosen = np.flatnonzero(clock.day(at) <= clock.last)
    chosen = chosen[np.argsort(at[chosen], kind="stable")]
    person, kind, at, until, lost = person[chosen], kind[chosen], at[chosen], until[chosen], lost[chosen]

    def render(rows: Ints) -> pa.Table:
        is_paid = kind[rows] != _EXPIRE
        return pa.table(
            {
                "event": text.reference("M", rows + 1),
                "member": refs(person[rows], np.zeros(len(rows), bool)),
                "time": text.time_text(clock.local(at[rows])),
                "what": text.picked(KINDS, kind[rows]),
                "points": text.where(~is_paid, text.digits(lost[rows])),
                "tier": text.where(is_paid, text.constant("plus", len(rows))),
                "fee": text.where(is_paid, text.constant(FEE, len(rows))),
                "until": text.where(is_paid, text.time_text(clock.local(until[rows]))),
                "changed": text.zulu(at[rows]),
            }
        )

    paid = np.flatnonzero(kind != _EXPIRE)
    return Feed("memberships", "csv", Every.MONTH, "loyalty_events", ("event",), clock.day(at), render, plain=paid)


def _expired(points: Points, clock: Clock) -> Points:
    """Points that expire, as positive numbers: those earned a year ago that no redemption has used, oldest first."""
    base = 2**33  # above any time in seconds
    order = np.lexsort((points.at, points.person))
    person, at, change = points.person[order], points.at[order], points.points[order]
    is_earned = change > 0
    who, earned_at = person[is_earned], at[is_earned]
    ends_at = earned_at + EXPIRY_DAYS * DAY_S
    earned = _within(who * base + earned_at, np.cumsum(change[is_earned]), who * base + earned_at, who * base)
    keys = person[~is_earned] * base + at[~is_earned]
    used = _within(keys, np.cumsum(-change[~is_earned]), who * base + ends_at, who * base)
    # the most that has been left over so far; `step` keeps the people apart
    step = int(earned.max(initial=0)) + 1
    left = np.maximum.accumulate(np.maximum(earned - used, 0) + who * step) - who * step
    before = np.where(np.append(-1, who[:-1]) == who, np.append(0, left[:-1]), 0)
    lost = left - before
    kept = (lost > 0) & (clock.day(ends_at) <= clock.last)
    return Points(who[kept], ends_at[kept], lost[kept])


def _within(keys: Ints, total: Ints, upto: Ints, since: Ints) -> Ints:
    """The part of a running total between two keys: after `since`, up to and including `upto`."""
    padded: Ints = np.append(0, total)
    last, first = np.searchsorted(keys, upto, side="right"), np.searchsorted(keys, since, side="left")
    return np.asarray(padded[last] - padded[first], dtype=np.int64)
