"""docs/first-run.md: its commands print what the page shows, and its decisions make the draft complete."""

import re
import shlex
import shutil
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.settings import project_root
from tests.exports.exported import EXPORTS

PAGE = (project_root() / "docs" / "first-run.md").read_text(encoding="utf-8")


def block(kind: str, word: str) -> str:
    """The first block of a kind that has a word."""
    blocks = re.findall(rf"^ *```{kind}\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(next(text for text in blocks if word in text))


def command(word: str) -> list[str]:
    """The arguments of the first shown command that has a word."""
    return shlex.split(block("sh", word).splitlines()[0])[1:]


def test_the_walk_through_works_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EXPORTS / "shopify", tmp_path / "exports" / "shopify")
    till = tmp_path / "exports" / "till" / "till_2024-05.csv"
    till.parent.mkdir()
    till.write_text(block("text", "Order No"), encoding="utf-8")

    done = CliRunner().invoke(app, command("init"))
    assert done.exit_code == 3, done.output
    lines = done.output.splitlines()
    for shown in block("output", "to decide").splitlines():
        assert any(line.startswith(shown) for line in lines), shown
    draft = tmp_path / "mappings" / "till.yml"
    assert draft.read_text(encoding="utf-8") == block("yaml", "source: till")

    refused = CliRunner().invoke(app, command("run"))
    assert refused.exit_code == 2 and "till.yml:21: to decide before a run: ordered_at" in refused.stderr

    proposal = r"^# order_statuses:\n#   sale: .*\n"
    decided = re.sub(proposal, block("yaml", "pending:"), draft.read_text(encoding="utf-8"), flags=re.MULTILINE)
    decided = re.sub(r"^ *# to decide before a run.*\n( *#   .*\n)*", "", decided, flags=re.MULTILINE)
    decided = re.sub(r"^# to decide.*\n(#   .*\n)*", "", decided, flags=re.MULTILINE)
    draft.write_text(decided, encoding="utf-8")
    checked = CliRunner().invoke(app, command("check"))
    assert checked.exit_code == 0, checked.output
    assert "to decide" not in checked.output
    assert "on the shelf" not in checked.output and "cannot be linked" in checked.output
