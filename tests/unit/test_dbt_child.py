"""A step's dbt does not outlive the step: whatever ends the reading of its events, a retry finds the warehouse free."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.orchestration.dbt_build import held_to
from pipelines.runs.lock import hold_lock, read_holder

WAITS = "import time; print('up', flush=True); time.sleep(60)"
DEAF = (
    "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; print('up', flush=True); time.sleep(60)"
)


def start(code: str) -> "subprocess.Popen[bytes]":
    child = subprocess.Popen([sys.executable, "-c", code, "dbt"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    return child


def noted(lock: Path) -> int:
    with lock.open() as file:
        holder = read_holder(file.fileno())
    assert holder is not None
    return holder.child_pid


@pytest.mark.parametrize("code", [WAITS, DEAF])
def test_an_error_while_dbt_runs_ends_dbt_first(tmp_path: Path, code: str) -> None:
    lock, child = tmp_path / "lock", start(code)
    with hold_lock(lock, "r") as held:
        with pytest.raises(OSError, match="disk"), held_to(child, held, patience=0.2):
            assert noted(lock) == child.pid
            raise OSError("disk full")
        assert child.poll() is not None
        assert noted(lock) == 0


def test_a_dbt_that_ended_by_itself_is_left_with_its_exit_code(tmp_path: Path) -> None:
    child = start("print('up', flush=True); raise SystemExit(3)")
    with hold_lock(tmp_path / "lock", "r") as held, held_to(child, held):
        child.wait()
    assert child.returncode == 3
