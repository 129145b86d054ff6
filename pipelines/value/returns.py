"""The step of the return curve: it reads the counts of all month ends and writes one curve per month end.

Here: what connects files and the fit. Not here: the fit (return_curve.py).
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.base.errors import BuildError
from pipelines.config.model_level import LevelModel
from pipelines.value import files
from pipelines.value.return_curve import ReturnCounts, fit_return_curve, season_shift, shifted_share

Floats = NDArray[np.float64]
RETURN_CURVE = "return_curve"
_DECIMALS = 8
_USUAL = LevelModel()
_SCHEMA = pa.schema(
    [
        ("curve_on", pa.date32()),
        ("row_name", pa.string()),
        ("band", pa.int32()),
        ("lower_gaps", pa.decimal128(9, 2)),
        ("n_customers", pa.int64()),
        ("n_returned", pa.int64()),
        ("return_share", pa.float64()),
        ("relative_share", pa.float64()),
        ("start_share", pa.float64()),
        ("active_share", pa.float64()),
        ("return_probability", pa.float64()),
        ("is_churn_proven", pa.bool_()),
    ]
)


def write_return_curves(exchange: Path, rules: LevelModel = _USUAL) -> int:
    """Fit a curve to return_cells.parquet of each month end, and write return_curve.parquet into the same folder.

    A month end has a curve if enough earlier month ends have an outcome and enough customers were seen at them
    (`rules`). The shares are rounded to 8 decimals. The same cells in any order give the same bytes.

    Args:
        exchange: Folder with the cells.
        rules: The numbers of the level.

    Returns:
        The number of curves.

    Raises:
        BuildError: Cells are missing, unreadable or impossible.
    """
    cells = files.read_cells(exchange, "return_cells").sort_by(
        [("curve_on", "ascending"), ("row_name", "ascending"), ("band", "ascending")]
    )
    curves = list(_curves(cells, rules))
    files.write(exchange, RETURN_CURVE, [_SCHEMA.empty_table(), *curves])
    return len(curves)


def _curves(cells: pa.Table, rules: LevelModel) -> Iterator[pa.Table]:
    days: list[date] = sorted(set(cells["curve_on"].to_pylist()))
    for day in days:
        part = cells.filter(pc.equal(cells["curve_on"], day))
        try:
            curve = _curve(part, rules)
        except ValueError as error:
            raise BuildError(
                f"return_cells.parquet cannot be used for {day}: {error}", hint="run the core models again"
            ) from error
        if curve is not None:
            yield curve


def _curve(cells: pa.Table, rules: LevelModel) -> pa.Table | None:
    """The curve of one month end; None if too little is known."""
    n_bands = len(set(cells["band"].to_pylist()))
    if cells.num_rows % n_bands:
        raise ValueError(f"{cells.num_rows} cells are not rows of {n_bands} bands")

    def table(name: str) -> Floats:
        return np.asarray(cells[name].to_numpy(), dtype=np.float64).reshape(-1, n_bands)

    counts = ReturnCounts.of(table("n_customers"), table("n_returned"))
    n_month_ends = cells["n_month_ends"][0].as_py()
    if n_month_ends < rules.min_month_ends or counts.observed.sum() < rules.min_observations:
        return None
    season = ReturnCounts.of(table("n_season_customers"), table("n_season_returned"))
    is_active = table("lower_gaps")[0] < 1
    curve = fit_return_curve(counts, is_active, cells["horizon_days"][0].as_py(), rules)
    shift = season_shift(curve.share, season, cells["n_season_years"][0].as_py())
    fitted = {
        "return_share": curve.share,
        "relative_share": curve.relative_share,
        "start_share": np.broadcast_to(curve.start_share[:, np.newaxis], curve.share.shape),
        "active_share": np.full(curve.share.shape, curve.active_share),
        "return_probability": shifted_share(curve.share, shift),
    }
    columns = {name: cells[name] for name in _SCHEMA.names if name in cells.column_names}
    columns |= {name: pa.array(np.round(values, _DECIMALS).ravel()) for name, values in fitted.items()}
    columns["is_churn_proven"] = pa.array(curve.is_churn_proven.ravel())
    return pa.table(columns).select(_SCHEMA.names).cast(_SCHEMA)
