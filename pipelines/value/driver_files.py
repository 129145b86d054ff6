"""The step of the drivers of loyalty: it reads the cells of all surveys and writes one row per construct.

Here: what connects files and the statistics. Not here: the statistics (drivers.py).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config.model_reports import ReportModel
from pipelines.value import files
from pipelines.value.drivers import Driver, DriverStatus, drivers

Floats = NDArray[np.float64]
DRIVERS = "drivers"
_DECIMALS = 6
_USUAL = ReportModel()
_FIGURES = (
    "correlation",
    "weight",
    "r_squared",
    "adjusted",
    "share",
    "share_low",
    "share_high",
    "mean",
    "mean_low",
    "mean_high",
)
_SCHEMA = pa.schema(
    [
        ("outcome", pa.string()),
        ("source", pa.string()),
        ("survey_id", pa.string()),
        ("construct", pa.string()),
        ("status", pa.string()),
        ("n_responses", pa.int64()),
        ("importance_rank", pa.int32()),
        *((name, pa.float64()) for name in _FIGURES),
        ("quadrant", pa.string()),
    ]
)


def write_drivers(exchange: Path, rules: ReportModel = _USUAL) -> int:
    """Compute the drivers of each outcome in each survey of driver_cells.parquet, and write drivers.parquet beside it.

    Only constructs that the survey asked have a row. Figures are rounded to 6 decimals, so that the same cells in any
    order give the same bytes.

    Args:
        exchange: Folder with the cells.
        rules: The numbers of reports.

    Returns:
        The number of rows.

    Raises:
        BuildError: Cells are missing or unreadable.
    """
    cells = files.read_cells(exchange, "driver_cells")
    surveys = (
        cells.select(["outcome", "source", "survey_id"]).group_by(["outcome", "source", "survey_id"]).aggregate([])
    )
    names = sorted((row["outcome"], row["source"], row["survey_id"]) for row in surveys.to_pylist())
    rows = [row for name in names for row in _rows(name, _of_survey(cells, name), rules)]
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    return files.write(exchange, DRIVERS, [table])


def _of_survey(cells: pa.Table, name: tuple[str, str, str]) -> pa.Table:
    outcome, source, survey_id = name
    return cells.filter(
        (pc.field("outcome") == outcome) & (pc.field("source") == source) & (pc.field("survey_id") == survey_id)
    )


def _rows(name: tuple[str, str, str], cells: pa.Table, rules: ReportModel) -> Iterator[dict[str, object]]:
    """The rows of one outcome in one survey, the strongest construct first."""
    constructs = [one for one in files.DRIVER_CONSTRUCTS if cells[one].null_count < cells.num_rows]
    if not constructs:
        return
    scores = np.column_stack([_floats(cells[one]) for one in constructs])
    counts = np.asarray(cells["n_responses"].to_numpy(), dtype=np.int64)
    found = drivers(scores, _floats(cells["outcome_score"]), counts, rules)
    weighed = [one for one in found if one.status is DriverStatus.OK]
    ranked = sorted(weighed, key=lambda one: (-round(one.weight, _DECIMALS), constructs[one.construct]))
    rank = {one.construct: place for place, one in enumerate(ranked, start=1)}
    mean = float(np.mean([one.mean for one in weighed])) if weighed else np.nan
    for one in sorted(found, key=lambda one: (rank.get(one.construct, len(found) + 1), constructs[one.construct])):
        figures = {figure: round(float(getattr(one, figure)), _DECIMALS) for figure in _FIGURES}
        yield {
            **dict(zip(("outcome", "source", "survey_id"), name, strict=True)),
            "construct": constructs[one.construct],
            "status": one.status.value,
            "n_responses": one.n_responses,
            "importance_rank": rank.get(one.construct),
            **{figure: None if np.isnan(value) else value for figure, value in figures.items()},
            "quadrant": _quadrant(one, len(weighed), mean),
        }


def _quadrant(one: Driver, n_weighed: int, mean: float) -> str | None:
    """Importance against performance (Martilla & James 1977), each compared with the constructs of the survey.

    Important is a share of at least 1 / n. Performance is high from the mean of the constructs' means. Without any
    explained variance beyond chance nothing is important: None.
    """
    if one.status is not DriverStatus.OK or not one.adjusted > 0:
        return None
    is_important = round(one.share, _DECIMALS) >= round(1 / n_weighed, _DECIMALS)
    is_high = round(one.mean, _DECIMALS) >= round(mean, _DECIMALS)
    if is_important:
        return "keep_up" if is_high else "improve_first"
    return "possible_overkill" if is_high else "low_priority"


def _floats(column: pa.ChunkedArray) -> Floats:
    """Numbers as float64; NaN for NULL."""
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)
