"""A chart of the marts in Superset, on PostgreSQL, while new versions are published.

Needs PostgreSQL (Debian: postgresql), Chromium, the extra postgres (make setup-postgres) and Superset in an environment
of its own (make setup-superset).
"""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import expect, sync_playwright
from pydantic import SecretStr

from pipelines.config.publish import PostgresSettings
from pipelines.publication.targets import follow
from pipelines.publication.targets.postgres import Postgres
from tests.bi import superset
from tests.conftest import SampleHome
from tests.targets.numbered import numbered
from tests.targets.postgres_server import execute, server, skip_without_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
_READS = 20
_SHOWN_WITHIN = 90_000  # milliseconds


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    skip_without_postgres()
    superset.installed()
    with server(port=superset.free_port()) as uri:
        execute(uri, "create role reader login")
        yield uri


@pytest.fixture(scope="module")
def bi(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[superset.Superset]:
    with superset.server(tmp_path_factory.mktemp("superset")) as running:
        yield running


@pytest.fixture(scope="module")
def connected(bi: superset.Superset, database: str) -> int:
    """The number that Superset gives to the database, which it reads as the reader's role."""
    port = database.split("port=")[1].split("&")[0]
    uri = f"postgresql+psycopg2://reader@127.0.0.1:{port}/postgres"
    return int(bi.post("database/", {"database_name": "marts", "sqlalchemy_uri": uri, "expose_in_sqllab": True})["id"])


def target(uri: str, schema: str) -> Postgres:
    return Postgres(PostgresSettings(reader_role="reader", schema_name=schema, swap_wait_seconds=60), SecretStr(uri))


def counted(bi: superset.Superset, dataset: int, metric: dict[str, Any] | str, by: list[str]) -> list[dict[str, Any]]:
    """The rows of a query that Superset makes for a chart, past its cache."""
    query = {"metrics": [metric], "columns": by, "row_limit": 1000, "filters": [], "orderby": []}
    body = {"datasource": {"id": dataset, "type": "table"}, "queries": [query], "force": True}
    rows: list[dict[str, Any]] = bi.post("chart/data", body)["result"][0]["data"]
    return rows


def dataset(bi: superset.Superset, database: int, schema: str, mart: str) -> int:
    return int(bi.post("dataset/", {"database": database, "schema": schema, "table_name": mart})["id"])


def chart(bi: superset.Superset, marts: int, kind: str, settings: dict[str, Any]) -> int:
    """The number of a new chart of a dataset."""
    parameters = {"datasource": f"{marts}__table", "viz_type": kind, **settings}
    body = {"datasource_id": marts, "datasource_type": "table", "params": json.dumps(parameters)}
    return int(bi.post("chart/", {"slice_name": f"Customers by level ({kind})", "viz_type": kind, **body})["id"])


def test_a_chart_of_the_marts_is_shown_in_a_browser(
    bi: superset.Superset, connected: int, database: str, sample_home: SampleHome, tmp_path: Path
) -> None:
    chromium = shutil.which("chromium") or pytest.skip("Chromium is not installed: apt-get install chromium")
    follow(sample_home.published, target(database, "loyalty"))
    marts = dataset(bi, connected, "loyalty", "customer_loyalty")
    with duckdb.connect() as connection:
        path = str(sample_home.published / "current" / "marts" / "customer_loyalty" / "*.parquet")
        levels = dict(connection.execute("select level, count(*) from read_parquet(?) group by all", [path]).fetchall())
    assert {row["level"]: row["count"] for row in counted(bi, marts, "count", ["level"])} == levels
    aggregate = {"groupby": ["level"], "metrics": ["count"], "row_limit": 100}
    table = chart(bi, marts, "table", {"query_mode": "aggregate", **aggregate})
    bars = chart(bi, marts, "echarts_timeseries_bar", {"x_axis": "level", "metrics": ["count"], "row_limit": 100})
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])  # containers have no sandbox
        page = started.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{bi.address}/login/")
        page.locator("input#username").fill(superset.USER)
        page.locator("input#password").fill(bi.password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "login" not in address)
        page.goto(f"{bi.address}/explore/?slice_id={table}")
        rows = page.locator(".chart-container table tbody tr")
        expect(rows).to_have_count(len(levels), timeout=_SHOWN_WITHIN)
        cells = [row.locator("td").all_inner_texts() for row in rows.all()]
        assert {level: int(n.replace(",", "")) for level, n in cells} == levels
        page.goto(f"{bi.address}/explore/?slice_id={bars}")
        expect(page.locator(".chart-container canvas")).to_be_visible(timeout=_SHOWN_WITHIN)
        page.screenshot(path=tmp_path / "bars.png")
        started.close()


def test_charts_read_whole_versions_while_versions_are_published(
    bi: superset.Superset, connected: int, database: str, tmp_path: Path
) -> None:
    publish_day, numbers = numbered(tmp_path), target(database, "numbers")
    publish_day(1)
    follow(tmp_path / "published", numbers)
    marts = dataset(bi, connected, "numbers", "dim_customer")
    ended, days = threading.Event(), []

    def publish_days() -> None:
        for day in range(2, 12):
            publish_day(day)
            follow(tmp_path / "published", numbers)
            days.append(day)
        ended.set()

    writer = threading.Thread(target=publish_days, daemon=True)
    writer.start()
    seen = []
    while not ended.is_set() or len(seen) < _READS:
        assert writer.is_alive() or ended.is_set()
        (row,) = counted(bi, marts, "count", ["n"])  # one row: no query sees two versions
        assert row["count"] == 200
        seen.append(row["n"])
    writer.join(60)
    assert days == list(range(2, 12))
    assert seen == sorted(seen) and seen[-1] == 11
    assert len(set(seen)) > 2
