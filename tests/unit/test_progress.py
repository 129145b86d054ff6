"""What a run shows on standard error."""

from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.base.errors import GateError
from pipelines.cli.progress import Screen
from pipelines.runs.recorder import Recorder


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_a_run_that_fails_shows_its_warnings_too(tmp_path: Path, quiet: bool, fails: bool) -> None:
    shown = StringIO()
    with suppress(GateError), Screen(quiet=quiet, console=Console(file=shown, width=200)) as screen:
        recorder = Recorder(tmp_path / "last_run.json", "r1", screen)
        for _ in range(2):  # a step that is retried warns again
            recorder.warn("land", "orders.csv: 3 values have no entry in `values`")
        if fails:
            raise GateError("too many rows are in quarantine")
    # without an error the summary has the warnings
    assert shown.getvalue().count("warning orders.csv: 3 values have no entry in `values`") == fails
