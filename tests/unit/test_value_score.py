"""The value step as the pipeline calls it: cells in, files out, the same bytes for the same customers."""

import shutil
import stat
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import BuildError
from pipelines.value import bg_nbd, bg_nbd_forecast, score, scoring
from pipelines.value.report import FitStatus
from tests.unit.value_samples import CALIBRATION_END as TODAY
from tests.unit.value_samples import Customers, simulate, write_cells

UNCERTAIN = ["p_any_purchase_12m", *(f"purchases_12m_{end}_{level}" for level in (80, 95) for end in ("low", "high"))]
OUTPUTS = ("purchase_scores", "value_parameters", "value_validation")
CELLS = ("purchase_cells", "purchase_fit_cells", "spend_fit_cells", "holdout_cells", "holdout_week_cells")
TOTALS = ["purchases_12m_variance", *(f"purchases_12m_shift_{direction}" for direction in (1, 2, 3, 4))]
EXPECTED = ("expected_purchases_3m", "expected_purchases_6m", "expected_purchases_12m", "expected_purchases_24m")


def outputs(exchange: Path) -> dict[str, pa.Table]:
    return {name: pq.read_table(exchange / f"{name}.parquet") for name in OUTPUTS}


def all_bytes(exchange: Path) -> dict[str, bytes]:
    return {name: (exchange / f"{name}.parquet").read_bytes() for name in OUTPUTS}


def scored(folder: Path, people: Customers) -> dict[str, pa.Table]:
    folder.mkdir(exist_ok=True)
    write_cells(folder, people)
    score(folder, TODAY)
    return outputs(folder)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exchange")
    write_cells(folder, simulate(1500, seed=1))
    score(folder, TODAY)
    return folder


