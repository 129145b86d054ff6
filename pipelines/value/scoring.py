"""The value step itself: cells in, fits, scores out.

Here: `score`, which ties files to models. Not here: formulas (the model modules) or file handling (files.py).
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from pipelines.errors import BuildError
from pipelines.value import files, gamma_gamma, purchase_model
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.fits import SPEND_MODEL, DatedFit, FitMemory, fit_purchases, fit_spend, parameter_table
from pipelines.value.purchase_model import Kind, PurchaseModel
from pipelines.value.report import ModelReport, ValueReport
from pipelines.value.trial import hold_trial
from pipelines.value.uncertainty import count_interval

Floats = NDArray[np.float64]
Cells = TypeVar("Cells", PurchaseCells, SpendCells)

DAYS_A_MONTH = 365.25 / 12
_SCORE_DECIMALS = 8
_LEVELS = (80, 95)  # percent of customers whose purchases lie within
_LARGEST_CENTS = 10**18 - 1  # DECIMAL(18,2)
_LARGEST_EXACT = 2**53  # cents that a double holds exactly

logger = logging.getLogger("loyalty.value")


def score(exchange: Path, as_of: date, *, horizons_months: Sequence[int] = (3, 6, 12, 24)) -> ValueReport:
    """Choose and fit the models on `exchange/*_cells.parquet` and write scores and parameters beside them.

    Writes purchase_scores.parquet (one row per (n_repeat_days, recency_days, age_days)), spend_scores.parquet (one row
    per (n_repeat_days, mean_repeat_amount), and (0, 0.00) = the population mean), value_parameters.parquet (the fits of
    the as-of day and of each day before it that cells were given for) and value_validation.parquet (how each purchase
    model did on the holdout; the chosen one is used). Where there is no fit the scores are NULL and the status says why.
    The same cells in any order give the same bytes, whatever was fitted before.

    Args:
        exchange: Folder with the cells; days and reporting currency.
        as_of: The day whose fits score.
        horizons_months: Months ahead to forecast, each a column `expected_purchases_<n>m`.

    Returns:
        Both models' fits, and the number of rows written.

    Raises:
        BuildError: Cells are missing, unreadable or impossible.
    """
    purchase_table, spend_table = files.read_purchase_cells(exchange), files.read_spend_cells(exchange)
    purchase_days, spend_days = files.read_purchase_fit_cells(exchange), files.read_spend_fit_cells(exchange)
    holdout_table = files.read_holdout_cells(exchange)
    memory = FitMemory(exchange)
    # One BLAS thread: faster here (the arrays are small), and sums always in the same order.
    with threadpool_limits(limits=1, user_api="blas"):
        trial = hold_trial(holdout_table)
        fits = [
            *_fits(purchase_days, as_of, _purchase_cells, trial.chosen, partial(fit_purchases, trial.chosen), memory),
            *_fits(spend_days, as_of, _spend_cells, SPEND_MODEL, fit_spend, memory),
        ]
        of_today = {fit.report.model: fit.report for fit in fits if fit.observed_on == as_of}
        purchase_report, spend_report = of_today[trial.chosen], of_today[SPEND_MODEL]
        purchases = _score_purchases(_purchase_cells(purchase_table), purchase_report, horizons_months)
        spend = _score_spend(spend_table, spend_report)
    files.write_all(
        exchange,
        {
            "purchase_scores": purchases,
            "spend_scores": spend,
            "value_parameters": parameter_table(fits),
            "value_validation": trial.table,
        },
    )
    memory.keep()
    for report in (purchase_report, spend_report):
        logger.info("%s: %s on %d customers", report.model, report.status, report.n_customers)
    logger.info("fits: %d, of which %d anew", len(fits), memory.n_fitted)
    return ValueReport(purchase_report, spend_report, purchases.num_rows, spend.num_rows)


def _fits(
    table: pa.Table,
    as_of: date,
    cells_of: Callable[[pa.Table], Cells],
    model: str,
    fit: Callable[[Cells], ModelReport],
    memory: FitMemory,
) -> list[DatedFit]:
    """A model's fit of every day in the table, and of the as-of day also where it has no cells."""
    days = sorted({as_of, *pc.unique(table["observed_on"]).to_pylist()})
    fits = []
    for day in days:
        rows = table.filter(pc.equal(table["observed_on"], pa.scalar(day, pa.date32())))
        cells = cells_of(rows)
        population = int(rows["n_population"][0].as_py()) if rows.num_rows else 0
        fits.append(DatedFit(day, population, memory.recall(cells, model, partial(fit, cells))))
    return fits


