"""Interactions and cases between customers and staff, as monthly files of JSON lines."""

import numpy as np
import pyarrow as pa

from pipelines.sample import effects, text
from pipelines.sample.effects import Effect
from pipelines.sample.feed import Every, Feed
from pipelines.sample.order_files import order_id
from pipelines.sample.orders import Orders
from pipelines.sample.people import People, refs
from pipelines.sample.process import Ints, Lives, Purchases, draws
from pipelines.sample.text import Clock

KINDS = ["Call", "E-Mail", "Chat", "Browse", "Visit", "Social"]
CHANNELS = ["phone", "email", "chat", "web", "store", "social"]
#: The channel of one in ten social interactions. No list of channels has it.
ODD_CHANNEL = "Fan Forum"
CASE_KINDS = ["complaint", "question", "request", "praise", "suggestion"]
SUBJECTS = ["Where is my parcel?", 'Is the "large" one in stock', "Zurück an Absender", "订单问题", "Invoice, please"]
#: A complaint is followed by purchases of this many days: those of the setting model.reports.followed_days.
FOLLOWED_DAYS = 90
#: Days until a complaint is closed, from and up to: those that are closed quickly, and the others.
QUICK_DAYS, SLOW_DAYS = (1, 4), (8, 19)
#: How much more those buy again whose complaint was closed quickly, see effects.py.
STRENGTH = 1.0
AGENTS = ["Mia Krüger", "Tom Berger", "Li Na"]


