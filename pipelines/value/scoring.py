"""The value step itself: cells in, fits, scores out.

Here: `score`, which ties files to models. Not here: formulas (the model modules) or file handling (files.py).
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from pipelines.errors import BuildError
from pipelines.value import files, gamma_gamma, purchase_model
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.purchase_fit import PurchaseFit
from pipelines.value.purchase_model import Kind, PurchaseModel
from pipelines.value.report import ModelReport, ValueReport
from pipelines.value.special import round_significant
from pipelines.value.trial import hold_trial
from pipelines.value.uncertainty import count_interval

Floats = NDArray[np.float64]

DAYS_A_MONTH = 365.25 / 12
_PARAMETER_DIGITS = 8  # what is left of an optimiser's last digits is rounded away before anything is scored
_LIKELIHOOD_DIGITS = 10
_SCORE_DECIMALS = 8
_LEVELS = (80, 95)  # percent of customers whose purchases lie within
_LARGEST_CENTS = 10**18 - 1  # DECIMAL(18,2)
_LARGEST_EXACT = 2**53  # cents that a double holds exactly

logger = logging.getLogger("loyalty.value")


def score(exchange: Path, *, horizons_months: Sequence[int] = (3, 6, 12, 24)) -> ValueReport:
    """Choose and fit the models on `exchange/*_cells.parquet` and write scores and parameters beside them.

    Writes purchase_scores.parquet (one row per (n_repeat_days, recency_days, age_days)), spend_scores.parquet (one row
    per (n_repeat_days, mean_repeat_amount), and (0, 0.00) = the population mean), value_parameters.parquet and
    value_validation.parquet (how each purchase model did on the holdout; the chosen one is used). Where there is no fit
    the scores are NULL and the status says why. The same cells in any order give the same bytes.

    Args:
        exchange: Folder with the cells; days and reporting currency.
        horizons_months: Months ahead to forecast, each a column `expected_purchases_<n>m`.

    Returns:
        Both models' fits, and the number of rows written.

    Raises:
        BuildError: Cells are missing, unreadable or impossible.
    """
    purchase_table, spend_table = files.read_purchase_cells(exchange), files.read_spend_cells(exchange)
    holdout_table = files.read_holdout_cells(exchange)
    # One BLAS thread: faster here (the arrays are small), and sums always in the same order.
    with threadpool_limits(limits=1, user_api="blas"):
        trial = hold_trial(holdout_table)
        purchases, purchase_report = _score_purchases(exchange, purchase_table, trial.chosen, horizons_months)
        spend, spend_report = _score_spend(exchange, spend_table)
    files.write_all(
        exchange,
        {
            "purchase_scores": purchases,
            "spend_scores": spend,
            "value_parameters": _parameters((purchase_report, spend_report)),
            "value_validation": trial.table,
        },
    )
    for report in (purchase_report, spend_report):
        logger.info("%s: %s on %d customers", report.model, report.status, report.n_customers)
    return ValueReport(purchase_report, spend_report, purchases.num_rows, spend.num_rows)


def _score_purchases(
    exchange: Path, table: pa.Table, kind: Kind, horizons: Sequence[int]
) -> tuple[pa.Table, ModelReport]:
    columns = [table.column(name).to_numpy() for name in table.column_names]
    try:
        cells = PurchaseCells.of(*columns)
    except ValueError as error:
        raise BuildError(
            f"{exchange / 'purchase_cells.parquet'}: {error}", hint="Look at int_purchase_cell."
        ) from error
    model, report = _rounded_purchases(kind, purchase_model.fit(kind, cells), cells)
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
    return pa.table(scores | _uncertainty(model, cells)), report


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


def _rounded_purchases(
    kind: Kind, found: PurchaseFit[PurchaseModel], cells: PurchaseCells
) -> tuple[PurchaseModel | None, ModelReport]:
    """The model with rounded parameters, and its report."""
    parameters: dict[str, float | None] = dict.fromkeys(purchase_model.parameter_names(kind))
    model: PurchaseModel | None = None
    value: float | None = None
    if found.model is not None:
        model = purchase_model.rounded(found.model, _PARAMETER_DIGITS)
        parameters |= asdict(model)
        value = purchase_model.log_likelihood(model, cells)
    return model, ModelReport(str(kind), found.status, parameters, _round_value(value), round(cells.n_customers))


def _score_spend(exchange: Path, table: pa.Table) -> tuple[pa.Table, ModelReport]:
    repeats, customers = (table.column(name).to_numpy() for name in ("n_repeat_days", "n_customers"))
    in_cents = files.cents(table.column("mean_repeat_amount"))
    if np.any(np.abs(in_cents) > _LARGEST_EXACT):
        raise BuildError(
            f"{exchange}/spend_cells.parquet: an amount is over 90 trillion", hint="Look at int_spend_cell."
        )
    try:
        # Cells are kept in cents, which are whole; the currency's unit is put back before the fit.
        kept = SpendCells.of(repeats, in_cents, customers)
    except ValueError as error:
        raise BuildError(f"{exchange / 'spend_cells.parquet'}: {error}", hint="Look at int_spend_cell.") from error
    cells = SpendCells(kept.repeats, kept.mean_spend / 100, kept.customers)
    found = gamma_gamma.fit(cells)
    model: gamma_gamma.GammaGamma | None = None
    parameters: dict[str, float | None] = dict.fromkeys(("p", "q", "gamma"))
    value: float | None = None
    if found.model is not None:
        model = gamma_gamma.GammaGamma(*(_round(each) for each in (found.model.p, found.model.q, found.model.gamma)))
        parameters = {"p": model.p, "q": model.q, "gamma": model.gamma}
        value = gamma_gamma.log_likelihood(model, cells)
    report = ModelReport("gamma_gamma", found.status, parameters, _round_value(value), round(found.n_customers))

    # The row (0, 0.00): what a customer without a repeat day is expected to spend.
    keys = SpendCells.of(np.append(kept.repeats, 0.0), np.append(kept.mean_spend, 0.0))
    expected = (
        np.full(keys.repeats.shape, np.nan)
        if model is None
        else gamma_gamma.expected_spend(model, keys.repeats, keys.mean_spend / 100)
    )
    everywhere = np.ones(keys.repeats.shape, dtype=bool)
    scores = pa.table(
        {
            "n_repeat_days": pa.array(keys.repeats.astype(np.int32)),
            "mean_repeat_amount": files.amounts(keys.mean_spend.astype(np.int64), everywhere),
            "expected_spend_amount": _half_up(expected),
        }
    )
    return scores, report


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


def _round(parameter: float) -> float:
    return round_significant(parameter, _PARAMETER_DIGITS)


def _round_value(value: float | None) -> float | None:
    return None if value is None else round_significant(value, _LIKELIHOOD_DIGITS)


def _parameters(reports: Sequence[ModelReport]) -> pa.Table:
    rows = [
        {
            "model": report.model,
            "parameter": name,
            "estimate": estimate,
            "log_likelihood": report.log_likelihood,
            "n_customers": report.n_customers,
            "status": str(report.status),
        }
        for report in reports
        for name, estimate in sorted(report.parameters.items())
    ]
    schema = pa.schema(
        [
            ("model", pa.string()),
            ("parameter", pa.string()),
            ("estimate", pa.float64()),
            ("log_likelihood", pa.float64()),
            ("n_customers", pa.int64()),
            ("status", pa.string()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)
