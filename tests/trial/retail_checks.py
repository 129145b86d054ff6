"""What must hold of Online Retail's published marts, whichever way they were reached: the raw files say the same.

The comparisons only; the tests say which files arrive and on which days the pipeline runs.
"""

from datetime import date
from pathlib import Path

import duckdb

from tests.level_checks import (
    above_a_fifth,
    built_levels,
    check_levels,
    improved_in_silence,
    inversions,
    shop_of,
)
from tests.trial.raw import assert_same, attach_marts, rows


def check_ledger(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    """File by file: every record of the file is landed, or skipped by a declared rule, and none is unreadable."""
    ledger = f"read_parquet('{home}/landing/ledger/*/*/part.parquet')"
    assert_same(
        con,
        "select file_name, records, sales + returns, 0, stock_adjustments + bad_debts from raw_files()",
        "select distinct file_name, records, taken_records, unreadable_records, skipped_records"
        f" from {ledger} where file_name is not null",
    )
    assert_same(
        con,
        "select file_name, entity, n_rows from raw_landed()",
        f"select file_name, entity, landed_rows from {ledger} where landed_rows > 0",
    )
    assert_same(
        con,
        "select file_name, stock_adjustments, bad_debts from raw_files()",
        "select distinct file_name, coalesce((skips ->> 'stock_adjustments')::bigint, 0),"
        f" coalesce((skips ->> 'bad_debts')::bigint, 0) from {ledger} where file_name is not null",
    )


def check_staging(con: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """File by file and entity by entity: landed = accepted + quarantined + superseded, and here all are accepted."""
    con.execute(f"attach '{warehouse}' as warehouse (read_only)")
    try:
        assert_same(
            con,
            "select file_name, entity, n_rows, n_rows, 0, 0 from raw_landed()",
            "select file_name, entity, landed_rows, accepted_rows, quarantined_rows, superseded_rows"
            " from warehouse.staging.stg_file_reconciliation where landed_rows > 0",
        )
    finally:
        con.execute("detach warehouse")


def check_marts(con: duckdb.DuckDBPyConnection, version: Path, home: Path, as_of: str) -> None:
    """Orders, lines, returns, revenue by month, and every customer's RFM values as of a day."""
    attach_marts(con, version)
    con.execute(
        "create or replace temp view who as select ref as customer, customer_key"
        f" from read_parquet('{home}/exchange/pseudonyms.parquet') where source = 'online_retail'"
    )
    assert rows(
        con, "select count(distinct customer) = count(*) and count(distinct customer_key) = count(*) from who"
    ) == [(True,)]
    check_facts(con, as_of)
    check_months(con, as_of)
    check_customers(con, as_of)


def check_facts(con: duckdb.DuckDBPyConnection, as_of: str) -> None:
    """Every order, every line (the exact duplicates as often as they come) and every return."""
    assert_same(
        con,
        "select invoice, customer_key, ordered_at, ordered_on, n_lines, quantity::decimal(18, 4), gross_amount,"
        f" gross_amount, is_purchase from raw_orders('{as_of}') left join who using (customer)",
        "select order_id, customer_key, ordered_at, ordered_on, n_lines, quantity::decimal(18, 4), gross_amount,"
        " net_amount, is_purchase from fct_order",
    )
    assert_same(
        con,
        "select invoice, customer_key, day_on, product, quantity::decimal(18, 4), price, amount"
        f" from raw_sales('{as_of}') left join who using (customer)",
        "select order_id, customer_key, ordered_on, product_id, quantity::decimal(18, 4), unit_price_amount,"
        " gross_amount from fct_order_line",
    )
    assert_same(
        con,
        "select customer_key, timezone('UTC', timezone('Europe/London', local_at)), day_on, 'credit',"
        f" quantity::decimal(18, 4), amount from raw_returns('{as_of}') left join who using (customer)",
        "select customer_key, returned_at, returned_on, kind, quantity::decimal(18, 4), return_amount from fct_return",
    )


def check_months(con: duckdb.DuckDBPyConnection, as_of: str) -> None:
    """Orders, customers, gross revenue, returned amount and net revenue of every month."""
    assert_same(
        con,
        f"select * from raw_months('{as_of}')",
        """
        with
        sold as (
            select
                date_trunc('month', ordered_on)::date as month_on, count(*) as n_orders,
                count(*) filter (is_purchase) as n_purchases,
                count(distinct customer_key) filter (is_purchase) as n_customers, sum(net_amount) as gross,
                coalesce(sum(net_amount) filter (is_purchase), 0) as purchases,
            from fct_order group by all
        ),
        given_back as (
            select
                date_trunc('month', returned_on)::date as month_on, sum(return_amount) as returned,
                coalesce(sum(return_amount) filter (customer_key is not null), 0) as customers_returned,
            from fct_return group by all
        )
        select
            month_on, n_orders, n_purchases, n_customers, gross::decimal(18, 2), returned::decimal(18, 2),
            (gross - returned)::decimal(18, 2), purchases::decimal(18, 2), customers_returned::decimal(18, 2),
        from sold full join given_back using (month_on)
        """,
    )


def check_customers(con: duckdb.DuckDBPyConnection, as_of: str) -> None:
    """The RFM values, first and last day and historic value of every customer who bought, and of nobody else."""
    assert_same(
        con,
        f"select customer_key, date '{as_of}', recency_days, purchase_days, net_amount"
        f" from raw_rfm('{as_of}') join who using (customer)",
        "select customer_key, as_of_on, recency_days, frequency, monetary_amount from customer_rfm",
    )
    assert_same(
        con,
        f"select customer_key, first_purchase_on, last_purchase_on from raw_rfm('{as_of}') join who using (customer)",
        "select customer_key, first_purchase_on, last_purchase_on from dim_customer"
        " where first_purchase_on is not null",
    )
    assert_same(
        con,
        "select customer_key, purchase_days, last_purchase_on - first_purchase_on,"
        f" date '{as_of}' - first_purchase_on, net_amount from raw_rfm('{as_of}') join who using (customer)",
        "select customer_key, n_purchase_days, first_to_last_days, age_days, historic_net_amount from customer_clv"
        " where n_purchase_days > 0",
    )


def check_level_outcomes(con: duckdb.DuckDBPyConnection, warehouse: Path, as_of: str) -> None:
    """Every level is that of the written rule, and means what it says: of its past month ends too."""
    with duckdb.connect(str(warehouse), read_only=True) as built:

        def query(text: str) -> list[tuple[object, ...]]:
            return rows(built, text)

        day = date.fromisoformat(as_of)
        check_levels(built_levels(query), shop_of(query, preset_g0=60, lapsed_days=365), day)
        assert improved_in_silence(query) == []
    assert rows(con, "select count(*) >= 9 from rpt_level_outcome where level = 'loyal'") == [(True,)]
    assert above_a_fifth(lambda text: rows(con, text)) == []
    assert inversions(lambda text: rows(con, text)) == []
