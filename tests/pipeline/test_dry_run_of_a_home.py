"""`loyalty run --dry-run` of a home whose day is published: a run builds nothing, whatever of the home was lost."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from tests.conftest import SampleHome


def asked(sample_home: SampleHome, home: Path, *options: str) -> dict[str, Any]:
    given = ["--json", "--config", str(sample_home.config), "--home", str(home), *options]
    done = CliRunner().invoke(app, ["run", "--dry-run", *given])
    assert done.exit_code == 0, done.output
    content: dict[str, Any] = json.loads(done.stdout)
    return content


@pytest.fixture
def home(sample_home: SampleHome, tmp_path: Path) -> Path:
    home = tmp_path / "home"
    shutil.copytree(sample_home.home, home, symlinks=True)
    return home


@pytest.mark.parametrize("lost", ["exchange", "landing/ledger", "state/inbox.json"])
def test_a_published_day_is_not_built_again(sample_home: SampleHome, home: Path, lost: str) -> None:
    path = home / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = asked(sample_home, home)
    assert (found["kind"], found["staging"], found["may_move"]) == ("none", "nothing is added", False)
    assert found["reason"].startswith("already published") and f"{found['as_of']}_" in found["reason"]
    assert asked(sample_home, home, "--full-refresh")["kind"] == "full"


def test_without_state_the_day_that_is_published_is_named(sample_home: SampleHome, home: Path) -> None:
    shutil.rmtree(home / "state")
    found = asked(sample_home, home, "--as-of", "latest")
    assert (sum(found["new_files"].values()), found["as_of"], found["kind"]) == (0, None, "none")
    assert found["reason"].startswith("if the day is ")
    assert found["reason"].endswith("; otherwise a full build")
