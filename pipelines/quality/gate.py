"""Runs the suites of a stage and reports the results. The calls of Great Expectations are in gx.py."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.quality.connections import attach_previous, locate
from pipelines.quality.gx import error_of, import_gx, new_context, number_of, safe_message, without_gx_logs
from pipelines.quality.gx import validate as gx_validate
from pipelines.quality.inspection import inspection_sql
from pipelines.quality.page import write_page
from pipelines.quality.report import ExpectationResult, GateReport
from pipelines.quality.suites import DAY, Expectation, Suite
from pipelines.quality.vocabulary import KINDS, Scope

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
    )
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

Progress = Callable[[str, int, int], None]

NOT_PUBLISHED = "no version of an earlier day has this mart in the current schema version"
_log = logging.getLogger("loyalty.quality")


def run_gate(
    stage: str,
    suites: Sequence[Suite],
    connection: duckdb.DuckDBPyConnection,
    *,
    schemas: Sequence[str] = (),
    as_of: date | None = None,
    previous: Path | None = None,
    page: Path | None = None,
    progress: Progress | None = None,
) -> GateReport:
    """Check every suite of a stage.

    Args:
        stage: `landing`, `staging` or `marts`; for the report.
        suites: From `load_suites`.
        connection: From `open_landing` or `open_warehouse`. It is only read, and stays open.
        schemas: Where the datasets, and the tables in the SQL of suites, are looked up, in this order.
        as_of: The day built: the value of `{as_of}` in the SQL of a suite.
        previous: The folder `marts` of the version published before, for `previous.<mart>`. Expectations that read it
            are skipped if it is None.
        page: The Data Docs page to write; None for no page.
        progress: Called with (dataset, number done, number of all) after each suite.

    Returns:
        The result of every expectation. A failed expectation raises no error here: see `GateReport.check`.
    """
    start = time.perf_counter()
    if not suites:
        return GateReport(stage, (), 0.0, 0.0, {})
    import_gx()
    from pipelines.quality.gx_dialect import share_with_gx

    imported = time.perf_counter() - start
    results: list[ExpectationResult] = []
    seconds: dict[str, float] = {}
    validations: list[tuple[Suite, ExpectationSuiteValidationResult]] = []
    suites = [_dated(suite, as_of) for suite in suites]
    with (
        without_gx_logs(),
        attach_previous(connection, previous) as published,
        share_with_gx(connection, schemas) as url,
    ):
        datasource = new_context().data_sources.add_sql(stage, connection_string=url)
        try:
            for done, suite in enumerate(suites, start=1):
                began = time.perf_counter()
                found, validation = _run_suite(suite, connection, schemas, datasource, published)
                results.extend(found)
                if validation is not None:
                    validations.append((suite, validation))
                seconds[suite.dataset] = time.perf_counter() - began
                if progress:
                    progress(suite.dataset, done, len(suites))
        finally:
            datasource.get_execution_engine().close()
            datasource.get_engine().dispose()
    report = GateReport(stage, tuple(results), time.perf_counter() - start, imported, seconds, suites[0].path.parent)
    if page is not None:
        write_page(page, report, validations)
    _log.info(
        "%s gate: %d expectations, %d failures, %d warnings, %d skipped, %.1f s",
        stage,
        len(results),
        len(report.failures),
        len(report.warnings),
        len(report.skipped),
        report.seconds,
    )
    return report


def _dated(suite: Suite, as_of: date | None) -> Suite:
    """The suite with the day in place of `{as_of}`. Without a day, its SQL stays as it is and GX reports the error."""
    if as_of is None:
        return suite
    day = f"date '{as_of.isoformat()}'"
    return replace(
        suite,
        expectations=tuple(
            replace(one, arguments={"sql": one.sql.replace(DAY, day)}) if one.sql else one for one in suite.expectations
        ),
    )


def _run_suite(
    suite: Suite,
    connection: duckdb.DuckDBPyConnection,
    schemas: Sequence[str],
    datasource: "SQLDatasource",
    published: Mapping[str, str],
) -> "tuple[list[ExpectationResult], ExpectationSuiteValidationResult | None]":
    try:
        relation, rows = locate(connection, suite.dataset, schemas)
    except duckdb.Error as error:
        fault = safe_message(str(error))
        return [_result(suite, expectation, None, "", error=fault) for expectation in suite.expectations], None
    skipped = {
        number: NOT_PUBLISHED
        for number, expectation in enumerate(suite.expectations)
        if expectation.previous - published.keys()
    }
    selected = [
        (number, expectation)
        for number, expectation in enumerate(suite.expectations)
        if number not in skipped
        and (rows or expectation.kind not in KINDS or KINDS[expectation.kind].scope is not Scope.AGGREGATE)
    ]
    asset = datasource.add_table_asset(suite.dataset, table_name=suite.dataset)
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    validation = gx_validate(batch, suite, selected)
    answers = {number_of(answer): answer for answer in (validation.results if validation else ())}
    return [
        _result(
            suite,
            expectation,
            rows,
            inspection_sql(expectation, relation, published),
            answer=answers.get(number),
            skipped=skipped.get(number, ""),
        )
        for number, expectation in enumerate(suite.expectations)
    ], validation


def _result(
    suite: Suite,
    expectation: Expectation,
    rows: int | None,
    where: str,
    *,
    answer: Any = None,
    error: str = "",
    skipped: str = "",
) -> ExpectationResult:
    found = answer.result if answer is not None else {}
    fault = error or (error_of(answer) if answer is not None else "")
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
        where=where,
        suite=f"{suite.path}:{expectation.line}",
        is_query=is_query,
        error=fault,
        skipped=skipped,
    )
