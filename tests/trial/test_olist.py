"""The Olist sample whole: orders, people, satisfaction and kept promises against plain SQL over the raw files.

The files are an export of everything, so what was not known yet on an earlier day must be hidden from that day's marts,
and show in those of a later day that extend them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.contradictions import contradictions
from tests.readings import check_reading, share, thousands
from tests.trial.raw import assert_same, attach_marts, olist, rows
from tests.trial.shop import Shop, fingerprint

pytestmark = pytest.mark.trial

EARLIER = "2018-03-31"
LAST = "2018-10-22"  # the last review was answered


@dataclass(frozen=True)
class Export:
    """The same files, run as of an earlier day and then as of the last.

    Attributes:
        shop: Where.
        earlier: The version of the earlier day.
        last: The version of the last day, which extended the earlier one.
    """

    shop: Shop
    earlier: Path
    last: Path


@pytest.fixture(scope="module")
def export(olist_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    shop = Shop(tmp_path_factory.mktemp("olist") / "stepped", "olist")
    shop.receive(olist_folder.glob("*.csv"))
    earlier = shop.run("--as-of", EARLIER)
    return Export(shop=shop, earlier=earlier, last=shop.run("--as-of", LAST, build="incremental"))


@pytest.fixture(scope="module")
def raw(export: Export, olist_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with olist(olist_folder) as con:
        con.execute(f"attach '{export.shop.home}/state/warehouse.duckdb' as built (read_only)")
        con.execute(
            "create table who as select customer_ref as customer, customer_key"
            " from built.intermediate.int_customer_identity where source = 'olist'"
        )
        con.execute("detach built")
        yield con


@pytest.fixture(params=[EARLIER, LAST])
def as_of(request: pytest.FixtureRequest, export: Export, raw: duckdb.DuckDBPyConnection) -> str:
    """A day, with its marts as views."""
    day = str(request.param)
    attach_marts(raw, export.earlier if day == EARLIER else export.last)
    return day


def test_the_marts_do_not_contradict_each_other(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert contradictions(lambda query: rows(raw, query)) == {}


@pytest.mark.slow
def test_two_days_one_after_the_other_give_the_bytes_of_one_run(
    export: Export, olist_folder: Path, tmp_path: Path
) -> None:
    once = Shop(tmp_path / "once", "olist", key=export.shop.key)
    once.receive(olist_folder.glob("*.csv"))
    assert fingerprint(export.last) == fingerprint(once.run("--as-of", LAST))
    assert fingerprint(export.earlier) == fingerprint(once.run("--as-of", EARLIER, build="backfill"))


def test_every_order_is_there_with_its_person_and_its_dates(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert_same(
        raw,
        "select order_id, customer_key, ordered_at, ordered_on, promised_on, delivered_at, coalesce(is_late, false),"
        " n_lines, coalesce(gross_amount, 0), is_purchase"
        f" from raw_orders('{as_of}') join who on who.customer = person",
        "select order_id, customer_key, ordered_at, ordered_on,"
        " timezone('America/Sao_Paulo', timezone('UTC', promised_at))::date, delivered_at, coalesce(is_late, false),"
        " n_lines, coalesce(net_amount, 0), is_purchase from fct_order",
    )


def test_orders_revenue_and_late_deliveries_agree_by_month(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert_same(
        raw,
        f"select * from raw_months('{as_of}')",
        "select date_trunc('month', ordered_on)::date as month_on, count(*), count(*) filter (is_purchase),"
        " count(distinct customer_key) filter (is_purchase),"
        " coalesce(sum(net_amount) filter (is_purchase), 0)::decimal(18, 2),"
        " count(*) filter (delivered_at is not null), count(*) filter (is_late) from fct_order group by all",
    )


def test_every_person_s_rfm_values_agree(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert_same(
        raw,
        f"select customer_key, date '{as_of}', recency_days, purchase_days, net_amount"
        f" from raw_rfm('{as_of}') join who using (customer)",
        "select customer_key, as_of_on, recency_days, frequency, monetary_amount from customer_rfm",
    )


def test_satisfaction_agrees_by_month(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert_same(
        raw,
        f"select * from raw_csat('{as_of}')",
        "select date_trunc('month', answered_on)::date, count(*), count(*) filter (answer_number >= 4),"
        " round(count(*) filter (answer_number >= 4) / count(*), 6) from fct_survey_answer"
        " where construct = 'csat' and survey_kind = 'transaction' group by all",
    )


def test_every_answer_is_the_person_s_who_ordered(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    assert_same(
        raw,
        "select response, customer_key, answered_on, score, (score - 1) * 25"
        " from raw_review join raw_order using (order_id) join who on who.customer = person"
        f" where answered_on <= '{as_of}'",
        "select response_id, customer_key, answered_on, answer_number::integer, answer_score::integer"
        " from fct_survey_answer",
    )


def test_nine_people_came_back(raw: duckdb.DuckDBPyConnection, export: Export) -> None:
    attach_marts(raw, export.last)
    came_back = "select count(*) from (select {} from {} group by all having count(*) > 1)"
    assert rows(raw, came_back.format("person", "raw_order")) == [(9,)]
    assert rows(raw, came_back.format("customer_key", "fct_order")) == [(9,)]
    assert rows(raw, "select count(*) from dim_customer") == [(4_991,)]


def test_the_readme_says_what_the_raw_files_say(
    raw: duckdb.DuckDBPyConnection, export: Export, olist_folder: Path
) -> None:
    attach_marts(raw, export.last)
    satisfied = share("count(*) filter (score >= 4)", "count(*)")
    interval = ", ".join(share(f"top_share_{bound}", "1") for bound in ("low", "high"))
    items, products = (
        f"read_csv('{olist_folder}/olist_{name}_dataset.csv', header = true, all_varchar = true)"
        for name in ("order_items", "products")
    )
    check_reading(
        raw,
        "examples/olist/README.md",
        {
            "customers who bought": f"select {thousands('count(*)')} from raw_rfm('{LAST}')",
            "customers who bought on more than one day": f"select count(*) from raw_rfm('{LAST}')"
            " where purchase_days > 1",
            "reviews, share of 4 or 5, and its 95 % interval": f"""
                select n, said, {interval} from rpt_satisfaction,
                    (select {thousands("count(*)")} as n, {satisfied} as said from raw_review)
                where slice_by = 'all' and period_kind = 'all'
            """,
            "category with the fewest satisfied customers (at least 100 reviews)": f"""
                with subjects as (
                    select order_id, min(product_category_name) as category
                    from {items} join {products} using (product_id) group by all
                    having count(distinct coalesce(product_category_name, '')) = 1
                )
                select category, {satisfied} from raw_review join subjects using (order_id)
                group by all having count(*) >= 100 and category is not null
                order by count(*) filter (score >= 4) / count(*) limit 1
            """,
            "customers called churned at past month ends, and how many came back": f"select"
            f" {thousands('sum(n_customers)::bigint')}, sum(n_returned)::bigint from rpt_level_outcome"
            " where level = 'churned'",
        },
    )


def test_a_buyer_of_the_shop_s_last_week_is_not_churned(raw: duckdb.DuckDBPyConnection, as_of: str) -> None:
    """Nearly nobody comes back in this shop, but a week's silence is no sign of it."""
    levels = rows(
        raw,
        f"with bought as (select person, ordered_on from raw_orders('{as_of}') where is_purchase),"
        " late as (select distinct person from bought where ordered_on > (select max(ordered_on) - 7 from bought))"
        " select level, count(*) from late join who on who.customer = late.person"
        " join customer_loyalty using (customer_key) group by all",
    )
    assert sum(n for _, n in levels) > 0
    assert "churned" not in dict(levels), levels


