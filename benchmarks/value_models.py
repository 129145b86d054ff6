"""How fast the value models fit, compared with lifetimes, clvkit and pymc-marketing on the same customers in one run.

Here: the fits, both sets of parameters put into one likelihood (ours), the ratios. Not here: how a peer is asked
(peers.py), whether the fits are right (tests/unit/test_value_*.py).

    python benchmarks/value_models.py [--customers 100000] [--repeats 5] [--seed 1] [--limit 900] [--peers-python PATH]

Each peer runs in a process of its own, in the Python given if it is installed there (`make bench-peers` makes
.venv-peers, which is the default), else in this one; a peer that is in neither is left out and named.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import scipy
from customers import Floats, simulate
from peers import NO_SUCH_MODEL, PEERS, YEAR_DAYS
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from pipelines.value import bg_nbd, bg_nbd_forecast, gamma_gamma, pareto_nbd
from pipelines.value.cells import PurchaseCells, SpendCells

PEERS_PYTHON = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
NAMES = {
    "bg_nbd": "BG/NBD",
    "mbg_nbd": "MBG/NBD",
    "pareto_nbd": "Pareto/NBD",
    "gamma_gamma": "Gamma-Gamma",
    "forecast": "12-month forecast",
}
TARGETS = {"bg_nbd": 20, "pareto_nbd": 50, "gamma_gamma": 10}  # times lifetimes' speed


@dataclass(frozen=True)
class Run:
    """The result of one contestant with one model; seconds of each run in their order."""

    wall: Sequence[float]
    cpu: Sequence[float]
    answer: dict[str, float]
    version: str = ""
    memory_gb: float = 0.0
    numpy: str = field(default="", repr=False)

    def again(self, seconds: Sequence[float]) -> float:
        """The median run after loading and compiling: without the first run, if there are several."""
        return statistics.median(seconds[1:] or seconds)


class Ours:
    """Our fits, from one array entry per customer to parameters, including sorting the customers into cells."""

    def __init__(self, x: Floats, t_x: Floats, age: Floats, mean: Floats) -> None:
        self._purchases = x, t_x, age
        self._spend = x[x > 0], mean[x > 0]
        self.cells = PurchaseCells.of(*self._purchases)
        self.spend_cells = SpendCells.of(*self._spend)
        found = bg_nbd.fit(self.cells).model
        if not isinstance(found, bg_nbd.BgNbd):
            sys.exit("no dropout found in this population: take more customers")
        self._bg_nbd = found

    def run(self, model: str, repeats: int) -> Run:
        """Like in `score`, on one BLAS thread."""
        work: dict[str, Callable[[], object]] = {
            "bg_nbd": lambda: bg_nbd.fit(PurchaseCells.of(*self._purchases)).model,
            "mbg_nbd": lambda: bg_nbd.fit(PurchaseCells.of(*self._purchases), bg_nbd.MbgNbd).model,
            "pareto_nbd": lambda: pareto_nbd.fit(PurchaseCells.of(*self._purchases)).model,
            "gamma_gamma": lambda: gamma_gamma.fit(SpendCells.of(*self._spend)).model,
            "forecast": self._forecast,
        }
        wall, cpu = [], []
        with threadpool_limits(limits=1, user_api="blas"):
            for _ in range(repeats + 1):
                start, used = time.perf_counter(), time.process_time()
                found = work[model]()
                wall.append(time.perf_counter() - start)
                cpu.append(time.process_time() - used)
        return Run(wall, cpu, found if isinstance(found, dict) else asdict(found))

    def log_likelihood(self, model: str, parameters: dict[str, float]) -> float:
        """The log-likelihood that is evaluated for all sets of parameters."""
        match model:
            case "bg_nbd":
                return bg_nbd.log_likelihood(bg_nbd.BgNbd(**_only(parameters, "r", "alpha", "a", "b")), self.cells)
            case "mbg_nbd":
                return bg_nbd.log_likelihood(bg_nbd.MbgNbd(**_only(parameters, "r", "alpha", "a", "b")), self.cells)
            case "pareto_nbd":
                at = pareto_nbd.ParetoNbd(**_only(parameters, "r", "alpha", "s", "beta"))
                return pareto_nbd.log_likelihood(at, self.cells)
            case _:
                at_spend = gamma_gamma.GammaGamma(**_only(parameters, "p", "q", "gamma"))
                return gamma_gamma.log_likelihood(at_spend, self.spend_cells)

    def _forecast(self) -> dict[str, float]:
        cells = self.cells
        expected = bg_nbd_forecast.expected_purchases_given(
            self._bg_nbd, cells.repeats, cells.recency, cells.age, YEAR_DAYS
        )
        return {"total": float(expected @ cells.customers)}


def _only(parameters: dict[str, float], *names: str) -> dict[str, float]:
    """The parameters without other output of a peer."""
    return {name: parameters[name] for name in names}


def ask(python: Path, package: str, model: str, customers: Path, options: argparse.Namespace) -> Run | str:
    """A peer's run, or the reason why there is none."""
    script = Path(__file__).with_name("peers.py")
    command = [python, script, package, model, customers, "--repeats", str(options.repeats + 1)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.limit)
    except subprocess.TimeoutExpired:
        return f"stopped after {options.limit:.0f} s"
    if done.returncode == NO_SUCH_MODEL:
        return "has no such model"
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"signal {-done.returncode}"])[-1]
        return f"failed: {why[:100]}"
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def python_of(package: str, given: Path) -> Path | None:
    """The first Python of the two that has the package."""
    look = "import sys; from importlib import util; sys.exit(util.find_spec(sys.argv[1]) is None)"
    pythons = [given, Path(sys.executable)] if given.is_file() else [Path(sys.executable)]
    return next((each for each in pythons if subprocess.run([each, "-c", look, package]).returncode == 0), None)


