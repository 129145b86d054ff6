"""RFM is the same with any number of threads: its compiled models on enough customers for several threads."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.config.settings import project_root
from tests.dbt.warehouse import Warehouse

AS_OF = date(2024, 3, 15)
MODELS = ("int_rfm_value", "int_rfm_cut_point", "int_customer_rfm")
SEGMENTS = project_root() / "dbt_project" / "seeds" / "rfm_segments.csv"
# Several row groups, which DuckDB hands to its threads. Many values are equal, so that ties are frequent.
CUSTOMERS = 300_000
TOTALS = f"""
    create table intermediate.int_customer_total as
    select
        md5(n::varchar) as customer_key,
        date '2023-06-01' + (n * 7919 % 280)::integer as day_on,
        null::date as next_on,
        1 + n * 31 % 7 as n_purchase_days,
        1 as n_valued_days,
        date '2023-06-01' as first_purchase_on,
        day_on as last_purchase_on,
        ((n * 104729 % 5000) / 100)::decimal(38, 2) as net_purchase_amount,
        0.10::decimal(38, 2) as returned_amount
    from range({CUSTOMERS}) as numbers (n)
"""
STATES = """
    create table intermediate.int_level_state as
    select
        customer_key,
        observed_on,
        observed_on - last_purchase_on as silence_days,
        n_purchase_days,
        600_000 + 10_000::bigint * (last_purchase_on - first_purchase_on) as gap_sum
    from intermediate.int_customer_total
    cross join (values (date '2024-01-31'), (date '2024-02-29'), (date '2024-03-15')) as days (observed_on)
    where last_purchase_on <= observed_on
"""


@pytest.fixture(scope="module")
def compile_rfm(new_warehouse: Callable[[], Warehouse]) -> Callable[[str], dict[str, str]]:
    """Compiles the models of RFM for a method; returns their SQL by name."""
    warehouse = new_warehouse()

    def compiled(method: str) -> dict[str, str]:
        warehouse.dbt("compile", "--select", *MODELS, as_of=AS_OF, level_months=2, rfm_method=method)
        folder = warehouse.home / "target" / "compiled" / "loyalty" / "models" / "intermediate" / "rfm"
        return {name: (folder / f"{name}.sql").read_text(encoding="utf-8") for name in MODELS}

    return compiled


def built(folder: Path, models: dict[str, str], threads: int) -> list[tuple[object, ...]]:
    """The number of rows of int_customer_rfm on each day, and one number that changes with any of their values."""
    folder.mkdir()
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute(f"set threads = {threads}")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("create schema intermediate")
        connection.execute("create schema seeds")
        connection.execute(TOTALS)
        connection.execute("create table intermediate.int_industry_settings as select 365 as lapsed_days")
        connection.execute(STATES)
        connection.execute(f"create table seeds.rfm_segments as select * from read_csv('{SEGMENTS}')")
        for name, sql in models.items():
            connection.execute(f"create table intermediate.{name} as {sql}")
        return connection.execute("""
            select observed_on, count(*), count(distinct rfm_segment), sum(hash(scored)::hugeint)
            from intermediate.int_customer_rfm as scored
            group by observed_on
            order by observed_on
        """).fetchall()


@pytest.mark.parametrize("method", ["quantile", "own_gap"])
def test_rfm_is_the_same_with_one_thread_and_with_several(
    method: str, compile_rfm: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    models = compile_rfm(method)
    one, two, four = (built(tmp_path / str(threads), models, threads) for threads in (1, 2, 4))
    assert len(one) == 3
    assert all(n_customers > 200_000 and n_segments > 5 for _, n_customers, n_segments, _ in one)  # type: ignore[operator]
    assert one == two == four
