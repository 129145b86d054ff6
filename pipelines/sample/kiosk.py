"""Answers at a terminal in the stores: a long file with one answer per row, and the scale of each answer."""

import numpy as np
import pyarrow as pa

from pipelines.sample import effects, text
from pipelines.sample.feed import Every, Feed
from pipelines.sample.orders import CHANNELS, Orders
from pipelines.sample.process import Floats, Ints, Lives, Purchases, draws
from pipelines.sample.text import Clock

QUESTIONS = ["staff", "prices", "again"]
CONSTRUCTS = ["service", "value_for_money", "repurchase_intent"]
SCALES = [5, 5, 7]
#: How closely each answer goes together with a purchase within the next RETURN_DAYS: a correlation before rounding.
WITH_RETURN = [0.6, 0.3, 0.3]
RETURN_DAYS = 60


def kiosk_feed(orders: Orders, lives: Lives, purchases: Purchases, clock: Clock, seed: int) -> Feed:
    """Some customers who bought in a store answer three questions when they leave.

    Their answers go together with buying again, most of all what they say about the staff. They have nothing to do with
    what people think and feel, so they do not help to find it.
    """
    rng = draws(seed, "kiosk")
    in_store = orders.is_purchase & (orders.channel == CHANNELS.index("store"))
    visits = np.flatnonzero(in_store & (rng.random(len(orders.day)) < 0.1))
    visit = np.repeat(np.arange(len(visits)), len(QUESTIONS))
    question = np.tile(np.arange(len(QUESTIONS)), len(visits))
    scale = np.array(SCALES, np.int64)[question]
    again = effects.window(lives, purchases, orders.person[visits], orders.day[visits] + 1, RETURN_DAYS, clock.last)
    share = np.array(WITH_RETURN)[question]
    opinion = share * _standard(again)[visit] + np.sqrt(1 - share**2) * rng.normal(size=len(scale))
    score = np.clip(np.rint(scale * (0.7 + 0.15 * opinion)), 1, scale).astype(np.int64)
    at = orders.paid_at[visits] + 30

    def render(rows: Ints) -> pa.Table:
        order = visits[visit[rows]]
        answered_at = at[visit[rows]]
        return pa.table(
            {
                "response": text.reference("Q", visit[rows] + 1),
                "question": text.picked(QUESTIONS, question[rows]),
                "kind": text.constant("Transaction", len(rows)),
                "channel": text.constant("Store", len(rows)),
                "customer": orders.references(order),
                "time": text.time_text(clock.local(answered_at)),
                "measures": text.picked(CONSTRUCTS, question[rows]),
                "answer": text.digits(score[rows]),
                "lowest": text.constant("1", len(rows)),
                "highest": text.digits(scale[rows]),
                "reversed": text.constant("no", len(rows)),
                "changed": text.zulu(answered_at),
            }
        )

    days = np.minimum(clock.day(at), clock.last)[visit]
    return Feed("survey_kiosk", "csv", Every.MONTH, "survey_answers", ("response", "question"), days, render)


def _standard(again: effects.Window) -> Floats:
    """Whether people bought, with mean 0 and variance 1; 0 if this is not known yet."""
    known = again.bought[again.is_over]
    mean = float(np.mean(known)) if len(known) else 0.0
    spread = max(float(np.sqrt(mean * (1 - mean))), 0.1)
    return np.where(again.is_over, (again.bought - mean) / spread, 0.0)
