"""A log that cannot be written is one line of a warning, and does not change the result of a run."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.runs.log_file import LogFile

FULL = Path("/dev/full")  # each write fails as on a full disk


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    found = logging.Logger("loyalty.test")
    yield found
    for handler in found.handlers:
        handler.close()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
def test_on_a_full_disk_one_line_says_that_the_log_cannot_be_written(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = LogFile(FULL)
    logger.addHandler(handler)
    logger.warning("first")
    logger.warning("second")
    handler.close()
    assert capsys.readouterr().err == "warning the log /dev/full cannot be written: No space left on device\n"


def test_a_line_that_cannot_be_formatted_is_reported_as_usual(
    logger: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger.addHandler(LogFile(tmp_path / "a.log"))
    logger.warning("%d", "x")
    assert "TypeError" in capsys.readouterr().err
