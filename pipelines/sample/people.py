"""The people: references, country, currency. contacts.py makes the contacts of the CRM from them.

Some people have two references (of the shop and of the web account) that share one person reference.
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


@dataclass(frozen=True)
class People:
    """One row per person: first the acquired customers, then prospects who never buy.

    Attributes:
        buyers: The number of acquired customers.
        since: Local day of the first purchase; for prospects the day on which they signed up.
        country: Index into COUNTRIES.
        has_second_ref: Whether they also have a web account's reference. Then the CRM has both references.
        in_crm: Whether they are in the CRM.
        favourite: Index of the category that they buy most from.
        first_name: Index into FIRST_NAMES.
        last_name: Index into LAST_NAMES.
    """

    buyers: int
    since: Ints
    country: Ints
    has_second_ref: Bools
    in_crm: Bools
    favourite: Ints
    first_name: Ints
    last_name: Ints

    def is_usd(self, persons: Ints) -> Bools:
        """Whether they pay in US dollars."""
        return np.asarray(self.country[persons] == COUNTRIES.index("US"))


def build(lives: Lives, first: int, last: int, seed: int) -> People:
    """One person per acquired customer, and one prospect per twenty customers."""
    rng = draws(seed, "people")
    buyers = len(lives.first_day)
    n = buyers + max(1, buyers // 20)
    has_second_ref, in_crm = rng.random(n) < 0.04, rng.random(n) < 0.99
    return People(
        buyers=buyers,
        since=np.concatenate([lives.first_day, rng.integers(first, last + 1, n - buyers)]),
        country=rng.choice(len(COUNTRIES), n, p=COUNTRY_SHARES),
        has_second_ref=has_second_ref & in_crm,
        in_crm=in_crm,
        favourite=rng.integers(0, len(CATEGORIES), n),
        first_name=rng.integers(0, len(FIRST_NAMES), n),
        last_name=rng.integers(0, len(LAST_NAMES), n),
    )


def refs(persons: Ints, is_second: Bools) -> pa.Array:
    """`C0000001`, or `W0000001` for the web account; NULL for guests (-1)."""
    known = text.joined(text.picked(["C", "W"], is_second.astype(np.int64)), text.digits(persons + 1, 7))
    return text.where(persons >= 0, known)


def emails(persons: Ints) -> pa.Array:
    """An e-mail address in a reserved domain; NULL for guests."""
    known = text.joined(
        text.constant("Person", len(persons)), text.digits(persons + 1), text.constant("@Example.org", len(persons))
    )
    return text.where(persons >= 0, known)
