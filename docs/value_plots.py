"""Draws the figures of docs/value-models.md from real purchase days: CDNOW and Online Retail.

    .venv/bin/python -m pip install matplotlib        # for figures only, so not in the lock
    .venv/bin/python docs/value_plots.py [--retail HOME]

The CDNOW data are part of the package lifetimes. HOME is a home in which examples/online_retail was run to its last
day. Without HOME the figure of Online Retail is not drawn again.
"""

import argparse
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import duckdb
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.value import bg_nbd_forecast, nbd, pareto_nbd_forecast, purchase_model
from pipelines.value.bg_nbd import BgNbd
from pipelines.value.holdout import by_frequency, calibration
from pipelines.value.nbd import Nbd
from pipelines.value.purchase_model import Kind, PurchaseModel
from pipelines.value.tracking import n_weeks, track
from pipelines.value.validation import HoldoutCells

Floats = NDArray[np.float64]

IMAGES = Path(__file__).parent / "images"
NAMES = {Kind.NBD: "NBD", Kind.BG_NBD: "BG/NBD", Kind.MBG_NBD: "MBG/NBD", Kind.PARETO_NBD: "Pareto/NBD"}
COLOURS = {Kind.NBD: "#999999", Kind.BG_NBD: "#d55e00", Kind.MBG_NBD: "#009e73", Kind.PARETO_NBD: "#0072b2"}

# read the table `days` with one row per customer and purchase day: columns customer, day_on
HOLDOUT = """
    select
        count(*) filter (day_on <= $cut) - 1 as x,
        max(day_on) filter (day_on <= $cut) - min(day_on) as t_x,
        $cut - min(day_on) as age,
        count(*) filter (day_on > $cut) as bought
    from days where day_on <= $ends group by customer having x >= 0
"""
WEEKS = """
    select ceil((day_on - $cut) / 7)::integer as week, count(*) as bought
    from days where day_on > $cut and day_on <= $ends
        and customer in (select customer from days where day_on <= $cut) group by week
"""


