"""A class that changes in the mapping: nothing lands again, and the next build is full and counts by the new class."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.conftest import Loyalty

pytestmark = pytest.mark.story

ORDERS = """\
id,who,day,state,total
1,a,2024-03-01,completed,10.00
2,b,2024-03-01,on-hold,20.00
3,c,2024-03-02,im Regal,30.00
4,d,2024-03-02,refunded,40.00
5,e,2024-03-03,failed,50.00
"""
LINES = """\
id,line,who,day,state,price
6,1,f,2024-03-03,Shipped,10.00
6,2,f,2024-03-03,Cancelled,50.00
7,1,g,2024-03-03,Cancelled,60.00
"""


def mapping(**more: object) -> str:
    orders = {"order_id": "id", "customer_ref": "who", "ordered_at": "day", "status": "state"}
    lines = {**orders, "line_id": "line", "quantity": "1", "unit_price": "price"}
    groups = [
        {"match": "orders.csv", "entities": {"orders": {"columns": {**orders, "total": "total"}}}},
        {"match": "lines.csv", "entities": {"order_lines": {"columns": lines}}},
    ]
    return yaml.safe_dump({"source": "shop", "currency": "GBP", **more, "files": groups})


@dataclass(frozen=True)
class Story:
    """What two runs on the same files gave.

    Attributes:
        runs: The reports of the runs, in their order.
        purchases: After each run: order and net amount, of the orders that count.
    """

    runs: list[dict[str, Any]]
    purchases: list[dict[str, str]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, loyalty: Loyalty) -> Story:
    folder = tmp_path_factory.mktemp("statuses")
    (folder / "in").mkdir()
    (folder / "in" / "orders.csv").write_text(ORDERS)
    (folder / "in" / "lines.csv").write_text(LINES)
    config = folder / "loyalty.yml"
    config.write_text(
        yaml.safe_dump({"currency": "GBP", "timezone": "UTC", "sources": [{"mapping": "mapping.yml", "files": "in"}]})
    )
    runs, purchases = [], []
    for text in (mapping(), mapping(order_statuses={"sale": "im_regal", "cancelled": ["Refunded"]})):
        (folder / "mapping.yml").write_text(text)
        done = loyalty("run", "--config", config, "--json")
        assert done.returncode == 0, done.stderr[-3000:]
        runs.append(json.loads(done.stdout))
        purchases.append(counted(Path(runs[-1]["published"])))
    return Story(runs, purchases)


def counted(version: Path) -> dict[str, str]:
    mart = version / "marts" / "fct_order" / "*.parquet"
    query = f"select order_id, net_amount::varchar from read_parquet('{mart}') where is_purchase"
    return dict(duckdb.sql(query).fetchall())


def test_sales_count_and_nothing_else(story: Story) -> None:
    assert story.purchases[0] == {"1": "10.00", "4": "40.00", "6": "10.00"}


def test_an_unknown_status_is_warned_about_with_its_value(story: Story) -> None:
    found = [warning for warning in story.runs[0]["warnings"] if "unknown_status" in warning]
    assert len(found) == 1 and "shop orders: unknown_status (im regal): 1 row, value at stake 30.00 GBP" in found[0]
    assert not [warning for warning in story.runs[1]["warnings"] if "unknown_status" in warning]


def test_a_class_that_changes_lands_nothing_and_counts_in_the_next_build(story: Story) -> None:
    again = story.runs[1]
    assert again["files"]["landed"] == 0 and again["files"]["known"] == 2 and again["build"] == "incremental"
    assert not [warning for warning in again["warnings"] if "another version of the mapping" in warning]
    assert story.purchases[1] == {"1": "10.00", "3": "30.00", "6": "10.00"}
