"""The report in a real browser: Chromium of the system, without network.

Debian: `apt-get install chromium`. Nothing is downloaded; the driver and axe-core are in Python packages (extra dev).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.publication.model import REPORT
from pipelines.report.pages import PAGES
from pipelines.report.vendor.__main__ import VEGA, bundle
from tests.conftest import SampleHome

pytestmark = pytest.mark.browser

KEYS = [*(page.key for page in PAGES), "definitions"]
LANGUAGES = ("en", "zh")
THEMES = ("light", "dark")
WCAG = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])  # containers have no sandbox
        yield started
        started.close()


class Opened:
    """The report in one window, and everything that went wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", lambda message: self.problems.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", lambda request: self.problems.append(request.url) if request.url != address else None)
        page.goto(address)

    def show(self, language: str, key: str) -> None:
        """Go to a page, and wait until its charts are drawn."""
        self.page.evaluate(f"location.hash = '#{language}-{key}'")
        self.page.wait_for_function(
            """id => {
                const page = document.getElementById(id);
                const charts = [...page.querySelectorAll('.chart')];
                return page.classList.contains('shown') && charts.every((chart) => chart.querySelector('svg'));
            }""",
            arg=f"{language}-{key}",
        )


@pytest.fixture(params=THEMES)
def opened(request: pytest.FixtureRequest, browser: Browser, sample_home: SampleHome) -> Iterator[Opened]:
    scheme = request.param
    context = browser.new_context(color_scheme=scheme, locale="en-GB", viewport={"width": 1440, "height": 900})
    address = (sample_home.published / "current").resolve().joinpath(*Path(REPORT).parts).as_uri()
    yield Opened(context.new_page(), address)
    context.close()


def test_every_page_is_shown_in_both_languages_without_any_error_or_request(opened: Opened) -> None:
    n_charts = 0
    for language in LANGUAGES:
        for key in KEYS:
            opened.show(language, key)
            assert opened.page.locator(f"#{language}-{key} h1").inner_text()
            assert opened.page.locator(".page:visible").count() == 1
            n_charts += opened.page.locator(f"#{language}-{key} .chart svg").count()
    assert n_charts > 2 * 25
    assert opened.problems == []


def test_no_page_breaks_the_rules_of_accessibility(opened: Opened) -> None:
    for language in LANGUAGES:
        opened.show(language, KEYS[0])
        opened.page.evaluate("document.documentElement.classList.remove('script')")  # as on paper: all pages at once
        found = Axe().run(opened.page, options=WCAG).response["violations"]
        assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found] == []
        opened.page.evaluate("document.documentElement.classList.add('script')")


def test_a_narrow_screen_is_never_scrolled_sideways(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 844})
    for key in KEYS:
        opened.show("en", key)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390, key


def test_the_report_is_used_by_keyboard_and_remembers_the_page(opened: Opened) -> None:
    opened.show("en", "actions")
    opened.page.get_by_role("button", name="中文").first.focus()
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_function("location.hash === '#zh-actions'")
    assert opened.page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert "客户忠诚度报告" in opened.page.title()
    opened.page.locator("#zh-actions .block:has(.chart) summary").first.focus()
    opened.page.keyboard.press("Enter")
    assert opened.page.locator("#zh-actions .block:has(.chart) table").first.is_visible()
    before = opened.page.evaluate("document.documentElement.dataset.theme")
    opened.page.locator("#zh [data-theme-switch]").focus()
    opened.page.keyboard.press("Space")
    assert opened.page.evaluate("document.documentElement.dataset.theme") != before


def test_a_number_leads_to_its_definition(opened: Opened) -> None:
    opened.show("en", "overview")
    opened.page.locator("#en [data-headline=customers] h3 a").click()
    assert opened.page.locator("#en-def-customer_rfm-frequency").is_visible()


def test_paper_has_every_page_with_its_charts_and_tables(opened: Opened, tmp_path: Path) -> None:
    opened.show("en", "overview")
    opened.page.wait_for_function(
        "[...document.querySelectorAll('#en .chart')].every((chart) => chart.querySelector('svg'))"
    )
    printed = opened.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") >= len(KEYS)
    assert opened.problems == []


def test_the_charting_library_is_the_one_of_the_locked_package() -> None:
    assert VEGA.read_text(encoding="utf-8") == bundle()
