"""What may make a number wrong is published, warned about and listed by status, with its count."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.publication import resolve_current
from tests.conftest import share_compiled

MAPPING = {
    "source": "shop",
    "currency": "GBP",
    "files": [
        {
            "match": "*.csv",
            "entities": {
                "orders": {
                    "columns": {
                        "order_id": "id",
                        "customer_ref": "who",
                        "ordered_at": "day",
                        "total": "total",
                        "currency": "currency",
                    }
                }
            },
        }
    ],
}
ORDERS = """\
id,who,day,total,currency
1,a,2024-03-01,10.00,GBP
2,a,2024-03-02,20.00,USD
3,b,2024-03-02,30.00,USD
4,b,2024-03-03,,GBP
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issues")
    (folder / "mapping.yml").write_text(yaml.safe_dump(MAPPING))
    (folder / "in").mkdir()
    (folder / "in" / "orders.csv").write_text(ORDERS)
    settings = {
        "home": "home",
        "currency": "GBP",
        "timezone": "UTC",
        "sources": [{"mapping": "mapping.yml", "files": "in"}],
    }
    (folder / "loyalty.yml").write_text(yaml.safe_dump(settings))
    return folder / "loyalty.yml"


def loyalty(*arguments: str) -> dict[str, Any]:
    with share_compiled(arguments[-1]):
        done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def test_an_order_that_cannot_be_valued_is_published_warned_about_and_listed(config: Path) -> None:
    warnings = loyalty("run", "--config", str(config))["warnings"]
    assert [w for w in warnings if w.startswith("shop orders: missing_rate: 2 rows:")]
    assert [w for w in warnings if w.startswith("shop orders: missing_amount: 1 row:")]

    mart = resolve_current(config.parent / "home" / "published") / "marts" / "rpt_data_issue" / "*.parquet"
    rows = duckdb.sql(
        f"select issue, source, entity, severity, n_rows from read_parquet('{mart}') order by 1"
    ).fetchall()
    assert rows == [("missing_amount", "shop", "orders", "warn", 1), ("missing_rate", "shop", "orders", "warn", 2)]

    issues = loyalty("status", "--config", str(config))["data_issues"]
    assert {(issue["issue"], issue["n_rows"]) for issue in issues} == {("missing_rate", 2), ("missing_amount", 1)}
