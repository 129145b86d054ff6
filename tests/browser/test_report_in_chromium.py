"""The report in a real browser: Chromium of the system, without network.

Debian: `apt-get install chromium`. Nothing is downloaded; the driver and axe-core are in Python packages (extra dev).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

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


@pytest.fixture(scope="module")
def address(sample_home: SampleHome) -> str:
    return (sample_home.published / "current").resolve().joinpath(*Path(REPORT).parts).as_uri()


def in_window(browser: Browser, address: str, scheme: Literal["light", "dark"]) -> Iterator[Opened]:
    context = browser.new_context(color_scheme=scheme, locale="en-GB", viewport={"width": 1440, "height": 900})
    yield Opened(context.new_page(), address)
    context.close()


# The tests share one window per theme: a chart is drawn only once.
@pytest.fixture(scope="module")
def light(browser: Browser, address: str) -> Iterator[Opened]:
    yield from in_window(browser, address, "light")


@pytest.fixture(scope="module")
def dark(browser: Browser, address: str) -> Iterator[Opened]:
    yield from in_window(browser, address, "dark")


@pytest.fixture(params=THEMES)
def opened(request: pytest.FixtureRequest) -> Opened:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Opened)
    return found


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


# The colours depend on the theme and the texts on the language: two pairs have both, the other two find nothing else.
@pytest.mark.parametrize(
    ("theme", "language"),
    [
        ("light", "en"),
        ("dark", "zh"),
        pytest.param("light", "zh", marks=pytest.mark.slow),
        pytest.param("dark", "en", marks=pytest.mark.slow),
    ],
)
def test_no_page_breaks_the_rules_of_accessibility(request: pytest.FixtureRequest, theme: str, language: str) -> None:
    window = request.getfixturevalue(theme)
    window.show(language, KEYS[0])
    window.page.evaluate("document.documentElement.classList.remove('script')")  # as on paper: all pages at once
    found = Axe().run(window.page, options=WCAG).response["violations"]
    window.page.evaluate("document.documentElement.classList.add('script')")
    assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found] == []


def test_a_narrow_screen_is_never_scrolled_sideways(light: Opened) -> None:
    light.page.set_viewport_size({"width": 390, "height": 844})
    for key in KEYS:
        light.show("en", key)
        assert light.page.evaluate("document.documentElement.scrollWidth") <= 390, key
    light.page.set_viewport_size({"width": 1440, "height": 900})


def test_a_number_leads_to_its_definition(light: Opened) -> None:
    light.show("en", "overview")
    light.page.locator("#en [data-headline=customers] h3 a").click()
    assert light.page.locator("#en-def-customer_rfm-frequency").is_visible()


def test_paper_has_every_page_with_its_charts_and_tables(light: Opened, tmp_path: Path) -> None:
    light.show("en", "overview")
    light.page.wait_for_function(
        "[...document.querySelectorAll('#en .chart')].every((chart) => chart.querySelector('svg'))"
    )
    printed = light.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") >= len(KEYS)
    assert light.problems == []


def test_the_report_is_used_by_keyboard_and_remembers_the_page(light: Opened) -> None:
    light.show("en", "actions")
    light.page.get_by_role("button", name="中文").first.focus()
    light.page.keyboard.press("Enter")
    light.page.wait_for_function("location.hash === '#zh-actions'")
    light.page.wait_for_function("document.documentElement.lang === 'zh-Hans'")  # some time after the address changed
    assert "客户忠诚度报告" in light.page.title()
    light.page.locator("#zh-actions .block:has(.chart) summary").first.focus()
    light.page.keyboard.press("Enter")
    light.page.locator("#zh-actions .block:has(.chart) table").first.wait_for(state="visible")
    before = light.page.evaluate("document.documentElement.dataset.theme")
    light.page.locator("#zh [data-theme-switch]").focus()
    light.page.keyboard.press("Space")
    assert light.page.evaluate("document.documentElement.dataset.theme") != before


def test_the_charting_library_is_the_one_of_the_locked_package() -> None:
    assert VEGA.read_text(encoding="utf-8") == bundle()