def main() -> None:
    """Run all contestants and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which a peer is stopped")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON)
    parser.add_argument("--models", nargs="+", choices=NAMES, default=list(NAMES))
    options = parser.parse_args()
    console = Console(width=130)
    arrays = simulate(options.customers, options.seed)
    ours = Ours(*arrays)
    pythons = {package: python_of(package, options.peers_python) for package in PEERS}
    runs: dict[tuple[str, str], Run | str] = {}
    with tempfile.TemporaryDirectory(prefix="loyalty-bench-") as folder:
        file = Path(folder) / "customers.npz"
        np.savez(file, **dict(zip(("frequency", "recency", "T", "monetary_value"), arrays, strict=True)))
        for model in options.models:
            runs[model, "ours"] = ours.run(model, options.repeats)
            for package, python in pythons.items():
                if python is not None:
                    runs[model, package] = ask(python, package, model, file, options)
    versions = {package: run.version for (_, package), run in runs.items() if isinstance(run, Run) and run.version}
    console.print(
        f"{options.customers:,} customers (seed {options.seed}) in {ours.cells.repeats.size:,} purchase cells; "
        f"{np.count_nonzero(arrays[0]):,} repeaters in {ours.spend_cells.repeats.size:,} spend cells; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, "
        f"numpy {np.__version__}, scipy {scipy.__version__}; "
        + ", ".join(f"{package} {version}" for package, version in versions.items())
    )
    console.print(speed_table(runs), likelihood_table(runs, ours))
    for model, target in TARGETS.items():
        mine, theirs = runs.get((model, "ours")), runs.get((model, "lifetimes"))
        if isinstance(mine, Run) and isinstance(theirs, Run):
            ratio = theirs.again(theirs.wall) / mine.again(mine.wall)
            console.print(f"{NAMES[model]}: {ratio:.1f} times lifetimes' speed; the target is {target}")
    for package, python in pythons.items():
        if python is None:
            console.print(f"Left out: {package} is not installed. `make bench-peers` puts it into .venv-peers.")


def speed_table(runs: dict[tuple[str, str], Run | str]) -> Table:
    """Seconds, and their ratio to ours."""
    table = Table("model", "by", title="Speed; median of the runs after the first, which loads and compiles")
    for name in ("first, s", "again, s", "processor s", "times ours", "(processor)", "memory, GB"):
        table.add_column(name, justify="right")
    for (model, package), run in runs.items():
        mine = runs[model, "ours"]
        if isinstance(run, str) or isinstance(mine, str):
            table.add_row(NAMES[model], package, str(run))
            continue
        wall, cpu = run.again(run.wall), run.again(run.cpu)
        table.add_row(
            NAMES[model],
            package,
            f"{run.wall[0]:.3f}",
            f"{wall:.3f}" if len(run.wall) > 1 else "",
            f"{cpu:.3f}",
            "" if run is mine else f"{wall / mine.again(mine.wall):.1f}",
            "" if run is mine else f"({cpu / mine.again(mine.cpu):.1f})",
            f"{run.memory_gb:.1f}" if run.memory_gb else "",
            end_section=package == list(PEERS)[-1],
        )
    return table


def likelihood_table(runs: dict[tuple[str, str], Run | str], ours: Ours) -> Table:
    """Parameters and our likelihood at them; for the forecast its total."""
    table = Table("model", "by", title="Log-likelihood by one function at each one's parameters")
    table.add_column("log-likelihood", justify="right")
    table.add_column("less than ours by", justify="right")
    table.add_column("parameters")
    for (model, package), run in runs.items():
        mine = runs[model, "ours"]
        if isinstance(run, str) or isinstance(mine, str):
            continue
        fitted = ", ".join(f"{name} {run.answer[name]:.7g}" for name in mine.answer)
        if model == "forecast":
            table.add_row(NAMES[model], package, "", "", fitted)
            continue
        value, best = ours.log_likelihood(model, run.answer), ours.log_likelihood(model, mine.answer)
        table.add_row(
            NAMES[model],
            package,
            f"{value:.4f}",
            "" if run is mine else f"{round(best - value, 4) + 0.0:.4f}",
            fitted,
        )
    return table


if __name__ == "__main__":
    main()
