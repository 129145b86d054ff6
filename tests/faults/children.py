"""Starting the programs of this folder, and killing them at a moment that nobody chose. No test stands here."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent


def start(program: str, *arguments: object) -> "subprocess.Popen[str]":
    """A program of this folder in a process of its own."""
    command = [sys.executable, str(FOLDER / program), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_after(lines: int, process: "subprocess.Popen[str]", moments: random.Random, within: float) -> None:
    """Wait until a program has said so many lines, then kill it at some moment of the next `within` seconds."""
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    time.sleep(moments.uniform(0, within))  # the moment itself, not a wait for anything
    process.send_signal(signal.SIGKILL)
    process.communicate()


def end(process: "subprocess.Popen[str]") -> str:
    """Wait for a program that must end well; what it printed."""
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out
