"""The value of 10,000,000 customers from 100,000,000 orders on a small machine: seconds and memory of each step.

Here: summary, fit, scores and the sorted file; the holdout apart. Not here: the SQL (value_scale.sql), or the orders
(orders.py, in a process of its own).

    python benchmarks/value_scale.py [--customers 10000000] [--orders 100000000] [--seed 1] [--folder FOLDER]
                                     [--memory 3500MB] [--threads 2] [--skip-holdout]

Writes some 15 GB under FOLDER (default: the system's folder for temporary files) and removes them. Orders that are in
FOLDER/orders-<customers>-<orders>-<seed> already are read and left there.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy
from rich.console import Console
from steps import Steps
from threadpoolctl import threadpool_limits

from pipelines.value import gamma_gamma, purchase_model
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.gamma_gamma import GammaGamma
from pipelines.value.purchase_model import Kind, PurchaseModel
from pipelines.value.uncertainty import count_interval
from pipelines.value.validation import HoldoutCells, Validation, validate

YEAR_DAYS = 365.25
HOLDOUT_DAYS = 274  # a quarter of the observation
FIT_CUSTOMERS = 250_000  # clv_fit_customers
SLICE = 250_000  # cells scored at a time
PARAMETER_DIGITS = 8
ALL_PURCHASES = "from purchase_cell"
ALL_SPEND = (
    "select * replace (mean_repeat_amount::double as mean_repeat_amount) from spend_cell where n_repeat_days > 0"
)

Scored = dict[str, pa.Array]


def statements(**places: object) -> dict[str, str]:
    """The queries of value_scale.sql by name, with the paths filled in."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for name, place in places.items():
        text = text.replace(f"{{{name}}}", str(place))
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fit_both(
    purchases: duckdb.DuckDBPyRelation, spend: duckdb.DuckDBPyRelation
) -> tuple[PurchaseModel, GammaGamma, str]:
    """BG/NBD and Gamma-Gamma fitted on cells, and a line that describes them."""
    cells = PurchaseCells.of(*_columns(purchases))
    spend_cells = SpendCells.of(*_columns(spend))
    found, found_spend = purchase_model.fit(Kind.BG_NBD, cells), gamma_gamma.fit(spend_cells)
    if found.model is None or found_spend.model is None:
        sys.exit(f"no fit: {found.status} and {found_spend.status}")
    parameters = vars(found.model) | vars(found_spend.model)
    fitted = ", ".join(f"{name} {value:.5g}" for name, value in parameters.items())
    note = f"{cells.n_customers:,.0f} customers, {cells.repeats.size:,} + {spend_cells.repeats.size:,} cells: {fitted}"
    return purchase_model.rounded(found.model, PARAMETER_DIGITS), found_spend.model, note


def forecast(model: PurchaseModel, cells: PurchaseCells) -> Scored:
    """The expected purchases of 12 months."""
    alive = purchase_model.p_alive(model, cells)
    return {
        "p_alive": pa.nulls(cells.repeats.size, pa.float64()) if alive is None else pa.array(alive),
        "expected_purchases_12m": pa.array(purchase_model.expected_purchases(model, cells, YEAR_DAYS)),
        "p_any_purchase_12m": pa.array(purchase_model.p_any_purchase(model, cells, YEAR_DAYS)),
    }


def intervals(model: PurchaseModel, cells: PurchaseCells) -> Scored:
    """The 80 % and 95 % intervals of the purchases of 12 months."""
    mean = purchase_model.expected_purchases(model, cells, YEAR_DAYS)
    variance = purchase_model.purchases_variance(model, cells, YEAR_DAYS)
    some = purchase_model.p_any_purchase(model, cells, YEAR_DAYS)
    ends = [end for level in (0.80, 0.95) for end in count_interval(mean, variance, level, some)]
    names = ("purchases_12m_low_80", "purchases_12m_high_80", "purchases_12m_low_95", "purchases_12m_high_95")
    return {name: pa.array(end.astype(np.int32)) for name, end in zip(names, ends, strict=True)}


def of_cells(batch: pa.RecordBatch, score: Callable[[PurchaseCells], Scored]) -> Scored:
    """A slice of purchase cells with their scores."""
    cells = PurchaseCells.of(*(column.to_numpy() for column in batch.columns))
    keys = {"n_repeat_days": cells.repeats, "recency_days": cells.recency, "age_days": cells.age}
    return {name: pa.array(values.astype(np.int32)) for name, values in keys.items()} | score(cells)


def stream(cells: duckdb.DuckDBPyRelation, file: Path, score: Callable[[pa.RecordBatch], Scored]) -> int:
    """Read cells from DuckDB in slices, score them and write them to a file; returns the number of rows."""
    writer, rows = None, 0
    for batch in cells.to_arrow_reader(SLICE):
        table = pa.table(score(batch))
        writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
        writer.write_table(table)
        rows += table.num_rows
    if writer:
        writer.close()
    return rows


