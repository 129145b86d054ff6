"""Payments of orders that were not paid in a store: decimal commas, and pending payments that the mapping skips."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sample import text
from pipelines.sample.feed import Every, Feed
from pipelines.sample.order_files import amounts, order_id
from pipelines.sample.orders import CHANNELS, Orders
from pipelines.sample.process import Ints, draws
from pipelines.sample.text import Clock

METHODS = ["Card", "PayPal", "Invoice"]


def payments_feed(orders: Orders, clock: Clock, seed: int) -> Feed:
    """One payment per order and one file per month. One in fifty also has a row from when it was still pending."""
    rng = draws(seed, "payments")
    paid = np.flatnonzero((orders.channel != CHANNELS.index("store")) & ~orders.is_test)
    pending = paid[rng.random(len(paid)) < 0.02]
    which = np.concatenate([paid, pending])
    method = rng.integers(0, len(METHODS), len(orders.day))

    def render(rows: Ints) -> pa.Table:
        order = which[rows]
        is_pending = rows >= len(paid)
        at = orders.paid_at[order]
        return pa.table(
            {
                "payment": text.reference("Z", order + 1, 8),
                "order": order_id(order),
                "booked": text.formatted(clock.local(at), "%d.%m.%Y %H:%M:%S"),
                "method": text.picked(METHODS, method[order]),
                "amount": pc.replace_substring(
                    text.money(amounts(orders, order, orders.discount[order]).total), ".", ","
                ),
                "currency": text.picked(["EUR", "USD"], orders.is_usd[order].astype(np.int64)),
                "state": text.picked(["captured", "pending"], is_pending.astype(np.int64)),
                "changed": text.zulu(at),
            }
        )

    days = clock.day(orders.paid_at[which])
    plain = np.arange(len(paid))
    return Feed(
        "payments",
        "csv",
        Every.MONTH,
        "payments",
        ("payment",),
        np.minimum(days, clock.last),
        render,
        separator=";",
        keys=len(paid),
        skipped=len(pending),
        plain=plain,
    )
