"""The trial of the models as files: in go holdout cells, out come the choice and predicted and actual purchases.

Here: how what validation.py, tracking.py and interval_check.py find becomes rows of value_validation.parquet. Not here:
what they find.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.base.errors import BuildError
from pipelines.value.holdout import Bin, ForecastScore
from pipelines.value.interval_check import check_intervals
from pipelines.value.purchase_model import Kind
from pipelines.value.tracking import n_weeks, track
from pipelines.value.validation import HoldoutCells, Validation, validate

HOLDOUT, LAST_YEAR_WINDOW = "holdout", "last_year"
_DECIMALS = 8
_SCHEMA = pa.schema(
    [
        ("cut_on", pa.date32()),
        ("holdout_days", pa.int32()),
        ("part", pa.string()),
        ("forecast", pa.string()),
        ("fitted_model", pa.string()),
        ("bin", pa.int32()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("n_customers", pa.int64()),
        ("predicted", pa.float64()),
        ("actual", pa.float64()),
        ("deviance", pa.float64()),
        ("deviance_gap", pa.float64()),
        ("deviance_gap_error", pa.float64()),
        ("mean_absolute_error", pa.float64()),
        ("total_error", pa.float64()),
        ("is_chosen", pa.bool_()),
        ("beats_naive", pa.bool_()),
        ("seasonal_index", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Trial:
    """The result of the comparison of models.

    Attributes:
        chosen: The model to use; BG/NBD, the best-known model, if there was no comparison.
        beats_naive: Whether it was better than every forecast that needs no model; None if there was no comparison.
        table: The rows of value_validation.parquet; empty if there was no comparison.
    """

    chosen: Kind
    beats_naive: bool | None
    table: pa.Table


def hold_trial(cells: pa.Table, weeks: pa.Table) -> Trial:
    """Choose a model by the holdout.

    Args:
        cells: holdout_cells.parquet, as files.py reads it.
        weeks: holdout_week_cells.parquet, as files.py reads it.

    Raises:
        BuildError: The cells are impossible.
    """
    try:
        holdout, last_year = _window(cells, HOLDOUT), _window(cells, LAST_YEAR_WINDOW)
    except ValueError as error:
        raise BuildError(f"holdout_cells.parquet: {error}", hint="Look at int_holdout_cell.") from error
    found = validate(holdout, last_year) if holdout is not None else None
    if holdout is None or found is None:
        return Trial(Kind.BG_NBD, None, _SCHEMA.empty_table())
    first = cells.filter(pc.equal(cells["window_name"], HOLDOUT)).slice(0, 1).to_pylist()[0]
    about = {
        "cut_on": first["cut_on"],
        "holdout_days": first["holdout_days"],
        "seasonal_index": _rounded(found.seasonal_index),
    }
    ended_at = {str(asked): str(fitted) for asked, fitted in found.ended_at.items()}
    rows = [
        about | row | {"fitted_model": ended_at.get(str(row["forecast"]))}
        for row in _rows(found, holdout, _by_week(weeks, holdout, first["cut_on"]))
    ]
    return Trial(found.chosen, found.beats_naive, pa.Table.from_pylist(rows, schema=_SCHEMA))


def _window(cells: pa.Table, name: str) -> HoldoutCells | None:
    window = cells.filter(pc.equal(cells["window_name"], name))
    if not window.num_rows:
        return None
    columns = ("n_repeat_days", "recency_days", "age_days", "n_holdout_days")
    x, t_x, age, bought = (window[column].to_numpy() for column in columns)
    horizon = float(window["holdout_days"][0].as_py())
    return HoldoutCells.of(x, t_x, age, bought, horizon, window["n_customers"].to_numpy())


def _by_week(weeks: pa.Table, holdout: HoldoutCells, cut_on: date) -> NDArray[np.float64]:
    """Purchase days in each week after the cut; 0 for a week without a row."""
    days = np.zeros(n_weeks(holdout.horizon))
    numbers = weeks["week_number"].to_numpy()
    is_of_holdout = set(weeks["cut_on"].to_pylist()) <= {cut_on}
    if is_of_holdout and np.all((numbers >= 1) & (numbers <= days.size)):
        days[numbers - 1] = weeks["n_purchase_days"].to_numpy()
    if days.sum() != holdout.known.customers @ holdout.bought:
        raise BuildError(
            f"holdout_week_cells.parquet does not fit the holdout after {cut_on}: its purchase days differ",
            hint="Look at int_holdout_week_cell and int_holdout_cell.",
        )
    return days


def _rows(found: Validation, holdout: HoldoutCells, by_week: NDArray[np.float64]) -> list[dict[str, object]]:
    customers = holdout.known.n_customers
    rows = [
        _score_row(score, customers, is_chosen=score.name == found.chosen, beats_naive=found.beats_naive)
        for score in (*found.models, *found.peers)
    ]
    weeks = track(found.fitted, holdout.history(), by_week, holdout.horizon)
    for part, bins in (("frequency", found.frequency), ("probability", found.probability), ("week", weeks)):
        rows += [_bin_row(part, number, one, found) for number, one in enumerate(bins, start=1)]
    checks = check_intervals(found.fitted, holdout)
    rows += [_bin_row("interval", check.level, check.customers, found) for check in checks]
    return rows + [_bin_row("total_interval", check.level, check.total, found) for check in checks]


def _score_row(score: ForecastScore, customers: float, *, is_chosen: bool, beats_naive: bool) -> dict[str, object]:
    return {
        "part": "total",
        "forecast": score.name,
        "bin": 0,
        "n_customers": round(customers),
        "predicted": _rounded(score.expected / customers),
        "actual": _rounded(score.bought / customers),
        "deviance": _rounded(score.deviance),
        "deviance_gap": _rounded(score.deviance_gap),
        "deviance_gap_error": _rounded(score.deviance_gap_error),
        "mean_absolute_error": _rounded(score.mean_absolute_error),
        "total_error": _rounded(score.total_error),
        "is_chosen": is_chosen,
        "beats_naive": beats_naive if is_chosen else None,
    }


def _bin_row(part: str, number: int, one: Bin, found: Validation) -> dict[str, object]:
    return {
        "part": part,
        "forecast": str(found.chosen),
        "bin": number,
        "low": _rounded(one.low),
        "high": _rounded(one.high),
        "n_customers": round(one.customers),
        "predicted": _rounded(one.predicted),
        "actual": _rounded(one.actual),
        "is_chosen": True,
        "beats_naive": found.beats_naive,
    }


def _rounded(value: float | None) -> float | None:
    """The rounded value; None if there is none or if it is NaN."""
    return None if value is None or np.isnan(value) else float(np.round(value, _DECIMALS)) + 0.0
