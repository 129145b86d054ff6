"""Quality gates: short YAML suites that Great Expectations runs as SQL in DuckDB; totals that cross stages; the
catalogue of staging's rules, and the limits of what they may refuse.

What is here asks questions of a stage's data and reports the answers. What is not: stopping a run (orchestration does,
with `GateReport.check`), rules on single rows (dbt's staging models) and tests of models (dbt).

Importing this package is quick: Great Expectations, which takes up to 10 s to import, is imported when a gate runs.
"""

from pipelines.quality.data_issues import WARN, DataIssue, read_data_issues
from pipelines.quality.engine import open_landing, open_warehouse
from pipelines.quality.gate import run_gate
from pipelines.quality.gx import import_gx
from pipelines.quality.quarantine import Verdict, judge, listed, read_shares
from pipelines.quality.report import ExpectationResult, GateReport
from pipelines.quality.rules import QuarantineRule, read_rules
from pipelines.quality.suites import Expectation, Suite, load_suites
from pipelines.quality.totals import Total, TotalResult, check_totals, load_totals, run_totals

__all__ = [
    "WARN",
    "DataIssue",
    "Expectation",
    "ExpectationResult",
    "GateReport",
    "QuarantineRule",
    "Suite",
    "Total",
    "TotalResult",
    "Verdict",
    "check_totals",
    "import_gx",
    "judge",
    "listed",
    "load_suites",
    "load_totals",
    "open_landing",
    "open_warehouse",
    "read_data_issues",
    "read_rules",
    "read_shares",
    "run_gate",
    "run_totals",
]
