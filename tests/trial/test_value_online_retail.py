"""Trial: Online Retail's purchase days by plain SQL: nobody is seen to leave, and Christmas beats the models."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from pipelines.value import purchase_model
from pipelines.value.cells import PurchaseCells
from pipelines.value.purchase_model import Kind
from pipelines.value.report import FitStatus
from pipelines.value.validation import HoldoutCells, Validation, validate
from tests.trial.raw import online_retail

pytestmark = pytest.mark.trial

LAST_DAY = date(2011, 12, 9)
HOLDOUT = """
    select
        count(*) filter (day_on <= $cut) - 1 as x,
        max(day_on) filter (day_on <= $cut) - min(day_on) as t_x,
        $cut - min(day_on) as age,
        count(*) filter (day_on > $cut) as bought
    from purchase_day where day_on <= $ends group by customer having x >= 0
"""


@pytest.fixture(scope="module")
def log(online_retail_files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with online_retail(online_retail_files) as con:
        con.execute(
            "create temp table purchase_day as select distinct customer, ordered_on as day_on"
            f" from raw_orders('{LAST_DAY}') where is_purchase and customer is not null"
        )
        yield con


def known(log: duckdb.DuckDBPyConnection, cut: date, ends: date) -> dict[str, np.ndarray]:
    return log.execute(HOLDOUT, {"cut": cut, "ends": ends}).fetchnumpy()


def held_out(log: duckdb.DuckDBPyConnection, cut: date, ends: date) -> Validation:
    found = known(log, cut, ends)
    cells = HoldoutCells.of(found["x"], found["t_x"], found["age"], found["bought"], float((ends - cut).days))
    outcome = validate(cells)
    assert outcome is not None
    return outcome


@pytest.mark.parametrize("kind", [Kind.BG_NBD, Kind.MBG_NBD, Kind.PARETO_NBD])
def test_no_dropout_is_found_at_any_months_end(log: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    ends = [date(2011, month, 1).fromordinal(date(2011, month, 1).toordinal() - 1) for month in range(2, 13)]
    for day in (*ends, LAST_DAY):
        found = known(log, day, day)
        cells = PurchaseCells.of(found["x"], found["t_x"], found["age"])
        fit = purchase_model.fit(kind, cells)
        assert fit.status is FitStatus.NO_DROPOUT_FOUND, day
        assert fit.model is not None and purchase_model.kind_of(fit.model) is Kind.NBD
        assert purchase_model.p_alive(fit.model, cells) is None


def test_before_christmas_a_plain_rate_does_better_and_it_is_said(log: duckdb.DuckDBPyConnection) -> None:
    outcome = held_out(log, date(2011, 9, 9), LAST_DAY)
    deviance = {score.name: f"{score.deviance:.2f}" for score in (*outcome.models, *outcome.peers)}
    assert (outcome.ended_at[outcome.chosen], deviance["nbd"], deviance["own_rate"]) == (Kind.NBD, "1.45", "1.40")
    assert outcome.beats_naive is False


def test_in_summer_the_model_does_better(log: duckdb.DuckDBPyConnection) -> None:
    outcome = held_out(log, date(2011, 6, 10), date(2011, 9, 9))
    deviance = {score.name: f"{score.deviance:.2f}" for score in (*outcome.models, *outcome.peers)}
    assert (outcome.ended_at[outcome.chosen], deviance["nbd"], deviance["own_rate"]) == (Kind.NBD, "1.21", "1.52")
    assert outcome.beats_naive is True
