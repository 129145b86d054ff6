"""Runs a stage's suites and reports. The only module that knows Great Expectations, which it imports when a gate runs.

GX runs without a project folder, without progress bars, and asks nobody on the network: an ephemeral context, whose
analytics and progress bars are off. It returns counts only, never values.
"""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.quality.engine import lend, locate
from pipelines.quality.look import look
from pipelines.quality.report import ExpectationResult, GateReport
from pipelines.quality.suites import Expectation, Suite
from pipelines.quality.vocabulary import KINDS, Scope

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from great_expectations.expectations.expectation import Expectation as GxExpectation

Progress = Callable[[str, int, int], None]

_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}
_MAY_QUOTE_A_VALUE = re.compile(r"Conversion Error|Invalid Input Error|Out of Range Error|Constraint Error")
_log = logging.getLogger("loyalty.quality")


def run_gate(
    stage: str,
    suites: Sequence[Suite],
    connection: duckdb.DuckDBPyConnection,
    *,
    schemas: Sequence[str] = (),
    progress: Progress | None = None,
) -> GateReport:
    """Check every suite of a stage.

    Args:
        stage: `landing`, `staging` or `marts`; for the report.
        suites: As `load_suites` gives them.
        connection: As `open_landing` or `open_warehouse` gives it. Only read; open and idle afterwards.
        schemas: Where the datasets, and the tables that SQL in suites names, are looked up, in this order.
        progress: Told (dataset, number done, number of all) after each suite.

    Returns:
        A report on every expectation. It does not raise on what it finds: see `GateReport.check`.
    """
    start = time.perf_counter()
    if not suites:
        return GateReport(stage, (), 0.0, 0.0, {})
    import_gx()
    imported = time.perf_counter() - start
    results: list[ExpectationResult] = []
    seconds: dict[str, float] = {}
    with _quiet(), lend(connection, schemas) as url:
        datasource = _context().data_sources.add_sql(stage, connection_string=url)
        try:
            for done, suite in enumerate(suites, start=1):
                began = time.perf_counter()
                results.extend(_run_suite(suite, connection, schemas, datasource))
                seconds[suite.dataset] = time.perf_counter() - began
                if progress:
                    progress(suite.dataset, done, len(suites))
        finally:
            datasource.get_execution_engine().close()
            datasource.get_engine().dispose()
    report = GateReport(stage, tuple(results), time.perf_counter() - start, imported, seconds, suites[0].path.parent)
    _log.info(
        "%s gate: %d expectations, %d failures, %d warnings, %.1f s",
        stage,
        len(results),
        len(report.failures),
        len(report.warnings),
        report.seconds,
    )
    return report


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


def _context() -> "EphemeralDataContext":
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
def _quiet() -> Iterator[None]:
    """GX logs the statements that fail, and these may hold values of personal columns; we report what failed."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _run_suite(
    suite: Suite, connection: duckdb.DuckDBPyConnection, schemas: Sequence[str], datasource: "SQLDatasource"
) -> list[ExpectationResult]:
    try:
        relation, rows = locate(connection, suite.dataset, schemas)
    except duckdb.Error as error:
        return [_result(suite, expectation, None, "", error=_safe(str(error))) for expectation in suite.expectations]
    asked = [
        (number, expectation)
        for number, expectation in enumerate(suite.expectations)
        if rows or expectation.kind not in KINDS or KINDS[expectation.kind].scope is not Scope.AGGREGATE
    ]
    asset = datasource.add_table_asset(suite.dataset, table_name=suite.dataset)
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    answers = _ask(batch, suite, asked)
    return [
        _result(suite, expectation, rows, relation, answer=answers.get(number))
        for number, expectation in enumerate(suite.expectations)
    ]


def _ask(batch: "Batch", suite: Suite, asked: Sequence[tuple[int, Expectation]]) -> dict[int, Any]:
    """GX's answers by the expectation's number. It bundles queries, and one that fails takes its bundle down: those are
    asked again one by one, so that the fault is told of the right one."""
    import great_expectations as gx

    built = {number: _build(number, expectation) for number, expectation in asked}
    if not built:
        return {}
    bundle = gx.ExpectationSuite(name=suite.dataset, expectations=list(built.values()))
    validated = batch.validate(bundle, result_format=_COUNTS_ONLY)
    answers = {}
    for answer in validated.results:
        if answer.expectation_config is not None:
            answers[int(answer.expectation_config.meta["number"])] = answer
    for number, expectation in built.items():
        if _fault(answers[number]):
            answers[number] = batch.validate(expectation, result_format=_COUNTS_ONLY)
    return answers


def _build(number: int, expectation: Expectation) -> "GxExpectation":
    import great_expectations.expectations as gxe

    if expectation.kind == "unexpected_rows":
        name, arguments = "UnexpectedRowsExpectation", {"unexpected_rows_query": expectation.arguments["sql"]}
    else:
        name, arguments = "".join(map(str.capitalize, expectation.kind.split("_"))), dict(expectation.arguments)
    built: GxExpectation = getattr(gxe, name)(**arguments, meta={"number": number})
    return built


def _result(
    suite: Suite,
    expectation: Expectation,
    rows: int | None,
    relation: str,
    *,
    answer: Any = None,
    error: str = "",
) -> ExpectationResult:
    found = answer.result if answer is not None else {}
    fault = error or (_fault(answer) if answer is not None else "")
    observed = found.get("observed_value")
    is_query = expectation.kind == "unexpected_rows"
    count = found.get("unexpected_count", observed if is_query else None)
    return ExpectationResult(
        dataset=suite.dataset,
        name=expectation.name,
        column=expectation.column,
        severity=expectation.severity,
        passed=not fault and (answer is None or bool(answer.success)),
        unexpected_count=int(count) if count is not None else None,
        checked_rows=rows,
        observed=float(observed) if isinstance(observed, int | float) and not is_query else None,
        why=expectation.why,
        where=look(expectation, relation) if relation else "",
        suite=f"{suite.path}:{expectation.line}",
        is_query=is_query,
        error=fault,
    )


def _fault(answer: Any) -> str:
    """Why GX could not check an expectation; empty where it could. Its report of one fault has two shapes."""
    info = answer.exception_info or {}
    faults = [info] if "raised_exception" in info else list(info.values())
    messages = [str(fault["exception_message"]) for fault in faults if fault.get("raised_exception")]
    return _safe(messages[0]) if messages else ""


def _safe(message: str) -> str:
    """A database's message without what may be a row's value, and short."""
    kind = _MAY_QUOTE_A_VALUE.search(message)
    if kind:
        return f"{kind[0]} (its text is withheld: it may quote a value)"
    lines = [line for line in message.splitlines() if line.strip()]
    return lines[0][:300] if lines else "an error without a message"
