"""The value step: it reads cells, fits the models and writes scores.

Here: `score`, which connects files and models. Not here: formulas (the model modules) or file handling (files.py). SQL
computes the expected spend of each customer from the spend model's parameters (int_customer_forecast).
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import astuple
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from pipelines.base.errors import BuildError
from pipelines.config.model import ValueModel
from pipelines.value import files, purchase_model
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.fits import (
    SPEND_MODEL,
    DatedFit,
    FitCache,
    fit_purchases,
    fit_spend,
    parameter_table,
    refused_purchases,
    refused_spend,
    spend_correlation,
)
from pipelines.value.purchase_model import Kind, PurchaseModel
from pipelines.value.report import FitStatus, ModelReport, ValueReport
from pipelines.value.suitability import ModelKind
from pipelines.value.trial import hold_trial
from pipelines.value.uncertainty import count_interval, shifts

Floats = NDArray[np.float64]
Cells = TypeVar("Cells", PurchaseCells, SpendCells)

DAYS_A_MONTH = 365.25 / 12
SLICE = 200_000  # cells scored at once; this bounds the step's memory
_YEAR_MONTHS = 12
_SCORE_DECIMALS = 8
_LEVELS = (80, 95)  # percent of customers whose purchases lie within
_MOST_PARAMETERS = 4
_LARGEST_INTEGER = 2**31 - 1
_LARGEST_EXACT = 2**53  # cents that a double holds exactly
_USUAL = ValueModel()

logger = logging.getLogger("loyalty.value")


def score(
    exchange: Path,
    as_of: date,
    rules: ValueModel = _USUAL,
    *,
    horizons_months: Sequence[int] = (3, 6, 12, 24),
    refused: Collection[ModelKind] = (),
) -> ValueReport:
    """Choose and fit the models on `exchange/*_cells.parquet`, and write scores and parameters into the same folder.

    It writes purchase_scores.parquet (one row per (n_repeat_days, recency_days, age_days)), value_parameters.parquet
    (the fits of the as-of day and of each earlier day that has cells) and value_validation.parquet (the result of each
    purchase model on the holdout; the chosen model is used). If there is no fit, the scores are NULL and the status
    gives the reason. The same cells in any order give the same bytes, regardless of earlier fits.

    Args:
        exchange: Folder with the cells, in days and in the reporting currency.
        as_of: The day whose fits are used for scoring.
        rules: The business numbers of the value models.
        horizons_months: Months ahead to forecast, each a column `expected_purchases_<n>m`.
        refused: Models that do not suit the data (suitability.py). They are not fitted, and their scores are NULL.

    Returns:
        The fits of both models for the as-of day, and the number of rows and fits.

    Raises:
        BuildError: Cells are missing, unreadable or impossible.
    """
    cells = _purchase_cells("purchase_cells", files.read_cells(exchange, "purchase_cells"))
    purchase_days = files.read_cells(exchange, "purchase_fit_cells")
    spend_days = files.read_cells(exchange, "spend_fit_cells")
    holdout_table = files.read_cells(exchange, "holdout_cells")
    cache = FitCache(exchange)
    # One BLAS thread is faster for small arrays, and always adds in the same order.
    with threadpool_limits(limits=1, user_api="blas"):
        trial = hold_trial(holdout_table, files.read_cells(exchange, "holdout_week_cells"))
        least = rules.fit_min_customers
        fit_chosen: Callable[[PurchaseCells], ModelReport] = partial(fit_purchases, trial.chosen, min_customers=least)
        fit_amounts: Callable[[SpendCells], ModelReport] = partial(fit_spend, min_customers=least)
        if ModelKind.PURCHASES in refused:
            fit_chosen = partial(refused_purchases, trial.chosen)
        if ModelKind.SPEND in refused:
            fit_amounts = refused_spend
        of_kind = {kind: " refused" if kind in refused else "" for kind in ModelKind}
        of_purchases = partial(_purchase_cells, "purchase_fit_cells")
        purchases = _fits(
            purchase_days,
            as_of,
            of_purchases,
            f"{trial.chosen} {least}{of_kind[ModelKind.PURCHASES]}",
            fit_chosen,
            cache,
        )
        spend_name = f"{SPEND_MODEL} {least}{of_kind[ModelKind.SPEND]}"
        spend = _fits(spend_days, as_of, _spend_cells, spend_name, fit_amounts, cache)
        bought, spent = (next(fit.report for fit in fits if fit.observed_on == as_of) for fits in (purchases, spend))
        n_cells = files.write(exchange, "purchase_scores", _score_purchases(cells, bought, horizons_months))
    files.write(exchange, "value_parameters", [parameter_table([*purchases, *spend])])
    files.write(exchange, "value_validation", [trial.table])
    cache.keep()
    for report in (bought, spent):
        logger.info("%s: %s on %d customers", report.model, report.status, report.n_customers)
    warnings = tuple(_warnings(bought, spent, trial.beats_naive, rules.high_spend_correlation))
    return ValueReport(bought, spent, n_cells, len(purchases) + len(spend), cache.n_fitted, warnings)


def spend_figures(exchange: Path, as_of: date) -> tuple[int, float | None]:
    """Customers of the as-of day with a repeat purchase of a known amount, and their spend_correlation.

    Both are of the customers that a fit uses.

    Raises:
        BuildError: Cells are missing, unreadable or impossible.
    """
    table = files.read_cells(exchange, "spend_fit_cells")
    usable = _spend_cells(table.filter(pc.equal(table["observed_on"], pa.scalar(as_of, pa.date32())))).usable()
    return round(usable.n_customers), spend_correlation(usable)


def _warnings(
    purchases: ModelReport, spend: ModelReport, beats_naive: bool | None, high_correlation: float
) -> Iterator[str]:
    """Warnings for users of the forecasts."""
    if purchases.status is FitStatus.FELL_BACK:
        yield f"{purchases.asked_model} has no maximum here: {purchases.model} is used (rpt_clv_parameters)"
    if beats_naive is False:
        yield "forecasts of purchases did worse on the holdout than one that needs no model (rpt_clv_validation)"
    correlation = spend.spend_correlation
    if correlation is not None and abs(correlation) > high_correlation:
        yield (
            f"repeat days and their mean spend go together (correlation {correlation:.2f}), which Gamma-Gamma takes"
            " to be unrelated: the expected spend of frequent buyers is off"
        )


def _fits(
    table: pa.Table,
    as_of: date,
    cells_of: Callable[[pa.Table], Cells],
    model: str,
    fit: Callable[[Cells], ModelReport],
    cache: FitCache,
) -> list[DatedFit]:
    """A model's fit of every day in the table, and of the as-of day even if it has no cells."""
    days = sorted({as_of, *pc.unique(table["observed_on"]).to_pylist()})
    fits = []
    for day in days:
        rows = table.filter(pc.equal(table["observed_on"], pa.scalar(day, pa.date32())))
        cells = cells_of(rows)
        population = int(rows["n_population"][0].as_py()) if rows.num_rows else 0
        fits.append(DatedFit(day, population, cache.get(cells, model, partial(fit, cells))))
    return fits


