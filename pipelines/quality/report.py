"""The results of a gate, without values of rows. Nothing is checked here.

Counts, shares and figures may leave the restricted schema. Values of personal columns must not, so the results have no
sample rows.
"""

from dataclasses import dataclass
from pathlib import Path

from pipelines.base.errors import Finding, GateError
from pipelines.base.text import counted
from pipelines.quality.suites import Severity


@dataclass(frozen=True)
class ExpectationResult:
    """The result of one expectation.

    Attributes:
        dataset: The table, view or landed entity.
        name: The expectation's name in its suite.
        column: The column or columns; empty for the table as a whole.
        severity: `error` or `warn`.
        passed: Whether the data are as expected.
        unexpected_count: Rows that are not as expected, or rows that the suite's SQL returns (which may be groups);
            None if rows are not counted (a figure over all rows, an error).
        checked_rows: Rows of the dataset; None if it could not be read.
        observed: The figure, if it is a number.
        why: Why the data must be so, from the suite.
        where: SQL that shows the rows or the figure, for people who may read the schema; empty if there is none.
        suite: The suite's file and line.
        is_query: Whether the expectation is SQL in the suite.
        error: Why it could not be checked; then it has not passed.
        skipped: Why it was not checked, because there was nothing to compare with; then it has passed.
    """

    dataset: str
    name: str
    column: str
    severity: Severity
    passed: bool
    unexpected_count: int | None
    checked_rows: int | None
    observed: float | None
    why: str
    where: str
    suite: str
    is_query: bool
    error: str = ""
    skipped: str = ""

    @property
    def summary(self) -> str:
        """One line: which expectation, how many rows, and why it matters."""
        if self.error:
            found = f"could not be checked: {self.error}"
        elif self.skipped:
            found = f"not checked: {self.skipped}"
        elif self.unexpected_count is not None and self.is_query:
            found = f"the query found {self.unexpected_count} in {counted(self.checked_rows or 0, 'row')}"
        elif self.unexpected_count is not None:
            found = f"{self.unexpected_count} unexpected of {counted(self.checked_rows or 0, 'row')}"
        else:
            found = f"found {self.observed:g}" if self.observed is not None else "not as expected"
        return f"{self.dataset}: {self.name}: {found} ({self.why})"


@dataclass(frozen=True)
class GateReport:
    """The results of a gate.

    Attributes:
        stage: `landing`, `staging` or `marts`.
        results: The result of every expectation, by suite in the order of the files.
        seconds: Wall time of the whole gate.
        import_seconds: The part of it that importing Great Expectations took (0 if it was imported before).
        suite_seconds: Wall time of each dataset's suite.
        folder: The folder of the suites.
    """

    stage: str
    results: tuple[ExpectationResult, ...]
    seconds: float
    import_seconds: float
    suite_seconds: dict[str, float]
    folder: Path | None = None

    @property
    def failures(self) -> tuple[ExpectationResult, ...]:
        """Results that stop the run."""
        return tuple(result for result in self.results if not result.passed and result.severity == "error")

    @property
    def warnings(self) -> tuple[ExpectationResult, ...]:
        """Results that are reported and do not stop the run."""
        return tuple(result for result in self.results if not result.passed and result.severity == "warn")

    @property
    def skipped(self) -> tuple[ExpectationResult, ...]:
        """Results of expectations that had nothing to compare with."""
        return tuple(result for result in self.results if result.skipped)

    @property
    def passed(self) -> bool:
        """Whether no result stops the run."""
        return not self.failures

    def check(self) -> None:
        """Stop the run unless the gate has passed.

        Raises:
            GateError: It has not passed. The message names the expectations, the number of rows and how to see them.
        """
        if self.passed:
            return
        listed = "\n".join(f"  {result.summary}" for result in self.failures)
        first = next((result.where for result in self.failures if result.where), "")
        see = f"See the rows with this SQL: {first}" if first else f"See the suite: {self.failures[0].suite}"
        raise GateError(
            f"the {self.stage} gate stopped the run: {len(self.failures)} of"
            f" {counted(len(self.results), 'expectation')}"
            f" failed\n{listed}",
            hint=f"{see}\nCorrect the data, or change the limit of the check (`gates` in loyalty.yml; see"
            " docs/quality-checks.md), then run again. The published version has not changed.",
            findings=tuple(Finding(f"{fail.dataset}: {fail.name}", fail.unexpected_count) for fail in self.failures),
        )
