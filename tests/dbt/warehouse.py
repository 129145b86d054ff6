"""A home of its own for a test, and dbt run on it as the pipeline runs it: vars, exchanged files, another process.

All warehouses of a test process share one dbt process (pipelines/runs/dbt_server.py), because dbt takes longer to start
and to parse the project than to build a small warehouse. The rest of the pipeline (landing, gates) is not here.
"""

import atexit
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb
import pytest

from pipelines.config.in_force import write_settings
from pipelines.config.settings import Settings, project_root
from pipelines.identity.accounts import write_accounts
from pipelines.identity.contacts import ContactRules
from pipelines.identity.history import write_history
from pipelines.identity.identifiers import write_identifiers
from pipelines.identity.links import LINKS
from pipelines.identity.pseudonyms import customer_key, write_pseudonyms
from pipelines.identity.resolve import Decision, Limits, write_identity
from pipelines.landing import delivery_ages, read_ledger, write_channels, write_order_statuses
from pipelines.runs.dbt_manifest import PARSED
from pipelines.runs.dbt_process import program
from pipelines.runs.dbt_server import END, Request
from pipelines.runs.dbt_vars import vars_text
from pipelines.runs.links import export_links
from pipelines.runs.logs import dbt_log_options
from pipelines.runs.warehouse import export_cells
from pipelines.value import estimate, write_drivers
from tests.conftest import clean_environment, shared_folder
from tests.dbt.landed import Row, land, prepare

SETTINGS = Settings.unconfigured()
KEY = b"a key of the tests, not a secret"
FOLDERS = {"landing_dir": "landing", "exchange_dir": "exchange"}
ENVIRONMENT = {
    "LOYALTY_WAREHOUSE": "warehouse.duckdb",
    "LOYALTY_MEMORY_LIMIT": "2GB",
    "LOYALTY_THREADS": "2",
    "LOYALTY_TEMP_DIR": "tmp",
}

Var = str | int | bool | dict[str, float] | list[str]


def _selected(tag: str, tested: bool, models: Sequence[str] = ()) -> tuple[str, ...]:
    tests = ("test", "unit_test")
    untested = () if tested else tuple(word for kind in tests for word in ("--exclude-resource-type", kind))
    # with models: only these, and what they need of the step
    return ("--select", *([f"tag:{tag},+{model}" for model in models] or [f"tag:{tag}"]), *untested)


