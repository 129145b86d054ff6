"""Does the behaviour score rank customers by their later revenue? Compared with three simple ranks, at every month end.

The home of a finished run is read; nothing is built. A run computes the behaviour score as of its day only. That of a
past month end comes from the SQL that the run compiled, with the day replaced. It reads what the run knew on its as-of
day, and of that only what happened until the month end.

    python benchmarks/loyalty_ranks.py examples/cdnow/home --days 90
"""

import argparse
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import rankdata

Floats = NDArray[np.float64]

MODELS = ("int_behaviour_value", "int_behaviour_cut_point", "int_customer_behaviour")
RANKS = ("behaviour score", "RFM sum", "revenue to date", "last 90 days")
# A run computes the decayed sums as of its day only.
DECAYED = """
create or replace table warehouse.intermediate.int_customer_summary as
with decayed as (
    select
        customer_key,
        sum((coalesce(net_amount, 0) - returned_amount) * pow(2, -date_diff('day', day_on, $day) / $half_life)) as net,
        sum(is_purchase_day::int * pow(2, -date_diff('day', day_on, $day) / $half_life)) as days,
    from built.intermediate.int_customer_day
    where day_on <= $day
    group by customer_key
)
select summaries.* replace (
    case when net_amount is not null then decayed.net end::decimal(18, 2) as decayed_net_amount,
    decayed.days::decimal(18, 8) as decayed_purchase_days
)
from built.intermediate.int_customer_summary as summaries
join decayed using (customer_key)
where observed_on = $day
"""
FACTS = """
select
    behaviour_score, r_quintile + f_quintile + coalesce(m_quintile, 0),
    coalesce(sum(net_amount) filter (ordered_on <= $day), 0),
    coalesce(sum(net_amount) filter (ordered_on <= $day and ordered_on > $day::date - 90), 0),
    coalesce(sum(net_amount) filter (ordered_on > $day and ordered_on <= $day::date + $days::int), 0),
from warehouse.intermediate.int_customer_behaviour
join (from built.intermediate.int_customer_rfm where observed_on = $day) using (customer_key)
left join (from built.marts.fct_order where is_purchase) using (customer_key)
group by customer_key, behaviour_score, r_quintile, f_quintile, m_quintile
order by customer_key
"""


class Past:
    """The scores of a run's past month ends.

    Args:
        home: The home of the run.
    """

    def __init__(self, home: Path) -> None:
        self.con = duckdb.connect()
        self.con.execute(f"attach '{home}/state/warehouse.duckdb' as built (read_only)")
        self.con.execute("attach ':memory:' as warehouse; create schema warehouse.intermediate;")
        settings = "intermediate.int_industry_settings"
        self.con.execute(f"create table warehouse.{settings} as from built.{settings}")
        compiled = home / "state" / "target" / "daily" / "compiled"
        self.sql = {name: next(compiled.rglob(f"{name}.sql")).read_text(encoding="utf-8") for name in MODELS}
        days = "select distinct observed_on from built.intermediate.int_customer_summary order by all"
        self.days: list[date] = [day for (day,) in self.con.execute(days).fetchall()]
        self.as_of = self.days[-1]
        half_life = "select value from built.marts.rpt_setting where setting = 'model.loyalty.purchase_half_life_days'"
        self.half_life = float(self.con.execute(half_life).fetchall()[0][0])

    def at(self, day: date, later_days: int) -> Floats:
        """One row per buyer: the four ranks' values, and the revenue of the days after the day."""
        self.con.execute(DECAYED, {"day": day, "half_life": self.half_life})
        for name, text in self.sql.items():
            query = text.replace(f"date '{self.as_of}'", f"date '{day}'")
            self.con.execute(f"create or replace table warehouse.intermediate.{name} as {query}")
        rows = self.con.execute(FACTS, {"day": day, "days": later_days}).fetchall()
        return np.array(rows, dtype=np.float64)


def correlations(values: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Spearman's correlation of each rank with the last column: first of all rows, then of each resample of them.

    Resamples keep the ranks of all customers.
    """
    ranks = np.column_stack([rankdata(column) for column in values.T])
    n = len(ranks)
    counts = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), resamples)]) / n
    mean, square = counts @ ranks, counts @ ranks**2
    spread = np.sqrt(np.maximum(square - mean**2, 1e-12))
    together = counts @ (ranks[:, :-1] * ranks[:, -1:])
    found: Floats = (together - mean[:, :-1] * mean[:, -1:]) / (spread[:, :-1] * spread[:, -1:])
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--days", type=int, default=90, help="length of the later period")
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--every", type=int, default=1, help="only each n-th month end")
    asked = parser.parse_args()
    past = Past(asked.home)
    rng = np.random.default_rng(1)
    table = Table("month end", "buyers", *RANKS, "score minus best other", title=f"{asked.days} days later")
    ends = [day for day in past.days if (past.as_of - day).days >= asked.days][:: asked.every]
    for day in ends:
        values = past.at(day, asked.days)
        found = correlations(values, asked.resamples, rng)
        low, high = np.quantile(found[1:], [0.025, 0.975], axis=0)
        cells = [f"{rho:.3f} ({a:.2f} to {b:.2f})" for rho, a, b in zip(found[0], low, high, strict=True)]
        best = 1 + int(found[0, 1:].argmax())
        gain = found[:, 0] - found[:, best]
        a, b = np.quantile(gain[1:], [0.025, 0.975])
        cells.append(f"{gain[0]:+.3f} ({a:+.3f} to {b:+.3f}), {RANKS[best]}")
        table.add_row(str(day), f"{len(values):,}", *cells)
    Console(width=180).print(table)


if __name__ == "__main__":
    main()