def test_every_record_of_every_file_is_accounted_for(raw: duckdb.DuckDBPyConnection, export: Export) -> None:
    """Every file that a mapping names is in the ledger with every record of it landed; no record is unreadable."""
    files = {
        path.name: rows(raw, f"select count(*) from read_csv('{path}', header = true, all_varchar = true)")[0][0]
        for path in sorted(export.shop.inbox.glob("*.csv"))
    }
    ledger = rows(
        raw,
        "select distinct file_name, records, taken_records + skipped_records, unreadable_records"
        f" from read_parquet('{export.shop.home}/landing/ledger/*/*/part.parquet') where file_name is not null",
    )
    needed = {f"olist_{name}_dataset.csv" for name in ("orders", "order_items", "order_payments", "order_reviews")}
    assert needed <= {name for name, *_ in ledger}
    assert {name: (records, taken, 0) for name, records, taken, _ in ledger} == {
        name: (files[name], files[name], unreadable) for name, _, _, unreadable in ledger
    }
    with duckdb.connect(str(export.shop.warehouse), read_only=True) as warehouse:
        assert rows(
            warehouse,
            "select count(*) from staging.stg_file_reconciliation"
            " where landed_rows <> accepted_rows + quarantined_rows + superseded_rows or quarantined_rows > 0",
        ) == [(0,)]
