"""Orders and their lines as files: one CSV of orders per day, one gzipped CSV of order lines per week."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.sample import catalogue as products
from pipelines.sample import text
from pipelines.sample.addresses import Addresses
from pipelines.sample.catalogue import Catalogue
from pipelines.sample.feed import Every, Feed
from pipelines.sample.orders import CHANNELS, COUPONS, NEVER, STORES, Lines, Orders
from pipelines.sample.process import Ints
from pipelines.sample.text import DAY_S, Bools, Clock


def order_id(orders: Ints) -> pa.Array:
    """`O00000001`."""
    return text.reference("O", orders + 1, 8)


@dataclass(frozen=True)
class Amounts:
    """The amounts of an order, in cents: tax and shipping, and the total after the discount."""

    tax: Ints
    shipping: Ints
    total: Ints


def amounts(orders: Orders, which: Ints, discount: Ints) -> Amounts:
    """The tax, shipping and total of some orders with a discount."""
    net = orders.gross[which] - discount
    tax = (net * 19 + 50) // 100
    shipping = np.where((orders.delivered_at[which] != NEVER) & (net < 5000), 490, 0)
    return Amounts(tax, shipping, net + tax + shipping)


def changed_at(orders: Orders) -> Ints:
    """The time of an order's second version; NEVER if it has none."""
    return np.maximum(np.maximum(orders.delivered_at, orders.cancelled_at), orders.corrected_at)


def orders_feed(orders: Orders, addresses: Addresses, clock: Clock) -> Feed:
    """Every order when it is placed, and again when it is delivered, cancelled or corrected.

    One row in three hundred is exported twice: the next day's file has an identical copy.
    """
    n = len(orders.day)
    changed = changed_at(orders)
    again = np.flatnonzero(changed != NEVER)
    twice = np.flatnonzero((np.arange(n) % 300 == 299) & (orders.day < clock.last))
    which = np.concatenate([np.arange(n), again, twice])
    is_later = np.repeat([False, True, False], [n, len(again), len(twice)])
    placed = orders.day + orders.lag
    arrives = np.concatenate([placed, clock.day(changed[again]), placed[twice] + 1])

    def render(rows: Ints) -> pa.Table:
        return _order_rows(orders, addresses, clock, which[rows], is_later[rows])

    title = ("Orders of the day, local time Europe/Berlin",)
    return Feed(
        "orders",
        "csv",
        Every.DAY,
        "orders",
        ("Order",),
        np.minimum(arrives, clock.last),
        render,
        title,
        keys=n,
        plain=np.arange(n),
    )


def _order_rows(orders: Orders, addresses: Addresses, clock: Clock, which: Ints, is_later: Bools) -> pa.Table:
    changed = changed_at(orders)[which]
    cancelled, delivered = orders.cancelled_at[which], orders.delivered_at[which]
    is_update = is_later & (orders.corrected_at[which] == NEVER)
    corrected = (orders.corrected_at[which] != NEVER) & ~is_later
    discount = np.where(corrected, 0, orders.discount[which])
    due = amounts(orders, which, discount)
    has_carrier = delivered != NEVER
    status = np.where(is_update & (cancelled != NEVER), 2, np.where(is_update & has_carrier, 1, 0))
    channel = orders.channel[which]

    def at(seconds: Ints, shown: Bools) -> pa.Array:
        return text.where(shown & (seconds != NEVER), text.time_text(clock.local(np.maximum(seconds, 0))))

    everyone = np.ones(len(which), bool)
    states_email = orders.is_guest[which] | (which % 3 > 0)
    promised = orders.ordered_at[which] + 5 * DAY_S
    return pa.table(
        {
            "Order": order_id(which),
            "Customer": orders.references(which),
            "E-mail": text.where(states_email, addresses.emails(orders.person[which])),
            "Placed": at(orders.ordered_at[which], everyone),
            "Paid": at(orders.paid_at[which], everyone),
            "Promised": at(promised, has_carrier),
            "Delivered": at(delivered, is_update),
            "Cancelled": at(cancelled, is_update),
            "Status": text.picked(["Paid", "Delivered", "Cancelled"], status),
            "Channel": text.picked(CHANNELS, channel),
            "Store": text.where(channel == CHANNELS.index("store"), text.picked(STORES, orders.store[which])),
            "Currency": text.picked(["EUR", "USD"], orders.is_usd[which].astype(np.int64)),
            "Gross": text.money(orders.gross[which]),
            "Discount": text.money(discount),
            "Tax": text.money(due.tax),
            "Shipping": text.money(due.shipping),
            "Total": text.money(due.total),
            "Coupon": text.where(discount > 0, text.picked(COUPONS, orders.coupon[which])),
            "Test": text.picked(["no", "yes"], orders.is_test[which].astype(np.int64)),
            "Changed": text.zulu(np.where(is_later, changed, orders.paid_at[which])),
        }
    )


def lines_feed(orders: Orders, lines: Lines, catalogue: Catalogue, clock: Clock) -> Feed:
    """Every order line, in the file of the week in which its order arrived."""

    def render(rows: Ints) -> pa.Table:
        order, product = lines.order[rows], lines.product[rows]
        net = lines.quantity[rows] * lines.unit_price[rows] - lines.discount[rows]
        tax = (net * 19 + 50) // 100
        return pa.table(
            {
                "order_no": order_id(order),
                "line_no": text.digits(lines.number[rows]),
                "sku": products.product_id(product),
                "product": products.product_name(catalogue, product),
                "category": text.picked(products.CATEGORIES, product // products.PER_CATEGORY),
                "brand": text.picked(products.BRANDS, catalogue.brand[product]),
                "qty": text.digits(lines.quantity[rows]),
                "unit_price": text.money(lines.unit_price[rows]),
                "list_price": text.money(lines.list_price[rows]),
                "discount": text.money(lines.discount[rows]),
                "unit_cost": text.money(lines.unit_cost[rows]),
                "currency": text.picked(["EUR", "USD"], orders.is_usd[order].astype(np.int64)),
                "ordered": text.time_text(clock.local(orders.ordered_at[order])),
                "total": text.where(order % 2 == 0, text.money(net + tax)),
                "tax": text.where(order % 2 == 0, text.money(tax)),
                "changed": text.zulu(orders.paid_at[order]),
            }
        )

    arrives = np.minimum(orders.day + orders.lag, clock.last)[lines.order]
    return Feed("order_lines", "csv.gz", Every.WEEK, "order_lines", ("order_no", "line_no"), arrives, render)
