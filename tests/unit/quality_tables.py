"""Tables for the tests of the suites: of the shape that the project's models have, with a small shop's good rows.

The columns come from where the project declares them (entities.py, the models' contracts), so that a suite that names a
column which no model has is found here.
"""

from datetime import date
from pathlib import Path

import duckdb
import yaml

from pipelines.base.entities import ENTITIES, ColumnType

PROJECT = Path(__file__).parents[2]
AS_OF = date(2025, 9, 17)  # of the shop's marts
MARTS = PROJECT / "dbt_project" / "models" / "marts"

_TYPES = {
    ColumnType.TIMESTAMP: "timestamp",
    ColumnType.DATE: "date",
    ColumnType.AMOUNT: "decimal(18, 2)",
    ColumnType.PRICE: "decimal(18, 4)",
    ColumnType.RATE: "decimal(18, 8)",
    ColumnType.INTEGER: "bigint",
    ColumnType.BOOLEAN: "boolean",
}
_LANDED = (
    "source, batch, file_name, file_sha256, file_on date, landed_on date, record bigint, line bigint, part,"
    " content_hash, raw"
)
_LEDGER = (
    "source, batch, file_name, file_sha256, file_on date, landed_on date, mapping_sha256, records bigint,"
    " taken_records bigint, unreadable_records bigint, skipped_records bigint, skips, entity, landed_rows bigint"
)
_STAGED = (
    "file_on date, event_on date, effective_at timestamp, effective_on date,"
    " content_hash, batch, file_name, part, line bigint"
)

GOOD = """
insert into landing.orders by name
    select 'shop' as source, (i // 20)::varchar as batch, date '2026-01-01' + (i // 20)::integer as landed_on,
        i::varchar as order_id, '2026-01-01 10:00:00' as ordered_at, 'GBP' as currency, 'c' as customer_ref,
    from range(120) as r (i);
insert into landing.order_lines by name
    select 'shop' as source, (i // 20)::varchar as batch, date '2026-01-01' + (i // 20)::integer as landed_on,
        i::varchar as order_id, '1' as line_id, 'p' as product_id, '1' as quantity, '10' as unit_price,
    from range(120) as r (i);
insert into landing.returns by name
    select 'shop' as source, i::varchar as return_id, i::varchar as order_id, '2026-01-02 10:00:00' as returned_at,
    from range(60) as r (i);
insert into landing.customers by name
    select 'shop' as source, (i // 20)::varchar as batch, date '2026-01-01' + (i // 20)::integer as landed_on,
        i::varchar as customer_ref, i || '@example.org' as email,
    from range(120) as r (i);
insert into landing.survey_answers by name
    select 'shop' as source, i::varchar as response_id, 'q' as question_id, 'nps' as construct, '9' as answer_number,
        '0' as scale_min, '10' as scale_max,
    from range(60) as r (i);
insert into landing.ledger by name
    select 'shop' as source, i || '.csv' as file_name, date '2026-01-01' + i::integer as landed_on, 'orders' as entity,
        landed_on as file_on, 100 as records, 99 as taken_records, 0 as unreadable_records, 1 as skipped_records,
        99 as landed_rows,
    from range(36) as r (i);

insert into staging.stg_orders by name
    select 'shop' as source, i::varchar as order_id, date '2026-01-01' as event_on, 10 as gross, 'paid' as status,
        false as is_test, timestamp '2026-01-01 10:00:00' as ordered_at, ordered_at as paid_at, 'h' as content_hash,
    from range(1000) as r (i);
insert into staging.stg_order_lines by name
    select 'shop' as source, i::varchar as order_id, 1 as quantity, 10 as unit_price, 1 as discount,
    from range(1000) as r (i);
insert into staging.stg_returns by name
    select 'shop' as source, i::varchar as return_id, i::varchar as order_id,
        timestamp '2026-01-02 10:00:00' as returned_at,
    from range(60) as r (i);
insert into staging.stg_payments by name
    select 'shop' as source, i::varchar as payment_id, i::varchar as order_id,
    from range(1000) as r (i);
insert into staging.stg_cases by name
    select 'shop' as source, i::varchar as case_id, timestamp '2026-01-02' as first_response_at,
        timestamp '2026-01-03' as closed_at,
    from range(100) as r (i);
insert into staging.stg_fx_rates by name
    select 'bank' as source, 'USD' as currency, date '2026-01-01' + i::integer as day, 1.1 + i / 100 as rate,
    from range(10) as r (i);
insert into staging.stg_survey_answers by name
    select 'shop' as source, i::varchar as response_id, 'q' as question_id, 'nps' as construct, i % 11 as answer_number,
        0 as scale_min, 10 as scale_max,
    from range(200) as r (i);
insert into staging.stg_loyalty_events by name
    select 'shop' as source, i::varchar as event_id, if(i % 2 = 0, 'earn', 'redeem') as kind,
        if(i % 2 = 0, 100, -40) as points,
    from range(100) as r (i);
insert into staging.stg_customers by name
    select 'shop' as source, i::varchar as customer_ref, i || '@example.org' as email,
    from range(100) as r (i);

insert into marts.dim_customer by name
    select 'c' || i as customer_key,
    from range(100) as r (i);
insert into marts.fct_order by name
    select 'o' || i as order_key, 'shop' as source, 'c' || i % 100 as customer_key,
        date '2025-03-01' + i::integer as ordered_on, 'GBP' as source_currency, 10 as gross_amount,
        10 as net_amount, true as is_purchase,
    from range(200) as r (i);
insert into marts.fct_order_line by name
    select 'l' || i as order_line_key, 'o' || i as order_key, 10 as gross_amount,
    from range(200) as r (i);
insert into marts.fct_return by name
    select 'r' || i as return_key, 'shop' as source, 'c' || i as customer_key, 1 as return_amount,
    from range(20) as r (i);
insert into marts.customer_rfm by name
    select 'c' || i as customer_key, 2 as frequency, 20 - (i < 20)::integer as monetary_amount, true as is_active,
        1 + i % 5 as r_quintile, 'champions' as rfm_segment,
    from range(100) as r (i);
insert into marts.customer_clv by name
    select 'c' || i as customer_key, date '2026-01-31' as as_of_on, 2 as n_purchase_days, 330 + i as age_days,
        20 - (i < 20)::integer as historic_net_amount, 5 as expected_value_12m_amount, 2 as clv_12m_amount,
    from range(100) as r (i);
insert into marts.customer_loyalty by name
    select 'c' || i as customer_key, case when i % 2 = 0 then 'loyal' else 'potential' end as level,
        2 as n_purchase_days,
    from range(100) as r (i);
insert into marts.fct_survey_answer by name
    select 'a' || i as answer_key,
        case when i < 12 then 'promoter' when i < 22 then 'passive' else 'detractor' end as nps_category,
    from range(30) as r (i);
insert into marts.rpt_nps by name
    select period_kind, 'all' as survey_kind, 'all' as slice_by, 'all' as slice_value, 30 as n_answers,
        12 as n_promoters, 10 as n_passives, 8 as n_detractors, 13.3333 as nps,
    from (values ('all'), ('month')) as periods (period_kind);
"""


