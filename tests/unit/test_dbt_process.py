"""A run has one dbt process: it serves all commands, closes the warehouse after each, and never outlives the run.

It gets variables of its own and none of our secrets; this process's environment stays as it is meanwhile, because other
threads read it (Great Expectations is imported while dbt runs).
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import psutil
import pytest

from pipelines.config.settings import Settings, child_environment
from pipelines.runs.dbt_manifest import load_manifest, parse_cache
from pipelines.runs.dbt_process import DbtCommand, DbtProcess, end_process
from pipelines.runs.dbt_vars import CommandVars, parsed_vars
from pipelines.runs.lock import DBT_PROGRAM, HeldLock, hold_lock, read_holder
from pipelines.runs.processes import programs_of
from tests.conftest import share_compiled_for

SECRETS = {"LOYALTY_KEY": "k" * 40, "LOYALTY_WEBHOOK_URL": "https://example.org/secret"}
SHOW = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
DEAF = (
    "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; print('up', flush=True); time.sleep(60)"
)
PARENT = """
import sys, time
from pathlib import Path
from pipelines.config.settings import Settings
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.lock import hold_lock

home = Path(sys.argv[1])
settings = Settings.unconfigured().model_copy(update={"home": home})
with hold_lock(home / "lock", "r") as lock:
    print(DbtProcess(settings, lock).start().pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "it's a [b] #1 $HOME"
    settings = Settings.unconfigured().model_copy(update={"home": home})
    settings.paths.state.mkdir(parents=True)
    return settings


@pytest.fixture
def compiled(settings: Settings) -> Settings:
    """Settings whose home has the compiled project."""
    with share_compiled_for(settings):
        load_manifest(settings)
    return settings


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[HeldLock]:
    with hold_lock(tmp_path / "lock", "r") as held:
        yield held


def is_dbt(pid: int) -> bool:
    """Whether the process has become dbt: between its start and that, the system shows nothing of it."""
    deadline = time.monotonic() + 20
    while DBT_PROGRAM not in programs_of(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return DBT_PROGRAM in programs_of(pid)


def noted(lock: Path) -> int:
    with lock.open() as file:
        holder = read_holder(file.fileno())
    assert holder is not None
    return holder.child_pid


def show(dbt: DbtProcess, settings: Settings, text: str, **build: object) -> str:
    """The result that dbt prints for a query, without the process ids and times of its messages."""
    with dbt.command(
        ["show", "--inline", text, "--quiet"],
        CommandVars(parsed_vars(settings), build),
        target=settings.paths.target / "show",
        parse_cache=parse_cache(settings),
    ) as command:
        lines = b"".join(command.lines()).decode()
    assert command.returncode == 0, (lines, command.words)
    events = [json.loads(line)["data"] for line in lines.splitlines()]
    (preview,) = [data["preview"] for data in events if "preview" in data]
    return preview


def command_of(dbt: DbtProcess, settings: Settings, *args: str) -> AbstractContextManager[DbtCommand]:
    """A command with the vars of the settings."""
    variables = CommandVars(parsed_vars(settings), {})
    return dbt.command(args, variables, target=settings.paths.target, parse_cache=parse_cache(settings))


def test_one_process_serves_all_commands_and_leaves_the_warehouse_free_after_each(
    compiled: Settings, lock: HeldLock, tmp_path: Path
) -> None:
    with DbtProcess(compiled, lock) as dbt:
        pid = dbt.start().pid
        assert noted(tmp_path / "lock") == pid
        for day in ("2024-01-31", "2024-02-29"):
            day_of_models = "select '{{ this_build(\"as_of\") }}' as day_of_models"
            assert day in show(dbt, compiled, day_of_models, as_of=day)
            duckdb.connect(str(compiled.paths.warehouse)).close()
            assert dbt.start().pid == pid
        # what one command was given is not left for the next
        assert "2024" not in show(dbt, compiled, day_of_models)
    assert not psutil.pid_exists(pid)
    assert noted(tmp_path / "lock") == 0


def test_a_run_compiles_the_project_with_the_process_that_then_builds(settings: Settings, lock: HeldLock) -> None:
    with DbtProcess(settings, lock) as dbt:
        manifest = load_manifest(settings, dbt=dbt)
        pid = dbt.start().pid
        assert "2024-01-31" in show(dbt, settings, "select '{{ this_build(\"as_of\") }}' as day", as_of="2024-01-31")
        assert dbt.start().pid == pid
    assert any("2000-01-31" in node.get("compiled_code", "") for node in manifest["nodes"].values())


def test_the_project_can_be_read_before_the_first_command(compiled: Settings, lock: HeldLock) -> None:
    with DbtProcess(compiled, lock) as dbt:
        dbt.read_project(parsed_vars(compiled), parse_cache(compiled))
        pid = dbt.start().pid
        assert "42" in show(dbt, compiled, "select 42 as answer")
        assert dbt.start().pid == pid


def test_a_project_that_cannot_be_read_in_advance_leaves_the_error_to_the_command(
    compiled: Settings, lock: HeldLock
) -> None:
    gone = compiled.model_copy(update={"home": compiled.home / "gone"})
    variables, cache = CommandVars(parsed_vars(compiled), {}), parse_cache(compiled)
    with DbtProcess(gone, lock, logs=compiled.paths.logs) as dbt:
        dbt.read_project(parsed_vars(compiled), cache)
        for folder, code in ((None, 1), (compiled.paths.state, 0)):
            with dbt.command(
                ["ls", "--quiet"], variables, target=compiled.paths.target, parse_cache=cache, folder=folder
            ) as command:
                assert command.wait() == code, command.words
            assert ("FileNotFoundError" in command.words) == bool(code)


def test_a_command_that_fails_says_so_and_the_process_serves_the_next(compiled: Settings, lock: HeldLock) -> None:
    with DbtProcess(compiled, lock) as dbt:
        with command_of(dbt, compiled, "build", "--nonsense") as command:
            assert command.wait() == 1
        assert "nonsense" in command.words
        assert "42" in show(dbt, compiled, "select 42 as answer")


def test_an_error_while_dbt_runs_ends_dbt_first(settings: Settings, lock: HeldLock, tmp_path: Path) -> None:
    dbt = DbtProcess(settings, lock)
    with pytest.raises(OSError, match="disk"), command_of(dbt, settings, "parse"):
        pid = dbt.start().pid
        raise OSError("disk full")
    assert not psutil.pid_exists(pid)
    assert noted(tmp_path / "lock") == 0


def test_a_dbt_that_dies_in_a_command_is_a_failure_and_the_next_command_starts_another(
    compiled: Settings, lock: HeldLock
) -> None:
    with DbtProcess(compiled, lock) as dbt:
        with command_of(dbt, compiled, "parse") as command:
            dbt.start().kill()
            assert command.wait() != 0
        assert "42" in show(dbt, compiled, "select 42 as answer")


def test_a_process_that_ignores_every_request_to_end_is_killed() -> None:
    child = subprocess.Popen([sys.executable, "-c", DEAF], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    end_process(child, patience=0.2)
    assert child.returncode == -signal.SIGKILL


def test_dbt_ends_with_a_parent_that_is_killed(settings: Settings) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(settings.home)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_dbt(pid)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_dbt_gets_our_variables_and_no_secret(
    settings: Settings, lock: HeldLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    values = {"LOYALTY_WAREHOUSE": "/a b/'c'=[d]/w.duckdb", "LOYALTY_THREADS": "2"}
    found = json.loads(subprocess.run(SHOW, env=child_environment(values), capture_output=True, check=True).stdout)
    assert {name: found[name] for name in values} == values
    assert not SECRETS.keys() & found.keys()
    assert "PATH" in found
    with DbtProcess(settings, lock) as dbt:
        pid = dbt.start().pid
        assert is_dbt(pid)
        given = psutil.Process(pid).environ()
    assert given["LOYALTY_WAREHOUSE"] == settings.paths.warehouse.name
    assert not SECRETS.keys() & given.keys()
    assert dict(os.environ) == before


def test_changed_settings_do_not_parse_the_project_again(compiled: Settings) -> None:
    first = load_manifest(compiled)["nodes"]
    other = compiled.model_copy(update={"currency": "CNY"})
    second = load_manifest(other)["nodes"]
    parsed_at = {name: node["created_at"] for name, node in first.items()}
    assert {name: node["created_at"] for name, node in second.items()} == parsed_at
    changed = {name for name, node in first.items() if node.get("compiled_code") != second[name].get("compiled_code")}
    assert "model.loyalty.int_order_amount" in changed
    assert "model.loyalty.int_customer_level" not in changed


def test_processes_that_compile_at_the_same_time_wait_for_each_other(settings: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from pipelines.config.settings import Settings\n"
        "from pipelines.runs.dbt_manifest import load_manifest\n"
        "settings = Settings.unconfigured().model_copy(update={'home': Path(sys.argv[1])})\n"
        "assert load_manifest(settings)['nodes']['model.loyalty.int_order']['compiled_code']"
    )
    command = [sys.executable, "-c", code, str(settings.home)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) for _ in range(2)]
    for process in both:
        _, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
    assert sorted(path.name for path in parse_cache(settings).iterdir() if path.suffix == ".duckdb") == []
