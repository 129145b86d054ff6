"""The people: references, country, currency. contacts.py makes the customer records of the shop from them.

Some people have two references (of the shop and of the web account) that share one person reference. Some order as
guests, with an e-mail address but without a reference, and register later or never. addresses.py gives everybody an
e-mail address and a phone number.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.catalogue import CATEGORIES
from pipelines.sample.process import Ints, Lives, draws
from pipelines.sample.text import Bools

COUNTRIES = ["DE", "AT", "FR", "NL", "US"]
COUNTRY_SHARES = [0.45, 0.10, 0.15, 0.10, 0.20]
FIRST_NAMES = ["Anna", "Ben", "Zoë", "Jürgen", "İbrahim", "Chloé", "Sam", "Noor", "Lena", "O'Neil", "Ana María", "Wei"]
LAST_NAMES = ["Müller", "Schmidt", "Dupont", "de Vries", "Smith", "Øst", "Yılmaz", "García", "Wang", "Brown, jr."]
#: Later than any day.
NEVER = 2**40


@dataclass(frozen=True)
class People:
    """One row per person: first the acquired customers, then prospects who never buy.

    Attributes:
        buyers: The number of acquired customers.
        since: Local day of the first purchase; for prospects the day on which they signed up.
        registered: Local day from which they have a reference; NEVER if they do not register in the period. Their
            earlier orders are orders of a guest.
        country: Index into COUNTRIES.
        has_second_ref: Whether they also have a web account's reference. The shop has a record of both.
        has_record: Whether the shop has a customer record of them.
        favourite: Index of the category that they buy most from.
        first_name: Index into FIRST_NAMES.
        last_name: Index into LAST_NAMES.
    """

    buyers: int
    since: Ints
    registered: Ints
    country: Ints
    has_second_ref: Bools
    has_record: Bools
    favourite: Ints
    first_name: Ints
    last_name: Ints

    def is_guest(self, persons: Ints, days: Ints) -> Bools:
        """Whether they have no reference on a day; false for unknown people (-1)."""
        return (persons >= 0) & (days < self.registered[persons])

    def is_usd(self, persons: Ints) -> Bools:
        """Whether they pay in US dollars."""
        return np.asarray(self.country[persons] == COUNTRIES.index("US"))


def build(lives: Lives, first: int, last: int, seed: int) -> People:
    """One person per acquired customer, and one prospect per twenty customers."""
    rng = draws(seed, "people")
    buyers = len(lives.first_day)
    n = buyers + max(1, buyers // 20)
    has_second_ref, has_record = rng.random(n) < 0.04, rng.random(n) < 0.99
    since = np.concatenate([lives.first_day, rng.integers(first, last + 1, n - buyers)])
    country = rng.choice(len(COUNTRIES), n, p=COUNTRY_SHARES)
    favourite = rng.integers(0, len(CATEGORIES), n)
    first_name, last_name = rng.integers(0, len(FIRST_NAMES), n), rng.integers(0, len(LAST_NAMES), n)
    registered = _registered(since, (np.arange(n) < buyers) & has_record & ~has_second_ref, last, seed)
    return People(
        buyers=buyers,
        since=since,
        registered=registered,
        country=country,
        has_second_ref=has_second_ref & has_record,
        has_record=has_record & (registered != NEVER),
        favourite=favourite,
        first_name=first_name,
        last_name=last_name,
    )


def _registered(since: Ints, can_be_guest: Bools, last: int, seed: int) -> Ints:
    """Most register with their first order. Four in a hundred register later, two in a hundred never."""
    rng = draws(seed, "guests")
    chance, wait = rng.random(len(since)), rng.integers(10, 120, len(since))
    later = since + np.where(can_be_guest & (chance < 0.04), wait, 0)
    never = (can_be_guest & (chance >= 0.04) & (chance < 0.06)) | (later > last)
    return np.where(never, NEVER, later)


def refs(persons: Ints, is_second: Bools) -> pa.Array:
    """`C0000001`, or `W0000001` for the web account; NULL for an unknown person (-1)."""
    known = text.joined(text.picked(["C", "W"], is_second.astype(np.int64)), text.digits(persons + 1, 7))
    return text.where(persons >= 0, known)


def labels(persons: Ints) -> pa.Array:
    """The names that the truth gives to people: `H0000001`. No file of a source has them."""
    return text.reference("H", persons + 1)
