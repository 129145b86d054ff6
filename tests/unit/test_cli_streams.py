"""A reader that leaves (`loyalty … | head`) neither ends a command nor changes its exit code; there is no traceback."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import LOYALTY, clean_environment


@contextmanager
def left_pipe() -> Iterator[int]:
    """The end of a pipe to write to, whose reader has left."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    path = tmp_path / "loyalty.yml"
    path.write_text("currency: GBP\ntimezone: UTC\nsources:\n  - {mapping: sample, files: inbox}\n")
    return path


def loyalty(*arguments: str | Path, stdout: int, stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [LOYALTY, *arguments]
    return subprocess.run(command, env=clean_environment(), stdout=stdout, stderr=stderr, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status"], 0),
        (["status", "--json"], 0),
        (["check"], 3),
        (["quarantine", "rules"], 0),
        (["path"], 6),
        (["run"], 3),
    ],
)
def test_a_command_whose_reader_has_left_ends_as_it_would_have(config: Path, arguments: list[str], code: int) -> None:
    options = [] if arguments == ["quarantine", "rules"] else ["--config", config]
    with left_pipe() as pipe:
        done = loyalty(*arguments, *options, stdout=pipe)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["run", "--config", "/no/such/file"], 2)])
def test_also_where_nobody_reads_errors(arguments: list[str], code: int) -> None:
    with left_pipe() as pipe:
        assert loyalty(*arguments, stdout=pipe, stderr=pipe).returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_cannot_be_written_is_an_error_with_words(config: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = loyalty("status", "--json", "--config", config, stdout=full.fileno())
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_output_is_no_reason_to_fail(config: Path) -> None:
    command = f"exec '{LOYALTY}' status --config '{config}' >&-"
    done = subprocess.run(["sh", "-c", command], env=clean_environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