def _purchase_cells(table: pa.Table) -> PurchaseCells:
    names = ("n_repeat_days", "recency_days", "age_days", "n_customers")
    try:
        return PurchaseCells.of(*(table[name].to_numpy() for name in names))
    except ValueError as error:
        raise BuildError(f"purchase_cells.parquet: {error}", hint="Look at int_purchase_cell.") from error


def _cells_in_cents(table: pa.Table) -> SpendCells:
    """Cells with means in cents, which are whole: two means are the same or they are not."""
    in_cents = files.cents(table["mean_repeat_amount"])
    if np.any(np.abs(in_cents) > _LARGEST_EXACT):
        raise BuildError("spend_cells.parquet: an amount is over 90 trillion", hint="Look at int_spend_cell.")
    try:
        return SpendCells.of(table["n_repeat_days"].to_numpy(), in_cents, table["n_customers"].to_numpy())
    except ValueError as error:
        raise BuildError(f"spend_cells.parquet: {error}", hint="Look at int_spend_cell.") from error


def _spend_cells(table: pa.Table) -> SpendCells:
    kept = _cells_in_cents(table)
    return SpendCells(kept.repeats, kept.mean_spend / 100, kept.customers)


def _score_purchases(cells: PurchaseCells, fit: ModelReport, horizons: Sequence[int]) -> pa.Table:
    model = purchase_model.of_parameters(Kind(fit.model), fit.parameters)
    alive = purchase_model.p_alive(model, cells) if model else None
    scores: dict[str, pa.Array] = {
        "n_repeat_days": pa.array(cells.repeats.astype(np.int32)),
        "recency_days": pa.array(cells.recency.astype(np.int32)),
        "age_days": pa.array(cells.age.astype(np.int32)),
        "p_alive": _doubles(alive, cells.repeats.size),
    }
    for months in horizons:
        expected = purchase_model.expected_purchases(model, cells, months * DAYS_A_MONTH) if model else None
        scores[f"expected_purchases_{months}m"] = _doubles(expected, cells.repeats.size)
    return pa.table(scores | _uncertainty(model, cells))


def _uncertainty(model: PurchaseModel | None, cells: PurchaseCells) -> dict[str, pa.Array]:
    """P(at least one purchase) in the next 12 months, and the intervals of their number."""
    names = [f"purchases_12m_{end}_{level}" for level in _LEVELS for end in ("low", "high")]
    size = cells.repeats.size
    if model is None:
        return {
            "p_any_purchase_12m": pa.nulls(size, pa.float64()),
            **{name: pa.nulls(size, pa.int32()) for name in names},
        }
    year = 12 * DAYS_A_MONTH
    mean = purchase_model.expected_purchases(model, cells, year)
    variance = purchase_model.purchases_variance(model, cells, year)
    ends = [end for level in _LEVELS for end in count_interval(mean, variance, level / 100)]
    columns = {name: pa.array(end.astype(np.int32)) for name, end in zip(names, ends, strict=True)}
    return {"p_any_purchase_12m": _doubles(purchase_model.p_any_purchase(model, cells, year), size), **columns}


def _score_spend(table: pa.Table, fit: ModelReport) -> pa.Table:
    kept = _cells_in_cents(table)
    parameters = [value for value in fit.parameters.values() if value is not None]
    model = gamma_gamma.GammaGamma(*parameters) if parameters else None
    # The row (0, 0.00): what a customer without a repeat day is expected to spend.
    keys = SpendCells.of(np.append(kept.repeats, 0.0), np.append(kept.mean_spend, 0.0))
    expected = (
        np.full(keys.repeats.shape, np.nan)
        if model is None
        else gamma_gamma.expected_spend(model, keys.repeats, keys.mean_spend / 100)
    )
    everywhere = np.ones(keys.repeats.shape, dtype=bool)
    return pa.table(
        {
            "n_repeat_days": pa.array(keys.repeats.astype(np.int32)),
            "mean_repeat_amount": files.amounts(keys.mean_spend.astype(np.int64), everywhere),
            "expected_spend_amount": _half_up(expected),
        }
    )


def _half_up(amount: Floats) -> pa.Array:
    """DECIMAL(18,2), halves away from zero up; NULL where unknown or too large to be an amount."""
    in_cents = np.floor(np.round(amount * 100, 6) + 0.5)
    known = np.isfinite(in_cents) & (np.abs(in_cents) <= _LARGEST_CENTS)
    return files.amounts(np.where(known, in_cents, 0.0).astype(np.int64), known)


def _doubles(values: Floats | None, size: int) -> pa.Array:
    """Rounded DOUBLEs, or as many NULLs."""
    if values is None:
        return pa.nulls(size, pa.float64())
    rounded = np.round(values, _SCORE_DECIMALS)
    return pa.array(rounded + 0.0, mask=~np.isfinite(rounded))
