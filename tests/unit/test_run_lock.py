"""One run at a time: the second run waits and reports for which one. A killed run's dbt is waited for, then named."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from pipelines.base.errors import LockError
from pipelines.runs.lock import DBT_PROGRAM, current_holder, hold_lock, wait_for_warehouse

SLEEP_AS_DBT = [sys.executable, "-c", "import time; time.sleep(60)", DBT_PROGRAM]


def test_the_second_waits_for_the_first_and_says_for_whom(tmp_path: Path) -> None:
    lock, reported, order = tmp_path / "lock", [], []

    def second() -> None:
        with hold_lock(lock, "second", reported.append):
            order.append("second")

    with hold_lock(lock, "first") as held:
        thread = threading.Thread(target=second)
        thread.start()
        deadline = time.monotonic() + 20
        while not reported and time.monotonic() < deadline:
            time.sleep(0.01)
        order.append("first")
    thread.join(timeout=20)
    assert order == ["first", "second"]
    assert reported == [f"waiting for run first (pid {held.holder.pid}, since {held.holder.since})"]


def test_who_holds_the_lock_can_be_asked_and_is_nobody_afterwards(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert current_holder(lock) is None
    with hold_lock(lock, "mine") as held:
        assert current_holder(lock) == held.holder
    assert current_holder(lock) is None


def test_a_failed_run_leaves_the_lock_free(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with pytest.raises(ZeroDivisionError), hold_lock(lock, "failing"):
        raise ZeroDivisionError
    with hold_lock(lock, "next", lambda words: pytest.fail(words)):
        pass


def killed_run(lock: Path, child: int) -> None:
    """A process that takes the lock, notes a child, and is killed."""
    code = (
        "import os, signal, sys; from pathlib import Path; from pipelines.runs.lock import hold_lock\n"
        f"with hold_lock(Path({str(lock)!r}), 'killed') as held:\n"
        f"    held.note_child({child}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9


def test_a_killed_runs_dbt_is_waited_for(tmp_path: Path) -> None:
    child = subprocess.Popen(SLEEP_AS_DBT)
    reported: list[str] = []

    def end(words: str) -> None:
        reported.append(words)
        child.kill()
        child.wait()

    try:
        killed_run(tmp_path / "lock", child.pid)
        with hold_lock(tmp_path / "lock", "next", end):
            assert child.returncode is not None
    finally:
        child.kill()
    assert f"waiting for dbt (pid {child.pid}) of run killed" in reported[0]


def test_a_killed_runs_dbt_that_does_not_end_is_named(tmp_path: Path) -> None:
    child = subprocess.Popen(SLEEP_AS_DBT)
    try:
        killed_run(tmp_path / "lock", child.pid)
        with (
            pytest.raises(LockError, match=f"pid {child.pid}") as caught,
            hold_lock(tmp_path / "lock", "next", patience=0.5),
        ):
            pass
        assert f"kill {child.pid}" in caught.value.hint
        assert caught.value.exit_code == 7
    finally:
        child.kill()
        child.wait()


def test_who_waits_for_a_killed_runs_dbt_holds_the_lock_in_their_own_name(tmp_path: Path) -> None:
    lock, child, seen = tmp_path / "lock", subprocess.Popen(SLEEP_AS_DBT), []
    try:
        killed_run(lock, child.pid)
        for run in ("next", "another"):
            with (
                pytest.raises(LockError, match=f"dbt \\(pid {child.pid}\\) of run killed"),
                hold_lock(lock, run, lambda words: seen.append(current_holder(lock)), patience=0.1),
            ):
                pass
    finally:
        child.kill()
        child.wait()
    assert [(holder.run_id, holder.child_pid) for holder in seen if holder] == [
        ("next", child.pid),
        ("another", child.pid),
    ]


def test_a_process_that_only_got_the_pid_is_not_waited_for(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        killed_run(tmp_path / "lock", child.pid)
        with hold_lock(tmp_path / "lock", "next", lambda words: pytest.fail(words), patience=0.5):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_killed_runs_dbt_is_recognised_below_a_long_path_with_spaces_and_letters_of_any_alphabet(
    tmp_path: Path,
) -> None:
    folder = tmp_path / ("long" * 30) / "ein Ordner äöü 数据" / "bin"
    folder.mkdir(parents=True)
    script = folder / "python.py"
    script.write_text("import time; time.sleep(60)")
    child = subprocess.Popen([sys.executable, str(script), "-m", DBT_PROGRAM])
    try:
        killed_run(tmp_path / "lock", child.pid)
        with pytest.raises(LockError, match=f"pid {child.pid}"), hold_lock(tmp_path / "lock", "next", patience=0.5):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_program_from_a_folder_called_dbt_is_not_waited_for(tmp_path: Path) -> None:
    script = tmp_path / "dbt" / "other.py"
    script.parent.mkdir()
    script.write_text("import time; time.sleep(60)")
    child = subprocess.Popen([sys.executable, str(script), "dbt"])
    try:
        killed_run(tmp_path / "lock", child.pid)
        with hold_lock(tmp_path / "lock", "next", lambda words: pytest.fail(words), patience=0.5):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_dbt_that_has_ended_and_waits_for_its_parent_is_not_waited_for(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "", DBT_PROGRAM], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.read() == b""  # it has ended; nobody has asked for its exit code yet
        killed_run(tmp_path / "lock", child.pid)
        with hold_lock(tmp_path / "lock", "next", lambda words: pytest.fail(words), patience=0.5):
            pass
    finally:
        child.wait()


def test_whoever_holds_the_warehouse_is_named(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(warehouse)).close()
    code = f"import duckdb, time; c = duckdb.connect({str(warehouse)!r}); print('open', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        reported: list[str] = []
        with pytest.raises(LockError, match=f"process {other.pid}") as caught:
            wait_for_warehouse(warehouse, reported.append, patience=0.5)
        assert f"kill {other.pid}" in caught.value.hint
        assert [str(other.pid) in line and "warehouse.duckdb" in line for line in reported] == [True]
    finally:
        other.kill()
        other.wait()
    wait_for_warehouse(warehouse, lambda words: pytest.fail(words))


def test_a_warehouse_that_is_not_there_is_free(tmp_path: Path) -> None:
    wait_for_warehouse(tmp_path / "warehouse.duckdb")
    assert not (tmp_path / "warehouse.duckdb").exists()
