"""CDNOW's log of 1997 and 1998 through the whole pipeline, on its own dates, against plain SQL over the raw file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.contradictions import contradictions
from tests.level_by_hand import Shop as ShopByHand
from tests.level_checks import above_a_fifth, built_levels, check_levels, improved_in_silence, inversions
from tests.trial.raw import assert_same, attach_marts, cdnow, rows
from tests.trial.shop import Shop

pytestmark = pytest.mark.trial

LAST = "1998-06-30"
CALIBRATION_END = "1997-09-30"  # the end of the weeks that the published parameters were fitted on


@dataclass(frozen=True)
class History:
    """The log, run as of its last day and then as of the end of the calibration.

    Attributes:
        shop: Where.
        versions: The version of each day.
    """

    shop: Shop
    versions: dict[str, Path]


@pytest.fixture(scope="module")
def history(cdnow_log: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    shop = Shop(tmp_path_factory.mktemp("cdnow") / "shop", "cdnow")
    shop.receive([cdnow_log])
    last = shop.run()
    return History(shop, {LAST: last, CALIBRATION_END: shop.run("--as-of", CALIBRATION_END, build="backfill")})


@pytest.fixture(scope="module")
def raw(history: History) -> Iterator[duckdb.DuckDBPyConnection]:
    with cdnow(history.shop.inbox / "CDNOW_sample.txt") as con:
        con.execute(
            "create view who as select ref as customer, customer_key"
            f" from read_parquet('{history.shop.home}/exchange/pseudonyms.parquet')"
        )
        yield con


@pytest.fixture(params=[LAST, CALIBRATION_END])
def as_of(request: pytest.FixtureRequest, history: History, raw: duckdb.DuckDBPyConnection) -> str:
    """A day, with its marts as views."""
    day = str(request.param)
    attach_marts(raw, history.versions[day])
    return day


def test_the_example_is_built_as_of_the_last_day_of_its_data(history: History) -> None:
    assert history.versions[LAST].name.startswith(f"{LAST}_")
    assert history.shop.current() == history.versions[LAST]


def test_the_marts_do_not_contradict_each_other(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert contradictions(lambda query: rows(raw, query)) == {}


def test_every_transaction_is_there_equal_ones_as_often_as_they_come(
    raw: duckdb.DuckDBPyConnection, as_of: str
) -> None:
    assert_same(
        raw,
        f"select customer_key, day_on, cds::decimal(18, 4), amount from raw_transaction join who using (customer)"
        f" where day_on <= '{as_of}'",
        "select customer_key, ordered_on, quantity::decimal(18, 4), net_amount from fct_order_line",
    )


def test_what_a_customer_bought_on_a_day_is_one_order(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert_same(
        raw,
        "select order_id, customer_key, day_on, n_lines, quantity::decimal(18, 4), amount, is_purchase"
        f" from raw_orders('{as_of}') join who using (customer)",
        "select order_id, customer_key, ordered_on, n_lines, quantity::decimal(18, 4), net_amount, is_purchase"
        " from fct_order",
    )


def test_every_customer_s_rfm_values_agree(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert_same(
        raw,
        f"select customer_key, date '{as_of}', recency_days, purchase_days, amount"
        f" from raw_rfm('{as_of}') join who using (customer)",
        "select customer_key, as_of_on, recency_days, frequency, monetary_amount from customer_rfm",
    )


def test_the_cohort_is_whole(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert rows(raw, "select count(*) from dim_customer") == [(2_357,)]


def test_the_fit_of_the_calibration_is_the_published_one_but_for_customers_who_never_paid(
    raw: duckdb.DuckDBPyConnection, history: History
) -> None:
    fitted = []
    for version in history.versions.values():
        attach_marts(raw, version)
        fitted.append(
            dict(
                rows(
                    raw,
                    f"select parameter, estimate from rpt_clv_parameters where observed_on = '{CALIBRATION_END}'"
                    " and model in ('bg_nbd', 'gamma_gamma')",
                )
            )
        )
    # What marts say about the past does not depend on the day that was built.
    assert fitted[0] == pytest.approx(fitted[1], rel=1e-9)
    never_paid = "select count(distinct customer) from raw_transaction where customer not in (from paid)"
    raw.execute(f"create or replace view paid as select customer from raw_rfm('{CALIBRATION_END}')")
    assert rows(raw, never_paid) == [(8,)]
    published = {"r": 0.243, "a": 0.793, "b": 2.426, "alpha": 4.414 * 7, "p": 6.25, "q": 3.74, "gamma": 15.44}
    assert fitted[0] == pytest.approx(published, rel=0.005)


@pytest.fixture(scope="module")
def built(history: History) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the last day's build."""
    with duckdb.connect(str(history.shop.warehouse), read_only=True) as con:
        yield con


def test_every_level_of_every_month_end_is_that_of_the_written_rule(
    raw: duckdb.DuckDBPyConnection, built: duckdb.DuckDBPyConnection
) -> None:
    purchases: dict[str, list[date]] = {}
    bought = f"select customer_key, day_on from raw_orders('{LAST}') join who using (customer) where is_purchase"
    for key, on in rows(raw, bought):
        purchases.setdefault(key, []).append(on)
    shop = ShopByHand(purchases, preset_g0=60, lapsed_days=365)
    levels = check_levels(built_levels(lambda query: rows(built, query)), shop, date.fromisoformat(LAST))
    assert len(levels) > 39_000


def test_a_past_month_end_has_the_levels_that_its_own_build_published(
    raw: duckdb.DuckDBPyConnection, built: duckdb.DuckDBPyConnection, history: History
) -> None:
    """A transaction is known on its day, so nothing arrived late."""
    columns = "customer_key, level, level_reason, level_basis, return_share, return_probability, g0_days, horizon_days"
    attach_marts(raw, history.versions[CALIBRATION_END])
    of_its_day = rows(raw, f"select {columns} from customer_loyalty where level <> 'prospect' order by all")
    of_today = f"select {columns} from intermediate.int_customer_level where observed_on = '{CALIBRATION_END}'"
    assert len(of_its_day) > 2_300
    assert of_its_day == rows(built, f"{of_today} order by all")


def test_silence_never_improves_a_level(built: duckdb.DuckDBPyConnection) -> None:
    assert improved_in_silence(lambda query: rows(built, query)) == []


def test_at_most_one_in_five_churned_customers_came_back_and_the_levels_are_in_order(
    raw: duckdb.DuckDBPyConnection, history: History
) -> None:
    attach_marts(raw, history.versions[LAST])
    assert rows(raw, "select count(*) >= 9 from rpt_level_outcome where level = 'churned'") == [(True,)]
    assert above_a_fifth(lambda query: rows(raw, query)) == []
    assert inversions(lambda query: rows(raw, query)) == []
