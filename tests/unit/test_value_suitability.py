"""Which models suit the data: every limit from both sides, and what a refusal does to the files of the step."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.config.model import ModelSettings
from pipelines.value import estimate
from pipelines.value.suitability import (
    ShopFigures,
    Verdict,
    dropout_check,
    is_refused,
    purchase_checks,
    spend_checks,
    worst,
)
from tests.unit.value_samples import CALIBRATION_END as TODAY
from tests.unit.value_samples import simulate, write_cells

MODEL = ModelSettings()
# the columns of cells of which a test has no rows
TEXT, DAY, WHOLE, COUNT, GAPS = pa.string(), pa.date32(), pa.int32(), pa.int64(), pa.decimal128(9, 2)
RETURNS = {
    "curve_on": DAY, "horizon_days": WHOLE, "n_month_ends": WHOLE, "n_season_years": WHOLE, "row_name": TEXT,
    "band": WHOLE, "lower_gaps": GAPS, "n_customers": COUNT, "n_returned": COUNT, "n_season_customers": COUNT,
    "n_season_returned": COUNT,
}  # fmt: skip
CONTRACTS = {
    "contract_kind": TEXT, "period_months": WHOLE, "cohort_on": DAY, "period_number": WHOLE, "n_started": COUNT,
    "n_reached": COUNT, "n_due": COUNT, "n_renewed": COUNT,
}  # fmt: skip
FINE = ShopFigures(
    n_customers=1500,
    n_repeat_customers=600,
    n_regularity_tested=200,
    n_regular=10,
    observed_days=500,
    unobserved_days=0,
    orders_period_days=0,
)


def verdicts(shop: ShopFigures) -> dict[str, str]:
    return {check.reason: str(check.verdict) for check in purchase_checks(shop, MODEL)}


def test_a_usual_shop_passes_every_check() -> None:
    assert set(verdicts(FINE).values()) == {"pass"}
    checks = list(spend_checks(FINE, 600, 0.1, MODEL))
    assert {str(check.verdict) for check in checks} == {"pass"}


@pytest.mark.parametrize(
    ("changed", "reason", "verdict"),
    [
        ({"orders_period_days": 30}, "contract_declared", "refuse"),
        ({"n_regular": 60}, "regular_purchases", "pass"),
        ({"n_regular": 61}, "regular_purchases", "flag"),
        ({"n_regular": 160}, "regular_purchases", "flag"),
        ({"n_regular": 161}, "regular_purchases", "refuse"),
        ({"n_regularity_tested": 29, "n_regular": 29}, "regular_purchases", "not_tested"),
        ({"n_customers": 100}, "few_customers", "pass"),
        ({"n_customers": 99}, "few_customers", "refuse"),
        ({"n_repeat_customers": 100}, "few_repeat_customers", "pass"),
        ({"n_repeat_customers": 99}, "few_repeat_customers", "flag"),
        ({"n_repeat_customers": 9}, "few_repeat_customers", "refuse"),
        ({"observed_days": 450, "unobserved_days": 50}, "observation_gaps", "pass"),
        ({"observed_days": 449, "unobserved_days": 51}, "observation_gaps", "flag"),
        ({"observed_days": 400, "unobserved_days": 401}, "observation_gaps", "refuse"),
        ({"observed_days": 0, "unobserved_days": 0}, "observation_gaps", "not_tested"),
        ({"observed_days": 365}, "short_history", "pass"),
        ({"observed_days": 364}, "short_history", "flag"),
        ({"observed_days": 28}, "short_history", "flag"),
        ({"observed_days": 27}, "short_history", "refuse"),
    ],
)
def test_a_figure_beyond_its_limit_is_flagged_or_refused(changed: dict[str, int], reason: str, verdict: str) -> None:
    assert verdicts(replace(FINE, **changed))[reason] == verdict


@pytest.mark.parametrize(
    ("correlation", "verdict"),
    [
        (0.3, "pass"),
        (-0.3, "pass"),
        (0.31, "flag"),
        (-0.31, "flag"),
        (0.7, "flag"),
        (-0.71, "refuse"),
        (None, "not_tested"),
    ],
)
def test_frequency_and_spend_that_go_together_speak_against_the_spend_model(
    correlation: float | None, verdict: str
) -> None:
    found = {check.reason: str(check.verdict) for check in spend_checks(FINE, 600, correlation, MODEL)}
    assert found["spend_correlation"] == verdict


def test_a_fit_without_dropout_is_flagged_and_the_worst_check_decides() -> None:
    assert dropout_check(False, 10).verdict is Verdict.FLAG
    assert dropout_check(True, 10).verdict is Verdict.PASS
    assert dropout_check(None, 10).verdict is Verdict.NOT_TESTED
    checks = [*purchase_checks(FINE, MODEL), dropout_check(False, 10)]
    assert worst(checks) is Verdict.FLAG
    assert not is_refused(checks)
    assert is_refused([*checks, *purchase_checks(replace(FINE, orders_period_days=30), MODEL)])


def prepared(folder: Path, shop: ShopFigures, n: int = 1500) -> Path:
    folder.mkdir(exist_ok=True)
    write_cells(folder, simulate(n, seed=1))
    schema = pa.schema([(name, pa.int32() if name.endswith("_days") else pa.int64()) for name in vars(shop)])
    pq.write_table(pa.Table.from_pylist([vars(shop)], schema=schema), folder / "suitability_cells.parquet")
    for name, columns in (("return", RETURNS), ("contract", CONTRACTS)):
        pq.write_table(pa.schema(list(columns.items())).empty_table(), folder / f"{name}_cells.parquet")
    return folder


def found(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return rows


def test_a_refused_model_does_not_run_and_says_why(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "shop", replace(FINE, orders_period_days=30))
    report = estimate(folder, TODAY)
    assert {report.value.purchases.status, report.value.spend.status} == {"refused"}
    assert report.n_refused == 3  # purchases, spend, and contracts, of which there are none
    assert [line.split(":")[0] for line in report.warnings] == [
        "purchase_model (all) does not suit the data",
        "spend_model (all) does not suit the data",
    ]
    scores = found(folder, "purchase_scores")
    assert scores and {row["expected_purchases_12m"] for row in scores} == {None}
    assert {row["status"] for row in found(folder, "value_parameters")} == {"refused"}
    assert {row["estimate"] for row in found(folder, "value_parameters")} == {None}
    rows = {(row["model"], row["reason"]): row for row in found(folder, "model_suitability")}
    declared = rows["purchase_model", "contract_declared"]
    assert (declared["verdict"], declared["model_verdict"], declared["figure"], declared["refuse_limit"]) == (
        "refuse", "refuse", 30, 0
    )  # fmt: skip
    assert rows["purchase_model", "short_history"]["verdict"] == "pass"
    assert rows["purchase_model", "no_dropout_found"]["verdict"] == "not_tested"
    assert rows["contract_model", "no_contracts"]["model_verdict"] == "refuse"


def test_only_the_refused_model_is_left_out(tmp_path: Path) -> None:
    model = MODEL.model_copy(
        update={"suitability": MODEL.suitability.model_copy(update={"refuse_spend_correlation": 0.0})}
    )
    report = estimate(prepared(tmp_path / "shop", FINE), TODAY, model)
    assert report.value.purchases.status == "fitted"
    assert report.value.spend.status == "refused"
    assert report.value.spend.spend_correlation is not None


def test_what_suits_is_fitted_as_without_the_check(tmp_path: Path) -> None:
    report = estimate(prepared(tmp_path / "shop", FINE), TODAY)
    assert (report.value.purchases.status, report.value.spend.status) == ("fitted", "fitted")
    assert report.warnings == report.value.warnings
    rows = found(tmp_path / "shop", "model_suitability")
    assert {row["model_verdict"] for row in rows if row["model"] != "contract_model"} == {"pass"}
    assert {row["n"] for row in rows if row["reason"] == "few_customers" and row["model"] == "purchase_model"} == {1500}


def test_too_few_customers_keep_their_own_status(tmp_path: Path) -> None:
    few = replace(FINE, n_customers=50, n_repeat_customers=2)
    report = estimate(prepared(tmp_path / "shop", few, n=50), TODAY)
    assert report.value.purchases.status == "too_few_customers"
    assert report.warnings == ()
