"""A command that gets SIGINT or SIGTERM says which of them has stopped it, whatever it was doing, in real processes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import clean_environment

NUMBERS = [signal.SIGINT, signal.SIGTERM]
WORDS = {signal.SIGINT: "stopped by Ctrl-C (SIGINT)", signal.SIGTERM: "stopped by SIGTERM"}

# The command `loyalty wait`: its body says "ready" and goes on until a signal comes.
COMMAND = """
import os, sys, time
import duckdb, typer
from pipelines.cli import app as commands, main
from pipelines.cli.console import reports_errors

def ready():
    os.write(1, b"ready\\n")  # the buffer of print would write it again when a signal comes while it is emptied

@reports_errors
def wait():
{body}

commands.app.command("wait")(wait)
sys.argv = ["loyalty", "wait"]
main()
"""
QUERY = "duckdb.sql('select count(*) from range(1000000000) a, range(1000000000) b').fetchall()"
BODIES = {
    "sleeps": ["ready()", "time.sleep(60)"],
    "queries": ["ready()", QUERY],
    "asks": ["ready()", "typer.confirm('?')"],
    "fails because of it": ["try: ready(); time.sleep(60)", "except BaseException: raise ValueError('no')"],
}

# A step of Dagster in a run, which Dagster would try again after an error.
STEP = """
import os, sys, time
from pathlib import Path
import dagster as dg
import duckdb
from pipelines.base.stopping import listen
from pipelines.config.settings import Settings
from pipelines.orchestration.steps import step
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.lock import hold_lock
from pipelines.runs.recorder import Recorder
from pipelines.runs.scope import RunScope

listen()
folder, tries = Path(sys.argv[1]), 0

@dg.asset(retry_policy=dg.RetryPolicy(max_retries=1))
def one(context: dg.AssetExecutionContext, run: dg.ResourceParam[RunScope]) -> None:
    global tries
    tries += 1
    with step(context, run, "one"):
        os.write(1, b"ready\\n")
{body}

with hold_lock(folder / "lock", "r") as lock:
    settings = Settings.unconfigured()
    recorder = Recorder(folder / "last_run.json", "r")
    scope = RunScope("r", settings, lock, recorder, DbtProcess(settings, lock))
    done = dg.materialize([one], resources={"run": scope}, raise_on_error=False)
    print(done.success, tries, recorder.report.status, recorder.report.error, sep=",", flush=True)
    try:
        with recorder.stage("two"):
            print("went on", flush=True)
    except KeyboardInterrupt as problem:
        print(problem, flush=True)
"""


def signalled(program: str, number: signal.Signals, *arguments: str, times: int = 1) -> "tuple[int, str, str]":
    """Exit code, output and errors of a program that gets a signal when it is ready."""
    child = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=clean_environment(),
        stdin=subprocess.PIPE,  # a question waits for an answer
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.communicate()
    for _ in range(times):
        child.send_signal(number)
    output, errors = child.communicate(timeout=60)
    return child.returncode, output, errors


def program(template: str, lines: list[str], indent: int) -> str:
    return template.replace("{body}", "\n".join(f"{' ' * indent}{line}" for line in lines))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_command_names_the_signal_that_stopped_it(body: str, number: signal.Signals) -> None:
    code, _, errors = signalled(program(COMMAND, BODIES[body], 4), number)
    assert code == 128 + number, errors
    assert WORDS[number] in errors
    assert "bug" not in errors and "Traceback" not in errors


def test_a_signal_that_comes_twice_does_not_interrupt_the_cleaning_up() -> None:
    body = ["try: ready(); time.sleep(60)", "finally: time.sleep(0.2); print('cleaned up', flush=True)"]
    code, output, errors = signalled(program(COMMAND, body, 4), signal.SIGTERM, times=2)
    assert (code, output) == (143, "cleaned up\n"), errors


def test_a_program_started_with_sigint_ignored_ends_by_sigterm_alone() -> None:
    body = ["import signal", "os.kill(os.getpid(), signal.SIGINT)", "ready()", "time.sleep(60)"]
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + program(COMMAND, body, 4)
    code, _, errors = signalled(ignored, signal.SIGTERM)
    assert code == 143 and WORDS[signal.SIGTERM] in errors


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("body", [["time.sleep(60)"], [QUERY]])
def test_a_step_that_a_signal_interrupts_is_not_tried_again_and_ends_the_run(
    tmp_path: Path, body: list[str], number: signal.Signals
) -> None:
    _, output, errors = signalled(program(STEP, body, 8), number, str(tmp_path))
    assert output.splitlines() == [f"False,1,failed,{WORDS[number]}", WORDS[number]], errors


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_that_arrives_where_python_can_raise_nothing_prints_no_traceback(
    tmp_path: Path, number: signal.Signals
) -> None:
    body = ["import weakref", "seen = {1}", "gone = weakref.ref(seen, lambda _: time.sleep(2))", "del seen"]
    _, output, errors = signalled(program(STEP, body, 8), number, str(tmp_path))
    assert output.splitlines()[-1] == WORDS[number], errors  # the step ends, the next one does not begin
    assert "went on" not in output and "Exception ignored" not in errors


def test_a_run_does_not_go_on_after_a_signal_that_its_code_has_swallowed(tmp_path: Path) -> None:
    body = [f"try: {QUERY}", "except RuntimeError: pass"]
    _, output, errors = signalled(program(STEP, body, 8), signal.SIGTERM, str(tmp_path))
    assert output.splitlines()[-1] == WORDS[signal.SIGTERM], errors
    assert "went on" not in output
