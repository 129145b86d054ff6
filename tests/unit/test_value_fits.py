"""The fits of a run: of each day's own cells, remembered by what they were fitted on, and how sure they are."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipelines.config.model import ValueModel
from pipelines.value import bg_nbd, fits, purchase_model, score, scoring
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.purchase_fit import PurchaseFit
from pipelines.value.purchase_model import Kind, PurchaseModel
from pipelines.value.report import FitStatus
from pipelines.value.trial import Trial
from pipelines.value.uncertainty import shifts, standard_errors, total_variance
from tests.unit.value_samples import (
    CALIBRATION_END,
    HOLDOUT,
    WEEKS,
    Customers,
    add_day,
    packaged_cdnow,
    read_cdnow,
    simulate,
    write_cells,
)

EARLIER = date(1997, 8, 31)
OUTPUTS = ("purchase_scores", "value_parameters", "value_validation")
YEAR = 365.25


@pytest.fixture(scope="module")
def cdnow() -> Customers:
    return read_cdnow(packaged_cdnow())


@pytest.fixture(scope="module")
def cells(cdnow: Customers) -> PurchaseCells:
    return PurchaseCells.of(cdnow.repeats, cdnow.recency, cdnow.age)


def rows(exchange: Path, day: date) -> dict[tuple[str, str], dict[str, object]]:
    table = pq.read_table(exchange / "value_parameters.parquet").to_pylist()
    return {(row["model"], row["parameter"]): row for row in table if row["observed_on"] == day}


def all_bytes(exchange: Path) -> list[bytes]:
    return [(exchange / f"{name}.parquet").read_bytes() for name in OUTPUTS]


def test_each_day_is_fitted_on_its_own_cells_and_the_as_of_day_scores(cdnow: Customers, tmp_path: Path) -> None:
    write_cells(tmp_path, cdnow)
    score(tmp_path, CALIBRATION_END)
    alone = all_bytes(tmp_path)[0], rows(tmp_path, CALIBRATION_END)
    add_day(tmp_path, simulate(500, seed=4), EARLIER)
    report = score(tmp_path, CALIBRATION_END)
    assert (all_bytes(tmp_path)[0], rows(tmp_path, CALIBRATION_END)) == alone
    before = rows(tmp_path, EARLIER)
    assert {row["n_population"] for row in before.values()} == {500}
    assert before["bg_nbd", "r"]["estimate"] != alone[1]["bg_nbd", "r"]["estimate"]
    assert (report.n_fits, report.purchases.n_customers) == (4, 2357)


def test_a_day_is_fitted_again_only_where_its_cells_changed(cdnow: Customers, tmp_path: Path) -> None:
    def run(of_earlier: Customers) -> int:
        write_cells(tmp_path, cdnow)
        add_day(tmp_path, of_earlier, EARLIER)
        return score(tmp_path, CALIBRATION_END).n_fresh_fits

    assert run(simulate(500, seed=4)) == 4
    fresh = all_bytes(tmp_path)
    assert run(simulate(500, seed=4)) == 0
    assert all_bytes(tmp_path) == fresh  # remembered to the byte
    assert run(simulate(501, seed=4)) == 2  # a late order changed the earlier day


def spoiled(memory: str, how: str) -> str:
    """The memory with each fit changed, as another version or another hand may have left it."""
    fits_by_hash = json.loads(memory)
    for report in fits_by_hash.values():
        match how:
            case "more":
                report["another"] = 1
            case "less":
                del report["status"]
            case "text":
                report["parameters"] = dict.fromkeys(report["parameters"], "5")
            case "nan":
                report["parameters"] = dict.fromkeys(report["parameters"], float("nan"))
            case "wide":
                report["covariance"] = [[1e999]]
    return json.dumps(fits_by_hash)


@pytest.mark.parametrize("broken", ["", "{", "null", "5", "[]", '{"x": 1}', "more", "less", "text", "nan", "wide"])
def test_a_memory_that_cannot_be_read_is_no_fault(cdnow: Customers, tmp_path: Path, broken: str) -> None:
    write_cells(tmp_path, cdnow)
    score(tmp_path, CALIBRATION_END)
    fresh = all_bytes(tmp_path)
    memory = tmp_path / "fits.json"
    content = spoiled(memory.read_text(encoding="utf-8"), broken) if broken.isalpha() and broken != "null" else broken
    memory.write_text(content, encoding="utf-8")
    assert score(tmp_path, CALIBRATION_END).n_fresh_fits == 2
    assert all_bytes(tmp_path) == fresh


def test_the_memory_holds_no_more_than_the_last_run_used(cdnow: Customers, tmp_path: Path) -> None:
    write_cells(tmp_path, simulate(300, seed=1))
    score(tmp_path, CALIBRATION_END)
    write_cells(tmp_path, cdnow)
    score(tmp_path, CALIBRATION_END)
    assert len(json.loads((tmp_path / "fits.json").read_text(encoding="utf-8"))) == 2


def test_estimates_stand_beside_their_standard_errors(cells: PurchaseCells) -> None:
    report = fits.fit_purchases(Kind.PARETO_NBD, cells)
    model = purchase_model.of_parameters(Kind.PARETO_NBD, report.parameters)
    assert model is not None
    expected = standard_errors(purchase_model.hessian(model, cells))
    assert list(report.standard_errors) == ["r", "alpha", "s", "beta"]
    np.testing.assert_allclose([value or np.nan for value in report.standard_errors.values()], expected, rtol=1e-5)


def unable(*kinds: Kind) -> object:
    """A fitter for which some models have no maximum."""

    def fit(kind: Kind, cells: PurchaseCells) -> PurchaseFit[PurchaseModel]:
        if kind in kinds:
            return PurchaseFit(FitStatus.NOT_CONVERGED, None, None)
        return purchase_model.fit(kind, cells)

    return fit


@pytest.mark.parametrize(
    ("asked", "without", "status", "used"),
    [
        (Kind.PARETO_NBD, (), FitStatus.FITTED, Kind.PARETO_NBD),
        (Kind.PARETO_NBD, (Kind.PARETO_NBD,), FitStatus.FELL_BACK, Kind.MBG_NBD),
        (Kind.PARETO_NBD, (Kind.PARETO_NBD, Kind.MBG_NBD), FitStatus.FELL_BACK, Kind.BG_NBD),
        (Kind.BG_NBD, (Kind.BG_NBD,), FitStatus.FELL_BACK, Kind.NBD),
        (Kind.BG_NBD, tuple(Kind), FitStatus.NOT_CONVERGED, None),
        (Kind.NBD, (Kind.NBD,), FitStatus.NOT_CONVERGED, None),
    ],
)
def test_without_a_maximum_the_next_simpler_model_is_used(
    cells: PurchaseCells, asked: Kind, without: tuple[Kind, ...], status: FitStatus, used: Kind | None
) -> None:
    found = purchase_model.fit_or_simpler(asked, cells, unable(*without))
    assert found.status is status
    assert (purchase_model.kind_of(found.model) if found.model else None) is used


def test_frequency_and_spend_are_correlated_customer_by_customer(cdnow: Customers) -> None:
    came_back = cdnow.repeats > 0
    x, mean = cdnow.repeats[came_back], cdnow.mean[came_back]
    report = fits.fit_spend(SpendCells.of(x, mean))
    assert report.spend_correlation == pytest.approx(np.corrcoef(x, mean)[0, 1], rel=1e-5)
    assert f"{report.spend_correlation:.2f}" == "0.11"  # lifetimes' documentation rounds it to 0.11 too
    assert fits.spend_correlation(SpendCells.of(x, np.full(x.size, 5.0))) is None


def test_correlated_spend_is_warned_of(cdnow: Customers, tmp_path: Path) -> None:
    write_cells(tmp_path, cdnow)
    assert score(tmp_path, CALIBRATION_END).warnings == ()
    people = simulate(800, seed=9)
    spend = np.where(people.repeats > 0, np.round(people.repeats * 10 + people.age / 100, 2), np.nan)
    write_cells(tmp_path, Customers(people.repeats, people.recency, people.age, spend))
    (warning,) = score(tmp_path, CALIBRATION_END).warnings
    assert "correlation" in warning and "Gamma-Gamma" in warning
    assert score(tmp_path, CALIBRATION_END, ValueModel(high_spend_correlation=1)).warnings == ()


def test_a_shop_can_ask_for_more_customers_before_anything_is_fitted(cdnow: Customers, tmp_path: Path) -> None:
    write_cells(tmp_path, cdnow)
    few = round(sum(cdnow.repeats > 0))
    fitted = score(tmp_path, CALIBRATION_END, ValueModel(fit_min_customers=few))
    assert (fitted.purchases.status, fitted.spend.status) == (FitStatus.FITTED, FitStatus.FITTED)
    # what is remembered of the same cells does not stand in
    spendless = score(tmp_path, CALIBRATION_END, ValueModel(fit_min_customers=few + 1))
    assert (spendless.purchases.status, spendless.spend.status) == (FitStatus.FITTED, FitStatus.TOO_FEW_CUSTOMERS)
    neither = score(tmp_path, CALIBRATION_END, ValueModel(fit_min_customers=cdnow.repeats.size + 1))
    assert neither.purchases.status is FitStatus.TOO_FEW_CUSTOMERS


def test_a_simpler_model_and_a_lost_holdout_are_warned_of(
    cdnow: Customers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cells(tmp_path, cdnow)
    none = scoring.hold_trial(HOLDOUT.empty_table(), WEEKS.empty_table()).table
    monkeypatch.setattr(scoring, "hold_trial", lambda *_: Trial(Kind.BG_NBD, False, none))
    monkeypatch.setattr(bg_nbd, "fit", lambda *_: PurchaseFit(FitStatus.NOT_CONVERGED, None, None))
    fell_back, beaten = score(tmp_path, CALIBRATION_END).warnings
    assert "bg_nbd has no maximum" in fell_back and "nbd is used" in fell_back
    assert "worse on the holdout" in beaten


@pytest.mark.parametrize("kind", list(Kind))
def test_shifts_of_customers_add_up_to_the_variance_of_their_total(cells: PurchaseCells, kind: Kind) -> None:
    report = fits.fit_purchases(kind, cells)
    model = purchase_model.of_parameters(Kind(report.model), report.parameters)
    assert model is not None and report.covariance is not None
    estimates = np.array([value for value in report.parameters.values() if value is not None])
    covariance = np.array(report.covariance)

    def forecast(parameters: np.ndarray) -> np.ndarray:
        return purchase_model.expected_purchases(purchase_model.like(model, parameters), cells, YEAR)

    moves = shifts(estimates, covariance, forecast)
    wanted = total_variance(estimates, covariance, lambda at: float(cells.customers @ forecast(at)), 0.0)
    assert np.sum((moves @ cells.customers) ** 2) == pytest.approx(wanted, rel=2e-3)
