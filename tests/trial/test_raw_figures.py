"""The independent SQL agrees with the figures published for the raw files, so that it can stand against the marts."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.trial.raw import olist, online_retail, rows

pytestmark = pytest.mark.trial


@pytest.fixture(scope="module")
def retail(online_retail_files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with online_retail(online_retail_files) as con:
        yield con


@pytest.fixture(scope="module")
def shop(olist_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with olist(olist_folder) as con:
        yield con


def test_online_retail_has_the_published_counts(retail: duckdb.DuckDBPyConnection) -> None:
    counts = rows(
        retail,
        "select count(*), count(distinct invoice), count(distinct customer), count(*) filter (customer is null),"
        " count(*) filter (kind = 'return'), count(*) filter (quantity < 0), count(*) filter (price < 0),"
        " count(*) filter (price = 0), count(distinct file_name) from raw_line",
    )
    assert counts == [(541_909, 25_900, 4_372, 135_080, 9_288, 10_624, 2, 2_515, 305)]


def test_every_online_retail_line_has_one_kind(retail: duckdb.DuckDBPyConnection) -> None:
    files = rows(
        retail,
        "select sum(records), sum(sales), sum(returns), sum(stock_adjustments), sum(bad_debts),"
        " count(*) filter (records <> sales + returns + stock_adjustments + bad_debts) from raw_files()",
    )
    assert files == [(541_909, 531_282, 9_288, 1_336, 3, 0)]


def test_online_retail_revenue_is_the_sum_of_its_lines(retail: duckdb.DuckDBPyConnection) -> None:
    """9,747,747.934 is the sum of quantity times price over all lines, known to everyone who ever opened this file."""
    total = rows(retail, "select sum(quantity * price)::decimal(18, 3) from raw_line")[0][0]
    assert total == Decimal("9747747.934")
    by_kind = rows(
        retail,
        "select (select sum(net_amount) from raw_months('2011-12-09'))"
        " + (select sum(amount) from raw_line where kind in ('bad debt', 'stock adjustment'))",
    )[0][0]
    assert abs(by_kind - total) < Decimal("0.01")  # four lines cost a tenth of a penny


def test_online_retail_s_macros_agree_with_one_another(retail: duckdb.DuckDBPyConnection) -> None:
    for day in ("2010-12-23", "2011-06-30", "2011-12-09"):
        by_month, by_customer = (
            rows(retail, f"select sum(n_purchases), sum(purchase_amount) from raw_months('{day}')"),
            rows(retail, f"select sum(n_orders), sum(purchase_amount) from raw_rfm('{day}')"),
        )
        assert by_month == by_customer


def test_olist_has_the_published_counts(shop: duckdb.DuckDBPyConnection) -> None:
    assert rows(shop, "select count(*), count(distinct customer), count(distinct person) from raw_order") == [
        (5_000, 5_000, 4_991)
    ]
    assert rows(shop, "select score, count(*) from raw_review group by all order by all") == [
        (1, 550),
        (2, 141),
        (3, 396),
        (4, 978),
        (5, 2_923),
    ]
    assert rows(shop, "select count(*) from (select person from raw_order group by all having count(*) > 1)") == [(9,)]


def test_olist_csat_adds_up_over_the_months(shop: duckdb.DuckDBPyConnection) -> None:
    assert rows(shop, "select sum(n_answers), sum(n_satisfied) from raw_csat('2018-12-31')") == [(4_988, 3_901)]
