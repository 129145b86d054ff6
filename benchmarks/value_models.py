"""How fast the value models fit, against lifetimes on the same customers in the same run.

Here: a simulated population, both fits, the ratio. Not here: whether the fits are right (tests/unit/test_value_*.py).

    .venv/bin/python benchmarks/value_models.py [--customers 100000] [--repeats 5] [--seed 1]
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipelines.value import bg_nbd, bg_nbd_forecast, gamma_gamma, pareto_nbd
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


def say(line: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{line}\n")


def seconds(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """The median wall and processor seconds of several runs; the second is steadier on a shared machine."""
    wall, cpu = [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    return statistics.median(wall), statistics.median(cpu)


def ours_on_one_thread(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """As `seconds`, the way `score` runs it."""
    with threadpool_limits(limits=1, user_api="blas"):
        return seconds(work, repeats)


def told(model: object) -> str:
    """Its parameters in one line."""
    return ", ".join(f"{key} {value:.7g}" for key, value in vars(model).items())


def main() -> None:
    """Run both peers and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    x, t_x, age, mean = simulate(options.customers, options.seed)
    came_back = x > 0
    repeats, spent = x[came_back], mean[came_back]
    cells, spend = PurchaseCells.of(x, t_x, age), SpendCells.of(repeats, spent)
    say(f"{options.customers:,} customers in {cells.repeats.size:,} purchase cells")
    say(f"{repeats.size:,} repeaters in {spend.repeats.size:,} spend cells; median of {options.repeats} runs")

    found = bg_nbd.fit(cells).model
    if not isinstance(found, bg_nbd.BgNbd):
        parser.error("no dropout found in this population: take more customers")
    peer = BetaGeoFitter().fit(x, t_x, age)
    theirs_at = bg_nbd.BgNbd(*(float(peer.params_[name]) for name in ("r", "alpha", "a", "b")))
    for name, model in (("ours", found), ("lifetimes", theirs_at)):
        say(f"{name:10}{told(model)}; log-likelihood {bg_nbd.log_likelihood(model, cells):.4f}")
    pareto, pareto_peer = pareto_nbd.fit(cells).model, ParetoNBDFitter().fit(x, t_x, age)
    if isinstance(pareto, pareto_nbd.ParetoNbd):
        theirs_of_pareto = pareto_nbd.ParetoNbd(*(float(pareto_peer.params_[name]) for name in vars(pareto)))
        for name, each in (("ours", pareto), ("lifetimes", theirs_of_pareto)):
            say(f"{name:10}{told(each)}; log-likelihood {pareto_nbd.log_likelihood(each, cells):.4f}")

    def forecast() -> object:
        return bg_nbd_forecast.expected_purchases_given(found, cells.repeats, cells.recency, cells.age, 365.25)

    rows: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        (
            "BG/NBD fit",
            lambda: bg_nbd.fit(PurchaseCells.of(x, t_x, age)),
            lambda: BetaGeoFitter().fit(x, t_x, age),
        ),
        (
            "MBG/NBD fit",
            lambda: bg_nbd.fit(PurchaseCells.of(x, t_x, age), bg_nbd.MbgNbd),
            lambda: ModifiedBetaGeoFitter().fit(x, t_x, age),
        ),
        (
            "Pareto/NBD fit",
            lambda: pareto_nbd.fit(PurchaseCells.of(x, t_x, age)),
            lambda: ParetoNBDFitter().fit(x, t_x, age),
        ),
        (
            "Gamma-Gamma fit",
            lambda: gamma_gamma.fit(SpendCells.of(repeats, spent)),
            lambda: GammaGammaFitter().fit(repeats, spent),
        ),
        (
            "12-month forecast",
            forecast,
            lambda: peer.conditional_expected_number_of_purchases_up_to_time(365.25, x, t_x, age),
        ),
    ]
    say(f"{'seconds, wall (cpu)':22}{'ours':>16}{'lifetimes':>16}{'ratio':>16}")
    for name, our_work, their_work in rows:
        # a fit of theirs that takes half a minute is timed once
        times = 1 if name == "Pareto/NBD fit" else options.repeats
        ours, theirs = ours_on_one_thread(our_work, options.repeats), seconds(their_work, times)
        ratio = f"{theirs[0] / ours[0]:.1f} ({theirs[1] / ours[1]:.1f})"
        say(f"{name:22}{f'{ours[0]:.3f} ({ours[1]:.3f})':>16}{f'{theirs[0]:.3f} ({theirs[1]:.3f})':>16}{ratio:>16}")


if __name__ == "__main__":
    main()