def build_stages(path: Path, *, rows: bool) -> Path:
    """A DuckDB file with every dataset, in schemas `landing`, `staging` and `marts`, with the shop's rows or none."""
    with duckdb.connect(str(path)) as connection:
        for stage in ("landing", "staging", "marts"):
            connection.execute(f"create schema {stage}")
        _create(connection, "landing.ledger", _LEDGER)
        for entity in ENTITIES.values():
            _create(connection, f"landing.{entity.name}", f"{', '.join(entity.columns)}, {_LANDED}")
            typed = ", ".join(f"{name} {_TYPES.get(kind, 'varchar')}" for name, kind in entity.columns.items())
            _create(connection, f"staging.stg_{entity.name}", f"source, {typed}, {_STAGED}")
        for model_file in MARTS.glob("**/_*.yml"):
            for model in yaml.safe_load(model_file.read_text(encoding="utf-8")).get("models", []):
                if model["columns"] and all("data_type" in column for column in model["columns"]):
                    columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
                    _create(connection, f"marts.{model['name']}", columns)
        if rows:
            connection.execute(GOOD)
    return path


def publish_marts(warehouse: Path, folder: Path) -> Path:
    """The marts of such a file as a version holds them, `<folder>/<mart>/*.parquet`."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        marts = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        for (mart,) in marts:
            (folder / mart).mkdir(parents=True)
            connection.execute(f"copy marts.{mart} to '{folder / mart}/part-0.parquet' (format parquet)")
    return folder


def _create(connection: duckdb.DuckDBPyConnection, table: str, columns: str) -> None:
    typed = []
    depth = 0
    for part in columns.replace(", ", ",").split(","):
        if depth:
            typed[-1] += f", {part}"
        else:
            typed.append(part if " " in part else f"{part} varchar")
        depth += part.count("(") - part.count(")")
    connection.execute(f"create table {table} ({', '.join(typed)})")
