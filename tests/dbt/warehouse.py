"""A home of its own for a test, and dbt run on it as the pipeline runs it: vars, exchanged files, a process of its own.

The rest of the pipeline (landing, gates) is not here.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.config.in_force import write_settings
from pipelines.config.settings import Settings, project_root
from pipelines.landing import delivery_ages, read_ledger, write_order_statuses
from pipelines.runs.dbt_vars import vars_text
from pipelines.runs.warehouse import export_cells
from pipelines.value import score
from tests.dbt.landed import Row, land, prepare

SETTINGS = Settings.unconfigured()

Var = str | int | bool | dict[str, float] | list[str]


def _selected(tag: str, tested: bool) -> tuple[str, ...]:
    tests = ("test", "unit_test")
    untested = () if tested else tuple(word for kind in tests for word in ("--exclude-resource-type", kind))
    return ("--select", f"tag:{tag}", *untested)


@dataclass
class Warehouse:
    """Landed files, exchanged files and a warehouse below one folder.

    Attributes:
        home: The folder.
        child: The process that runs dbt (child.py).
        timezone: The zone of the business day.
        currency: The reporting currency.
        staged: Batches that are staged, each with the number of later deliveries of its file.
        built: The same as of the last complete build.
        ran: Every model, seed and test that dbt ran here, with its status.
        project: The dbt project.
        edition: A name for what the project's files say now; dbt parses once for each.
        statuses: What the mappings declare of order statuses: source, status, class.
    """

    home: Path
    child: "subprocess.Popen[str]"
    timezone: str
    currency: str = "GBP"
    staged: dict[str, int] = field(default_factory=dict)
    built: dict[str, int] = field(default_factory=dict)
    ran: dict[str, str] = field(default_factory=dict)
    project: Path = project_root() / "dbt_project"
    edition: str = ""
    statuses: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def landing(self) -> Path:
        """Where files are landed."""
        return self.home / "landing"

    def land(
        self,
        rows: dict[str, list[Row]],
        *,
        landed_on: date,
        file_on: date | None = None,
        source: str = "shop",
        **more: Any,
    ) -> str:
        """Land one file as tests.dbt.landed has it; returns its batch."""
        return land(self.landing, source, landed_on, rows, file_on=file_on, **more)

    def dbt(self, *arguments: str, as_of: date, **variables: Var) -> None:
        """Run one dbt command; what it printed is in the failure if it fails or warns.

        Args:
            arguments: Of dbt, e.g. `build`, `--select`, `tag:core`.
            as_of: The day that is built.
            variables: More vars.
        """
        given: dict[str, Var] = {
            "as_of": as_of.isoformat(),
            "landing_dir": str(self.landing),
            "exchange_dir": str(self.home / "exchange"),
            "timezone": self.timezone,
            "currency": self.currency,
            **variables,
        }
        project = str(self.project)
        options = ["--project-dir", project, "--profiles-dir", project, "--vars", vars_text(given)]
        parsed = f"{self.edition}|{given.get('scratch_schema', '')}"
        request = {"arguments": arguments, "options": options, "parsed": parsed}
        assert self.child.stdin and self.child.stdout
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        answer = json.loads(self.child.stdout.readline())
        self.ran |= answer["ran"]
        output = answer["output"]
        assert answer["success"] and "[WARNING]" not in output, output[-6000:]

    def ingest(self, as_of: date, *, tested: bool = False) -> None:
        """Stage what has landed, and hand over pseudonyms, declared statuses and settings."""
        self.dbt("build", *_selected("ingest", tested), as_of=as_of)
        refs = self.rows("select source, ref from staging.stg_customer_refs order by all")
        exchange = self.home / "exchange"
        exchange.mkdir(exist_ok=True)
        pseudonyms = pa.table(
            {
                "source": pa.array([source for source, _ in refs], pa.string()),
                "ref": pa.array([ref for _, ref in refs], pa.string()),
                "customer_key": pa.array([pseudonym(str(source), str(ref)) for source, ref in refs], pa.string()),
            }
        )
        pq.write_table(pseudonyms, exchange / "pseudonyms.parquet")
        write_order_statuses(exchange, self.statuses)
        write_settings(exchange, SETTINGS.model_copy(update={"timezone": self.timezone, "currency": self.currency}))
        staged = {str(batch): 0 for batch in read_ledger(self.home).column("batch").to_pylist()}
        self.staged = {**staged, **delivery_ages(self.home)}

    def build(
        self,
        as_of: date,
        *,
        extending: date | None = None,
        rebuilt: Sequence[str] = (),
        scratch: str = "",
        tested: bool = False,
    ) -> None:
        """Build the core: whole, or extending the build of another day.

        Args:
            as_of: The day that is built.
            extending: The day of the build that this one extends; None for a full build.
            rebuilt: Models that are built as a whole all the same.
            scratch: Prefix of the schemas, to leave the daily tables alone.
            tested: Run dbt's own tests too.
        """
        self.dbt(
            "build",
            *_selected("core", tested),
            *(() if extending else ("--full-refresh",)),
            as_of=as_of,
            previous_as_of=extending.isoformat() if extending else "",
            rebuilt=",".join(rebuilt),
            changed_batches=sorted(batch for batch, age in self.staged.items() if self.built.get(batch) != age),
            new_batches=sorted(self.staged.keys() - self.built.keys()),
            scratch_schema=scratch,
        )
        if not scratch:
            self.built = self.staged

    def build_marts(self, as_of: date, *, tested: bool = False) -> None:
        """Fit and score on what core left, then build the marts."""
        exchange = self.home / "exchange"
        export_cells(self.home / "warehouse.duckdb", exchange, "")
        score(exchange, as_of)
        self.dbt("build", *_selected("marts", tested), as_of=as_of)

    def manifest(self) -> dict[str, Any]:
        """dbt's manifest of the project, from the last command."""
        found: dict[str, Any] = json.loads((self.home / "target" / "manifest.json").read_text(encoding="utf-8"))
        return found

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query on the warehouse gives."""
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


def pseudonym(source: str, ref: str) -> str:
    """What stands for a reference; the real ones are keyed (pipelines/), which makes no difference here."""
    return hashlib.sha256(f"{source}|{ref}".encode()).hexdigest()[:32]


@contextmanager
def open_warehouse(home: Path, timezone: str = "Europe/London") -> Iterator[Warehouse]:
    """A warehouse below `home`, and the process that builds it."""
    home.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "LOYALTY_WAREHOUSE": str(home / "warehouse.duckdb"),
        "LOYALTY_MEMORY_LIMIT": "2GB",
        "LOYALTY_THREADS": "2",
        "LOYALTY_TEMP_DIR": str(home / "tmp"),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
    }
    with (
        (home / "stderr.txt").open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.dbt.child"],
            cwd=project_root(),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as child,
    ):
        warehouse = Warehouse(home, child, timezone)
        prepare(warehouse.landing)
        try:
            yield warehouse
        finally:
            assert child.stdin
            child.stdin.close()
