"""docs/mapping.md lists the entries of each built-in mapping, and adds a second shop as it says."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.settings import project_root
from pipelines.landing import read_mapping
from tests.exports.exported import EXPORTS

SYSTEMS = sorted(path.name for path in EXPORTS.iterdir() if path.is_dir() and path.name[0] != "_")
TEXT = (project_root() / "docs" / "mapping.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (`.*`.*) \|$", TEXT.partition("### The entries of")[2], flags=re.MULTILINE))


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_table_has_each_entry_of_a_built_in_mapping(name: str) -> None:
    entries = [group for group in read_mapping(name).files if group.name]
    assert ROWS[name].split(", ") == [f"`{one.name}`{' (ignored)' if one.ignore else ''}" for one in entries]


def test_the_table_has_no_other_mapping() -> None:
    assert sorted(ROWS) == SYSTEMS


def test_a_second_shop_gets_a_source_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(EXPORTS / "shopify", tmp_path / "exports" / "paris")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mappings").mkdir()
    (call,) = re.findall(r"^loyalty (map exports/paris .*)$", TEXT, flags=re.MULTILINE)
    done = CliRunner().invoke(app, call.split())
    assert done.exit_code == 0, done.output
    mapping = yaml.safe_load((tmp_path / "mappings" / "shopify_paris.yml").read_text(encoding="utf-8"))
    assert mapping == {"extends": "shopify", "source": "shopify_paris"}
