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
from tests.readings import check_reading, share, thousands
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
    check_audit(con, as_of)


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


def check_audit(con: duckdb.DuckDBPyConnection, as_of: str) -> None:
    """Retention, the lenses of the customer-base audit and revenue retention, to the cent."""
    parts = " union all ".join(
        f"select '{part}' as part, * from raw_customer_parts('{as_of}', '{part}')"
        for part in ("month", "quarter", "year")
    )
    con.execute(f"create or replace temp table parts as {parts}")
    cohorts = """
        select part, cohort_on, period_on, count(*) filter (n_orders > 0), sum(n_orders), sum(purchase_amount),
            sum(net_amount)
        from parts where part {} group by all
        """
    assert_same(
        con,
        cohorts.format("= 'month'"),
        "select 'month', cohort_on, month_on, n_retained, n_orders, purchase_amount, net_amount from rpt_retention"
        " where slice_by = 'all' and (n_orders > 0 or net_amount <> 0)",
    )
    assert_same(
        con,
        cohorts.format("<> 'month'"),
        "select period_kind, cohort_on, period_on, n_active, n_orders, purchase_amount, net_amount"
        " from rpt_audit_cohort where n_orders > 0 or net_amount <> 0",
    )
    assert_same(
        con,
        f"""
        with second as (
            select customer, day_on, row_number() over (partition by customer order by day_on) as number
            from raw_customer_days('{as_of}') where n_orders > 0
        )
        select date_trunc('month', first.day_on)::date as cohort_on, count(*), count(second.day_on)
        from second as first left join second on first.customer = second.customer and second.number = 2
        where first.number = 1 group by all
        """,
        "select cohort_on, n_customers, max(n_repurchased) from rpt_retention"
        " where slice_by = 'all' and cohort_on is not null group by all",
    )
    assert_same(
        con,
        """
        select part, period_on, case when n_orders > 10 then '11_or_more' when n_orders > 5 then '6_to_10'
            when n_orders > 0 then n_orders::varchar else 'returns_only' end as orders, count(*), sum(net_amount),
            max(net_amount)
        from parts group by all
        """,
        "select period_kind, period_on, slice_value, n_customers, net_amount, highest_net_amount from rpt_audit_period"
        " where slice_by = 'orders'",
    )
    assert_same(
        con,
        # a limit is the amount of the customer at the upper end of each tenth
        """
        with buyers as (
            select *, row_number() over (partition by part, period_on order by net_amount) as place,
                count(*) over (partition by part, period_on) as n
            from parts where n_orders > 0
        ),

        limits as (
            select part, period_on, net_amount as highest
            from buyers, range(1, 10) as tenths (tenth) where place = (tenth * n + 9) // 10
        ),

        placed as (
            select part, period_on, customer, buyers.net_amount, count(highest) as n_below
            from buyers
            left join limits using (part, period_on)
            where highest < buyers.net_amount or highest is null
            group by all
        )

        select part, period_on, (n_below + 1)::varchar, count(*), sum(net_amount) from placed group by all
        """,
        """
        select period_kind, period_on, slice_value, n_customers, net_amount from rpt_audit_period
        where slice_by = 'decile' and slice_value not in ('1', 'returns_only')
        """,
    )
    assert_same(
        con,
        """
        with steps (part, step) as (values ('month', 1), ('quarter', 3), ('year', 12)),

        earlier as (
            select *, date_add(period_on, to_months(step))::date as next_on from parts join steps using (part)
        ),

        moved as (
            select
                coalesce(earlier.part, later.part) as part, coalesce(later.period_on, earlier.next_on) as period_on,
                case when earlier.n_orders > 0 and later.n_orders > 0 then 'kept' when earlier.n_orders > 0 then 'lost'
                    when later.n_orders > 0 and later.cohort_on = later.period_on then 'new'
                    when later.n_orders > 0 then 'reactivated' else 'returns' end as movement,
                coalesce(earlier.net_amount, 0) as before, coalesce(later.net_amount, 0) as after
            from earlier
            full join parts as later
                on earlier.part = later.part and earlier.customer = later.customer and earlier.next_on = later.period_on
        )

        select part, period_on, movement, count(*), sum(before), sum(after) from moved
        where (part, period_on) in (select part, period_on from parts)
            and (part, period_on) not in (select part, min(period_on) from parts group by all)
        group by all
        """,
        """
        select period_kind, period_on, split_part(movement, '_', 1), sum(n_customers)::bigint, sum(previous_net_amount),
            sum(net_amount)
        from rpt_audit_two_periods group by all
        """,
    )
    assert_same(
        con,
        f"""
        with months as (
            select customer_key, period_on, n_orders, net_amount
            from parts join who using (customer) where part = 'month'
        )
        select period_on, coalesce(level, 'not_known_yet'), count(*) filter (n_orders > 0), sum(net_amount)
        from months asof left join customer_loyalty_history as history
            on months.customer_key = history.customer_key and months.period_on > history.valid_from_on
        where period_on <= '{as_of}' group by all
        """,
        "select month_on, level, n_active, net_amount from rpt_value where n_active > 0 or net_amount <> 0",
    )


