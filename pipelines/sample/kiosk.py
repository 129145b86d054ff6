"""Answers at a terminal in the stores: a long file with one answer per row, and the scale of each answer."""

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.feed import Every, Feed
from pipelines.sample.orders import CHANNELS, Orders
from pipelines.sample.process import Ints, draws
from pipelines.sample.text import Clock

QUESTIONS = ["staff", "prices", "again"]
CONSTRUCTS = ["service", "value_for_money", "repurchase_intent"]
SCALES = [5, 5, 7]


def kiosk_feed(orders: Orders, clock: Clock, seed: int) -> Feed:
    """Some customers who bought in a store answer three questions when they leave."""
    rng = draws(seed, "kiosk")
    in_store = orders.is_purchase & (orders.channel == CHANNELS.index("store"))
    visits = np.flatnonzero(in_store & (rng.random(len(orders.day)) < 0.02))
    visit = np.repeat(np.arange(len(visits)), len(QUESTIONS))
    question = np.tile(np.arange(len(QUESTIONS)), len(visits))
    scale = np.array(SCALES, np.int64)[question]
    score = np.clip(np.rint(scale * (0.75 + 0.15 * rng.normal(size=len(scale)))), 1, scale).astype(np.int64)
    at = orders.paid_at[visits] + 30

    def render(rows: Ints) -> pa.Table:
        order = visits[visit[rows]]
        answered_at = at[visit[rows]]
        return pa.table(
            {
                "response": text.reference("Q", visit[rows] + 1),
                "question": text.picked(QUESTIONS, question[rows]),
                "kind": text.constant("Transaction", len(rows)),
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
