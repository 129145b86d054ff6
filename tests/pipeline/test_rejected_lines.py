"""Rejected order lines through whole runs: their value can stop a run, and no order is published as complete."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.publication import resolve_current
from tests.conftest import share_compiled

COLUMNS = {
    "order_id": "id",
    "line_id": "line",
    "customer_ref": "who",
    "ordered_at": "day",
    "quantity": "qty",
    "unit_price": "price",
    "currency": "currency",
}
MAPPING = {
    "source": "till",
    "currency": "GBP",
    "files": [{"match": "*.csv", "timestamps": "%Y-%m-%d", "entities": {"order_lines": {"columns": COLUMNS}}}],
}
# 2 of 100 lines are rejected: one of 109.00, one of an amount that is worth the mean of the others
LINES = [
    "id,line,who,day,qty,price,currency",
    "big,1,a,2024-01-05,1,109.00,pounds",
    "big,2,a,2024-01-05,1,10.00,GBP",
    "rejected,1,b,2024-01-06,1,ten,GBP",
    "whole,1,b,2024-01-07,2,10.00,GBP",
    *(f"other,{n},c,2024-01-08,1,10.00,GBP" for n in range(96)),
]


@dataclass(frozen=True)
class Runs:
    """A run that the limit by value stops, and one under the default limits."""

    stopped: Result
    published: dict[str, Any]
    marts: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("rejected")
    (folder / "mapping.yml").write_text(yaml.safe_dump(MAPPING))
    (folder / "in").mkdir()
    (folder / "in" / "lines.csv").write_text("\n".join(LINES) + "\n")
    config = folder / "loyalty.yml"

    def run(quarantine: dict[str, float]) -> Result:
        settings = {
            "home": "home",
            "currency": "GBP",
            "timezone": "UTC",
            "sources": [{"mapping": "mapping.yml", "files": "in"}],
            "quarantine": quarantine,
        }
        config.write_text(yaml.safe_dump(settings))
        with share_compiled(config):
            return CliRunner().invoke(app, ["run", "--config", str(config), "--json"])

    stopped = run({"stop_value_share": 0.1})
    published = run({})
    assert published.exit_code == 0, published.stderr
    marts = resolve_current(folder / "home" / "published") / "marts"
    return Runs(stopped, json.loads(published.stdout), marts)


def rows(runs: Runs, mart: str, columns: str) -> list[tuple[Any, ...]]:
    return duckdb.sql(f"select {columns} from '{runs.marts}/{mart}/*.parquet' order by all").fetchall()


def test_few_lines_of_much_value_stop_a_run_whose_limit_they_pass(runs: Runs) -> None:
    assert runs.stopped.exit_code == 4
    assert "till order_lines, lines.csv: 2 of 100 rows (2.0%, 10.8% of the value)" in runs.stopped.stderr


def test_a_tenth_of_the_value_is_warned_about_by_default(runs: Runs) -> None:
    warnings = runs.published["warnings"]
    assert [w for w in warnings if "warn_value_share" in w and "2 of 100 rows (2.0%, 10.8% of the value)" in w]
    read = "till order_lines: lines_rejected (value read from the rows): 1 row, value at stake 109.00 GBP"
    estimated = "till order_lines: lines_rejected (value estimated by the mean): 1 row, value at stake about 10.10 GBP"
    orders = "till orders: orders_incomplete (without an amount): 2 rows, value at stake 10.00 GBP"
    for words in (read, estimated, orders):
        assert [w for w in warnings if w.startswith(words)], words


def test_an_order_with_a_rejected_line_is_published_without_an_amount_and_as_a_purchase(runs: Runs) -> None:
    assert rows(runs, "fct_order", "order_id, net_amount::double, is_incomplete, is_purchase, issue") == [
        ("big", None, True, True, "lines_rejected"),
        ("other", 960.0, False, True, None),
        ("rejected", None, True, True, "lines_rejected"),
        ("whole", 20.0, False, True, None),
    ]


def test_customers_have_the_amounts_that_are_known_and_all_their_purchase_days(runs: Runs) -> None:
    assert rows(
        runs, "customer_rfm", "frequency, monetary_amount::double, m_quintile is null, fm_quintile is null"
    ) == [
        (1, 960.0, False, False),
        (1, None, True, False),
        (2, 20.0, False, False),
    ]
    assert rows(runs, "customer_clv", "n_purchase_days, historic_net_amount::double, n_orders_without_amount") == [
        (1, 960.0, 0),
        (1, None, 1),
        (2, 20.0, 1),
    ]