def _purchase_cells(name: str, table: pa.Table) -> PurchaseCells:
    columns = ("n_repeat_days", "recency_days", "age_days", "n_customers")
    try:
        return PurchaseCells.of(*(table[column].to_numpy() for column in columns))
    except ValueError as error:
        raise BuildError(f"{name}.parquet: {error}", hint=f"Look at int_{name.removesuffix('s')}.") from error


def _spend_cells(table: pa.Table) -> SpendCells:
    hint = "Look at int_spend_fit_cell."
    in_cents = files.cents(table["mean_repeat_amount"])
    if np.any(np.abs(in_cents) > _LARGEST_EXACT):
        raise BuildError("spend_fit_cells.parquet: an amount is over 90 trillion", hint=hint)
    try:
        # in cents, because whole numbers can be compared exactly
        kept = SpendCells.of(table["n_repeat_days"].to_numpy(), in_cents, table["n_customers"].to_numpy())
    except ValueError as error:
        raise BuildError(f"spend_fit_cells.parquet: {error}", hint=hint) from error
    return SpendCells(kept.repeats, kept.mean_spend / 100, kept.customers)


def _score_purchases(cells: PurchaseCells, fit: ModelReport, horizons: Sequence[int]) -> Iterator[pa.Table]:
    """The rows of purchase_scores.parquet, one slice of cells at a time; one empty slice if there are none."""
    model = purchase_model.of_parameters(Kind(fit.model), fit.parameters)
    of_parameters = np.array(fit.covariance) if fit.covariance is not None else None
    for start in range(0, max(cells.repeats.size, 1), SLICE):
        part = PurchaseCells(*(column[start : start + SLICE] for column in vars(cells).values()))
        yield _score_slice(part, model, of_parameters, horizons)


