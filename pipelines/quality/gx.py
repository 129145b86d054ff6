"""Asking Great Expectations: importing it, its context, its answers without values. The only module that knows it.

GX runs without a project folder, without progress bars, and asks nobody on the network: an ephemeral context, whose
analytics and progress bars are off. It returns counts only, never values.
"""

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.quality.suites import Expectation, Suite
from pipelines.quality.vocabulary import Value

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation as GxExpectation

_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}
_MAY_QUOTE_A_VALUE = re.compile(r"Conversion Error|Invalid Input Error|Out of Range Error|Constraint Error")


def import_gx() -> None:
    """Import it, which takes seconds; callable early, while there is nothing else to do.

    It tries pyspark, and where that is installed and the program has no file (Dagster's run worker, `python -c`),
    pyspark takes it for a doctest and ends the program as if all were well: so the program has a file meanwhile.
    """
    program = sys.modules["__main__"]
    if hasattr(program, "__file__"):
        import great_expectations
    else:
        program.__file__ = "<loyalty>"
        try:
            import great_expectations  # noqa: F401
        finally:
            del program.__file__


def context() -> "EphemeralDataContext":
    """A context that keeps nothing and tells nobody."""
    import great_expectations as gx
    from great_expectations.data_context.types import base

    return gx.get_context(
        mode="ephemeral",
        project_config=base.DataContextConfig(
            store_backend_defaults=base.InMemoryStoreBackendDefaults(),
            analytics_enabled=False,
            progress_bars=base.ProgressBarsConfig(globally=False, metric_calculations=False),
        ),
    )


@contextmanager
def quiet() -> Iterator[None]:
    """GX logs the statements that fail, and these may hold values of personal columns; we report what failed."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def ask(
    batch: "Batch", suite: Suite, asked: Sequence[tuple[int, Expectation]]
) -> "ExpectationSuiteValidationResult | None":
    """GX's answers, each with its expectation's number. It bundles queries, and one that fails takes its bundle down:
    those are asked again one by one, so that the fault is told of the right one."""
    import great_expectations as gx

    if not asked:
        return None
    built = {number: _build(number, expectation, suite) for number, expectation in asked}
    bundle = gx.ExpectationSuite(name=suite.dataset, expectations=list(built.values()))
    validated = batch.validate(bundle, result_format=_COUNTS_ONLY)
    validated.results = [
        batch.validate(built[number_of(answer)], result_format=_COUNTS_ONLY) if fault_of(answer) else answer
        for answer in validated.results
    ]
    for answer in validated.results:
        _withhold(answer)
    return validated


def number_of(answer: "ExpectationValidationResult") -> int:
    """Which expectation of its suite an answer is about."""
    config = answer.expectation_config
    if config is None:
        raise TypeError("Great Expectations answers without saying what it was asked")
    return int(config.meta["number"])


def _build(number: int, expectation: Expectation, suite: Suite) -> "GxExpectation":
    import great_expectations.expectations as gxe

    arguments: dict[str, Value]
    if expectation.kind == "unexpected_rows":
        built_in, arguments = "UnexpectedRowsExpectation", {"unexpected_rows_query": expectation.sql}
    else:
        built_in = "".join(map(str.capitalize, expectation.kind.split("_")))
        arguments = dict(expectation.arguments)
    built: GxExpectation = getattr(gxe, built_in)(
        **arguments,
        meta={"number": number},
        description=f"{expectation.name}: {expectation.why} ({expectation.severity}; {suite.owner})",
        severity="critical" if expectation.severity == "error" else "warning",
    )
    return built


def _withhold(answer: "ExpectationValidationResult") -> None:
    """Take out of GX's own result what could be a row's value: it becomes a page that readers of the marts see."""
    observed = answer.result.get("observed_value")
    if observed is not None and not isinstance(observed, int | float):
        answer.result["observed_value"] = "withheld"
    if fault := fault_of(answer):
        answer.exception_info = {"raised_exception": True, "exception_message": fault, "exception_traceback": ""}


def fault_of(answer: Any) -> str:
    """Why GX could not check an expectation; empty where it could. Its report of one fault has two shapes."""
    info = answer.exception_info or {}
    faults = [info] if "raised_exception" in info else list(info.values())
    messages = [str(fault["exception_message"]) for fault in faults if fault.get("raised_exception")]
    return safe_message(messages[0]) if messages else ""


def safe_message(message: str) -> str:
    """A database's message without what may be a row's value, and short."""
    kind = _MAY_QUOTE_A_VALUE.search(message)
    if kind:
        return f"{kind[0]} (its text is withheld: it may quote a value)"
    lines = [line for line in message.splitlines() if line.strip()]
    return lines[0][:300] if lines else "an error without a message"
