"""Great Expectations (GX): importing it, its context, and its results without values of rows.

GX runs in an ephemeral context: without a project folder, without progress bars and without analytics, so it sends
nothing over the network. It returns counts only, never values.
"""

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
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
# GX imports these for expectations that no suite uses. They take a third of the time of its import.
_RARELY_USED = ("altair", "scipy.stats")
_MAY_QUOTE_A_VALUE = re.compile(r"Conversion Error|Invalid Input Error|Out of Range Error|Constraint Error")


def import_gx() -> None:
    """Import GX. It takes seconds, so callers can do it early, while they wait for something else.

    GX tries to import pyspark. If pyspark is installed and the program has no file (Dagster's run worker, `python -c`),
    pyspark takes the program for a doctest and ends it with exit code 0. So the program gets a file during the import.
    """
    program = sys.modules["__main__"]
    with _imported_when_used(*_RARELY_USED):
        if hasattr(program, "__file__"):
            import great_expectations
        else:
            program.__file__ = "<loyalty>"
            try:
                import great_expectations  # noqa: F401
            finally:
                del program.__file__


@contextmanager
def _imported_when_used(*names: str) -> Iterator[None]:
    """Inside the block, an import of these modules gives a module that imports the real one when it is first used."""
    stand_ins = {name: _ImportedWhenUsed(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


class _ImportedWhenUsed(ModuleType):
    def __getattr__(self, attribute: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), attribute)


def new_context() -> "EphemeralDataContext":
    """A context that stores nothing on disk and sends nothing over the network."""
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
def without_gx_logs() -> Iterator[None]:
    """Switch off GX's log. It contains the statements that fail, and these may contain values of personal columns."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def validate(
    batch: "Batch", suite: Suite, selected: Sequence[tuple[int, Expectation]]
) -> "ExpectationSuiteValidationResult | None":
    """GX's results, each with the number of its expectation.

    GX combines queries. If one of them fails, all that were combined with it fail. These are validated again one by
    one, so that the error is reported for the right expectation.
    """
    import great_expectations as gx

    if not selected:
        return None
    built = {number: _build(number, expectation, suite) for number, expectation in selected}
    bundle = gx.ExpectationSuite(name=suite.dataset, expectations=list(built.values()))
    validated = batch.validate(bundle, result_format=_COUNTS_ONLY)
    validated.results = [
        batch.validate(built[number_of(answer)], result_format=_COUNTS_ONLY) if error_of(answer) else answer
        for answer in validated.results
    ]
    for answer in validated.results:
        _remove_values(answer)
    return validated


def number_of(answer: "ExpectationValidationResult") -> int:
    """The number of the expectation, in its suite, that a result is about."""
    config = answer.expectation_config
    if config is None:
        raise TypeError("a result of Great Expectations has no expectation_config, so its expectation is unknown")
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


def _remove_values(answer: "ExpectationValidationResult") -> None:
    """Remove possible values of rows from GX's result: it becomes a page that readers of the marts see."""
    observed = answer.result.get("observed_value")
    if observed is not None and not isinstance(observed, int | float):
        answer.result["observed_value"] = "withheld"
    if fault := error_of(answer):
        answer.exception_info = {"raised_exception": True, "exception_message": fault, "exception_traceback": ""}


def error_of(answer: Any) -> str:
    """Why GX could not check an expectation; empty if it could. GX reports an error in one of two shapes."""
    info = answer.exception_info or {}
    faults = [info] if "raised_exception" in info else list(info.values())
    messages = [str(fault["exception_message"]) for fault in faults if fault.get("raised_exception")]
    return safe_message(messages[0]) if messages else ""


def safe_message(message: str) -> str:
    """A short message of the database, without anything that may be a value of a row."""
    kind = _MAY_QUOTE_A_VALUE.search(message)
    if kind:
        return f"{kind[0]} (the text is not shown, because it may contain a value)"
    lines = [line for line in message.splitlines() if line.strip()]
    return lines[0][:300] if lines else "an error without a message"
