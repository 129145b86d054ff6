"""A small warehouse to publish from, for the tests of publication. No test stands here."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from pipelines.publication import MartTable, Version, publish

CUSTOMERS = MartTable(
    "dim_customer",
    ("customer_key",),
    'One row a customer; it\'s "quoted".',
    {"customer_key": "The customer's pseudonym.", "spent amount": "What it's worth."},
)
ORDERS = MartTable("fct_order", ("customer_key", "ordered_on"))
TABLES = (CUSTOMERS, ORDERS)


def build(warehouse: Path, *, rows: int = 50, order: str = "i", schema: str = "marts") -> Path:
    """A warehouse with a table and a view in `schema`, whose rows lie in the given order."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"""
            create schema "{schema}";
            create schema intermediate;
            create table "{schema}".dim_customer as
                select
                    md5(i::varchar) as customer_key,
                    (i * 7 % 1009 / 100)::decimal(18, 2) as "spent amount",
                    case when i % 3 > 0 then 'segment ' || i % 17 end as segment,
                from range({rows}) as r (i)
                order by {order};
            create table intermediate.int_order as
                select
                    md5((i % 5000)::varchar) as customer_key,
                    date '2025-01-01' + (i // 5000)::integer as ordered_on,
                    i as n,
                from range({rows}) as r (i)
                order by {order};
            create view "{schema}".fct_order as select * from "{warehouse.stem}".intermediate.int_order;
            """
        )
    return warehouse


def publisher(folder: Path) -> Callable[..., Version]:
    """A function that publishes a fresh small warehouse below `folder` as of a day of January 2026."""
    warehouse = build(folder / "state" / "warehouse.duckdb")

    def publish_day(day: int, run_id: str = "run", **options: object) -> Version:
        return publish(
            warehouse,
            folder / "published",
            as_of=date(2026, 1, day),
            run_id=run_id,
            tables=TABLES,
            **options,  # type: ignore[arg-type]  # keywords of publish, passed through
        )

    return publish_day
