"""Versions whose rows all have the number of the version, so that a mixture of two is seen. No test stands here."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from pipelines.publication import MartTable, Reference, Reporting, Version, publish

CUSTOMERS = MartTable("dim_customer", ("customer_key",), 'One row a customer; it\'s "quoted" \\ so.', {"n": "It's n."})
ORDERS = MartTable(
    "Order",
    ("order_key",),
    "One row an order.",
    {"amount": "The amount in the reporting currency."},
    (Reference(column="customer_key", mart="dim_customer", to_column="customer_key"),),
)
LABELS = MartTable("dim_label", ("code_set", "code", "language"))
REPORTS = MartTable("rpt_total", ("group", "n"))


def numbered(folder: Path) -> Callable[..., Version]:
    """A function that publishes a version of a day of January 2026, whose rows have the day's number."""

    def publish_day(day: int, rows: int = 200) -> Version:
        warehouse = folder / "state" / "warehouse.duckdb"
        warehouse.parent.mkdir(parents=True, exist_ok=True)
        warehouse.unlink(missing_ok=True)
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(
                f"""
                create schema marts;
                create table marts.dim_customer as
                    select md5(i::varchar) as customer_key, {day} as n from range({rows}) as r (i);
                create table marts."Order" as
                    select
                        'o' || i as order_key,
                        case when i % 7 > 0 then md5((i % {rows})::varchar) end as customer_key,
                        {day} as n,
                        ((i - 5) / 100)::decimal(18, 2) as amount,
                        timestamp '2026-01-01 12:00:00.5' as ordered_at,
                        date '2026-01-{day:02}' as ordered_on,
                        i % 2 = 0 as is_even,
                        i::double / 3 as ratio,
                        '汉 ''\\ "' || chr(10) as "words ""of"" it",
                    from range({rows * 2}) as r (i);
                create table marts.dim_label as
                    select * from (values ('column', 'amount', 'en', 'Amount'), ('column', 'amount', 'zh', '金额'))
                    as l (code_set, code, language, label);
                create table marts.rpt_total as
                    select * from (values ('a', {day}), (null, {day})) as t ("group", n);
                """
            )
        return publish(
            warehouse,
            folder / "published",
            as_of=date(2026, 1, day),
            run_id=f"run{day}",
            tables=(CUSTOMERS, ORDERS, LABELS, REPORTS),
            reporting=Reporting(currency="EUR", timezone="UTC"),
        )

    return publish_day
