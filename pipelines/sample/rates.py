"""Daily rates of the second currency in the reporting currency. At weekends there is none: Friday's rate applies."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.feed import Every, Feed
from pipelines.sample.process import Ints, draws

CURRENCY = "USD"
UNIT = 10**8


@dataclass(frozen=True)
class Rates:
    """Rates in units of 1e-8 euro per dollar.

    Attributes:
        first: Day of the first entry of `on_day`.
        on_day: The rate that applies on each day (at the weekend Friday's).
        days: The days on which a rate is quoted.
    """

    first: int
    on_day: Ints
    days: Ints

    def at(self, days: Ints) -> Ints:
        """The rate that applies on each of the days."""
        return self.on_day[days - self.first]


def build(first: int, last: int, seed: int) -> Rates:
    """A random walk around 0.92, quoted from ten days before the first day of sales."""
    rng = draws(seed, "rates")
    start = first - 10
    every = np.arange(start, last + 1, dtype=np.int64)
    quoted = (every + 3) % 7 < 5
    quoted[0] = True
    walk = np.clip(0.92 * np.exp(np.cumsum(rng.normal(0.0, 0.004, len(every)))), 0.8, 1.05)
    rate = np.rint(walk * 10**6).astype(np.int64) * (UNIT // 10**6)
    latest = np.maximum.accumulate(np.where(quoted, np.arange(len(every)), 0))
    return Rates(start, rate[latest], every[quoted])


def feed(rates: Rates, first: int) -> Feed:
    """Weekly files of daily rates. Rates before the first day are in the first file."""

    def render(rows: Ints) -> pa.Table:
        days = rates.days[rows]
        return pa.table(
            {
                "day": text.day_text(days),
                "currency": text.constant(CURRENCY, len(days)),
                "eur_per_unit": text.decimal(rates.at(days) / UNIT, 6),
                "published": text.zulu(days * text.DAY_S + 15 * 3600),
            }
        )

    return Feed("fx_rates", "csv", Every.WEEK, "fx_rates", ("day", "currency"), np.maximum(rates.days, first), render)
