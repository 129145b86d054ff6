"""One `loyalty dev` per home: a second one is refused by name, and so is one beside what a killed one left."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError, LockError
from pipelines.config.home import Home
from pipelines.runs.dev_server import claim_home, leftover_processes
from tests.conftest import clean_environment

CLAIM = """
import os, sys
from pathlib import Path
from pipelines.config.home import Home
from pipelines.runs.dev_server import claim_home
claim_home(Home(Path(sys.argv[1])), int(sys.argv[2]))
# as `loyalty dev` does: another program takes this process's place
os.execv(sys.executable, [sys.executable, "-c", "print('serves', flush=True); input()"])
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


def made(root: Path) -> Home:
    """A home with Dagster's folder."""
    home = Home(root)
    home.dagster.mkdir(parents=True)
    return home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made(tmp_path)


@pytest.fixture
def server(home: Home, port: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", CLAIM, str(home.root), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "serves\n"
        yield process
        process.kill()


def test_a_second_one_is_refused_and_names_the_first_ones_address_and_process(
    server: "subprocess.Popen[str]", home: Home, port: int
) -> None:
    with pytest.raises(LockError) as caught:
        claim_home(home, port + 1)
    assert f"http://127.0.0.1:{port} (pid {server.pid}, since " in caught.value.message
    assert f"kill {server.pid}" in caught.value.hint


def test_one_that_was_killed_holds_nobody_up(server: "subprocess.Popen[str]", home: Home, port: int) -> None:
    server.kill()
    server.wait()
    claim_home(home, port)


def test_what_a_killed_one_left_is_named(home: Home, tmp_path: Path, port: int) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)", "dagster._daemon"]
    with subprocess.Popen(command, env=clean_environment(LOYALTY_HOME=str(home.root))) as left:
        try:
            deadline = time.monotonic() + 60
            while leftover_processes(home.root) != [left.pid] and time.monotonic() < deadline:
                time.sleep(0.1)
            with pytest.raises(LockError, match=rf"\(pid {left.pid}\)"):
                claim_home(home, port)
            claim_home(made(tmp_path / "other"), port)
        finally:
            left.kill()
    claim_home(home, port)


def test_a_port_that_is_taken_is_said_before_anything_starts(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {number} of 127.0.0.1 cannot be used"):
            claim_home(home, number)
    claim_home(home, number)
    assert (home.dagster / "serving").stat().st_mode & 0o777 == 0o600
    assert str(os.getpid()) in (home.dagster / "serving").read_text()
