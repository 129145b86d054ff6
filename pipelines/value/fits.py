"""The fits of a run, for the as-of day and each month end before it. The same cells are fitted only once.

Here: a fit as a report with rounded parameters, and the cache of fits. Not here: reading cells (files.py) or scoring.

A fit depends on its cells, on this package and on the numeric libraries. Fits are cached under the hash of all of them.
A cached fit equals a fresh fit to the byte, so no result depends on which days were run before.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import scipy
from numpy.typing import NDArray
from pydantic import TypeAdapter

from pipelines.base.durable import write_text_durably
from pipelines.value import gamma_gamma, purchase_model
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.gamma_gamma import GammaGamma
from pipelines.value.purchase_model import Kind
from pipelines.value.report import FitStatus, ModelReport
from pipelines.value.special import round_significant
from pipelines.value.uncertainty import covariance

Floats = NDArray[np.float64]

_PARAMETER_DIGITS = 8  # rounds away the last digits, which depend on the optimiser, before anything is scored
_LIKELIHOOD_DIGITS = 10
_CORRELATION_DIGITS = 6
SPEND_MODEL = "gamma_gamma"
_CACHE = "fits.json"
_REPORTS = TypeAdapter(dict[str, ModelReport])
_PARAMETERS = pa.schema(
    [
        ("observed_on", pa.date32()),
        ("model", pa.string()),
        ("asked_model", pa.string()),
        ("parameter", pa.string()),
        ("estimate", pa.float64()),
        ("standard_error", pa.float64()),
        ("log_likelihood", pa.float64()),
        ("n_population", pa.int64()),
        ("n_customers", pa.int64()),
        ("n_cells", pa.int64()),
        ("status", pa.string()),
        ("spend_correlation", pa.float64()),
    ]
)


def fit_purchases(kind: Kind, cells: PurchaseCells, min_customers: int = 0) -> ModelReport:
    """Fit a purchase model, or the next simpler one that has a maximum; the report's parameters are rounded.

    Args:
        kind: The requested model.
        cells: Customers.
        min_customers: The least number of customers for a fit; the minimum of the model itself also applies.
    """
    if cells.n_customers < min_customers:
        names = purchase_model.parameter_names(kind)
        status = FitStatus.TOO_FEW_CUSTOMERS
        return _unfitted(str(kind), status, names, round(cells.n_customers), cells.repeats.size)
    found = purchase_model.fit_or_simpler(kind, cells)
    if found.model is None:
        names = purchase_model.parameter_names(kind)
        return _unfitted(str(kind), found.status, names, round(cells.n_customers), cells.repeats.size)
    model = purchase_model.rounded(found.model, _PARAMETER_DIGITS)
    return ModelReport(
        model=str(purchase_model.kind_of(model)),
        asked_model=str(kind),
        status=found.status,
        parameters=dict(asdict(model)),
        covariance=_covariance(purchase_model.hessian(model, cells)),
        log_likelihood=round_significant(purchase_model.log_likelihood(model, cells), _LIKELIHOOD_DIGITS),
        n_customers=round(cells.n_customers),
        n_cells=cells.repeats.size,
    )


def fit_spend(cells: SpendCells, min_customers: int = 0) -> ModelReport:
    """Fit Gamma-Gamma; the report's parameters are rounded.

    Args:
        cells: Customers.
        min_customers: The least number of customers with a repeat day; the minimum of the model itself also applies.
    """
    usable = cells.usable()
    few = usable.n_customers < min_customers
    found = gamma_gamma.SpendFit(FitStatus.TOO_FEW_CUSTOMERS, None, None, usable.n_customers) if few else None
    found = found or gamma_gamma.fit(cells)
    if found.model is None:
        return _unfitted(SPEND_MODEL, found.status, ("p", "q", "gamma"), round(found.n_customers), usable.repeats.size)
    model = GammaGamma(*(round_significant(value, _PARAMETER_DIGITS) for value in astuple(found.model)))
    return ModelReport(
        model=SPEND_MODEL,
        asked_model=SPEND_MODEL,
        status=found.status,
        parameters=dict(asdict(model)),
        covariance=_covariance(gamma_gamma.hessian(model, cells)),
        log_likelihood=round_significant(gamma_gamma.log_likelihood(model, cells), _LIKELIHOOD_DIGITS),
        n_customers=round(found.n_customers),
        n_cells=usable.repeats.size,
        spend_correlation=spend_correlation(usable),
    )


def refused_purchases(kind: Kind, cells: PurchaseCells) -> ModelReport:
    """The report of a purchase model that does not suit the data."""
    names = purchase_model.parameter_names(kind)
    return _unfitted(str(kind), FitStatus.REFUSED, names, round(cells.n_customers), cells.repeats.size)


def refused_spend(cells: SpendCells) -> ModelReport:
    """The report of a spend model that does not suit the data."""
    usable = cells.usable()
    names, n, correlation = ("p", "q", "gamma"), round(usable.n_customers), spend_correlation(usable)
    report = _unfitted(SPEND_MODEL, FitStatus.REFUSED, names, n, usable.repeats.size)
    return replace(report, spend_correlation=correlation)


def spend_correlation(usable: SpendCells) -> float | None:
    """Correlation over customers of repeat days and their mean spend, to 6 digits; None if either is constant.

    Gamma-Gamma assumes that it is 0 (Fader & Hardie 2013).
    """
    if not usable.repeats.size or np.ptp(usable.repeats) == 0 or np.ptp(usable.mean_spend) == 0:
        return None
    weights = usable.customers / usable.n_customers
    x, mean = (each - weights @ each for each in (usable.repeats, usable.mean_spend))
    spread = math.sqrt((weights @ x**2) * (weights @ mean**2))
    return round_significant(float(weights @ (x * mean)) / spread, _CORRELATION_DIGITS)


@dataclass(frozen=True)
class DatedFit:
    """A fit on what was known at the end of a day.

    Attributes:
        observed_on: The day.
        n_population: The number of customers on that day; the fit may have used a sample of them.
        report: The fit.
    """

    observed_on: date
    n_population: int
    report: ModelReport


def parameter_table(fits: Sequence[DatedFit]) -> pa.Table:
    """The rows of value_parameters.parquet: one per day, model and parameter."""
    rows = [
        {
            "observed_on": fit.observed_on,
            "model": fit.report.model,
            "asked_model": fit.report.asked_model,
            "parameter": name,
            "estimate": estimate,
            "standard_error": fit.report.standard_errors[name],
            "log_likelihood": fit.report.log_likelihood,
            "n_population": fit.n_population,
            "n_customers": fit.report.n_customers,
            "n_cells": fit.report.n_cells,
            "status": str(fit.report.status),
            "spend_correlation": fit.report.spend_correlation,
        }
        for fit in fits
        for name, estimate in sorted(fit.report.parameters.items())
    ]
    return pa.Table.from_pylist(rows, schema=_PARAMETERS)


class FitCache:
    """A cache of the fits of earlier runs, by the hash of their input.

    Args:
        exchange: The folder of the cache file. If the file is missing or cannot be read, the cache is empty.
    """

    def __init__(self, exchange: Path) -> None:
        self._path = exchange / _CACHE
        try:
            self._before = _REPORTS.validate_json(self._path.read_bytes())
        except (OSError, ValueError):
            self._before = {}
        self._used: dict[str, ModelReport] = {}
        self.n_fitted = 0

    def get(self, cells: PurchaseCells | SpendCells, model: str, fit: Callable[[], ModelReport]) -> ModelReport:
        """The cached fit of these cells, or a fresh one; `model` names the model and all options of the fit."""
        key = _digest(cells, model)
        report = self._before.get(key)
        if report is None:
            report = fit()
            self.n_fitted += 1
        self._used[key] = report
        return report

    def keep(self) -> None:
        """Write the fits that were used, and drop the others."""
        # parameters keep the model's order, because the rows of the covariance have the same order
        content = _REPORTS.dump_json(dict(sorted(self._used.items())), indent=1)
        write_text_durably(self._path, content.decode() + "\n", mode=0o600)


def _digest(cells: PurchaseCells | SpendCells, model: str) -> str:
    content = hashlib.sha256(f"{_code()} {model}".encode())
    for column in vars(cells).values():
        content.update(np.ascontiguousarray(column).tobytes())
    return content.hexdigest()


@cache
def _code() -> str:
    """The hash of this package and of the libraries' versions, because another formula gives another fit."""
    content = hashlib.sha256(f"numpy {np.__version__} scipy {scipy.__version__}".encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        content.update(file.read_bytes())
    return content.hexdigest()


def _covariance(hessian: Floats) -> list[list[float]] | None:
    """The covariance as lists, or None if it is not known."""
    found = covariance(hessian)
    return [[float(value) for value in row] for row in found] if np.isfinite(found).all() else None


def _unfitted(model: str, status: FitStatus, names: tuple[str, ...], n_customers: int, n_cells: int) -> ModelReport:
    return ModelReport(model, model, status, dict.fromkeys(names), None, None, n_customers, n_cells)
