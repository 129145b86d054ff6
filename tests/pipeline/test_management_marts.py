"""A reader of the published marts can recompute what management reads from the facts, in plain SQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest


class SampleHome(Protocol):
    """What the fixture `sample_home` gives."""

    config: Path
    published: Path


@pytest.fixture(scope="module")
def marts(sample_home: SampleHome) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts, and a table of what each customer spent by day."""
    folder = (sample_home.published / "current").resolve() / "marts"
    with duckdb.connect() as connection:
        for mart in sorted(folder.iterdir()):
            connection.execute(f"create view {mart.name} as from '{mart}/*.parquet'")
        connection.execute(
            """
            create table customer_days as
            select customer_key, day_on, sum(n_orders) as n_orders, sum(amount) as net_amount
            from (
                select customer_key, ordered_on as day_on, 1 as n_orders, coalesce(net_amount, 0) as amount
                from fct_order where is_purchase
                union all
                select customer_key, returned_on, 0, -return_amount
                from fct_return where customer_key is not null and issue is null
            )
            group by all
            """
        )
        yield connection


def rows(marts: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query, at least one."""
    found = marts.execute(query).fetchall()
    assert found
    return found


def test_the_revenue_of_each_level_at_the_time_of_the_order_is_that_of_the_history(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    published = rows(
        marts,
        "select level, sum(purchase_amount) as amount from rpt_value where n_active > 0 group by level order by level",
    )
    recomputed = rows(
        marts,
        """
        select coalesce(history.level, 'not_known_yet') as level, sum(coalesce(orders.net_amount, 0)) as amount
        from fct_order as orders asof left join customer_loyalty_history as history
            on orders.customer_key = history.customer_key and orders.ordered_on > history.valid_from_on
        where orders.is_purchase
        group by 1 order by 1
        """,
    )
    assert published == recomputed
    assert len(published) > 1


def test_repurchase_of_a_cohort_counts_who_bought_on_a_second_day(marts: duckdb.DuckDBPyConnection) -> None:
    published = rows(
        marts,
        "select cohort_on, n_customers, n_repurchased from rpt_retention"
        " where slice_by = 'all' and cohort_on is not null and month_on = date_trunc('month', as_of_on) order by all",
    )
    recomputed = rows(
        marts,
        """
        select cohort_on, count(*), count(*) filter (n_days > 1) from (
            select date_trunc('month', min(day_on))::date as cohort_on, count(*) as n_days
            from customer_days where n_orders > 0 group by customer_key
        )
        group by all order by all
        """,
    )
    assert published == recomputed


def test_earned_growth_is_that_of_the_facts(marts: duckdb.DuckDBPyConnection) -> None:
    published = rows(
        marts,
        "select period_on, previous_net_amount, retained_net_amount, earned_net_amount, net_amount"
        " from rpt_earned_growth where period_kind = 'quarter' order by all",
    )
    recomputed = rows(
        marts,
        """
        with quarters as (
            select customer_key, date_trunc('quarter', day_on)::date as quarter_on, sum(n_orders) as n_orders,
                sum(net_amount) as net_amount
            from customer_days group by all
        ),

        firsts as (select customer_key, min(day_on) as first_on from customer_days where n_orders > 0 group by all),

        earned as (
            select customer_key, date_trunc('quarter', first_on)::date as quarter_on
            from firsts join dim_customer using (customer_key)
            where acquisition_channel = 'referral' or exists (
                from fct_referral
                where referred_customer_key = customer_key and not is_self_referral and referred_on <= first_on + 30
            )
        ),

        sums as (select quarter_on, sum(net_amount) as net_amount from quarters group by all),

        retained as (
            select later.quarter_on, sum(later.net_amount) as net_amount
            from quarters as later join quarters as earlier
                on later.customer_key = earlier.customer_key and earlier.n_orders > 0
                and later.quarter_on = earlier.quarter_on + interval 3 months
            group by all
        ),

        brought as (
            select quarter_on, sum(net_amount) as net_amount
            from quarters join earned using (customer_key, quarter_on) group by all
        )

        select sums.quarter_on, earlier.net_amount, retained.net_amount, brought.net_amount, sums.net_amount
        from sums
        join sums as earlier on sums.quarter_on = earlier.quarter_on + interval 3 months
        join retained on sums.quarter_on = retained.quarter_on
        join brought on sums.quarter_on = brought.quarter_on
        order by all
        """,
    )
    assert published == recomputed


def test_revenue_of_a_cohort_is_the_product_of_its_four_factors(marts: duckdb.DuckDBPyConnection) -> None:
    """Two factors are rounded to six decimals, the amount to two; the product differs at most by the sum of errors."""
    products = rows(
        marts,
        """
        select
            n_customers::double * active_share * orders_per_active * mean_order_amount / purchase_amount - 1,
            0.000000505 * (1 / active_share + 1 / orders_per_active) + 0.00505 / mean_order_amount
        from rpt_audit_cohort where n_valued_orders > 0
        """,
    )
    assert [error for error, limit in products if abs(error) > limit] == []


def test_each_kind_of_slice_divides_the_customers_and_the_revenue_of_the_cohorts(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    by_slice = rows(
        marts,
        "select slice_by, sum(n_customers), sum(net_amount), sum(n_repurchased) from rpt_retention"
        " where cohort_on is not null group by all",
    )
    assert len(by_slice) == 3
    assert len({tuple(values) for _, *values in by_slice}) == 1
