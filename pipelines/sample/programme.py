"""The loyalty programme and marketing: points, referrals, campaign touches. The paid tier is in memberships.py."""

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.feed import Every, Feed
from pipelines.sample.memberships import Points, memberships_feed
from pipelines.sample.order_files import order_id
from pipelines.sample.orders import COUPONS, Orders
from pipelines.sample.people import NEVER, People, refs
from pipelines.sample.process import Ints, draws
from pipelines.sample.service import some_moments
from pipelines.sample.text import DAY_S, Clock
from pipelines.sample.trial import CAMPAIGN, KIND, Trial

EVENTS = ["Enrol", "Earn", "Redeem", "Tier"]
TIERS = ["silver", "gold"]
CAMPAIGN_KINDS = ["brand", "discount", "reward", "education"]
ACTIONS = ["sent", "opened", "clicked", "redeemed"]


def _first_ref(persons: Ints) -> pa.Array:
    return refs(persons, np.zeros(len(persons), bool))


def loyalty_feeds(people: People, orders: Orders, clock: Clock, seed: int) -> list[Feed]:
    """Four in ten join. They earn one point per euro, redeem sometimes, and reach a tier after a large order.

    The second feed has the paid tier and the points that expire (memberships.py).
    """
    rng = draws(seed, "loyalty")
    is_member = rng.random(len(people.since)) < 0.4
    members = np.flatnonzero(is_member[: people.buyers] & (people.registered[: people.buyers] != NEVER))
    earning = np.flatnonzero(orders.is_purchase & is_member[orders.person] & ~orders.is_guest)
    redeeming = earning[rng.random(len(earning)) < 0.08]
    rising = earning[orders.gross[earning] > 40_000]
    by_order = np.concatenate([earning, redeeming, rising])
    kind = np.repeat(np.arange(4), [len(members), len(earning), len(redeeming), len(rising)])
    person = np.concatenate([members, orders.person[by_order]])
    order = np.concatenate([np.full(len(members), -1), by_order])
    joined_at = clock.utc(people.registered[members], np.full(len(members), 6 * 3600))
    at = np.concatenate([joined_at, orders.paid_at[by_order]])
    spent = (orders.gross - orders.discount)[np.maximum(order, 0)] // 100
    points = np.select([kind == 1, kind == 2], [spent, np.minimum(-spent // 2, -1)], 0)
    is_moved = points != 0
    moved = Points(person[is_moved], at[is_moved], points[is_moved])
    chosen = np.argsort(at, kind="stable")
    kind, person, order, at, points = kind[chosen], person[chosen], order[chosen], at[chosen], points[chosen]

    def render(rows: Ints) -> pa.Table:
        has_order = order[rows] >= 0
        expires = text.time_text(clock.local(at[rows]) + 365 * DAY_S)
        moves = (kind[rows] == 1) | (kind[rows] == 2)
        return pa.table(
            {
                "event": text.reference("L", rows + 1),
                "member": _first_ref(person[rows]),
                "time": text.time_text(clock.local(at[rows])),
                "what": text.picked(EVENTS, kind[rows]),
                "points": text.where(moves, text.digits(points[rows])),
                "worth": text.where(moves, text.money(points[rows])),
                "expires": text.where(kind[rows] == 1, expires),
                "order": text.where(has_order, order_id(np.maximum(order[rows], 0))),
                "tier": text.where(kind[rows] == 3, text.picked(TIERS, person[rows] % 2)),
                "changed": text.zulu(at[rows]),
            }
        )

    return [
        Feed("loyalty_events", "csv", Every.MONTH, "loyalty_events", ("event",), clock.day(at), render),
        memberships_feed(people, members, moved, clock, seed),
    ]


def referrals_feed(people: People, clock: Clock, seed: int) -> Feed:
    """One customer in twenty was referred by another customer."""
    rng = draws(seed, "referrals")
    brought = np.flatnonzero(rng.random(people.buyers) < 0.05)
    by = (brought + 1 + rng.integers(0, people.buyers - 1, len(brought))) % people.buyers
    has_refs = (people.registered[brought] != NEVER) & (people.registered[by] != NEVER)
    brought, by = brought[has_refs], by[has_refs]
    day = people.registered[brought]

    def render(rows: Ints) -> pa.Table:
        at = clock.utc(day[rows], np.full(len(rows), 5 * 3600))
        return pa.table(
            {
                "referral": text.reference("F", rows + 1),
                "by": _first_ref(by[rows]),
                "brought": _first_ref(brought[rows]),
                "on": text.time_text(clock.local(at)),
                "changed": text.zulu(at),
            }
        )

    return Feed("referrals", "csv", Every.MONTH, "referrals", ("referral",), day, render)


def touches_feed(people: People, orders: Orders, trial: Trial, clock: Clock, seed: int) -> Feed:
    """Mails of monthly campaigns, each redeemed coupon, and a campaign with a control group. Tabs and German times.

    The monthly campaigns have no control group. Their coupons are redeemed by those who buy, so contacts and purchases
    go together without an effect.
    """
    rng = draws(seed, "touches")
    person, day = some_moments(people, 4.0, clock, rng)
    action = rng.choice(3, len(day), p=[0.65, 0.25, 0.1])
    redeemed = np.flatnonzero(orders.is_purchase & (orders.coupon > 0))
    monthly, tried = len(day) + len(redeemed), np.full(len(trial.at), -1)
    sent_at = clock.utc(day, rng.integers(8 * 3600, 20 * 3600, len(day)))
    order = np.concatenate([np.full(len(day), -1), redeemed, tried])
    person = np.concatenate([person, np.where(orders.is_guest[redeemed], -1, orders.person[redeemed]), trial.person])
    # nothing is sent to the control group, so nothing is paid
    action = np.concatenate([action, np.full(len(redeemed), 3), np.where(trial.is_control, -1, 0)])
    at = np.concatenate([sent_at, orders.paid_at[redeemed], trial.at])
    is_control = np.concatenate([np.zeros(monthly, bool), trial.is_control])
    day = clock.day(at)
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)

    def render(rows: Ints) -> pa.Table:
        has_order = order[rows] >= 0
        safe, is_trial = np.maximum(order[rows], 0), rows >= monthly
        monthly_kind = text.picked(CAMPAIGN_KINDS, month[rows] % len(CAMPAIGN_KINDS))
        return pa.table(
            {
                "touch": text.reference("T", rows + 1),
                "customer": _first_ref(person[rows]),
                "campaign": text.either(
                    is_trial, text.constant(CAMPAIGN, len(rows)), text.reference("M-", month[rows], 3)
                ),
                "type": text.either(is_trial, text.constant(KIND, len(rows)), monthly_kind),
                "action": text.where(action[rows] >= 0, text.picked(ACTIONS, np.maximum(action[rows], 0))),
                "arm": text.picked(["treated", "control"], is_control[rows].astype(np.int64)),
                "order": text.where(has_order, order_id(safe)),
                "coupon": text.where(has_order, text.picked(COUPONS, orders.coupon[safe])),
                "at": text.formatted(clock.local(at[rows]), "%d.%m.%Y %H:%M:%S"),
                "cost": text.where(action[rows] == 0, text.constant("0.02", len(rows))),
                "currency": text.constant("EUR", len(rows)),
                "changed": text.zulu(at[rows]),
            }
        )

    return Feed(
        "campaign_touches",
        "tsv",
        Every.MONTH,
        "campaign_touches",
        ("touch",),
        day,
        render,
        separator="\t",
        effects=(trial.effect,),
    )
