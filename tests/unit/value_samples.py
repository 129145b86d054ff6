"""Populations for the tests of the value models: the CDNOW log, simulated customers, cells as Parquet files.

Data only; what must hold of it is said by the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOLDOUT = pa.schema(
    [
        ("window_name", pa.string()),
        ("cut_on", pa.date32()),
        ("holdout_days", pa.int32()),
        *((name, pa.int32()) for name in ("n_repeat_days", "recency_days", "age_days", "n_holdout_days")),
        ("n_customers", pa.int64()),
    ]
)
WEEKS = pa.schema([("cut_on", pa.date32()), ("week_number", pa.int32()), ("n_purchase_days", pa.int64())])
CALIBRATION_END = date(1997, 9, 30)


@dataclass(frozen=True)
class Customers:
    """One customer an entry; time in days. `mean` is the mean amount of a repeat day, NaN without one."""

    repeats: Floats
    recency: Floats
    age: Floats
    mean: Floats


def packaged_cdnow() -> Path:
    """The CDNOW 1/10 sample that lifetimes carries; the package is not imported (it warns under pandas 3)."""
    spec = find_spec("lifetimes")
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"


def cdnow_holdout(log: Path) -> Floats:
    """Purchase days after the calibration period, in the order of read_cdnow."""
    return np.array([len(later) for later in _days_after(log)], dtype=np.float64)


def cdnow_weeks(log: Path) -> Floats:
    """The same by week, of all customers together."""
    weeks = [((day - CALIBRATION_END).days - 1) // 7 for later in _days_after(log) for day in later]
    return np.bincount(weeks).astype(np.float64)


def _days_after(log: Path) -> list[set[date]]:
    """Of each customer, the purchase days after the calibration period."""
    days: dict[str, set[date]] = {}
    for line in log.read_text(encoding="ascii").splitlines():
        _, customer, day, *_ = line.split()
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        later = days.setdefault(customer, set())
        if on > CALIBRATION_END:
            later.add(on)
    return list(days.values())


def weeks_table(by_week: Floats) -> pa.Table:
    """Purchase days by week as the orchestration exports them: no row for a week without any."""
    bought = np.flatnonzero(by_week)
    columns = [[CALIBRATION_END] * bought.size, bought + 1, by_week[bought].astype(np.int64)]
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, WEEKS, strict=True)], schema=WEEKS
    )


def holdout_table(customers: Customers, bought: Floats, days: int, window: str = "holdout") -> pa.Table:
    """Cells of a holdout as the orchestration exports them."""
    cells, counts = np.unique(
        np.stack([customers.repeats, customers.recency, customers.age, bought]).astype(np.int32),
        axis=1,
        return_counts=True,
    )
    columns = [
        pa.array([window] * counts.size),
        pa.array([CALIBRATION_END] * counts.size, pa.date32()),
        pa.array([days] * counts.size, pa.int32()),
        *(pa.array(values, pa.int32()) for values in cells),
        pa.array(counts, pa.int64()),
    ]
    return pa.Table.from_arrays(columns, schema=HOLDOUT)


def read_cdnow(log: Path) -> Customers:
    """The calibration period, purchases of one day taken together."""
    days: dict[str, dict[date, float]] = {}
    for line in log.read_text(encoding="ascii").splitlines():
        _, customer, day, _, amount = line.split()
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        if on <= CALIBRATION_END:
            bought = days.setdefault(customer, {})
            bought[on] = bought.get(on, 0.0) + float(amount)
    rows = []
    for bought in days.values():
        first, last = min(bought), max(bought)
        later = [amount for on, amount in bought.items() if on > first]
        mean = sum(later) / len(later) if later else np.nan
        rows.append((len(later), (last - first).days, (CALIBRATION_END - first).days, mean))
    return Customers(*np.array(rows, dtype=np.float64).T)


def simulate(
    customers: int, seed: int, *, r: float = 0.6, alpha: float = 30.0, a: float = 0.8, b: float = 2.5, days: int = 730
) -> Customers:
    """BG/NBD buyers with Gamma-Gamma spend in whole days and cents; a = 0 for buyers who never leave."""
    rng = np.random.default_rng(seed)
    age = np.floor(rng.uniform(0, days, customers))
    rate = rng.gamma(r, 1 / alpha, customers)
    dropout = rng.beta(a, b, customers) if a > 0 else np.zeros(customers)
    repeats, recency, clock = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    alive = np.ones(customers, dtype=bool)
    while alive.any():
        clock = clock + rng.exponential(1 / np.maximum(rate, 1e-9))
        day = np.minimum(np.ceil(clock), 1e9)
        bought = alive & (day <= age)
        repeats += bought & (day > recency)
        recency = np.where(bought, day, recency)
        alive = bought & (rng.random(customers) > dropout)
    scale = rng.gamma(4.0, 1 / 15.0, customers)
    mean = np.round(rng.gamma(6.0 * np.maximum(repeats, 1)) / scale / np.maximum(repeats, 1), 2)
    return Customers(repeats, recency, age, np.where(repeats > 0, np.maximum(mean, 0.01), np.nan))


def write_cells(
    exchange: Path, customers: Customers, *, shuffle: int | None = None, observed_on: date = CALIBRATION_END
) -> None:
    """The files of cells, as the orchestration exports them, of one day; `shuffle` is a seed."""
    keys = ("n_repeat_days", "recency_days", "age_days")
    bought, n_bought = _counted(customers.repeats, customers.recency, customers.age)
    purchases = {
        **{name: pa.array(column, pa.int32()) for name, column in zip(keys, bought, strict=True)},
        "n_customers": pa.array(n_bought, pa.int64()),
    }
    cents = np.round(np.nan_to_num(customers.mean) * 100)
    spent, n_spent = _counted(customers.repeats, cents)
    means = [f"{value // 100}.{value % 100:02d}" for value in spent[1].tolist()]
    spend = {
        "n_repeat_days": pa.array(spent[0], pa.int32()),
        "mean_repeat_amount": pa.array(means, pa.string()).cast(pa.decimal128(18, 2)),
        "n_customers": pa.array(n_spent, pa.int64()),
    }
    tables = {
        "purchase_cells": pa.table(purchases),
        "purchase_fit_cells": _of_day(purchases, observed_on, customers.repeats.size),
        "spend_fit_cells": _of_day(spend, observed_on, customers.repeats.size),
        "holdout_cells": HOLDOUT.empty_table(),
        "holdout_week_cells": WEEKS.empty_table(),
    }
    for name, table in tables.items():
        if shuffle is not None:
            table = table.take(np.random.default_rng(shuffle).permutation(table.num_rows))
        pq.write_table(table, exchange / f"{name}.parquet")


def add_day(exchange: Path, customers: Customers, observed_on: date) -> None:
    """The cells to fit on of one more day, beside those that write_cells wrote."""
    with TemporaryDirectory() as folder:
        write_cells(Path(folder), customers, observed_on=observed_on)
        for name in ("purchase_fit_cells.parquet", "spend_fit_cells.parquet"):
            both = pa.concat_tables([pq.read_table(exchange / name), pq.read_table(Path(folder) / name)])
            pq.write_table(both, exchange / name)


def _counted(*columns: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    cells, counts = np.unique(np.stack(columns).astype(np.int64), axis=1, return_counts=True)
    return cells, counts


def _of_day(columns: Mapping[str, pa.Array], observed_on: date, population: int) -> pa.Table:
    rows = len(columns["n_customers"])
    day = pa.array([observed_on] * rows, pa.date32())
    return pa.table({"observed_on": day, **columns, "n_population": pa.array([population] * rows, pa.int64())})
