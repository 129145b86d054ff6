"""A build that extends yesterday's gives what a full build gives, whatever came in between."""

from datetime import date, timedelta
from pathlib import Path

from tests.dbt.shop_history import History
from tests.dbt.warehouse import Warehouse, open_warehouse

FIRST = date(2024, 1, 29)
CORE = {
    "staging": [f"int_{entity}_as_of" for entity in ("orders", "order_lines", "payments", "returns", "survey_answers")],
    "intermediate": [
        *(
            "int_rejected_row",
            "int_order_rejection",
            "int_order_header",
            "int_order_line",
            "int_order_amount",
            "int_order",
            "int_return",
            "int_customer_day",
            "int_customer_category",
        ),
        *(
            "int_customer_summary",
            "int_observation_day",
            "int_purchase_history",
            "int_purchase_cell",
            "int_fit_sample",
            "int_purchase_fit_cell",
            "int_spend_fit_cell",
            "int_holdout_window",
            "int_holdout_cell",
            "int_holdout_week_cell",
        ),
    ],
    "marts": [
        "fct_order",
        "fct_order_line",
        "fct_return",
        "fct_survey_answer",
        "dim_customer",
        "dim_date",
        "rpt_data_issue",
    ],
}


def differing_rows(warehouse: Warehouse, scratch: str) -> dict[str, list[tuple[object, ...]]]:
    """Per table, some rows that are in the daily build or in the scratch build, not in both."""
    found = {}
    for schema, tables in CORE.items():
        for table in tables:
            daily, whole = f"{schema}.{table}", f"{scratch}_{schema}.{table}"
            rows = warehouse.rows(
                f"(select 'daily', * from (from {daily} except all from {whole}) limit 3) union all "
                f"(select 'whole', * from (from {whole} except all from {daily}) limit 3)"
            )
            if rows:
                found[table] = rows
    return found


def run_days(home: Path, seed: int, steps: list[tuple[int, int]], compared: set[int]) -> None:
    """Land day by day, extend the build, and compare with a full build.

    Args:
        home: A folder for it.
        seed: Of the history.
        steps: Per run, the last day of landing and the as-of day, counted from FIRST.
        compared: The runs after which everything is compared.
    """
    history = History(seed, FIRST, n_days=max(landed for landed, _ in steps) + 1)
    landed_until, previous = -1, None
    with open_warehouse(home, timezone="America/New_York") as warehouse:
        for n, (landed, as_of_offset) in enumerate(steps):
            for offset in range(landed_until + 1, landed + 1):
                for file in history.files(FIRST + timedelta(days=offset)):
                    warehouse.land(file.rows, landed_on=file.landed_on, file_on=file.file_on, source=file.source)
            landed_until = landed
            as_of = FIRST + timedelta(days=as_of_offset)
            warehouse.ingest(as_of)
            warehouse.build(as_of, extending=previous)
            previous = as_of
            if n in compared:
                warehouse.build(as_of, scratch="whole")
                assert differing_rows(warehouse, "whole") == {}, f"after run {n}, seed {seed}"
        assert warehouse.rows("select count(*) > 100 from marts.fct_order") == [(True,)]


def test_days_one_by_one_give_what_one_full_build_gives(tmp_path: Path) -> None:
    # Past a month's end; a day that is built twice; files that land before the day they speak of is built.
    run_days(tmp_path, seed=1, steps=[(0, -1), (2, 1), (3, 1), (7, 6)], compared={2, 3})
