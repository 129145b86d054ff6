"""Planted effects: who buys again after a mail, a complaint or an answer.

The purchases stay those of the process, so everything that is true of levels and models stays true. What is drawn is
who belongs to the group with the effect. A customer buys within a window with a chance p that the process gives. They
are put into the group with the chance (1 + s * (bought - p)) / 2, where s is the strength of the effect: from 0, none,
to 1, the largest one that leaves the purchases as they are. So the group is a random half of the customers whatever
their p is; in it, people buy with the chance p + s * p * (1 - p), in the other half with p - s * p * (1 - p), and all
together with the chance p.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.sample.process import Floats, Ints, Lives, Purchases
from pipelines.sample.text import Bools


@dataclass(frozen=True)
class Effect:
    """What a pipeline should find about one effect.

    Attributes:
        name: The effect.
        subject: What has it: a campaign, a kind of case.
        days: The length of the window in which purchases count.
        n: The number of customers or cases in both groups together.
        difference: The expected share of those who buy in the group with the effect, minus that of the other group.
    """

    name: str
    subject: str
    days: int
    n: int
    difference: float


@dataclass(frozen=True)
class Window:
    """One row per customer and window of days; the same customer may have several.

    Attributes:
        bought: Whether they bought within it.
        chance: The chance of this, as the process gives it at the start of the first day.
        is_over: Whether the window ends within the period of the sample.
    """

    bought: Bools
    chance: Floats
    is_over: Bools

    def group(self, strength: float, rng: np.random.Generator) -> Bools:
        """Who belongs to the group with the effect. Of a window that is not over nothing is known: it is a coin."""
        surprise = np.where(self.is_over, self.bought - self.chance, 0.0)
        return np.asarray(rng.random(len(surprise)) < (1 + strength * surprise) / 2)

    def difference(self, strength: float, rows: Bools) -> float:
        """The expected difference between the two groups among some rows."""
        chance = self.chance[rows]
        return float(2 * strength * np.mean(chance * (1 - chance))) if len(chance) else 0.0


def window(lives: Lives, purchases: Purchases, person: Ints, first: Ints, days: int, last: int) -> Window:
    """The purchases of people within `days` days, of which `first` is the first.

    Args:
        lives: The acquired customers.
        purchases: Their purchases.
        person: Acquired customers who bought for the first time before `first`.
        first: Days since 1970.
        days: The length of the windows.
        last: The last day of the sample.
    """
    base = 1_000_000  # above any day
    bought_on = np.sort(purchases.customer * base + purchases.day)
    before, within = (np.searchsorted(bought_on, person * base + day, side="left") for day in (first, first + days))
    gone = lives.dropout_day[person]
    is_there = (gone < 0) | (gone >= first)
    return Window(
        bought=np.asarray(within > before),
        chance=np.where(is_there, -np.expm1(-lives.rate_per_day[person] * days), 0.0),
        is_over=first + days - 1 <= last,
    )
