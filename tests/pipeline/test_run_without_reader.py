"""A whole run whose output nobody reads any more (`loyalty run 2>&1 | head`): it publishes, and ends with 0."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import LOYALTY, SampleHome, clean_environment, copy_inboxes


def test_a_run_whose_reader_leaves_after_the_first_line_publishes(sample_home: SampleHome, tmp_path: Path) -> None:
    home, config = tmp_path / "home", tmp_path / "loyalty.yml"
    shutil.copytree(sample_home.home, home, symlinks=True)
    copy_inboxes(sample_home, tmp_path)
    config.write_text(sample_home.config.read_text())
    reader, writer = os.pipe()
    run = subprocess.Popen(
        [LOYALTY, "run", "--full-refresh", "--config", config, "--home", home],
        env=clean_environment(),
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    first = os.read(reader, 1)
    os.close(reader)
    assert first
    assert run.wait() == 0
    report = json.loads((home / "state" / "last_run.json").read_text())
    assert report["status"] == "published"
    assert (home / "published" / "current").resolve() == Path(report["published"])
