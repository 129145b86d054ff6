"""Who sees which version: a pinned one stays, a deleted one is gone, and a run says if readers see another one."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.base.errors import PublicationError
from pipelines.cli.app import app
from pipelines.publication import (
    Version,
    delete_version,
    list_versions,
    pin,
    pinned_id,
    set_current,
    unpin,
    why_not_current,
)
from tests.unit.publication_marts import publisher


@pytest.fixture
def published(tmp_path: Path) -> Path:
    publisher(tmp_path)(5, "aaaa", origin="command line: full", warnings=["one", "two"])
    return tmp_path / "published"


def again(published: Path, day: int, run_id: str) -> Version:
    return publisher(published.parent)(day, run_id)


def command(home: Path, *words: str) -> Result:
    config = home / "loyalty.yml"
    (home / "in").mkdir(exist_ok=True)
    (home / "mapping.yml").write_text("source: shop\nfiles: []\n")
    config.write_text(f"home: {home}\ncurrency: GBP\ntimezone: UTC\nsources: [{{mapping: mapping.yml, files: in}}]\n")
    return CliRunner().invoke(app, ["versions", *words, "--config", str(config)])


def test_a_pinned_version_stays_current_whatever_is_published(published: Path) -> None:
    pin(published, "2026-01-05_aaaa")
    assert not again(published, 6, "bbbb").is_current
    assert pinned_id(published) == "2026-01-05_aaaa"
    assert "which is pinned" in why_not_current(published, "2026-01-06_bbbb")
    with pytest.raises(PublicationError, match="2026-01-05_aaaa is pinned"):
        pin(published, "2026-01-06_bbbb")


def test_unpinning_shows_the_newest_version_at_once(published: Path) -> None:
    with pytest.raises(PublicationError, match="no version is pinned"):
        unpin(published)
    pin(published, "2026-01-05_aaaa")
    again(published, 6, "bbbb")
    assert unpin(published).id == "2026-01-06_bbbb"
    assert pinned_id(published) is None
    assert again(published, 7, "cccc").is_current


def test_the_current_version_cannot_be_deleted_and_others_can(published: Path) -> None:
    again(published, 6, "bbbb")
    with pytest.raises(PublicationError, match=r"2026-01-06_bbbb .*current"):
        delete_version(published, "2026-01-06_bbbb")
    with pytest.raises(PublicationError, match="there is no version 2026-01-07_x"):
        delete_version(published, "2026-01-07_x")
    delete_version(published, "2026-01-05_aaaa")
    assert [version.id for version in list_versions(published)] == ["2026-01-06_bbbb"]


def test_it_is_said_why_readers_do_not_see_a_version(published: Path) -> None:
    again(published, 6, "bbbb")
    assert why_not_current(published, "2026-01-06_bbbb") == ""
    assert "of the later day 2026-01-06" in why_not_current(published, "2026-01-05_aaaa")
    set_current(published, "2026-01-05_aaaa")
    words = why_not_current(published, "2026-01-06_bbbb")
    assert words.startswith("readers still see 2026-01-05_aaaa. ")
    assert words.endswith("loyalty publish --current 2026-01-06_bbbb")


def test_the_command_lists_versions_with_what_made_them(published: Path) -> None:
    (listed,) = json.loads(command(published.parent, "--json").stdout)
    assert {name: listed[name] for name in ("id", "as_of", "origin", "n_warnings", "is_current", "is_pinned")} == {
        "id": "2026-01-05_aaaa",
        "as_of": "2026-01-05",
        "origin": "command line: full",
        "n_warnings": 2,
        "is_current": True,
        "is_pinned": False,
    }
    assert listed["rows"] > 0 and listed["published_at"]
    assert "current" in command(published.parent).stdout


def test_the_command_pins_unpins_and_deletes(published: Path) -> None:
    again(published, 6, "bbbb")
    home = published.parent
    assert command(home, "pin", "2026-01-05_aaaa").exit_code == 0
    assert pinned_id(published) == "2026-01-05_aaaa"
    refused = command(home, "delete", "2026-01-05_aaaa")
    assert refused.exit_code == PublicationError.exit_code and "2026-01-05_aaaa" in refused.stderr
    assert "2026-01-06_bbbb" in command(home, "unpin").stdout
    assert command(home, "delete", "2026-01-05_aaaa").exit_code == 0
    assert [version.id for version in list_versions(published)] == ["2026-01-06_bbbb"]
