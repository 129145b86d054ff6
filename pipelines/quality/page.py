"""A gate's Data Docs as one HTML page: GX's renderer says what was expected and found, our frame holds it.

GX's own site builder makes a page a suite and an index, each of which loads styles and scripts from six hosts when it
is opened and is hard to read without them. This page loads nothing. It is bounded: suites that would make it larger
than `PAGE_BYTES` keep their verdict and lose their details. No value of a row comes here (see gate.py).
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.base.durable import write_text_durably
from pipelines.quality.report import GateReport
from pipelines.quality.suites import Suite

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.render.view.view import DefaultJinjaPageView

PAGE_BYTES = 512 * 1024
_VIEWS = Path(__file__).with_name("views")


def write_page(
    path: Path, report: GateReport, validations: "Sequence[tuple[Suite, ExpectationSuiteValidationResult]]"
) -> None:
    """Write a gate's page, in place of the last run's.

    Args:
        path: The page.
        report: The gate's outcome.
        validations: What GX said of each suite that could be asked, without values of rows.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text_durably(path, _page(report, validations))


def _page(report: GateReport, validations: "Sequence[tuple[Suite, ExpectationSuiteValidationResult]]") -> str:
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    for _, validation in validations:
        _escape(validation)
    renderer = ValidationResultsPageRenderer()
    view = DefaultJinjaPageView(custom_views_directory=str(_VIEWS))
    suites: list[dict[str, object]] = [
        {
            "dataset": suite.dataset,
            "description": suite.description,
            "owner": suite.owner,
            "verdict": _verdict(report, suite.dataset),
            # the first section is a heading and links to pages that are not here
            "sections": renderer.render(validation).to_json_dict()["sections"][1:],
        }
        for suite, validation in validations
    ]
    html = _html(view, report, suites)
    for suite in reversed(suites):
        if len(html.encode()) <= PAGE_BYTES:
            break
        suite["sections"] = None
        html = _html(view, report, suites)
    return html


def _escape(validation: "ExpectationSuiteValidationResult") -> None:
    """GX's blocks take words for HTML: a suite's words, and a database's, are text."""
    for answer in validation.results:
        if answer.expectation_config is not None:
            answer.expectation_config.description = escape(answer.expectation_config.description or "")
        if message := (answer.exception_info or {}).get("exception_message"):
            answer.exception_info["exception_message"] = escape(message)


def _html(view: "DefaultJinjaPageView", report: GateReport, suites: Sequence[Mapping[str, object]]) -> str:
    template = view.env.get_template("gate_page.j2")
    return template.render(
        stage=report.stage,
        verdict=_verdict(report),
        skipped=[result.words for result in report.skipped],
        suites=suites,
    )


def _verdict(report: GateReport, dataset: str | None = None) -> str:
    def count(results: Sequence[object]) -> int:
        return len([result for result in results if dataset in (None, getattr(result, "dataset", None))])

    return (
        f"{count(report.results)} expectations: {count(report.failures)} stop the run,"
        f" {count(report.warnings)} are warnings, {count(report.skipped)} had nothing to be compared with."
    )
