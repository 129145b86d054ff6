"""The trial of the models in the value step: the chosen model scores, and everything that was compared is written."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest

from pipelines.errors import BuildError
from pipelines.value import score
from pipelines.value.purchase_model import Kind
from pipelines.value.trial import hold_trial
from tests.unit.value_samples import (
    CALIBRATION_END,
    HOLDOUT,
    Customers,
    cdnow_holdout,
    holdout_table,
    packaged_cdnow,
    read_cdnow,
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
def exchange(people: Customers, holdout: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exchange")
    write_cells(folder, people)
    pq.write_table(holdout, folder / "holdout_cells.parquet")
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
    assert {round(row["seen"] * row["n_customers"]) for row in totals.values()} == {1882}
    assert f"{totals['pareto_nbd']['deviance']:.3f}" == "1.594"
    assert totals["pareto_nbd"]["behind"] == 0
    for part in ("frequency", "probability"):
        bins = [row for row in rows if row["part"] == part]
        assert [row["bin"] for row in bins] == list(range(1, len(bins) + 1))
        assert sum(row["n_customers"] for row in bins) == 2357
        assert all(row["is_chosen"] and totals[row["forecast"]]["is_chosen"] for row in bins)


def test_the_order_of_the_cells_changes_no_byte(exchange: Path, people: Customers, tmp_path: Path) -> None:
    write_cells(tmp_path, people, shuffle=1)
    cells = pq.read_table(exchange / "holdout_cells.parquet")
    pq.write_table(cells.take(np.random.default_rng(1).permutation(cells.num_rows)), tmp_path / "holdout_cells.parquet")
    score(tmp_path, CALIBRATION_END)
    for name in ("purchase_scores", "value_parameters", "value_validation"):
        assert (tmp_path / f"{name}.parquet").read_bytes() == (exchange / f"{name}.parquet").read_bytes(), name


def test_the_same_days_last_year_give_a_seasonal_index(people: Customers, holdout: pa.Table) -> None:
    # last year they bought three times as often as they had before
    rate = (people.repeats + 1) / np.maximum(people.age, 1)
    before = holdout_table(people, np.round(3 * rate * DAYS), DAYS, window="last_year")
    rows = hold_trial(pa.concat_tables([holdout, before])).table.to_pylist()
    assert {row["forecast"] for row in rows} >= {"last_year"}
    assert rows[0]["seasonal_index"] == pytest.approx(3, rel=0.05)


def test_without_a_holdout_bg_nbd_is_used_and_nothing_is_claimed() -> None:
    trial = hold_trial(HOLDOUT.empty_table())
    assert (trial.chosen, trial.beats_naive, trial.table.num_rows) == (Kind.BG_NBD, None, 0)


def test_impossible_cells_are_refused_by_name(people: Customers, holdout: pa.Table) -> None:
    broken = holdout.set_column(4, "recency_days", pa.array(np.full(holdout.num_rows, 9999), pa.int32()))
    with pytest.raises(BuildError, match=r"holdout_cells.parquet: recency must lie between 0 and age"):
        hold_trial(broken)
