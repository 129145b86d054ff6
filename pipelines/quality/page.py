"""A gate's Data Docs as one HTML page. GX renders what was expected and found; the template is the project's own.

GX's own site builder makes one page per suite and an index. Each of them loads styles and scripts from six hosts when
it is opened, and is hard to read without them. This page loads nothing. Its size is limited: suites that would make it
larger than `PAGE_BYTES` keep their counts and lose their details. The page has no values of rows (see gx.py).
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.base.durable import write_text_durably
from pipelines.base.text import counted
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
    """Write the page of a gate. It replaces the page of the last run.

    Args:
        path: The page.
        report: The results of the gate.
        validations: GX's results for each suite that could be run, without values of rows.
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
            "outcome": _outcome(report, suite.dataset),
            # the first section is a heading with links to pages that do not exist here
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
    """Escape texts of suites and of the database: GX would render them as HTML."""
    for answer in validation.results:
        if answer.expectation_config is not None:
            answer.expectation_config.description = escape(answer.expectation_config.description or "")
        if message := (answer.exception_info or {}).get("exception_message"):
            answer.exception_info["exception_message"] = escape(message)


def _html(view: "DefaultJinjaPageView", report: GateReport, suites: Sequence[Mapping[str, object]]) -> str:
    template = view.env.get_template("gate_page.j2")
    return template.render(
        stage=report.stage,
        outcome=_outcome(report),
        skipped=[result.summary for result in report.skipped],
        suites=suites,
    )


def _outcome(report: GateReport, dataset: str | None = None) -> str:
    def count(results: Sequence[object]) -> int:
        return len([result for result in results if dataset in (None, getattr(result, "dataset", None))])

    return (
        f"{counted(count(report.results), 'expectation')}: {counted(count(report.failures), 'stops', 'stop')} the run,"
        f" {counted(count(report.warnings), 'is a warning', 'are warnings')},"
        f" {counted(count(report.skipped), 'was', 'were')} skipped (nothing to compare with)."
    )
