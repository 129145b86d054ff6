"""What a gate found: plain results without a single value of a row. No rule and no running here.

Counts, shares and figures may leave the restricted schema; values of personal columns must not, so no sample is kept.
"""

from dataclasses import dataclass
from pathlib import Path

from pipelines.base.errors import Finding, GateError
from pipelines.quality.suites import Severity


@dataclass(frozen=True)
class ExpectationResult:
    """One expectation's outcome.

    Attributes:
        dataset: The table, view or landed entity.
        name: The expectation's name in its suite.
        column: The column or columns; empty for the table as a whole.
        severity: `error` or `warn`.
        passed: Whether it holds.
        unexpected_count: Rows that are not as expected, or rows that the suite's own SQL finds (which may be groups);
            None where none are counted (a figure over all rows, an error).
        checked_rows: Rows of the dataset; None where it could not be read.
        observed: The figure, where it is a number.
        why: Why it must hold, in the suite's words.
        where: SQL that shows the rows or the figure, for whoever may read the schema; empty where there is none.
        suite: The suite's file and line.
        is_query: Whether it is the suite's own SQL.
        error: Why it could not be checked; it has not passed then.
        skipped: Why there was nothing to check it against; it has passed then, and is told.
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
    def words(self) -> str:
        """One line: which rule, how many rows, why."""
        if self.error:
            found = f"could not be checked: {self.error}"
        elif self.skipped:
            found = f"not checked: {self.skipped}"
        elif self.unexpected_count is not None and self.is_query:
            found = f"{self.unexpected_count} found in {self.checked_rows} rows"
        elif self.unexpected_count is not None:
            found = f"{self.unexpected_count} unexpected of {self.checked_rows} rows"
        else:
            found = f"found {self.observed:g}" if self.observed is not None else "not as expected"
        return f"{self.dataset}: {self.name}: {found} ({self.why})"


@dataclass(frozen=True)
class GateReport:
    """A gate's outcome.

    Attributes:
        stage: `landing`, `staging` or `marts`.
        results: Of every expectation, by suite in the order of the files.
        seconds: Wall time of the whole gate.
        import_seconds: Of these, importing Great Expectations (0 where it was there already).
        suite_seconds: Wall time of each dataset's suite.
        folder: Where the suites stand.
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
        """Results that are told and do not stop the run."""
        return tuple(result for result in self.results if not result.passed and result.severity == "warn")

    @property
    def skipped(self) -> tuple[ExpectationResult, ...]:
        """Results of what had nothing to be compared with."""
        return tuple(result for result in self.results if result.skipped)

    @property
    def passed(self) -> bool:
        """Whether nothing stops the run."""
        return not self.failures

    def check(self) -> None:
        """Do nothing where the gate passed.

        Raises:
            GateError: It did not: which rules, how many rows, where to look.
        """
        if self.passed:
            return
        listed = "\n".join(f"  {result.words}" for result in self.failures)
        first = next((result.where for result in self.failures if result.where), "")
        look = f"Look: {first}" if first else f"The suite: {self.failures[0].suite}."
        raise GateError(
            f"the {self.stage} gate stopped the run: {len(self.failures)} of {len(self.results)} expectations"
            f" do not hold\n{listed}",
            hint=f"{look}\nWhat was published before is untouched. Mend the data or the suite, then run again.",
            findings=tuple(Finding(f"{fail.dataset}: {fail.name}", fail.unexpected_count) for fail in self.failures),
        )