def _score_slice(
    cells: PurchaseCells, model: PurchaseModel | None, of_parameters: Floats | None, horizons: Sequence[int]
) -> pa.Table:
    size = cells.repeats.size
    months = {*horizons, _YEAR_MONTHS}
    expected = (
        {each: purchase_model.expected_purchases(model, cells, each * DAYS_A_MONTH) for each in months} if model else {}
    )
    keys = ("n_repeat_days", "recency_days", "age_days")
    scores: dict[str, pa.Array] = {
        name: pa.array(column.astype(np.int32))
        for name, column in zip(keys, (cells.repeats, cells.recency, cells.age), strict=True)
    }
    scores["p_alive"] = _doubles(purchase_model.p_alive(model, cells) if model else None, size)
    for each in horizons:
        scores[f"expected_purchases_{each}m"] = _doubles(expected.get(each), size)
    return pa.table(scores | _uncertainty(cells, model, of_parameters, expected.get(_YEAR_MONTHS)))


def _uncertainty(
    cells: PurchaseCells, model: PurchaseModel | None, of_parameters: Floats | None, mean: Floats | None
) -> dict[str, pa.Array]:
    """For the next 12 months: P(at least one purchase), intervals of the number, and the input of totals' intervals."""
    names = [f"purchases_12m_{end}_{level}" for level in _LEVELS for end in ("low", "high")]
    year, size = _YEAR_MONTHS * DAYS_A_MONTH, cells.repeats.size
    some: Floats | None = None
    variance: Floats | None = None
    ends: list[pa.Array] = [pa.nulls(size, pa.int32()) for _ in names]
    moves = [_doubles(None, size)] * _MOST_PARAMETERS
    if model is not None and mean is not None:
        some = purchase_model.p_any_purchase(model, cells, year)
        variance = purchase_model.purchases_variance(model, cells, year)
        intervals = (end for level in _LEVELS for end in count_interval(mean, variance, level / 100, some))
        ends = [_whole(end) for end in intervals]
        if of_parameters is not None:
            moves = [_doubles(each, size) for each in _moves(cells, model, of_parameters, year)]
    return {
        "p_any_purchase_12m": _doubles(some, size),
        **dict(zip(names, ends, strict=True)),
        "purchases_12m_variance": _doubles(variance, size),
        **{f"purchases_12m_shift_{number}": each for number, each in enumerate(moves, start=1)},
    }


def _moves(cells: PurchaseCells, model: PurchaseModel, of_parameters: Floats, year: float) -> Floats:
    """`shifts` of the year's forecasts, shape (4, n_cells); 0 for parameters that the model does not have."""

    def forecast(parameters: Floats) -> Floats:
        return purchase_model.expected_purchases(purchase_model.like(model, parameters), cells, year)

    found = shifts(np.array(astuple(model)), of_parameters, forecast)
    return np.vstack([found, np.zeros((_MOST_PARAMETERS - len(found), cells.repeats.size))])


def _whole(values: Floats) -> pa.Array:
    """INTEGERs, NULL if not known; larger values become the largest INTEGER."""
    known = np.isfinite(values)
    return pa.array(np.minimum(np.where(known, values, 0.0), _LARGEST_INTEGER).astype(np.int32), mask=~known)


def _doubles(values: Floats | None, size: int) -> pa.Array:
    """Rounded DOUBLEs; all NULL if there are no values."""
    if values is None:
        return pa.nulls(size, pa.float64())
    rounded = np.round(values, _SCORE_DECIMALS)
    return pa.array(rounded + 0.0, mask=~np.isfinite(rounded))