def check_level_outcomes(con: duckdb.DuckDBPyConnection, warehouse: Path, as_of: str) -> None:
    """Every level is that of the written rule, and means what it says: of its past month ends too."""
    with duckdb.connect(str(warehouse), read_only=True) as built:

        def query(text: str) -> list[tuple[object, ...]]:
            return rows(built, text)

        day = date.fromisoformat(as_of)
        check_levels(built_levels(query), shop_of(query, preset_g0=60, lapsed_days=365), day)
        assert improved_in_silence(query) == []
    # January to August; from September on the horizon is 120 days, and nobody knows yet who came back
    assert rows(con, "select count(*) from rpt_level_outcome where level = 'loyal'") == [(8,)]
    assert above_a_fifth(lambda text: rows(con, text)) == []
    assert inversions(lambda text: rows(con, text)) == []


def check_said(con: duckdb.DuckDBPyConnection, as_of: str) -> None:
    """The example's README: counts and sums from the raw files, levels and models from the marts."""
    came_back = share("sum(n_returned)", "sum(n_customers)")
    outcome = f"select {came_back} from rpt_level_outcome where level = "
    check_reading(
        con,
        "examples/online_retail/README.md",
        {
            "customers": f"select {thousands('count(distinct customer)')} from raw_line",
            "net revenue of known customers": f"select {thousands('sum(net_amount)')}"
            f" from raw_customer_parts('{as_of}', 'year')",
            "share of these purchases by customers who were loyal at the time": f"""
                with months as (
                    select customer_key, period_on, purchase_amount
                    from raw_customer_parts('{as_of}', 'month') join who using (customer)
                )
                select {share("sum(purchase_amount) filter (level = 'loyal')", "sum(purchase_amount)")}
                from months asof left join customer_loyalty_history as history
                    on months.customer_key = history.customer_key and months.period_on > history.valid_from_on
            """,
            "loyal customers": f"select {thousands('count(*)')} from customer_loyalty where level = 'loyal'",
            "past month ends: share of loyal customers who came back within the horizon": f"{outcome} 'loyal'",
            "the same for customers at risk": f"{outcome} 'at_risk'",
            "the same for churned customers": f"{outcome} 'churned'",
            "customers of December 2010, and how many of them bought again by November 2011": f"""
                select count(*), count(*) filter (n_days > 1) from (
                    select count(*) as n_days, min(day_on) as first_on from raw_customer_days('{as_of}')
                    where n_orders > 0 and day_on < '2011-12-01' group by customer
                ) where first_on < '2011-01-01'
            """,
            "wholesale buyers (outliers), and their share of net revenue": f"""
                select count(distinct customer) filter (is_outlier),
                    {share("sum(net_amount) filter (is_outlier)", "sum(net_amount)")}
                from raw_customer_parts('{as_of}', 'year')
                join who using (customer)
                join customer_clv using (customer_key)
            """,
            "customers at risk, and the value at stake with them": f"select count(*),"
            f" {thousands('sum(value_at_stake_amount)')} from customer_loyalty where level = 'at_risk'",
        },
    )
