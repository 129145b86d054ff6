"""The purchase process of the sample's customers: when they come, buy and leave, and how much they spend.

Only numbers and random draws: no names, no files, no text. A fitted model should find these parameters again (BG/NBD
and Gamma-Gamma, time in days).
"""

from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def draws(seed: int, part: str) -> np.random.Generator:
    """A separate random stream for each part of the sample, so that a change in one part does not change the others."""
    return np.random.default_rng([seed, crc32(part.encode())])


@dataclass(frozen=True)
class Parameters:
    """The process; rates per day, spend in the reporting currency.

    Attributes:
        r: Shape of the gamma distribution of the customers' Poisson rates.
        alpha: Its rate, in days: the mean rate is r / alpha purchases per day.
        a: First parameter of the beta distribution of the probability to leave after a repeat purchase.
        b: Its second parameter.
        p: Shape of the gamma distribution of an order's value.
        q: Shape of the gamma distribution, over customers, of the rate of that distribution.
        gamma: Its rate. The mean value of an order is p * gamma / (q - 1).
    """

    r: float = 1.1
    alpha: float = 30.0
    a: float = 0.9
    b: float = 4.5
    p: float = 6.0
    q: float = 4.0
    gamma: float = 60.0


@dataclass(frozen=True)
class Lives:
    """The acquired customers: arrays of the same length.

    Attributes:
        first_day: Day of the first purchase, since 1970.
        rate_per_day: Poisson rate while alive.
        dropout_probability: Probability to leave after each repeat purchase.
        dropout_day: Day of the purchase after which the customer left; -1 if they are still there at the end.
        mean_value: Mean value of an order, in the reporting currency.
    """

    first_day: Ints
    rate_per_day: Floats
    dropout_probability: Floats
    dropout_day: Ints
    mean_value: Floats


@dataclass(frozen=True)
class Purchases:
    """One row per purchase, sorted by customer and time.

    Attributes:
        customer: Index into Lives.
        day: Local day of the purchase, since 1970.
        value: Net value, in the reporting currency.
    """

    customer: Ints
    day: Ints
    value: Floats


def simulate(customers: int, first: int, last: int, seed: int, parameters: Parameters) -> tuple[Lives, Purchases]:
    """Simulate the purchases of `customers` people between two days.

    In a window, a Poisson process has a Poisson number of events at uniform times. A customer leaves after the k-th
    repeat purchase, where k is geometric. So no loop over customers is needed.

    Args:
        customers: The number of acquired customers, spread evenly over the window.
        first: First day, since 1970.
        last: Last day, included.
        seed: Seed of the draws.
        parameters: The process.

    Returns:
        The customers and their purchases.
    """
    rng = draws(seed, "process")
    span = float(last + 1 - first)
    born = rng.uniform(0.0, span, customers)
    rate = rng.gamma(parameters.r, 1 / parameters.alpha, customers)
    leaving = np.clip(rng.beta(parameters.a, parameters.b, customers), 1e-9, 1.0)
    stays = rng.geometric(leaving)
    drawn = rng.poisson(rate * (span - born))
    who = np.repeat(np.arange(customers), drawn)
    when = born[who] + rng.random(len(who)) * (span - born)[who]
    order = np.lexsort((when, who))
    who, when = who[order], when[order]
    starts = np.cumsum(drawn) - drawn
    nth = np.arange(len(who)) - starts[who] + 1
    kept = nth <= stays[who]
    gone = np.full(customers, -1, np.int64)
    left = nth == stays[who]
    gone[who[left]] = first + np.floor(when[left]).astype(np.int64)
    customer = np.concatenate([np.arange(customers), who[kept]])
    time = np.concatenate([born, when[kept]])
    order = np.lexsort((time, customer))
    customer, time = customer[order].astype(np.int64), time[order]
    spend_rate = rng.gamma(parameters.q, 1 / parameters.gamma, customers)
    value = rng.gamma(parameters.p, 1.0, len(customer)) / spend_rate[customer]
    lives = Lives(
        first_day=first + np.floor(born).astype(np.int64),
        rate_per_day=rate,
        dropout_probability=leaving,
        dropout_day=gone,
        mean_value=parameters.p / spend_rate,
    )
    return lives, Purchases(customer, first + np.floor(time).astype(np.int64), value)
