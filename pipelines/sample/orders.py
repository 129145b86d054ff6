"""Orders with their lines, prices, currencies and later changes, as numbers.

These are all purchases of the process, and also orders that are not purchases of a known customer: cancelled orders,
test orders, orders of unknown customers. order_files.py turns them into text and files.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.sample import catalogue as products
from pipelines.sample import text
from pipelines.sample.catalogue import Catalogue
from pipelines.sample.people import People, refs
from pipelines.sample.process import Ints, Purchases, draws
from pipelines.sample.rates import UNIT, Rates
from pipelines.sample.text import DAY_S, Bools, Clock

CHANNELS = ["web", "app", "store", "phone"]
STORES = ["BER-01", "MUC-02", "PAR-03", "NYC-04"]
COUPONS = ["", "WELCOME10", "SPRING20", "THANKS5"]
COUPON_PERCENT = np.array([0, 10, 20, 5], np.int64)
LINES_MOST = 8
#: Each n-th product is sold below its list price. Otherwise only a coupon makes an order cheaper.
REDUCED_EVERY = 7
NEVER = -1


@dataclass(frozen=True)
class Orders:
    """One row per order, sorted by its time. Times are UTC seconds since 1970 or NEVER; amounts are in cents.

    Attributes:
        person: Index into People; -1 if nothing is known of the customer.
        is_guest: Whether it states the customer's e-mail address but no reference.
        is_second_ref: Whether the web account's reference was used.
        day: Local day of the order.
        ordered_at: When it was placed.
        paid_at: When it was paid.
        delivered_at: When it was delivered, if the carrier reports it.
        cancelled_at: When it was cancelled.
        corrected_at: When a forgotten discount was added.
        channel: Index into CHANNELS.
        store: Index into STORES.
        coupon: Index into COUPONS.
        is_usd: Whether it was paid in US dollars.
        is_test: Whether it is a test order.
        is_purchase: Whether it is one of the process's purchases.
        gross: Sum of its lines.
        discount: Sum of its lines' discounts.
        lag: Days after which its first version arrives.
        first_line: Index of its first line.
        n_lines: How many lines it has.
    """

    person: Ints
    is_guest: Bools
    is_second_ref: Bools
    day: Ints
    ordered_at: Ints
    paid_at: Ints
    delivered_at: Ints
    cancelled_at: Ints
    corrected_at: Ints
    channel: Ints
    store: Ints
    coupon: Ints
    is_usd: Bools
    is_test: Bools
    is_purchase: Bools
    gross: Ints
    discount: Ints
    lag: Ints
    first_line: Ints
    n_lines: Ints

    def references(self, which: Ints) -> pa.Array:
        """The reference that some orders state; NULL for guests and if nothing is known of the customer."""
        return text.where(~self.is_guest[which], refs(self.person[which], self.is_second_ref[which]))


@dataclass(frozen=True)
class Lines:
    """One row per order line, in the order of Orders; amounts in cents of the order's currency.

    Attributes:
        order: Index into Orders.
        number: 1, 2, … within the order.
        product: Index into Catalogue.
        quantity: Number of pieces.
        unit_price: Price of one piece.
        list_price: List price of one piece.
        discount: Discount on the line.
        unit_cost: Cost of one piece.
    """

    order: Ints
    number: Ints
    product: Ints
    quantity: Ints
    unit_price: Ints
    list_price: Ints
    discount: Ints
    unit_cost: Ints


def build(
    purchases: Purchases, people: People, catalogue: Catalogue, rates: Rates, clock: Clock, seed: int
) -> tuple[Orders, Lines]:
    """Turn purchases into orders with lines, and add orders that are not purchases.

    Returns:
        The orders and their lines.
    """
    rng = draws(seed, "orders")
    made = len(purchases.day)
    early = np.flatnonzero(purchases.day < clock.last)
    picks = [early[rng.integers(0, len(early), max(1, int(made * share)))] for share in (0.03, 0.003, 0.01)]
    source = np.concatenate([np.arange(made), *picks])
    kind = np.repeat(np.arange(4), [made, *map(len, picks)])
    n = len(source)
    into = np.rint((7 + 16.9 * rng.beta(3, 2, n)) * 3600).astype(np.int64)
    day = purchases.day[source]
    at = clock.utc(day, into)
    at[:made] = _in_repeated_hour(at[:made], day[:made], clock, rng)
    order = np.lexsort((np.arange(n), at))
    source, kind, day, at = source[order], kind[order], day[order], at[order]
    person = np.where(kind == 3, -1, purchases.customer[source])
    later = day + rng.integers(1, 9, n)
    is_in_time = later <= clock.last
    delivered = (rng.random(n) < 0.45) & (kind == 0) & is_in_time
    corrected = (rng.random(n) < 0.04) & (kind == 0) & is_in_time & ~delivered
    coupon = np.where(corrected, 2, rng.choice(4, n, p=[0.75, 0.1, 0.1, 0.05]))
    is_usd = people.is_usd(person) & (person >= 0)
    euros = purchases.value[source] / (1 - COUPON_PERCENT[coupon] / 100)
    target = euros * 100 / np.where(is_usd, rates.at(day) / UNIT, 1.0)
    lines, gross, discount, n_lines = _lines(target, person, coupon, is_usd, people, catalogue, rates.at(day), rng)
    noon = np.full(n, 12 * 3600, np.int64)
    channel = np.where(
        delivered, rng.choice([0, 1, 3], n, p=[0.6, 0.35, 0.05]), rng.choice(4, n, p=[0.3, 0.2, 0.45, 0.05])
    )

    def on(mask: Bools, days: Ints) -> Ints:
        return np.where(mask, clock.utc(days, noon + rng.integers(0, 5 * 3600, n)), NEVER)

    orders = Orders(
        person=person,
        is_guest=people.is_guest(person, day),
        is_second_ref=(person >= 0) & people.has_second_ref[person] & (rng.random(n) < 0.4),
        day=day,
        ordered_at=at,
        paid_at=at + rng.integers(20, 600, n),
        delivered_at=on(delivered, later),
        cancelled_at=on(kind == 1, day + (kind == 1)),
        corrected_at=on(corrected, later),
        channel=channel,
        store=rng.integers(0, len(STORES), n),
        coupon=coupon,
        is_usd=is_usd,
        is_test=kind == 2,
        is_purchase=kind == 0,
        gross=gross,
        discount=discount,
        lag=np.where(rng.random(n) < 0.01, 3, 0),
        first_line=np.cumsum(n_lines) - n_lines,
        n_lines=n_lines,
    )
    return orders, lines


def _in_repeated_hour(at: Ints, day: Ints, clock: Clock, rng: np.random.Generator) -> Ints:
    """Move some orders of each day with 25 hours into its repeated hour: half into the first, half into the second."""
    moved = at.copy()
    for repeat in clock.repeats:
        there = np.flatnonzero(day == (repeat + 3600) // DAY_S)[:20]
        moved[there] = repeat + np.where(np.arange(len(there)) % 2, 0, -3600) + rng.integers(60, 2400, len(there))
    return moved


def _lines(
    target: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    person: Ints,
    coupon: Ints,
    is_usd: Bools,
    people: People,
    catalogue: Catalogue,
    rate: Ints,
    rng: np.random.Generator,
) -> tuple[Lines, Ints, Ints, Ints]:
    """Split each order's value into lines. The sum of the lines in cents is the order's gross."""
    n = len(target)
    n_lines = np.minimum(1 + rng.poisson(1.0, n), LINES_MOST).astype(np.int64)
    order = np.repeat(np.arange(n), n_lines)
    first = np.cumsum(n_lines) - n_lines
    weight = rng.exponential(1.0, len(order)) + 0.2
    share = weight / np.add.reduceat(weight, first)[order]
    quantity = rng.choice([1, 2, 3, 4], len(order), p=[0.7, 0.18, 0.07, 0.05]).astype(np.int64)
    unit = np.maximum(1, np.rint(target[order] * share / quantity)).astype(np.int64)
    at_home = np.where(rng.random(len(order)) < 0.6, people.favourite[person[order]], -1)
    category = np.where(
        (at_home >= 0) & (person[order] >= 0), at_home, rng.integers(0, len(products.CATEGORIES), len(order))
    )
    in_euro = np.where(is_usd, rate, UNIT)[order] / UNIT
    product = catalogue.nearest(category, np.rint(unit * in_euro).astype(np.int64))
    listed = np.rint(catalogue.list_cents[product] / in_euro).astype(np.int64)
    value = unit * quantity
    discount = np.rint(value * COUPON_PERCENT[coupon][order] / 100).astype(np.int64)
    lines = Lines(
        order=order,
        number=np.arange(len(order)) - first[order] + 1,
        product=product,
        quantity=quantity,
        unit_price=unit,
        list_price=np.where(product % REDUCED_EVERY == 0, np.maximum(listed, unit), unit),
        discount=discount,
        unit_cost=np.rint(catalogue.cost_cents[product] / in_euro).astype(np.int64),
    )
    return lines, np.add.reduceat(value, first), np.add.reduceat(discount, first), n_lines
