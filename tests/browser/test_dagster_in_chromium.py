"""Dagster's UI in a real browser: open it, build one day with its button, and see the day succeed with its checks.

The UI serves its own files, and the test refuses every request to another host. It is slow: Dagster needs most of a
minute to start, and the day is built as a whole.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.conftest import SampleHome
from tests.pipeline.test_dev import REPOSITORY, Dev, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOCATION = "locations/{repositoryName}@{repositoryLocationName}".format(**REPOSITORY)
PATIENCE = 120_000.0  # milliseconds
CHECKS = """
query ($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      groupName
      assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization { status runId } } } }
    }
  }
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])  # containers have no sandbox
        yield started
        started.close()


@pytest.fixture
def dev(sample_home: SampleHome, tmp_path: Path) -> Iterator[Dev]:
    """`loyalty dev` for a copy of the sample, whose day is built and can be built again."""
    home = tmp_path / "home"
    shutil.copytree(sample_home.home, home, symlinks=True)
    started = Dev(sample_home.config, home)
    try:
        until(lambda: started.ask("{ version }"))
        yield started
    finally:
        started.process.terminate()
        started.process.wait(timeout=120)


def local_only(page: Page, refused: list[str]) -> None:
    """Let a page reach this machine only."""

    def decide(route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", None):
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    page.route("**/*", decide)


def test_a_day_that_is_built_with_the_button_of_the_ui_succeeds_with_its_checks(
    browser: Browser, dev: Dev, sample_home: SampleHome
) -> None:
    day = str(json.loads(sample_home.output)["as_of"])
    before = {run["runId"] for run in dev.job("daily")["runs"]}
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE)
    refused: list[str] = []
    local_only(page, refused)
    page.goto(f"http://127.0.0.1:{dev.port}/{LOCATION}/jobs/daily")
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_text("Show all partitions").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("0 partitions").wait_for()
    days = dialog.get_by_role("textbox").first
    days.fill(day)
    days.press("Enter")
    dialog.get_by_text("1 partition", exact=True).wait_for()
    dialog.get_by_role("button", name=re.compile("^Launch 1 run$")).click()
    dialog.wait_for(state="hidden")
    run = until(lambda: next((one["runId"] for one in dev.job("daily")["runs"] if one["runId"] not in before), None))
    assert dev.wait_for(run) == "SUCCESS"
    page.goto(f"http://127.0.0.1:{dev.port}/runs/{run}")
    page.get_by_text("Success", exact=True).wait_for()
    page.get_by_text(f"partition: {day}").wait_for()
    page.goto(f"http://127.0.0.1:{dev.port}/assets/marts/customer_loyalty?view=checks")
    page.get_by_text("Passed", exact=True).first.wait_for()
    answer = until(lambda: dev.ask(CHECKS, key={"path": ["marts", "customer_loyalty"]}))["assetNodeOrError"]
    found = {one["name"]: one["executionForLatestMaterialization"] for one in answer["assetChecksOrError"]["checks"]}
    assert found
    assert {(one["status"], one["runId"]) for one in found.values()} == {("SUCCEEDED", run)}
    assert answer["groupName"] == "marts_loyalty"
    assert not refused, "the UI asks another host"
