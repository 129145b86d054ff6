"""The error of a fit on a fixed hash sample of 250,000 customers, compared with the fit on all 1,000,000.

Here: both fits, what our likelihood makes of both on everybody, and the totals of 12 months that follow. Not here: the
rule in SQL (int_fit_sample).

    python benchmarks/value_sample.py [--customers 1000000] [--sample 250000] [--seed 1]
"""

import argparse
import hashlib
import os
import platform
import sys
import time
from typing import NamedTuple

import numpy as np
import scipy
from customers import simulate
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from pipelines.value import gamma_gamma, purchase_model
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.purchase_model import Kind

YEAR_DAYS = 365.25


def in_sample(customers: int, sample: int) -> NDArray[np.bool_]:
    """The sample: keys are hashes, and whole buckets by their first three digits are added while they fit."""
    keys = (hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest() for number in range(customers))
    buckets = np.array([int(key[:3], 16) for key in keys])
    through = np.cumsum(np.bincount(buckets, minlength=4096))
    return buckets < np.count_nonzero(through <= sample)


class Fit(NamedTuple):
    """A fit, and its forecast for all customers."""

    n_customers: float
    seconds: float
    parameters: dict[str, float]
    log_likelihood: float
    total: float


def of_purchases(kind: Kind, cells: PurchaseCells, everybody: PurchaseCells) -> Fit:
    """Fitted on cells; the total is the expected purchases of all customers in 12 months."""
    start = time.perf_counter()
    model = purchase_model.fit(kind, cells).model
    seconds = time.perf_counter() - start
    if model is None:
        sys.exit(f"{kind} was not fitted: take more customers")
    total = float(purchase_model.expected_purchases(model, everybody, YEAR_DAYS) @ everybody.customers)
    return Fit(cells.n_customers, seconds, vars(model), purchase_model.log_likelihood(model, everybody), total)


def of_spend(cells: SpendCells, everybody: SpendCells) -> Fit:
    """Fitted on cells; the total is the sum of the expected amounts of each repeater's next purchase day."""
    start = time.perf_counter()
    model = gamma_gamma.fit(cells).model
    seconds = time.perf_counter() - start
    if model is None:
        sys.exit("Gamma-Gamma was not fitted: take more customers")
    total = float(gamma_gamma.expected_spend(model, everybody.repeats, everybody.mean_spend) @ everybody.customers)
    return Fit(cells.n_customers, seconds, vars(model), gamma_gamma.log_likelihood(model, everybody), total)


def add_rows(table: Table, name: str, full: Fit, sampled: Fit) -> None:
    """One row per fit."""
    for where, fit in (("all", full), ("sample", sampled)):
        table.add_row(
            name,
            where,
            f"{fit.n_customers:,.0f}",
            f"{fit.seconds:.2f}",
            ", ".join(f"{key} {each:.6g}" for key, each in fit.parameters.items()),
            f"{fit.log_likelihood:.2f}",
            f"{full.log_likelihood - fit.log_likelihood:.2f}" if fit is sampled else "",
            f"{fit.total:,.0f}",
            f"{100 * (fit.total / full.total - 1):+.3f} %" if fit is sampled else "",
            end_section=fit is sampled,
        )


def main() -> None:
    """Fit and print: for the purchase models the total purchases of 12 months, for the spend model amounts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=250_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    x, t_x, age, mean = simulate(options.customers, options.seed)
    drawn = in_sample(options.customers, options.sample)

    def purchases(which: NDArray[np.bool_]) -> PurchaseCells:
        return PurchaseCells.of(x[which], t_x[which], age[which])

    def spend(which: NDArray[np.bool_]) -> SpendCells:
        return SpendCells.of(x[which & (x > 0)], mean[which & (x > 0)])

    everybody = np.ones(options.customers, dtype=bool)
    table = Table("model", "fitted on", title="A fit on the sample and the fit on all; figures are for all customers")
    for name in ("customers", "fit, s", "parameters", "log-likelihood", "less by", "total", "differs by"):
        table.add_column(name, justify="left" if name == "parameters" else "right")
    with threadpool_limits(limits=1, user_api="blas"):
        all_cells, drawn_cells = purchases(everybody), purchases(drawn)
        for kind in Kind:
            fits = (of_purchases(kind, cells, all_cells) for cells in (all_cells, drawn_cells))
            add_rows(table, kind, *fits)
        all_spend, drawn_spend = spend(everybody), spend(drawn)
        add_rows(table, "gamma_gamma", *(of_spend(cells, all_spend) for cells in (all_spend, drawn_spend)))
    console = Console(width=170)
    console.print(
        f"{options.customers:,} customers (seed {options.seed}), hash sample of {np.count_nonzero(drawn):,}; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, "
        f"numpy {np.__version__}, scipy {scipy.__version__}"
    )
    console.print(table)


if __name__ == "__main__":
    main()
