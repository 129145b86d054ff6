"""One dbt process for many dbt commands: starting it, sending commands, reading events, and ending it.

dbt runs in a process of its own, because in this one it would keep the warehouse locked. Starting dbt takes seconds, so
the process serves all commands of a run. It ends with the run, also if the run is killed.
"""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.config.settings import Settings, child_environment, dbt_environment, project_root
from pipelines.runs.dbt_server import END, Request
from pipelines.runs.dbt_templates import TEMPLATES
from pipelines.runs.dbt_vars import CommandVars, Vars, vars_text
from pipelines.runs.lock import DBT_PROGRAM, HeldLock

PATIENCE_SECONDS = 10.0
# A large buffer, so that dbt does not wait while Dagster stores its events. Linux allows every user this much.
_PIPE_BYTES = 1024 * 1024
_GLOBAL_OPTIONS = ("--no-use-colors", "--no-version-check")


def program() -> list[str]:
    """The command that starts a dbt process."""
    return [sys.executable, "-m", DBT_PROGRAM, str(project_root() / "dbt_project" / TEMPLATES)]


class DbtProcess:
    """One dbt process, of a run or of a compilation. It is started by the first command, or earlier by `start`.

    Args:
        settings: The settings in force.
        lock: The lock of the run. It records the id of the process, so that the next run can wait for it if this one is
            killed. None outside a run.
        logs: The folder of dbt.log; that of the home if it is not given.
    """

    def __init__(
        self,
        settings: Settings,
        lock: HeldLock | None = None,
        *,
        logs: Path | None = None,
    ) -> None:
        self._settings = settings
        self._lock = lock
        self._logs = logs or settings.paths.logs
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()

    @property
    def is_running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the process if it does not run yet; dbt is imported while the caller continues."""
        with self._starting:
            if self._process is None or not self.is_running:
                ours = {
                    **dbt_environment(self._settings),
                    "DBT_LOG_PATH": str(self._logs),
                    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                    "PYTHONUNBUFFERED": "1",
                    # the package is found from any working directory, also if it is not installed
                    "PYTHONPATH": str(project_root()),
                }
                self._process = subprocess.Popen(
                    program(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pipesize=_PIPE_BYTES,
                    env=child_environment(ours, self._settings),
                    cwd=project_root(),  # with -m, Python imports from this folder too
                )
                self._note_child(self._process.pid)
            return self._process

    def read_project(self, parsed: Vars, parse_cache: Path) -> None:
        """Start the process and let it read the parsed project, while the caller continues.

        Args:
            parsed: The vars that the project is parsed with.
            parse_cache: As for `command`.
        """
        self._send([], CommandVars(parsed, {}), parse_cache, self._settings.paths.warehouse.parent)

    @contextmanager
    def command(
        self,
        args: Sequence[str],
        variables: CommandVars,
        *,
        target: Path,
        parse_cache: Path,
        folder: Path | None = None,
    ) -> Iterator["DbtCommand"]:
        """Run a dbt command. If the block ends before the command does, the process is ended too.

        Args:
            args: The arguments, without `--vars` and `--target-path`.
            variables: The vars.
            target: dbt's folder for artifacts.
            parse_cache: The folder with dbt's parse cache for the parsed vars. If empty, dbt parses everything.
            folder: The folder in which dbt runs, with the warehouse; that of the home's warehouse if it is not given.
        """
        given = [*_GLOBAL_OPTIONS, *args, "--target-path", str(target), "--vars", vars_text(variables.all)]
        command = DbtCommand(self.start(), [str(part) for part in ("dbt", *args)])
        try:
            self._send(given, variables, parse_cache, folder or self._settings.paths.warehouse.parent)
            yield command
        finally:
            if command.returncode is None:
                self.end()

    def end(self, patience: float = PATIENCE_SECONDS) -> None:
        """End the process.

        Args:
            patience: Seconds that it has after each request to end (see `end_process`).
        """
        process, self._process = self._process, None
        if process is not None:
            end_process(process, patience)
            self._note_child(0)

    def _send(self, args: list[str], variables: CommandVars, parse_cache: Path, folder: Path) -> None:
        request = Request(
            project=str(project_root() / "dbt_project"),
            folder=str(folder),
            args=args,
            parsed_vars=vars_text(variables.parsed),
            parse_cache=str(parse_cache),
        )
        process = self.start()
        with suppress(BrokenPipeError):  # it has ended; the command reports that
            assert process.stdin is not None
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()

    def _note_child(self, pid: int) -> None:
        if self._lock is not None:
            self._lock.note_child(pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()


class DbtCommand:
    """A dbt command that runs, with the interface of `subprocess.Popen` that dagster-dbt uses.

    Attributes:
        args: The command, for messages.
        returncode: 0 if it succeeded, 1 if it failed; None while it runs.
        words: dbt's message about a failure that is not among its events.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", args: list[str]) -> None:
        self._process = process
        self.args = args
        self.returncode: int | None = None
        self.words = ""
        self.stdout = _Events(self)

    def lines(self) -> Iterator[bytes]:
        """The lines that dbt writes, to the end of the command."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(b'{"' + END.encode()):
                outcome = json.loads(line)[END]
                self.returncode, self.words = int(not outcome["success"]), outcome["words"]
                return
            yield line
        self.returncode = self._process.wait() or 1

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Read to the end of the command."""
        for _ in self.lines() if self.returncode is None else ():
            pass
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to dbt."""
        self._process.send_signal(number)


class _Events:
    """The output of one command: a file that can be read once, line by line."""

    def __init__(self, command: DbtCommand) -> None:
        self._command = command
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self._command.lines()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True


def end_process(process: "subprocess.Popen[bytes]", patience: float = PATIENCE_SECONDS) -> None:
    """End a process: close its input, then SIGINT, SIGTERM, SIGKILL, each after `patience` seconds."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    for number in (signal.SIGINT, signal.SIGTERM):
        if process.poll() is None:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
