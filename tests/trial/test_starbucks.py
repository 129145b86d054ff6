"""The month of Starbucks' rewards data through the whole pipeline, against plain SQL over the raw files."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.contradictions import contradictions
from tests.readings import check_reading, share, thousands
from tests.trial.raw import assert_same, attach_marts, rows, starbucks
from tests.trial.shop import Shop

pytestmark = pytest.mark.trial

START = "2018-07-27"  # hour 0 in examples/starbucks/mapping.yml
LAST = "2018-08-25"
CAMPAIGN_DAYS = 30  # model.reports.campaign_days


@pytest.fixture(scope="module")
def marts(starbucks_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The raw files as tables, and the marts of one run as views."""
    shop = Shop(tmp_path_factory.mktemp("starbucks") / "shop", "starbucks")
    shop.receive(file for file in starbucks_folder.iterdir() if "json" in file.suffixes[0])
    version = shop.run()
    assert version.name.startswith(f"{LAST}_")
    with starbucks(shop.inbox) as con:
        attach_marts(con, version)
        con.execute(
            "create view who as select ref as person, customer_key"
            f" from read_parquet('{shop.home}/exchange/pseudonyms.parquet')"
        )
        yield con


def test_every_purchase_is_there(marts: duckdb.DuckDBPyConnection) -> None:
    assert_same(
        marts,
        f"select customer_key, date '{START}' + day_number, amount from raw_event join who using (person)"
        " where event = 'transaction'",
        "select customer_key, ordered_on, net_amount from fct_order",
    )


def test_every_member_is_a_customer(marts: duckdb.DuckDBPyConnection) -> None:
    assert rows(marts, "select count(*) from dim_customer") == [(17_000,)]
    assert_same(
        marts,
        "select customer_key, signed_up_on from raw_member join who using (person)",
        "select customer_key, signed_up_on from dim_customer",
    )


def test_every_offer_reached_the_customers_that_the_raw_file_says(marts: duckdb.DuckDBPyConnection) -> None:
    assert_same(
        marts,
        f"from raw_campaigns({CAMPAIGN_DAYS}, 29)",
        "select campaign_id, n_treated, n_touches, n_opened, n_redeemed, n_treated_closed, n_treated_bought,"
        " treated_net_amount from rpt_campaigns",
    )


def test_no_lift_is_published_because_nobody_was_held_back(marts: duckdb.DuckDBPyConnection) -> None:
    assert rows(marts, "select sum(n_control), count(lift_share), count(*) from rpt_campaigns") == [(0, 0, 10)]


def test_the_rewards_are_the_points_of_the_programme(marts: duckdb.DuckDBPyConnection) -> None:
    earned = rows(marts, "select sum(reward) from raw_event where event = 'offer completed'")
    assert rows(marts, "select cast(sum(points_issued) as bigint) from rpt_programme") == earned


def test_the_marts_do_not_contradict_each_other(marts: duckdb.DuckDBPyConnection) -> None:
    assert contradictions(lambda query: rows(marts, query)) == {}


def test_the_readme_says_what_the_raw_files_say(marts: duckdb.DuckDBPyConnection) -> None:
    bought = "raw_event where event = 'transaction'"
    best = "(select offer, avg(is_redeemed::int) as redeemed from raw_reached group by all order by 2 desc limit 1)"
    check_reading(
        marts,
        "examples/starbucks/README.md",
        {
            "members": f"select {thousands('count(*)')} from raw_member",
            "members who bought": f"select {thousands('count(distinct person)')} from {bought}",
            "revenue in dollars": f"select {thousands('sum(amount)')} from {bought}",
            "purchases": f"select {thousands('count(*)')} from {bought}",
            "members who bought on at least three days": f"select {thousands('count(*)')} from ("
            f"select person from {bought} group by all having count(distinct day_number) >= 3)",
            "offer that most of its members completed, and their share": f"select offer, {share('redeemed', '1')}"
            f" from {best}",
            "campaigns whose lift is known": "select count(lift_share) from rpt_campaigns",
            "liability of the programme in dollars (all rewards, as none is known to be spent)": f"select"
            f" {thousands('liability_amount::bigint')} from rpt_programme where observed_on = '{LAST}'",
        },
    )
    rewards = "select sum(reward) from raw_event where event = 'offer completed'"
    assert rows(marts, f"select liability_amount from rpt_programme where observed_on = '{LAST}'") == rows(
        marts, rewards
    )
