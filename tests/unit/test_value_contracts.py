"""Contracts as files: renewals in, retention by cohort and period with its forecast and the scores out."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import BuildError
from pipelines.config.model import ModelSettings
from pipelines.config.model_contract import ContractModel
from pipelines.value.contracts import CONTRACT_RETENTION, CONTRACT_SCORES, write_contracts
from pipelines.value.sbg import Renewals, fit, remaining_share, residual_periods, retention, survival
from pipelines.value.suitability import Verdict

REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
MODEL = ModelSettings()
Row = dict[str, Any]


def cell(period: int, reached: int, due: int, renewed: int, **more: Any) -> Row:
    return {
        "contract_kind": "paid_tier",
        "period_months": 12,
        "cohort_on": date(2000, 1, 1),
        "period_number": period,
        "n_started": 1000,
        "n_reached": reached,
        "n_due": due,
        "n_renewed": renewed,
    } | more


def regular() -> list[Row]:
    """The cohort of Fader & Hardie 2007; the renewals of its eighth year were not yet due."""
    due = [cell(n, alive, alive, REGULAR[n]) for n, alive in enumerate(REGULAR[:-1], start=1)]
    return [*due, cell(8, 241, 0, 0)]


def written(folder: Path, rows: list[Row], model: ModelSettings = MODEL) -> tuple[list[Row], list[Row], dict[str, str]]:
    """Retention, scores, and the verdict of each check."""
    types = {
        "period_months": pa.int32(),
        "period_number": pa.int32(),
        "cohort_on": pa.date32(),
        "contract_kind": pa.string(),
    }
    schema = pa.schema([(name, types.get(name, pa.int64())) for name in cell(1, 1, 1, 1)])
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "contract_cells.parquet")
    checks = write_contracts(folder, model)
    tables = [pq.read_table(folder / f"{name}.parquet").to_pylist() for name in (CONTRACT_RETENTION, CONTRACT_SCORES)]
    return tables[0], tables[1], {f"{check.scope} {check.reason}": str(check.verdict) for check in checks}


def test_the_published_cohort_has_its_retention_and_its_forecast(tmp_path: Path) -> None:
    rows, scores, verdicts = written(tmp_path, regular())
    everybody = [row for row in rows if row["cohort_on"] is None]
    past, ahead = everybody[:7], everybody[7:]
    assert [row["survival_share"] for row in past] == pytest.approx([alive / 1000 for alive in REGULAR[1:]])
    assert [row["n_due"] for row in past] == REGULAR[:-1]
    assert f"{past[0]['fit_alpha']:.4f} {past[0]['fit_beta']:.4f}" == "0.7041 1.1820"
    assert [f"{row['predicted_retention_share']:.3f}" for row in past[:2]] == ["0.627", "0.756"]
    assert not any(row["is_forecast"] for row in past) and all(row["is_forecast"] for row in ahead)
    assert [row["period_number"] for row in ahead] == list(range(8, 20))
    # the forecast begins at what is left: 241 of 1,000, where the model has 24.0 %
    fitted = fit(Renewals.of_survivors(REGULAR))
    assert fitted is not None
    expected = 0.241 * survival(fitted.model, [8, 12]) / survival(fitted.model, 7)
    assert [ahead[0]["predicted_survival_share"], ahead[4]["predicted_survival_share"]] == pytest.approx(expected, 1e-6)
    # in fact 223 and 173 were left
    assert ahead[0]["predicted_survival_share_low"] < 0.223 < ahead[0]["predicted_survival_share_high"]
    assert ahead[4]["predicted_survival_share_low"] < 0.173 < ahead[4]["predicted_survival_share_high"]
    assert set(verdicts.values()) == {"pass"}
    assert [row["period_number"] for row in scores] == list(range(1, 9))
    assert [row["renewal_probability"] for row in scores] == pytest.approx(retention(fitted.model, np.arange(1, 9)))
    assert scores[2]["expected_periods"] == pytest.approx(float(residual_periods(fitted.model, 3, 0.1)), 1e-7)


def test_a_month_is_discounted_by_a_twelfth_of_the_year(tmp_path: Path) -> None:
    _, scores, _ = written(tmp_path, [row | {"period_months": 1} for row in regular()])
    fitted = fit(Renewals.of_survivors(REGULAR))
    assert fitted is not None
    assert scores[0]["expected_periods"] == pytest.approx(float(residual_periods(fitted.model, 1, 1.1 ** (1 / 12) - 1)))
    undiscounted = MODEL.model_copy(update={"clv": MODEL.clv.model_copy(update={"annual_discount_rate": 0.0})})
    _, scores, _ = written(tmp_path, regular(), undiscounted)
    assert {row["expected_periods"] for row in scores} == {None}
    assert scores[0]["renewal_probability"] > 0


@pytest.mark.parametrize("days", [7, 30, 45])
def test_a_period_of_orders_is_discounted_by_its_days(tmp_path: Path, days: int) -> None:
    model = MODEL.model_copy(update={"contract": ContractModel(orders_period_days=days)})
    rows = [row | {"contract_kind": "orders", "period_months": 1} for row in regular()]
    _, scores, _ = written(tmp_path, rows, model)
    fitted = fit(Renewals.of_survivors(REGULAR))
    assert fitted is not None
    rate = 1.1 ** (days / 365.25) - 1
    assert scores[0]["expected_periods"] == pytest.approx(float(residual_periods(fitted.model, 1, rate)))


def test_cohorts_add_up_and_only_renewals_that_were_due_count(tmp_path: Path) -> None:
    rows = [
        cell(1, 400, 400, 300, cohort_on=date(2020, 1, 1), n_started=400),
        cell(2, 300, 300, 240, cohort_on=date(2020, 1, 1), n_started=400),
        cell(3, 240, 0, 0, cohort_on=date(2020, 1, 1), n_started=400),
        # half of this cohort began later in the year
        cell(1, 200, 100, 70, cohort_on=date(2021, 1, 1), n_started=200),
        cell(2, 70, 0, 0, cohort_on=date(2021, 1, 1), n_started=200),
    ]
    found, _, _ = written(tmp_path, rows)
    past = {
        (row["cohort_on"] and row["cohort_on"].year, row["period_number"]): row
        for row in found
        if not row["is_forecast"]
    }
    assert past.keys() == {(None, 1), (None, 2), (2020, 1), (2020, 2), (2021, 1)}
    assert [(row["n_due"], row["n_renewed"]) for row in past.values()] == [
        (500, 370), (300, 240), (400, 300), (300, 240), (100, 70)
    ]  # fmt: skip
    assert past[None, 2]["survival_share"] == pytest.approx(0.74 * 0.8)
    assert past[None, 2]["n_started"] == 600
    assert [past[key]["is_complete"] for key in ((2020, 2), (2021, 1), (None, 1))] == [True, False, False]
    # a retention share has Wilson's interval
    assert past[2021, 1]["retention_share_low"] == pytest.approx(0.604151, abs=1e-6)
    assert past[2021, 1]["retention_share_high"] == pytest.approx(0.781051, abs=1e-6)
    # a cohort that is complete has Wilson's interval of its survivors, too
    assert past[2020, 2]["survival_share_low"] == pytest.approx(0.551259, abs=1e-6)
    assert past[2020, 2]["survival_share_high"] == pytest.approx(0.646838, abs=1e-6)
    ahead = [row for row in found if row["is_forecast"]]
    assert min(row["period_number"] for row in ahead if row["cohort_on"] == date(2021, 1, 1)) == 2
    # the chance of a forecast is that of the 140 of 200 who are left if the others renew alike, not that of the 70 due
    fitted = fit(Renewals.of([1, 2], [500, 300], [370, 240]))
    assert fitted is not None
    mean, error = remaining_share(fitted, 1, [1], 140)
    (first,) = (row for row in ahead if (row["cohort_on"], row["period_number"]) == (date(2021, 1, 1), 2))
    assert first["predicted_survival_share"] == pytest.approx(0.7 * mean[0], abs=1e-6)
    assert first["predicted_survival_share_high"] == pytest.approx(0.7 * (mean[0] + 1.959964 * error[0]), abs=1e-6)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([cell(1, 99, 99, 50, n_started=99), cell(2, 50, 50, 40, n_started=99)], "few_contracts"),
        ([cell(1, 1000, 1000, 500), cell(2, 500, 0, 0)], "few_periods"),
        ([cell(1, 1000, 1000, 1000), cell(2, 1000, 500, 500)], "no_renewals_or_no_losses"),
    ],
)
def test_a_refused_model_has_retention_but_neither_forecast_nor_scores(
    tmp_path: Path, rows: list[Row], reason: str
) -> None:
    found, scores, verdicts = written(tmp_path, rows)
    assert {each for each, verdict in verdicts.items() if verdict == "refuse"} == {f"paid_tier_12m {reason}"}
    assert scores == []
    assert found and not any(row["is_forecast"] for row in found)
    assert {row["predicted_survival_share"] for row in found} == {None}
    assert {row["fit_alpha"] for row in found} == {None}
    assert all(row["retention_share"] is not None for row in found)


def test_the_limits_are_settings(tmp_path: Path) -> None:
    rows = [cell(1, 99, 99, 50, n_started=99), cell(2, 50, 50, 40, n_started=99)]
    model = MODEL.model_copy(update={"contract": ContractModel(min_contracts=99, forecast_periods=3)})
    found, scores, verdicts = written(tmp_path, rows, model)
    assert set(verdicts.values()) <= {"pass", "flag"}
    assert len(scores) == 2
    assert len([row for row in found if row["is_forecast"] and row["cohort_on"] is None]) == 3


def test_contracts_that_do_not_differ_are_flagged(tmp_path: Path) -> None:
    due = [10_000, 8_000, 6_400, 5_120]
    _, scores, verdicts = written(
        tmp_path, [cell(n, at, at, at * 8 // 10, n_started=10_000) for n, at in enumerate(due, 1)]
    )
    assert verdicts["paid_tier_12m contracts_alike"] == "flag"
    assert [row["renewal_probability"] for row in scores] == pytest.approx([0.8] * 4, abs=1e-3)


def test_a_shop_without_contracts_has_empty_files_and_says_so(tmp_path: Path) -> None:
    found, scores, verdicts = written(tmp_path, [])
    assert (found, scores, verdicts) == ([], [], {"all no_contracts": str(Verdict.REFUSE)})


def test_the_order_of_the_cells_changes_no_byte(tmp_path: Path) -> None:
    rows = regular() + [row | {"contract_kind": "orders", "period_months": 1} for row in regular()]
    written(tmp_path / "one", rows)
    shuffled = random.Random(3).sample(rows, len(rows))
    written(tmp_path / "two", shuffled)
    for name in (CONTRACT_RETENTION, CONTRACT_SCORES):
        one, two = ((tmp_path / folder / f"{name}.parquet").read_bytes() for folder in ("one", "two"))
        assert one == two


def test_impossible_cells_are_refused_with_the_file_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"contract_cells\.parquet"):
        written(tmp_path, [cell(1, 1000, 1000, 1001), cell(2, 1000, 1000, 500)])


def test_every_customer_lost_ends_the_forecast(tmp_path: Path) -> None:
    rows = [cell(1, 1000, 1000, 100), cell(2, 100, 100, 0)]
    found, _, _ = written(tmp_path, rows)
    assert [row["survival_share"] for row in found if row["cohort_on"] is None] == [0.1, 0.0]
    assert found[1]["survival_share_high"] < 0.04
    assert not any(row["is_forecast"] for row in found)