def some_moments(people: People, per_person: float, clock: Clock, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Persons and local days of random events of people with a customer record, after they registered."""
    person = rng.integers(0, len(people.since), int(len(people.since) * per_person))
    day = people.since[person] + rng.integers(0, 240, len(person))
    kept = (day <= clock.last) & (day >= people.registered[person]) & people.has_record[person]
    order = np.lexsort((person[kept], day[kept]))
    return person[kept][order], day[kept][order]


def interactions_feed(people: People, clock: Clock, seed: int) -> Feed:
    """Calls, chats, visits. Times in epoch milliseconds, texts with quotes and line ends."""
    rng = draws(seed, "interactions")
    person, day = some_moments(people, 3.0, clock, rng)
    n = len(day)
    at = clock.utc(day, rng.integers(7 * 3600, 22 * 3600, n))
    kind = rng.choice(len(KINDS), n, p=[0.2, 0.2, 0.1, 0.35, 0.1, 0.05])
    inbound, subject, agent = rng.random(n) < 0.7, rng.integers(0, len(SUBJECTS), n), rng.integers(0, len(AGENTS), n)
    duration, mood = rng.integers(5, 1800, n), rng.integers(-100, 101, n) / 100

    is_odd = (kind == KINDS.index("Social")) & (np.arange(n) % 10 == 0)
    channel = np.where(is_odd, len(CHANNELS), kind)

    def render(rows: Ints) -> pa.Table:
        talked = kind[rows] < 3
        return pa.table(
            {
                "id": text.reference("N", rows + 1),
                "who": refs(person[rows], np.zeros(len(rows), bool)),
                "at": text.joined(text.digits(at[rows]), text.constant("000", len(rows))),
                "kind": text.picked(KINDS, kind[rows]),
                "direction": text.picked(["Outbound", "Inbound"], inbound[rows].astype(np.int64)),
                "channel": text.picked([*CHANNELS, ODD_CHANNEL], channel[rows]),
                "message.subject": text.where(talked, text.picked(SUBJECTS, subject[rows])),
                "message.body": text.where(talked, text.constant('Said: "thank you"\nand hung up \\o/', len(rows))),
                "mood": text.where(talked, text.decimal(mood[rows], 2)),
                "mood_low": text.where(talked, text.constant("-1", len(rows))),
                "mood_high": text.where(talked, text.constant("1", len(rows))),
                "seconds": text.where(talked, text.digits(duration[rows])),
                "cost": text.where(talked, text.money(duration[rows] // 3)),
                "agent": text.where(talked, text.picked(AGENTS, agent[rows])),
                "updated": text.joined(text.digits(at[rows]), text.constant("000", len(rows))),
            }
        )

    return Feed(
        "interactions",
        "jsonl",
        Every.MONTH,
        "interactions",
        ("id",),
        day,
        render,
        unknown_channels={ODD_CHANNEL: int(is_odd.sum())},
    )


def cases_feed(orders: Orders, lives: Lives, purchases: Purchases, clock: Clock, seed: int) -> Feed:
    """Cases when they are opened and again when they are closed, as two versions.

    Half of the complaints are closed quickly. Then more of the customers buy again.
    """
    rng = draws(seed, "cases")
    about = np.flatnonzero(orders.is_purchase & (rng.random(len(orders.day)) < 0.06))
    day = orders.day[about] + rng.integers(1, 10, len(about))
    about, day = about[day < clock.last], day[day < clock.last]
    n = len(day)
    opened = clock.utc(day, rng.integers(9 * 3600, 17 * 3600, n))
    answered = opened + rng.integers(300, 7200, n)
    closed_day, is_closed_once = day + rng.integers(1, 20, n), rng.random(n) < 0.9
    kind = rng.choice(len(CASE_KINDS), n, p=[0.5, 0.25, 0.1, 0.1, 0.05])
    is_complaint = kind == CASE_KINDS.index("complaint")
    followed = effects.window(lives, purchases, orders.person[about], day + 1, FOLLOWED_DAYS, clock.last)
    closed_day = np.where(is_complaint, day + _days_to_close(followed, seed), closed_day)
    closed = np.flatnonzero((closed_day <= clock.last) & is_closed_once)
    closed_at = clock.utc(np.minimum(closed_day, clock.last), np.full(n, 16 * 3600))
    compared = is_complaint & is_closed_once & followed.is_over
    difference = followed.difference(STRENGTH, compared)
    effect = Effect("recovery", "complaint", FOLLOWED_DAYS, int(np.count_nonzero(compared)), difference)
    satisfaction, cost, subject = rng.integers(1, 6, n), rng.integers(100, 3000, n), rng.integers(0, len(SUBJECTS), n)
    which = np.concatenate([np.arange(n), closed])

    def render(rows: Ints) -> pa.Table:
        case = which[rows]
        order = about[case]
        is_closed = rows >= n
        return pa.table(
            {
                "case": text.reference("K", case + 1),
                "customer": orders.references(order),
                "order": order_id(order),
                "channel": text.picked(["Phone", "Email"], case % 2),
                "opened": text.zulu(opened[case]),
                "answered": text.zulu(answered[case]),
                "closed": text.where(is_closed, text.zulu(closed_at[case])),
                "kind": text.picked(CASE_KINDS, kind[case]),
                "priority": text.picked(["Low", "Normal", "High"], case % 3),
                "state": text.picked(["Open", "Closed"], is_closed.astype(np.int64)),
                "topic": text.picked(["delivery", "product", "invoice"], case % 3),
                "text": text.picked(SUBJECTS, subject[case]),
                "outcome": text.where(is_closed, text.constant("Refund, with apology", len(rows))),
                "satisfaction": text.where(is_closed, text.digits(satisfaction[case])),
                "cost": text.where(is_closed, text.money(cost[case])),
                "updated": text.zulu(np.where(is_closed, closed_at[case], answered[case])),
            }
        )

    arrives = np.concatenate([np.minimum(clock.day(answered), clock.last), closed_day[closed]])
    return Feed(
        "cases",
        "jsonl",
        Every.MONTH,
        "cases",
        ("case",),
        arrives,
        render,
        keys=n,
        plain=np.arange(n),
        effects=(effect,),
    )


def _days_to_close(followed: effects.Window, seed: int) -> Ints:
    rng = draws(seed, "recovery")
    n = len(followed.bought)
    quick, slow = (rng.integers(low, high + 1, n) for low, high in (QUICK_DAYS, SLOW_DAYS))
    return np.where(followed.group(STRENGTH, rng), quick, slow)