def test_the_files_have_the_columns_and_types_that_the_marts_read(shop: Path) -> None:
    found = outputs(shop)
    assert found["purchase_scores"].schema == pa.schema(
        [
            ("n_repeat_days", pa.int32()),
            ("recency_days", pa.int32()),
            ("age_days", pa.int32()),
            ("p_alive", pa.float64()),
        ]
        + [(name, pa.float64()) for name in (*EXPECTED, UNCERTAIN[0])]
        + [(name, pa.int32()) for name in UNCERTAIN[1:]]
        + [(name, pa.float64()) for name in TOTALS]
    )
    assert found["value_parameters"].schema == pa.schema(
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


def test_every_cell_is_scored_once_in_order(shop: Path) -> None:
    keys = ["n_repeat_days", "recency_days", "age_days"]
    got = pq.read_table(shop / "purchase_scores.parquet").select(keys)
    want = pq.read_table(shop / "purchase_cells.parquet").select(keys)
    assert got.equals(want.sort_by([(key, "ascending") for key in keys]))


def test_scores_are_those_of_the_rounded_parameters_that_are_written(shop: Path) -> None:
    found = outputs(shop)
    rows = [row for row in found["value_parameters"].to_pylist() if row["model"] == "bg_nbd"]
    estimate = {row["parameter"]: row["estimate"] for row in rows}
    assert all(float(f"{value:.7e}") == value for value in estimate.values())
    model = bg_nbd.BgNbd(estimate["r"], estimate["alpha"], estimate["a"], estimate["b"])
    table = found["purchase_scores"]
    x, t_x, age = (table.column(i).to_numpy().astype(float) for i in range(3))
    assert np.array_equal(table["p_alive"].to_numpy(), np.round(bg_nbd_forecast.p_alive(model, x, t_x, age), 8))
    for name, months in zip(EXPECTED, (3, 6, 12, 24), strict=True):
        direct = bg_nbd_forecast.expected_purchases_given(model, x, t_x, age, months * 365.25 / 12)
        assert np.array_equal(table[name].to_numpy(), np.round(direct, 8))


def test_cells_are_scored_alike_in_slices_of_any_size(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "SLICE", 7)
    found = scored(tmp_path, simulate(1500, seed=1))["purchase_scores"]
    assert found.equals(outputs(shop)["purchase_scores"])


def test_the_same_cells_in_any_order_give_the_same_bytes(shop: Path, tmp_path: Path) -> None:
    people = simulate(1500, seed=1)
    for seed in (None, 1, 2):
        write_cells(tmp_path, people, shuffle=seed)
        score(tmp_path, TODAY)
        assert all_bytes(tmp_path) == all_bytes(shop)


def test_a_cell_split_in_two_rows_gives_the_same_bytes(shop: Path, tmp_path: Path) -> None:
    for name in ("holdout_cells", "holdout_week_cells"):
        shutil.copy(shop / f"{name}.parquet", tmp_path)
    for name in ("purchase_cells", "purchase_fit_cells", "spend_fit_cells"):
        whole = pq.read_table(shop / f"{name}.parquet")
        at = whole.schema.get_field_index("n_customers")
        ones = pa.array(np.ones(whole.num_rows, dtype=np.int64))
        rest = pa.array(whole["n_customers"].to_numpy() - 1)
        halves = [whole.set_column(at, "n_customers", part) for part in (ones, rest)]
        both = pa.concat_tables(halves)
        pq.write_table(both.filter(pa.compute.greater(both["n_customers"], 0)), tmp_path / f"{name}.parquet")
    score(tmp_path, TODAY)
    assert all_bytes(tmp_path) == all_bytes(shop)


def test_only_the_owner_reads_the_files_and_nothing_else_is_left(shop: Path) -> None:
    assert {stat.S_IMODE((shop / f"{name}.parquet").stat().st_mode) for name in OUTPUTS} == {0o600}
    assert {path.name for path in shop.iterdir()} == {
        "fits.json",
        *(f"{name}.parquet" for name in (*OUTPUTS, *CELLS)),
    }


def test_where_nobody_leaves_p_alive_is_unknown_and_purchases_go_on(tmp_path: Path) -> None:
    people = simulate(1500, seed=2, a=0)
    found = scored(tmp_path, people)
    parameters = {row["parameter"]: row for row in found["value_parameters"].to_pylist() if row["model"] == "nbd"}
    assert {row["status"] for row in parameters.values()} == {FitStatus.NO_DROPOUT_FOUND.value}
    assert {row["asked_model"] for row in parameters.values()} == {"bg_nbd"}
    assert set(parameters) == {"r", "alpha"}
    scores = found["purchase_scores"]
    assert scores["p_alive"].null_count == scores.num_rows
    r, alpha = parameters["r"]["estimate"], parameters["alpha"]["estimate"]
    rate = (r + scores["n_repeat_days"].to_numpy()) / (alpha + scores["age_days"].to_numpy())
    np.testing.assert_allclose(scores["expected_purchases_12m"].to_numpy(), rate * 365.25, atol=1e-8)


def test_too_few_customers_get_no_scores_and_the_reason(tmp_path: Path) -> None:
    found = scored(tmp_path, simulate(99, seed=3))
    assert {row["status"] for row in found["value_parameters"].to_pylist()} == {FitStatus.TOO_FEW_CUSTOMERS.value}
    scores = found["purchase_scores"]
    for column in ("p_alive", *EXPECTED, *UNCERTAIN, *TOTALS):
        assert scores.num_rows > 0 and scores[column].null_count == scores.num_rows


def test_a_shop_where_nobody_came_back_gets_no_scores(tmp_path: Path) -> None:
    n = 300
    people = Customers(np.zeros(n), np.zeros(n), np.arange(n, dtype=float), np.full(n, np.nan))
    found = scored(tmp_path, people)
    status = {row["model"]: row["status"] for row in found["value_parameters"].to_pylist()}
    assert status == {"bg_nbd": "not_converged", "gamma_gamma": "too_few_customers"}
    assert found["purchase_scores"]["expected_purchases_3m"].null_count == n


def test_a_shop_without_customers_is_scored_without_rows(tmp_path: Path) -> None:
    none = np.zeros(0)
    found = scored(tmp_path, Customers(none, none, none, none))
    assert found["purchase_scores"].num_rows == 0
    assert {row["n_population"] for row in found["value_parameters"].to_pylist()} == {0}


def test_a_year_ahead_is_told_with_how_sure_it_is(shop: Path) -> None:
    table = pq.read_table(shop / "purchase_scores.parquet")
    expected = table["expected_purchases_12m"].to_numpy()
    low_80, high_80, low_95, high_95 = (table[name].to_numpy() for name in UNCERTAIN[1:])
    assert np.all((low_95 <= low_80) & (low_80 <= high_80) & (high_80 <= high_95))
    assert np.all(expected <= high_95 + 1)
    some = table["p_any_purchase_12m"].to_numpy()
    assert np.all((some >= 0) & (some <= np.minimum(expected, 1) + 1e-8))


def test_horizons_are_columns_of_their_own(tmp_path: Path) -> None:
    write_cells(tmp_path, simulate(300, seed=5))
    score(tmp_path, TODAY, horizons_months=(1, 36))
    names = pq.read_schema(tmp_path / "purchase_scores.parquet").names
    assert names[4:6] == ["expected_purchases_1m", "expected_purchases_36m"]
    assert names[6:] == [*UNCERTAIN, *TOTALS]


def test_wider_integers_and_plain_decimals_are_taken_as_spark_writes_them(shop: Path, tmp_path: Path) -> None:
    wider = {pa.int32(): pa.int64(), pa.decimal128(18, 2): pa.decimal128(38, 2)}
    for name in CELLS:
        table = pq.read_table(shop / f"{name}.parquet")
        wide = [wider.get(field.type, field.type) for field in table.schema]
        pq.write_table(table.cast(pa.schema(zip(table.schema.names, wide, strict=True))), tmp_path / f"{name}.parquet")
    score(tmp_path, TODAY)
    assert all_bytes(tmp_path) == all_bytes(shop)


def spoil(folder: Path, name: str, column: str, value: object) -> None:
    table = pq.read_table(folder / f"{name}.parquet")
    values = table[column].to_pylist()
    values[0] = value
    spoiled = pa.array(values, table.schema.field(column).type)
    pq.write_table(table.set_column(table.schema.get_field_index(column), column, spoiled), folder / f"{name}.parquet")


@pytest.mark.parametrize(
    ("name", "column", "value", "says"),
    [
        ("purchase_cells", "recency_days", 99_999, "between 0 and age"),
        ("purchase_cells", "n_customers", 0, "above 0"),
        ("purchase_fit_cells", "recency_days", 99_999, "between 0 and age"),
        ("purchase_cells", "age_days", None, "without age_days"),
        ("spend_fit_cells", "n_repeat_days", -1, "not negative"),
        ("spend_fit_cells", "mean_repeat_amount", Decimal("1e15"), "over 90 trillion"),
        ("spend_fit_cells", "mean_repeat_amount", None, "without mean_repeat_amount"),
    ],
)
def test_impossible_cells_stop_the_step_and_leave_the_old_scores(
    tmp_path: Path, name: str, column: str, value: object, says: str
) -> None:
    write_cells(tmp_path, simulate(300, seed=6))
    score(tmp_path, TODAY)
    before = all_bytes(tmp_path)
    spoil(tmp_path, name, column, value)
    with pytest.raises(BuildError, match=says) as error:
        score(tmp_path, TODAY)
    assert f"{name}.parquet" in error.value.message and error.value.hint
    assert all_bytes(tmp_path) == before


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"purchase_cells\.parquet is missing"):
        score(tmp_path, TODAY)
    write_cells(tmp_path, simulate(200, seed=7))
    (tmp_path / "spend_fit_cells.parquet").write_bytes(b"not parquet")
    with pytest.raises(BuildError, match=r"spend_fit_cells\.parquet cannot be read"):
        score(tmp_path, TODAY)
    pq.write_table(pa.table({"n_repeat_days": [1]}), tmp_path / "spend_fit_cells.parquet")
    with pytest.raises(
        BuildError, match="lacks the columns observed_on, mean_repeat_amount, n_customers, n_population"
    ):
        score(tmp_path, TODAY)
