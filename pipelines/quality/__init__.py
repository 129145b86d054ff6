"""Quality checks of a stage's data: suites, totals across stages, and the limits of the quarantine.

- Suites are short YAML files. Great Expectations (GX) runs them as SQL in DuckDB.
- Totals compare figures of different stages.
- The quarantine's limits say how many rows the rules of staging may reject.

Not here: stopping a run (orchestration does it, with `GateReport.check`), rules on single rows (dbt's staging models)
and tests of models (dbt).

This package is imported quickly: GX takes up to 10 s to import, and is imported only when a gate runs.
"""

from pipelines.quality.connections import open_landing, open_warehouse
from pipelines.quality.data_issues import WARN, DataIssue, read_data_issues
from pipelines.quality.gate import run_gate
from pipelines.quality.gx import import_gx
from pipelines.quality.in_force import suites_in_force
from pipelines.quality.quarantine import LimitCheck, check_limits, list_worst, read_shares
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
    "LimitCheck",
    "QuarantineRule",
    "Suite",
    "Total",
    "TotalResult",
    "check_limits",
    "check_totals",
    "import_gx",
    "list_worst",
    "load_suites",
    "load_totals",
    "open_landing",
    "open_warehouse",
    "read_data_issues",
    "read_rules",
    "read_shares",
    "run_gate",
    "run_totals",
    "suites_in_force",
]
