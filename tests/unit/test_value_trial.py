"""The trial of the models in the value step: the chosen model scores, and everything that was compared is written."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import BuildError
from pipelines.value import score, uncertainty
from pipelines.value.purchase_model import Kind
from pipelines.value.report import FitStatus
from pipelines.value.trial import hold_trial
from tests.unit.value_samples import (
    CALIBRATION_END,
    HOLDOUT,
    WEEKS,
    Customers,
    cdnow_holdout,
    cdnow_weeks,
    holdout_table,
    packaged_cdnow,
    read_cdnow,
    simulate,
    weeks_table,
    write_cells,
)

DAYS = 273  # 39 weeks


@pytest.fixture(scope="module")
def people() -> Customers:
    return read_cdnow(packaged_cdnow())


@pytest.fixture(scope="module")
def holdout(people: Customers) -> pa.Table:
    return holdout_table(people, cdnow_holdout(packaged_cdnow()), DAYS)


@pytest.fixture(scope="module")
def weeks() -> pa.Table:
    return weeks_table(cdnow_weeks(packaged_cdnow()))


@pytest.fixture(scope="module")
def exchange(people: Customers, holdout: pa.Table, weeks: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exchange")
    write_cells(folder, people)
    pq.write_table(holdout, folder / "holdout_cells.parquet")
    pq.write_table(weeks, folder / "holdout_week_cells.parquet")
    score(folder, CALIBRATION_END)
    return folder


def test_the_chosen_model_is_the_one_that_scores(exchange: Path) -> None:
    rows = pq.read_table(exchange / "value_validation.parquet").to_pylist()
    (chosen,) = (row for row in rows if row["part"] == "total" and row["is_chosen"])
    parameters = pq.read_table(exchange / "value_parameters.parquet").to_pylist()
    assert {row["model"] for row in parameters} == {chosen["forecast"], "gamma_gamma"}
    assert {row["status"] for row in parameters} == {"fitted"}
    assert chosen["beats_naive"] is True
    assert (chosen["holdout_days"], chosen["cut_on"].isoformat()) == (DAYS, "1997-09-30")


def test_every_forecast_and_every_bin_is_written(exchange: Path) -> None:
    rows = pq.read_table(exchange / "value_validation.parquet").to_pylist()
    totals = {row["forecast"]: row for row in rows if row["part"] == "total"}
    assert list(totals) == ["nbd", "bg_nbd", "mbg_nbd", "pareto_nbd", "pooled_mean", "own_rate"]
    assert [row["fitted_model"] for row in totals.values()] == ["nbd", "bg_nbd", "mbg_nbd", "pareto_nbd", None, None]
    assert {round(row["actual"] * row["n_customers"]) for row in totals.values()} == {1882}
    assert f"{totals['pareto_nbd']['deviance']:.3f}" == "1.594"
    assert totals["pareto_nbd"]["deviance_gap"] == 0
    for part in ("frequency", "probability"):
        bins = [row for row in rows if row["part"] == part]
        assert [row["bin"] for row in bins] == list(range(1, len(bins) + 1))
        assert sum(row["n_customers"] for row in bins) == 2357
        assert all(row["is_chosen"] and totals[row["forecast"]]["is_chosen"] for row in bins)


def test_weeks_add_up_to_the_predicted_and_actual_total_of_the_whole_holdout(exchange: Path) -> None:
    rows = pq.read_table(exchange / "value_validation.parquet").to_pylist()
    (chosen,) = (row for row in rows if row["part"] == "total" and row["is_chosen"])
    weeks = [row for row in rows if row["part"] == "week"]
    assert [row["bin"] for row in weeks] == list(range(1, 40))
    assert {(row["forecast"], row["n_customers"]) for row in weeks} == {(chosen["forecast"], 2357)}
    assert [(row["low"], row["high"]) for row in weeks] == [(7 * n, 7 * n + 7) for n in range(39)]
    for column in ("predicted", "actual"):
        assert weeks[-1][column] == pytest.approx(chosen[column], abs=1e-8)
    predicted = [row["predicted"] for row in weeks]
    assert np.all(np.diff(predicted) > 0) and np.all(np.diff(predicted, 2) < 0)  # fewer each week: customers leave
    assert round(weeks[0]["actual"] * 2357) == cdnow_weeks(packaged_cdnow())[0]


def test_intervals_are_held_against_what_was_bought(exchange: Path) -> None:
    rows = pq.read_table(exchange / "value_validation.parquet").to_pylist()
    customers, total = (
        {row["bin"]: row for row in rows if row["part"] == part} for part in ("interval", "total_interval")
    )
    assert set(customers) == set(total) == {80, 95}
    assert all(row["predicted"] > level / 100 for level, row in customers.items())
    # CDNOW is no world of BG/NBD: fewer customers are inside than it says, and the total lies above both intervals
    assert [f"{customers[level]['predicted']:.3f} {customers[level]['actual']:.3f}" for level in (80, 95)] == [
        "0.944 0.928",
        "0.984 0.972",
    ]
    assert [
        [round(total[level][end] * 2357) for end in ("low", "predicted", "actual", "high")] for level in (80, 95)
    ] == [
        [1524, 1653, 1882, 1785],
        [1459, 1653, 1882, 1858],
    ]


def test_a_total_without_standard_errors_has_no_interval(
    holdout: pa.Table, weeks: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uncertainty, "covariance", lambda hessian: np.full(hessian.shape, np.nan))
    rows = [row for row in hold_trial(holdout, weeks).table.to_pylist() if row["part"] == "total_interval"]
    assert [(row["low"], row["high"]) for row in rows] == [(None, None)] * 2


def test_the_error_of_the_total_is_shown_of_every_forecast(exchange: Path) -> None:
    rows = pq.read_table(exchange / "value_validation.parquet").to_pylist()
    totals = {row["forecast"]: row["total_error"] for row in rows if row["part"] == "total"}
    assert {name: f"{error:.1%}" for name, error in totals.items()} == {
        "nbd": "55.7%",
        "bg_nbd": "-12.1%",
        "mbg_nbd": "-16.2%",
        "pareto_nbd": "-11.5%",
        "pooled_mean": "55.6%",
        "own_rate": "155.8%",
    }
    assert all(row["total_error"] is None for row in rows if row["part"] != "total")


@pytest.mark.parametrize("spoiled", [{"week_number": 40}, {"n_purchase_days": 1}, {"cut_on": date(1997, 9, 29)}])
def test_weeks_of_another_holdout_are_refused(
    holdout: pa.Table, weeks: pa.Table, spoiled: dict[str, int | date]
) -> None:
    first, *others = weeks.to_pylist()
    with pytest.raises(BuildError, match=r"holdout_week_cells.parquet .* 1997-09-30"):
        hold_trial(holdout, pa.Table.from_pylist([first | spoiled, *others], schema=WEEKS))


def test_the_order_of_the_cells_changes_no_byte(exchange: Path, people: Customers, tmp_path: Path) -> None:
    write_cells(tmp_path, people, shuffle=1)
    for name in ("holdout_cells", "holdout_week_cells"):
        cells = pq.read_table(exchange / f"{name}.parquet")
        pq.write_table(cells.take(np.random.default_rng(1).permutation(cells.num_rows)), tmp_path / f"{name}.parquet")
    score(tmp_path, CALIBRATION_END)
    for name in ("purchase_scores", "value_parameters", "value_validation"):
        assert (tmp_path / f"{name}.parquet").read_bytes() == (exchange / f"{name}.parquet").read_bytes(), name


def test_the_same_days_last_year_give_a_seasonal_index(people: Customers, holdout: pa.Table, weeks: pa.Table) -> None:
    # last year they bought three times as often as they had before
    rate = (people.repeats + 1) / np.maximum(people.age, DAYS)
    before = holdout_table(people, np.round(3 * rate * DAYS), DAYS, window="last_year")
    rows = hold_trial(pa.concat_tables([holdout, before]), weeks).table.to_pylist()
    assert {row["forecast"] for row in rows} >= {"last_year"}
    assert rows[0]["seasonal_index"] == pytest.approx(3, rel=0.05)


def test_where_no_dropout_is_found_it_is_said_of_the_trial_and_of_the_fit(tmp_path: Path) -> None:
    still = simulate(1500, seed=2, a=0)
    write_cells(tmp_path, still)
    bought = np.random.default_rng(2).poisson((0.6 + still.repeats) / (30 + still.age) * 90).astype(float)
    pq.write_table(holdout_table(still, bought, 90), tmp_path / "holdout_cells.parquet")
    in_weeks = np.zeros(13)
    in_weeks[0] = bought.sum()
    pq.write_table(weeks_table(in_weeks), tmp_path / "holdout_week_cells.parquet")
    report = score(tmp_path, CALIBRATION_END)
    rows = pq.read_table(tmp_path / "value_validation.parquet").to_pylist()
    (chosen,) = (row for row in rows if row["part"] == "total" and row["is_chosen"])
    assert (chosen["forecast"], chosen["fitted_model"]) == ("bg_nbd", "nbd")
    assert (report.purchases.asked_model, report.purchases.model) == ("bg_nbd", "nbd")
    assert report.purchases.status is FitStatus.NO_DROPOUT_FOUND


def test_without_a_holdout_bg_nbd_is_used_and_nothing_is_claimed() -> None:
    trial = hold_trial(HOLDOUT.empty_table(), WEEKS.empty_table())
    assert (trial.chosen, trial.beats_naive, trial.table.num_rows) == (Kind.BG_NBD, None, 0)


def test_impossible_cells_are_refused_by_name(holdout: pa.Table, weeks: pa.Table) -> None:
    broken = holdout.set_column(4, "recency_days", pa.array(np.full(holdout.num_rows, 9999), pa.int32()))
    with pytest.raises(BuildError, match=r"holdout_cells.parquet: recency must be between 0 and age"):
        hold_trial(broken, weeks)