@dataclass
class Warehouse:
    """Landed files, exchanged files and a warehouse below one folder.

    Attributes:
        home: The folder.
        timezone: The zone of the business day.
        currency: The reporting currency.
        staged: Batches that are staged, each with the number of later deliveries of its file.
        built: The same as of the last complete build.
        ran: Every model, seed and test that dbt ran here, with its status.
        project: The dbt project.
        edition: A name for what the project's files say now; dbt parses once for each.
        statuses: What the mappings declare of order statuses: source, status, class.
        channels: What the mappings declare of channels: source, spelling, channel, touchpoint.
        contacts: How e-mails and phones are compared.
        limits: How many references an e-mail or phone may link.
        decisions: The user's links and unlinks, of pseudonyms.
        models: The models of core that the tests look at; of core, only they and what they are built from are built.
            Empty means all.
    """

    home: Path
    timezone: str
    currency: str = "GBP"
    staged: dict[str, int] = field(default_factory=dict)
    built: dict[str, int] = field(default_factory=dict)
    ran: dict[str, str] = field(default_factory=dict)
    project: Path = project_root() / "dbt_project"
    edition: str = ""
    statuses: list[tuple[str, str, str]] = field(default_factory=list)
    channels: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    contacts: ContactRules = field(default_factory=ContactRules)
    limits: Limits = field(default_factory=Limits)
    decisions: list[Decision] = field(default_factory=list)
    models: Sequence[str] = ()
    _manifests: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

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
            **FOLDERS,
            "as_of": as_of.isoformat(),
            "timezone": self.timezone,
            "currency": self.currency,
            **variables,
        }
        scratch = str(variables.get("scratch_schema", ""))
        results = self.home / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        request = Request(
            args=[
                *arguments,
                *("--target-path", str(self.home / "target"), *dbt_log_options(self.home / "logs")),
                *("--vars", vars_text(given)),
            ],
            project=str(self.project),
            folder=str(self.home),
            # parsing reads neither the day nor the zone nor the currency
            parsed_vars=vars_text({**FOLDERS, "scratch_schema": scratch}),
            parse_cache=str(self._parse_cache(scratch)),
        )
        success, output = _dbt(request)
        self._share_parsed(scratch)
        if results.exists():
            ended = json.loads(results.read_text(encoding="utf-8"))["results"]
            self.ran |= {result["unique_id"]: result["status"] for result in ended}
        assert success and "[warn]" not in output, output[-6000:]

    def _parse_cache(self, scratch: str) -> Path:
        """The folder of the parse cache of this edition of the project.

        dbt parses only the files that differ from those of another edition, or of another copy of the project.
        """
        cache = _parse_caches() / _hash([str(self.project), scratch])
        edition = cache / _hash(self.edition)
        if not edition.is_dir():
            edition.mkdir(parents=True)
            others = sorted(cache.glob(f"*/{PARSED}"), key=lambda other: other.stat().st_mtime_ns)
            shared = _shared_cache(scratch)
            for other in (others or [shared])[-1:]:
                if other.exists():
                    shutil.copyfile(other, edition / PARSED)
        return edition

    def _share_parsed(self, scratch: str) -> None:
        """Let other workers and other copies of the project start from what dbt has parsed here."""
        parsed, shared = self._parse_cache(scratch) / PARSED, _shared_cache(scratch)
        if parsed.exists() and not shared.exists():
            staged = Path(mkdtemp(dir=shared.parent)) / PARSED
            shutil.copyfile(parsed, staged)
            staged.rename(shared)

    def ingest(self, as_of: date, *, tested: bool = False) -> None:
        """Stage what has landed, and hand over pseudonyms, declared statuses and channels, and settings."""
        self.dbt("build", *_selected("ingest", tested), as_of=as_of)
        exchange = self.home / "exchange"
        exchange.mkdir(exist_ok=True)
        write_identifiers(self.home / "warehouse.duckdb", exchange, KEY, self.contacts)
        write_pseudonyms(self.home / "warehouse.duckdb", exchange, KEY)
        write_accounts(self.home / "warehouse.duckdb", exchange, KEY)
        write_order_statuses(exchange, self.statuses)
        write_channels(exchange, self.channels)
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
        models: Sequence[str] = (),
    ) -> None:
        """Find who is who, and build the core: whole, or extending the build of another day.

        Args:
            as_of: The day that is built.
            extending: The day of the build that this one extends; None for a full build.
            rebuilt: Models that are built as a whole all the same.
            scratch: Prefix of the schemas, to leave the daily tables alone. dbt parses the project for each name, so
                that all tests use the same two: `early` and `whole`.
            tested: Run dbt's own tests too.
            models: Of the core only these models, and what they need; empty for those of the warehouse.
        """
        exchange = self.home / "exchange"
        for tag in ("identity", "core"):
            self.dbt(
                "build",
                *_selected(tag, tested, (models or self.models) if tag == "core" else ()),
                *(() if extending else ("--full-refresh",)),
                as_of=as_of,
                previous_as_of=extending.isoformat() if extending else "",
                rebuilt=",".join(rebuilt),
                changed_batches=sorted(batch for batch, age in self.staged.items() if self.built.get(batch) != age),
                new_batches=sorted(self.staged.keys() - self.built.keys()),
                scratch_schema=scratch,
            )
            if tag == "identity":
                export_links(self.home / "warehouse.duckdb", exchange, scratch)
                write_identity(exchange / LINKS, exchange, self.decisions, self.limits)
                write_history(exchange, self.decisions, self.limits)
        if not scratch:
            self.built = self.staged

    def build_marts(self, as_of: date, *, tested: bool = False) -> None:
        """Fit and score on what core left, then build the marts."""
        exchange = self.home / "exchange"
        export_cells(self.home / "warehouse.duckdb", exchange, "")
        estimate(exchange, as_of)
        write_drivers(exchange)
        self.dbt("build", *_selected("marts", tested), as_of=as_of)

    def manifest(self) -> dict[str, Any]:
        """dbt's manifest of the project as this edition has it."""
        if self.edition not in self._manifests:
            aside = Warehouse(self.home / "declared", self.timezone, project=self.project, edition=self.edition)
            aside.home.mkdir(exist_ok=True)
            aside.dbt("seed", "--write-json", "--select", "rfm_segments", as_of=date(2000, 1, 31))
            written = (aside.home / "target" / "manifest.json").read_text(encoding="utf-8")
            self._manifests[self.edition] = json.loads(written)
        return self._manifests[self.edition]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query on the warehouse gives."""
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


def pseudonym(source: str, ref: str) -> str:
    """The pseudonym of a reference, with the key of the tests."""
    return customer_key(KEY, source, ref)


@cache
def _server() -> "subprocess.Popen[str]":
    """The dbt process; it ends with this one, because its standard input does."""
    server = subprocess.Popen(
        program(),
        cwd=project_root(),
        env=clean_environment(**ENVIRONMENT, PYTHONUNBUFFERED="1", PYTHONPATH=str(project_root())),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    atexit.register(server.communicate)
    return server


@cache
def _parse_caches() -> Path:
    folder = mkdtemp(prefix="loyalty-parsed-")
    atexit.register(shutil.rmtree, folder)
    return Path(folder)


def _shared_cache(scratch: str) -> Path:
    """The file that all workers start from; schemas are part of what is parsed."""
    return shared_folder() / f"parsed-{_hash(scratch)}.msgpack"


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def _dbt(request: Request) -> tuple[bool, str]:
    """Whether a command succeeded, and the messages of dbt, each after its level."""
    server, lines = _server(), []
    assert server.stdin and server.stdout
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    for line in server.stdout:
        if line.startswith(f'{{"{END}'):
            outcome = json.loads(line)[END]
            return outcome["success"], "".join(lines) + outcome["words"]
        event = json.loads(line)["info"] if line.startswith("{") else {"level": "", "msg": line}
        lines.append(f"[{event['level']}] {event['msg']}\n")
    _server.cache_clear()
    pytest.fail(f"dbt's process ended with {server.wait()}: {''.join(lines)[-6000:]}")


@contextmanager
def open_warehouse(home: Path, timezone: str = "Europe/London") -> Iterator[Warehouse]:
    """A warehouse below `home`."""
    home.mkdir(parents=True, exist_ok=True)
    warehouse = Warehouse(home, timezone)
    prepare(warehouse.landing)
    yield warehouse
