"""How fast the value models fit, against lifetimes on the same customers in the same run.

Here: a simulated population, both fits, the ratio. Not here: whether the fits are right (tests/unit/test_value_*.py).

    .venv/bin/python benchmarks/value_models.py [--customers 100000] [--repeats 3] [--seed 1]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from lifetimes import BetaGeoFitter, GammaGammaFitter
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipelines.value import bg_nbd, bg_nbd_forecast, gamma_gamma
from pipelines.value.cells import PurchaseCells, SpendCells

Floats = NDArray[np.float64]

TRUTH = {"r": 0.6, "alpha": 30.0, "a": 0.8, "b": 2.5, "p": 6.0, "q": 4.0, "gamma": 15.0}  # days, currency
OBSERVED_DAYS = 730


def simulate(customers: int, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """x, t_x, T in whole days and the mean amount of a repeat day, each of shape (customers,)."""
    rng = np.random.default_rng(seed)
    age = np.floor(rng.uniform(0, OBSERVED_DAYS, customers))
    rate = rng.gamma(TRUTH["r"], 1 / TRUTH["alpha"], customers)
    dropout = rng.beta(TRUTH["a"], TRUTH["b"], customers)
    repeats, recency, clock = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    alive = np.ones(customers, dtype=bool)
    while alive.any():
        clock = clock + rng.exponential(1 / np.maximum(rate, 1e-9))
        day = np.minimum(np.ceil(clock), 1e9)  # a purchase day is a whole day, and counts once
        bought = alive & (day <= age)
        repeats += bought & (day > recency)
        recency = np.where(bought, day, recency)
        alive = bought & (rng.random(customers) > dropout)
    scale = rng.gamma(TRUTH["q"], 1 / TRUTH["gamma"], customers)
    days = np.maximum(repeats, 1)
    mean = np.maximum(np.round(rng.gamma(TRUTH["p"] * days) / scale / days, 2), 0.01)
    return repeats, recency, age, np.where(repeats > 0, mean, 0.0)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The median of several runs."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Run both peers and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    x, t_x, age, mean = simulate(options.customers, options.seed)
    came_back = x > 0
    cells, spend = PurchaseCells.of(x, t_x, age), SpendCells.of(x[came_back], mean[came_back])
    print(f"{options.customers:,} customers, {cells.repeats.size:,} purchase cells", end=", ")
    print(f"{int(came_back.sum()):,} repeaters, {spend.repeats.size:,} spend cells; median of {options.repeats}")

    def on_one_thread(work: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            with threadpool_limits(limits=1, user_api="blas"):
                return work()

        return run

    peer = BetaGeoFitter()
    rows = [
        (
            "BG/NBD fit",
            seconds(on_one_thread(lambda: bg_nbd.fit(PurchaseCells.of(x, t_x, age))), options.repeats),
            seconds(lambda: peer.fit(x, t_x, age), options.repeats),
        ),
        (
            "Gamma-Gamma fit",
            seconds(
                on_one_thread(lambda: gamma_gamma.fit(SpendCells.of(x[came_back], mean[came_back]))), options.repeats
            ),
            seconds(lambda: GammaGammaFitter().fit(x[came_back], mean[came_back]), options.repeats),
        ),
    ]
    found = bg_nbd.fit(cells).model
    if isinstance(found, bg_nbd.BgNbd):
        ours = seconds(
            lambda: bg_nbd_forecast.expected_purchases_given(found, cells.repeats, cells.recency, cells.age, 365.25),
            options.repeats,
        )
        theirs = seconds(
            lambda: peer.conditional_expected_number_of_purchases_up_to_time(365.25, x, t_x, age), options.repeats
        )
        rows.append(("12-month forecast", ours, theirs))
        theirs_at = bg_nbd.BgNbd(*(float(peer.params_[name]) for name in ("r", "alpha", "a", "b")))
        print(f"ours   {found}  log-likelihood {bg_nbd.log_likelihood(found, cells):.4f}")
        print(f"theirs {theirs_at}  log-likelihood {bg_nbd.log_likelihood(theirs_at, cells):.4f}")
    print(f"{'':20}{'ours s':>10}{'lifetimes s':>14}{'ratio':>8}")
    for name, ours, theirs in rows:
        print(f"{name:20}{ours:>10.3f}{theirs:>14.3f}{theirs / ours:>8.1f}")


if __name__ == "__main__":
    main()