class Log:
    """Purchase days in DuckDB's table `days` (customer, day_on)."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def holdout(self, cut: date, ends: date) -> HoldoutCells:
        """All customers known at the cut."""
        found = self.connection.execute(HOLDOUT, {"cut": cut, "ends": ends}).fetchnumpy()
        return HoldoutCells.of(found["x"], found["t_x"], found["age"], found["bought"], float((ends - cut).days))

    def weeks(self, cut: date, ends: date) -> Floats:
        """Their purchase days in each week after the cut."""
        found = self.connection.execute(WEEKS, {"cut": cut, "ends": ends}).fetchnumpy()
        by_week = np.zeros(n_weeks((ends - cut).days))
        by_week[found["week"] - 1] = found["bought"]
        return by_week


def cdnow() -> Log:
    """The purchase days in the package lifetimes."""
    spec = find_spec("lifetimes")
    assert spec is not None and spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"
    connection = duckdb.connect()
    connection.execute(
        """
        create table days as
        with log as (
            select regexp_extract_all(line, '[0-9.]+') as field
            from read_csv(?, columns = {'line': 'varchar'}, delim = '|', header = false)
        )
        select distinct field[2] as customer, strptime(field[3], '%Y%m%d')::date as day_on from log
        """,
        [str(path)],
    )
    return Log(connection)


def online_retail(home: Path) -> Log:
    """The warehouse of a run of examples/online_retail."""
    connection = duckdb.connect(str(home / "state" / "warehouse.duckdb"), read_only=True)
    connection.execute(
        "create temp view days as select customer_key as customer, day_on"
        " from intermediate.int_customer_day where is_purchase_day"
    )
    return Log(connection)


def fitted(cells: HoldoutCells, *kinds: Kind) -> dict[Kind, PurchaseModel]:
    """The models as fitted up to the cut."""
    found = {kind: purchase_model.fit(kind, cells.history()).model for kind in kinds}
    return {kind: model for kind, model in found.items() if model is not None}


def of_new_customers(model: PurchaseModel, age: float) -> float:
    """Expected repeat purchases of a customer in the `age` days since their first purchase."""
    match model:
        case Nbd():
            return float(nbd.expected_purchases(model, np.zeros(1), np.zeros(1), age)[0])
        case BgNbd():
            return bg_nbd_forecast.expected_purchases(model, age)
        case _:
            return pareto_nbd_forecast.expected_purchases(model, age)


def draw_cdnow(log: Log) -> Figure:
    """78 weeks of tracking, purchases by frequency, and predicted probabilities compared with actual shares."""
    first, cut, ends = date(1997, 1, 1), date(1997, 9, 30), date(1998, 6, 30)
    cells = log.holdout(cut, ends)
    models = fitted(cells, Kind.BG_NBD, Kind.MBG_NBD, Kind.PARETO_NBD)
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    tracking, frequency, probability = figure.subplots(1, 3)

    repeats = log.connection.execute(
        "select day_on - $first as day, count(*) as n from days"
        " where (customer, day_on) not in (select customer, min(day_on) from days group by customer) group by day",
        {"first": first},
    ).fetchnumpy()
    begins = log.connection.execute(
        "select first - $first as day, count(*) as n"
        " from (select min(day_on) as first from days group by customer) group by day",
        {"first": first},
    ).fetchnumpy()
    weeks = np.arange(0, 79)
    actual = [repeats["n"][repeats["day"] < 7 * week].sum() for week in weeks]
    tracking.plot(weeks, actual, color="black", label="actual")
    for kind, model in models.items():
        predicted = [
            sum(
                int(n) * of_new_customers(model, float(7 * week - day))
                for day, n in zip(begins["day"], begins["n"], strict=True)
                if 7 * week > day
            )
            for week in weeks
        ]
        tracking.plot(weeks, predicted, color=COLOURS[kind], linestyle="--", label=NAMES[kind])
    tracking.axvline(39, color="#cccccc")
    label(tracking, "CDNOW: repeat purchases, cumulative", "week of 1997-98; fitted up to the line", "purchase days")

    predicted_of = {
        kind: purchase_model.expected_purchases(model, cells.known, cells.horizon) for kind, model in models.items()
    }
    for kind, predicted in predicted_of.items():
        bins = by_frequency(cells.known.repeats, predicted, cells.bought, cells.known.customers)
        frequency.plot([one.predicted for one in bins], color=COLOURS[kind], linestyle="--", marker=".")
    frequency.plot([one.actual for one in bins], color="black", marker=".")
    frequency.set_xticks(range(8), [*map(str, range(7)), "7+"])
    label(frequency, "CDNOW: the 39 weeks after the cut", "repeat days before it", "purchase days a customer")

    for kind, model in models.items():
        draw_calibration(probability, model, cells, COLOURS[kind])
    label(probability, "CDNOW: at least one purchase day", "predicted probability", "share of customers")
    tracking.legend(frameon=False)
    return figure


def draw_retail(log: Log) -> Figure:
    """Weeks after a cut in June and in September, where Christmas follows, and probabilities."""
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    *panels, probability = figure.subplots(1, 3)
    for panel, cut, ends, name in zip(
        panels,
        (date(2011, 6, 10), date(2011, 9, 9)),
        (date(2011, 9, 9), date(2011, 12, 9)),
        ("June to September", "September to December"),
        strict=True,
    ):
        cells = log.holdout(cut, ends)
        (model,) = fitted(cells, Kind.BG_NBD).values()
        weeks = track(model, cells.history(), log.weeks(cut, ends), cells.horizon)
        n = cells.known.n_customers
        panel.plot([one.high / 7 for one in weeks], [one.actual * n for one in weeks], color="black", label="actual")
        kind = purchase_model.kind_of(model)
        predicted = [one.predicted * n for one in weeks]
        panel.plot([one.high / 7 for one in weeks], predicted, color=COLOURS[kind], linestyle="--", label=NAMES[kind])
        rate = float(cells.known.customers @ cells.own_rate())
        panel.plot(
            [0, cells.horizon / 7], [0, rate], color="#cc79a7", linestyle=":", label="(x + 1) / T of each customer"
        )
        label(panel, f"Online Retail: {name}", f"weeks since {cut}", "purchase days, cumulative")
        panel.legend(frameon=False)
        draw_calibration(probability, model, cells, "#0072b2" if cut.month == 6 else "#d55e00", name)
    label(probability, "Online Retail: at least one purchase day", "predicted probability", "share of customers")
    probability.legend(frameon=False)
    return figure


def draw_calibration(panel: Axes, model: PurchaseModel, cells: HoldoutCells, colour: str, name: str = "") -> None:
    """What happened to customers with about the same predicted probability."""
    predicted = purchase_model.p_any_purchase(model, cells.known, cells.horizon)
    bins = calibration(predicted, (cells.bought > 0).astype(float), cells.known.customers)
    panel.plot([0, 1], [0, 1], color="#cccccc", linewidth=1)
    panel.plot([one.predicted for one in bins], [one.actual for one in bins], color=colour, marker=".", label=name)


def label(panel: Axes, title: str, x: str, y: str) -> None:
    """The title and the axis labels of a panel."""
    panel.set_title(title, fontsize=10)
    panel.set_xlabel(x, fontsize=9)
    panel.set_ylabel(y, fontsize=9)
    panel.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """Draw the figures whose data are available."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--retail", type=Path, metavar="HOME", help="a home in which examples/online_retail was run")
    options = parser.parse_args()
    mpl.rcParams["svg.hashsalt"] = "loyalty-marts"  # the same figure is the same file
    IMAGES.mkdir(exist_ok=True)
    figures = {"value-cdnow": draw_cdnow(cdnow())}
    if options.retail is not None:
        figures["value-online-retail"] = draw_retail(online_retail(options.retail))
    for name, figure in figures.items():
        figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
