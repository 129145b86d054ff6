"""Trial: the CDNOW log, cut into cells by plain SQL and scored through files, gives the published figures."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.value import ValueReport, score
from tests.unit.value_samples import CALIBRATION_END, HOLDOUT, WEEKS

pytestmark = pytest.mark.trial

CELLS = """
create table day_of_customer as
with log as (
    select regexp_extract_all(line, '[0-9.]+') as field
    from read_csv(?, columns = {'line': 'varchar'}, delim = '|', header = false)
)
select field[2] as customer, strptime(field[3], '%Y%m%d')::date as bought_on, sum(field[5]::decimal(18, 2)) as amount
from log where field[3] <= '19970930' group by all;
create table summary as
with first_day as (select *, min(bought_on) over (partition by customer) as first_on from day_of_customer)
select
    count(*)::integer - 1 as n_repeat_days,
    (max(bought_on) - min(bought_on))::integer as recency_days,
    (date '1997-09-30' - min(bought_on))::integer as age_days,
    (avg(amount) filter (bought_on > first_on))::decimal(18, 2) as mean_repeat_amount
from first_day group by customer;
"""


@pytest.fixture(scope="module")
def scored(cdnow_log: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ValueReport]:
    exchange = tmp_path_factory.mktemp("exchange")
    with duckdb.connect() as con:
        for statement in CELLS.strip().rstrip(";").split(";"):
            con.execute(statement, [str(cdnow_log)] if "?" in statement else None)
        history, day = "n_repeat_days, recency_days, age_days", "date '1997-09-30' as observed_on, 2357 as n_population"
        for name, keys in (
            ("purchase_cells", history),
            ("purchase_fit_cells", f"{history}, {day}"),
            ("spend_fit_cells", f"n_repeat_days, coalesce(mean_repeat_amount, 0) as mean_repeat_amount, {day}"),
        ):
            con.execute(
                f"copy (select {keys}, count(*) as n_customers from summary group by all order by all)"
                f" to '{exchange / name}.parquet' (format parquet)"
            )
    pq.write_table(HOLDOUT.empty_table(), exchange / "holdout_cells.parquet")
    pq.write_table(WEEKS.empty_table(), exchange / "holdout_week_cells.parquet")
    return exchange, score(exchange, CALIBRATION_END, horizons_months=(9,))


def test_the_log_gives_the_published_parameters(scored: tuple[Path, ValueReport]) -> None:
    _, report = scored
    assert (report.purchases.n_customers, report.spend.n_customers) == (2357, 946)
    bought, spent = report.purchases.parameters, report.spend.parameters
    assert bought["alpha"] is not None
    assert [f"{bought[name]:.3f}" for name in ("r", "a", "b")] == ["0.243", "0.793", "2.426"]
    assert f"{bought['alpha'] / 7:.3f}" == "4.414"
    # Cells hold means in whole cents, as the package's summary does; gamma is then 15.45, from exact means 15.44.
    assert [f"{spent[name]:.2f}" for name in ("p", "q", "gamma")] == ["6.25", "3.74", "15.45"]


def test_nine_months_ahead_the_sample_buys_what_39_weeks_are_known_to_bring(scored: tuple[Path, ValueReport]) -> None:
    exchange, _ = scored
    with duckdb.connect() as con:
        expected = con.execute(
            f"select sum(expected_purchases_9m * n_customers) from '{exchange}/purchase_scores.parquet'"
            f" join '{exchange}/purchase_cells.parquet' using (n_repeat_days, recency_days, age_days)"
        ).fetchall()[0][0]
    assert expected == pytest.approx(1653.4, rel=0.01)  # 273.9 days, not 273
    assert pq.read_table(exchange / "purchase_scores.parquet", columns=["p_alive"])["p_alive"].null_count == 0
