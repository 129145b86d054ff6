"""The step of contracts: it reads renewals by cohort and period, and writes retention, its forecast and scores.

Here: what connects files and the model, and the retention in fact with its interval. Not here: the model (sbg.py).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.base.errors import BuildError
from pipelines.config.model import ModelSettings
from pipelines.value import files
from pipelines.value.sbg import Renewals, SbgFit, fit, remaining_share, residual_periods, retention, survival
from pipelines.value.suitability import Check, ModelKind, Verdict, above, below, is_refused

Floats = NDArray[np.float64]
CONTRACT_RETENTION, CONTRACT_SCORES = "contract_retention", "contract_scores"
_DECIMALS = 8
_Z = 1.959964
_MONTHS = 12
_DAYS_PER_YEAR = 365.25
_RETENTION = pa.schema(
    [
        ("contract_kind", pa.string()),
        ("period_months", pa.int32()),
        ("cohort_on", pa.date32()),
        ("period_number", pa.int32()),
        ("is_forecast", pa.bool_()),
        ("is_complete", pa.bool_()),
        ("n_started", pa.int64()),
        ("n_due", pa.int64()),
        ("n_renewed", pa.int64()),
        *(
            (f"{name}{end}", pa.float64())
            for name in ("retention_share", "survival_share")
            for end in ("", "_low", "_high")
        ),
        ("predicted_retention_share", pa.float64()),
        *((f"predicted_survival_share{end}", pa.float64()) for end in ("", "_low", "_high")),
        ("fit_alpha", pa.float64()),
        ("fit_beta", pa.float64()),
    ]
)
_SCORES = pa.schema(
    [
        ("contract_kind", pa.string()),
        ("period_months", pa.int32()),
        ("period_number", pa.int32()),
        ("renewal_probability", pa.float64()),
        ("expected_periods", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Cohort:
    """The contracts of a group that began in one time, or all of them; arrays by period from 1.

    Attributes:
        started_on: The first day of the cohort's month or year; None for all contracts.
        n_started: How many began.
        reached: How many reached each period.
        due: How many of these had to renew by now.
        renewed: How many of these did.
    """

    started_on: date | None
    n_started: int
    reached: Floats
    due: Floats
    renewed: Floats


def write_contracts(exchange: Path, model: ModelSettings) -> list[Check]:
    """Fit each group of contracts in contract_cells.parquet; write contract_retention and contract_scores.

    A group is a kind of contract with one length of period. A group for which the model is refused has no forecast and
    no scores. The same cells in any order give the same bytes.

    Args:
        exchange: Folder with the cells.
        model: The business numbers.

    Returns:
        The checks of each group. Without contracts it is one check, with the verdict refuse.

    Raises:
        BuildError: Cells are missing, unreadable or impossible.
    """
    cells = files.read_cells(exchange, "contract_cells")
    groups = sorted(set(zip(cells["contract_kind"].to_pylist(), cells["period_months"].to_pylist(), strict=True)))
    checks: list[Check] = []
    tables, scores = [_RETENTION.empty_table()], [_SCORES.empty_table()]
    for kind, months in groups:
        rows = [row for row in cells.to_pylist() if (row["contract_kind"], row["period_months"]) == (kind, months)]
        everybody, cohorts = _cohorts(rows)
        scope = f"{kind}_{months}m"
        try:
            renewals = Renewals.of(np.arange(1, everybody.due.size + 1), everybody.due, everybody.renewed)
        except ValueError as error:
            raise BuildError(f"contract_cells.parquet: {error}", hint="run the core models again") from error
        found = list(_checks(renewals, scope, model))
        fitted = None if is_refused(found) else fit(renewals)
        if not is_refused(found):
            is_alike = None if fitted is None else float(fitted.model.is_alike)
            n = int(everybody.due[0])
            found.append(above(ModelKind.CONTRACTS, "contracts_alike", is_alike, 0, None, n, scope))
        checks += found
        ahead = model.contract.forecast_periods if fitted else 0
        for cohort in (everybody, *cohorts):
            of_cohort = {"contract_kind": kind, "period_months": months, "cohort_on": cohort.started_on}
            lines = [of_cohort | line for line in _lines(cohort, fitted, ahead)]
            tables.append(pa.Table.from_pylist(lines, schema=_RETENTION))
        if fitted:
            rate = _rate_per_period(kind, months, model)
            scores.append(_scored(kind, months, everybody.due.size, fitted, rate))
    files.write(exchange, CONTRACT_RETENTION, tables)
    files.write(exchange, CONTRACT_SCORES, scores)
    none = Check(ModelKind.CONTRACTS, "all", "no_contracts", Verdict.REFUSE, 0, None, None, 0)
    return checks or [none]


def _cohorts(rows: Sequence[dict[str, Any]]) -> tuple[Cohort, list[Cohort]]:
    """All contracts of a group, and its cohorts."""
    days: list[date] = sorted({row["cohort_on"] for row in rows})
    last = max(row["period_number"] for row in rows)
    names = ("n_reached", "n_due", "n_renewed")
    cohorts = []
    for day in days:
        by_period = np.zeros((3, last))
        started = 0
        for row in rows:
            if row["cohort_on"] == day:
                by_period[:, row["period_number"] - 1] = [row[name] for name in names]
                started = row["n_started"]
        cohorts.append(Cohort(day, started, *by_period))
    total = np.sum([[each.reached, each.due, each.renewed] for each in cohorts], axis=0)
    return Cohort(None, sum(each.n_started for each in cohorts), *total), cohorts


def _checks(renewals: Renewals, scope: str, model: ModelSettings) -> Iterator[Check]:
    kind, n = ModelKind.CONTRACTS, int(renewals.due[0])
    yield below(kind, "few_contracts", n, None, model.contract.min_contracts, n, scope)
    periods = int(np.count_nonzero(renewals.due))
    yield below(kind, "few_periods", periods, None, model.contract.min_periods, n, scope)
    lost = int(renewals.due.sum() - renewals.renewed.sum())
    varied = min(lost, int(renewals.renewed.sum()))
    yield below(kind, "no_renewals_or_no_losses", varied, None, 1, int(renewals.due.sum()), scope)


def _lines(cohort: Cohort, fitted: SbgFit | None, ahead: int) -> Iterator[dict[str, object]]:
    """One row per period that was due, and the forecast after it."""
    last = int(np.count_nonzero(cohort.due))
    kept = np.array([])
    share, variance = 1.0, 0.0
    parameters: dict[str, float | None] = {"fit_alpha": None, "fit_beta": None}
    if fitted:
        parameters = {"fit_alpha": _rounded(fitted.model.alpha), "fit_beta": _rounded(fitted.model.beta)}
    for period in range(1, last + 1):
        due, renewed = cohort.due[period - 1], cohort.renewed[period - 1]
        kept = np.append(kept, renewed / due)
        share = float(np.prod(kept))
        if renewed:  # Greenwood 1926: the variance of a product of shares
            variance += (due - renewed) / (due * renewed)
        error2 = share**2 * variance
        alike = share * (1 - share) / error2 if error2 > 0 and share < 1 else float(due)
        row: dict[str, object] = {
            "period_number": period,
            "is_forecast": False,
            "is_complete": bool(cohort.reached[period - 1] == due),
            "n_started": cohort.n_started,
            "n_due": int(due),
            "n_renewed": int(renewed),
            **_with_interval("retention_share", kept[-1], float(due)),
            **_with_interval("survival_share", share, alike),
            **parameters,
        }
        if fitted:
            row["predicted_retention_share"] = _rounded(float(retention(fitted.model, period)))
            row["predicted_survival_share"] = _rounded(float(survival(fitted.model, period)))
        yield row
    if not fitted or share == 0:
        return
    steps = np.arange(1, ahead + 1)
    # as many as are left of the whole cohort, also if its last period was due for the first of its contracts only
    expected, errors = remaining_share(fitted, last, steps, cohort.n_started * share)
    for step, mean, error in zip(steps.tolist(), expected, errors, strict=True):
        ends = {"": mean, "_low": max(mean - _Z * error, 0.0), "_high": min(mean + _Z * error, 1.0)}
        yield {
            "period_number": last + step,
            "is_forecast": True,
            "is_complete": False,
            "n_started": cohort.n_started,
            "predicted_retention_share": _rounded(float(retention(fitted.model, last + step))),
            **{f"predicted_survival_share{end}": _rounded(share * value) for end, value in ends.items()},
            **parameters,
        }


def _rate_per_period(kind: str, months: int, model: ModelSettings) -> float:
    """The discount rate per period. A period of orders has the days of the setting, for example 7."""
    days = model.contract.orders_period_days if kind == "orders" else None
    years = months / _MONTHS if days is None else days / _DAYS_PER_YEAR
    return math.expm1(math.log1p(model.clv.annual_discount_rate) * years)


def _scored(kind: str, months: int, periods: int, fitted: SbgFit, rate: float) -> pa.Table:
    """The scores of contracts in period 1, 2, …; without a discount rate the residual lifetime has no limit."""
    number = np.arange(1, periods + 1)
    residual = residual_periods(fitted.model, number, rate) if rate > 0 else np.full(number.shape, np.nan)
    return pa.table(
        {
            "contract_kind": [kind] * periods,
            "period_months": pa.array([months] * periods, pa.int32()),
            "period_number": pa.array(number.astype(np.int32)),
            "renewal_probability": np.round(retention(fitted.model, number), _DECIMALS),
            "expected_periods": pa.array(np.round(residual, _DECIMALS), mask=~np.isfinite(residual)),
        },
        schema=_SCORES,
    )


def _with_interval(name: str, share: float, n: float) -> dict[str, float]:
    """A share with its 95 % interval (Wilson 1927) for n observations."""
    centre, spread = share + _Z**2 / (2 * n), _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    low, high = (centre - spread) / (1 + _Z**2 / n), (centre + spread) / (1 + _Z**2 / n)
    values = {"": share, "_low": max(low, 0.0), "_high": min(high, 1.0)}
    return {f"{name}{end}": _rounded(value) for end, value in values.items()}


def _rounded(value: float) -> float:
    return round(value, _DECIMALS)