def on_trial(connection: duckdb.DuckDBPyConnection) -> Validation | None:
    """All models on the holdout, as in the value step."""
    windows = []
    for name in ("holdout", "last_year"):
        window = connection.table("holdout_cell").filter(f"window_name = '{name}'")
        x, t_x, age, bought, customers = _columns(window.project("* exclude (window_name)"))
        windows.append(HoldoutCells.of(x, t_x, age, bought, HOLDOUT_DAYS, customers))
    return validate(*windows)


def _columns(cells: duckdb.DuckDBPyRelation) -> list[np.ndarray]:
    return [column.to_numpy() for column in cells.to_arrow_table().columns]


def run(orders: Path, folder: Path, options: argparse.Namespace, console: Console) -> None:
    """The steps, timed; three tables."""
    files = {name: folder / f"{name}.parquet" for name in ("purchase_scores", "interval_scores", "values")}
    sql = statements(orders=orders, fit_customers=FIT_CUSTOMERS, **files)
    steps = Steps()
    settings = {"threads": options.threads, "memory_limit": options.memory, "temp_directory": str(folder / "spill")}
    with duckdb.connect(folder / "value.duckdb", config=settings) as con, threadpool_limits(1, user_api="blas"):
        con.execute("set preserve_insertion_order = false")
        with steps.step("summary (the floor: bare SQL)"):
            con.execute(sql["summary"])
            steps.note = f"{con.table('summary').shape[0]:,} customers"
        with steps.step("cells"):
            con.execute(sql["cells"])
            con.execute(sql["sample"])
        with steps.step("fit on the hash sample"):
            model, spend, steps.note = fit_both(con.sql(sql["sample_purchase_cell"]), con.sql(sql["sample_spend_cell"]))
        with steps.step("score every cell"):
            # in this order, most values that depend only on (x, T) are computed once
            cells = con.table("purchase_cell").order("n_repeat_days, age_days, recency_days")
            rows = stream(cells, files["purchase_scores"], lambda batch: of_cells(batch, lambda c: forecast(model, c)))
            steps.note = f"{rows:,} cells"
        with steps.step("join, sort, write"):
            con.execute(sql["write"], vars(spend))
            written = pq.ParquetFile(files["values"]).metadata.num_rows
            steps.note = f"{written:,} rows, {files['values'].stat().st_size / 1e9:.2f} GB"
        console.print(steps.table("From orders to values"))
        with steps.step("fit on all cells"):
            _, _, steps.note = fit_both(con.table("purchase_cell"), con.sql(sql["all_spend_cell"]))
        with steps.step("intervals of every cell"):
            stream(cells, files["interval_scores"], lambda batch: of_cells(batch, lambda c: intervals(model, c)))
        console.print(steps.table("Apart"))
        if not options.skip_holdout:
            con.execute("drop table summary")
            with steps.step("purchase days"):
                con.execute(sql["days"])
            with steps.step("holdout cells"):
                con.execute(sql["holdout"])
            con.execute("set memory_limit = '500MB'")  # the rest is for Python
            with steps.step("holdout: four models, three peers"):
                found = on_trial(con)
                if found is not None:
                    scores = ", ".join(f"{score.name} {score.deviance:.4f}" for score in (*found.models, *found.peers))
                    steps.note = f"chosen {found.chosen}; deviance: {scores}"
            console.print(steps.table("Holdout"))


def main() -> None:
    """Draw the orders, run, clean up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--orders", type=int, default=100_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--memory", default="3500MB", help="what DuckDB may use; Python comes on top")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip-holdout", action="store_true")
    options = parser.parse_args()
    console = Console(width=150)
    console.print(
        f"{options.customers:,} customers, about {options.orders:,} orders, seed {options.seed}; "
        f"{os.cpu_count()} cores, "
        f"{options.threads} threads, DuckDB limited to {options.memory}, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, duckdb {duckdb.__version__}, numpy {np.__version__}, "
        f"scipy {scipy.__version__}"
    )
    folder = Path(tempfile.mkdtemp(prefix="loyalty-bench-", dir=options.folder))
    kept = options.folder / f"orders-{options.customers}-{options.orders}-{options.seed}"
    try:
        if not kept.is_dir():
            script = Path(__file__).with_name("orders.py")
            drawn = ("--customers", options.customers, "--orders", options.orders, "--seed", options.seed)
            subprocess.run([sys.executable, script, folder, *map(str, drawn)], check=True)
        run(kept if kept.is_dir() else folder / "orders", folder, options, console)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
