"""A home that is backed up as docs/operations.md says, and restored elsewhere: whole, without its state, and from a
backup older than an erasure. Each goes on with the next file, and publishes the same marts.

The runs happen once, in order, in the fixture; each test looks at one promise.
"""

import json
import re
import shutil
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.sample import write_sample
from tests.conftest import LOYALTY, clean_environment, share_compiled
from tests.pipeline import person
from tests.sample_shop import marts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("flock") is None, reason="flock, of util-linux, is not there"),
]

# Of a backup without the state: what cannot be made again.
PRECIOUS = ("key", "landing", "erasures", "published")


@dataclass(frozen=True)
class Ran:
    """One run in one place, and what it left.

    Attributes:
        report: Its `--json`.
        marts: The sha256 of every mart's Parquet.
        traces: Where the erased person stood below home afterwards.
    """

    report: dict[str, Any]
    marts: dict[str, str]
    traces: dict[str, list[str]]


@dataclass(frozen=True)
class Story:
    """What was seen.

    Attributes:
        original: The home that went on.
        moved: The whole home, restored under another path on what looks like another machine.
        rebuilt: Restored without its state.
        old_before: Where the person stood in the home restored from a backup older than their erasure.
        shown: What `forget-again --dry-run` said of it.
        again: What `forget-again` said.
        old: That home afterwards.
        twice: What `forget-again` said once more.
        status_after_restore: `status --json` of the whole home, restored, before its first run.
    """

    original: Ran
    moved: Ran
    rebuilt: Ran
    old_before: dict[str, list[str]]
    shown: dict[str, Any]
    again: dict[str, Any]
    old: Ran
    twice: dict[str, Any]
    status_after_restore: dict[str, Any]


class Place:
    """An installation in a folder of its own: home, inbox, config and mapping, all named relative to the folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.home, self.inbox = folder, folder / "home", folder / "inbox"
        self._environment = environment

    def settle(self) -> None:
        self.inbox.mkdir(parents=True)
        (self.folder / "crm.yml").write_text(person.mapping(), encoding="utf-8")
        (self.folder / "shop").mkdir(exist_ok=True)
        (self.folder / "shop" / "inbox").mkdir(exist_ok=True)
        content = {
            "home": "home",
            "currency": "EUR",
            "timezone": "UTC",
            "quarantine": {"min_rows": 1000},  # a shop this small has much of what is planted as bad
            "sources": [{"mapping": "sample", "files": "shop/inbox"}, {"mapping": "crm.yml", "files": "inbox"}],
        }
        (self.folder / "loyalty.yml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def call(self, *arguments: str) -> dict[str, Any]:
        config = self.folder / "loyalty.yml"
        with share_compiled(config) if arguments[0] == "run" else nullcontext():
            done = subprocess.run(
                [str(LOYALTY), *arguments, "--json", "--config", str(config)],
                env=clean_environment(**self._environment),
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        content: dict[str, Any] = json.loads(done.stdout)
        return content

    def run(self) -> Ran:
        report = self.call("run")
        return Ran(report, marts(Path(report["published"])), person.traces(self.home))

    def back_up(self, to: Path, *names: str) -> None:
        """As the docs say: under the run's lock."""
        listed = [f"home/{name}" for name in names if (self.home / name).exists()] or ["home"]
        command = ["flock", self.home / "lock", "tar", "-C", self.folder, "-czf", to, *listed]
        subprocess.run([*map(str, command)], check=True)

    def restore(self, backup: Path, *names: str) -> None:
        subprocess.run(["tar", "-C", str(self.folder), "-xzpf", str(backup), *names], check=True)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("backup")
    first = Place(folder / "first")
    first.settle()
    write_sample(folder / "sample", customers=100, days=60, seed=7)
    names = [path.name for path in (folder / "sample" / "inbox").iterdir()]
    last = date.fromisoformat(max(found[0] for name in names if (found := re.search(r"\d{4}-\d{2}-\d{2}", name))))
    shutil.copytree(folder / "sample" / "inbox", first.folder / "shop" / "inbox", dirs_exist_ok=True)
    early, late = (str(last - timedelta(days=days)) for days in (20, 1))
    person.write(first.inbox, early, person.rows(early), person.bobs_rows(early))

    first.run()
    old, whole, small = folder / "old.tgz", folder / "whole.tgz", folder / "small.tgz"
    first.back_up(old)
    first.call("forget", person.REF, "--yes")
    first.run()
    first.back_up(whole)
    first.back_up(small, *PRECIOUS)
    person.write(first.inbox, late, person.bobs_rows(late))
    original = first.run()

    def arrived(name: str, **environment: str) -> Place:
        """An installation elsewhere, whose inbox has the next file alone."""
        place = Place(folder / name, **environment)
        place.settle()
        person.write(place.inbox, late, person.bobs_rows(late))
        return place

    moved = arrived("eine andere Maschine 数据", HOME=str(folder), TZ="Pacific/Auckland", LANG="C", LC_ALL="C")
    moved.restore(whole)
    status = moved.call("status")
    rebuilt = arrived("rebuilt")
    rebuilt.restore(small)
    behind = arrived("behind")
    behind.restore(old)
    shutil.rmtree(behind.home / "erasures", ignore_errors=True)
    behind.restore(small, "home/erasures")
    old_before = person.traces(behind.home)
    shown = behind.call("forget-again", "--dry-run")
    again = behind.call("forget-again")
    twice = behind.call("forget-again")
    return Story(
        original=original,
        moved=moved.run(),
        rebuilt=rebuilt.run(),
        old_before=old_before,
        shown=shown,
        again=again,
        old=behind.run(),
        twice=twice,
        status_after_restore=status,
    )


def test_a_whole_home_goes_on_under_another_path_where_it_stopped(story: Story) -> None:
    assert story.original.report["build"] == "incremental"
    assert story.moved.report["build"] == "incremental"
    assert story.moved.report["files"]["landed"] == story.original.report["files"]["landed"] > 0
    assert story.moved.marts == story.original.marts


def test_the_status_of_a_restored_home_shows_its_versions_before_any_run(story: Story) -> None:
    versions = story.status_after_restore["versions"]
    assert [version["problem"] for version in versions] == [""] * len(versions)
    assert [version["is_current"] for version in versions].count(True) == 1


def test_a_home_without_its_state_is_built_anew_to_the_same_marts(story: Story) -> None:
    assert story.rebuilt.report["build"] == "full"
    assert story.rebuilt.marts == story.original.marts


def test_who_was_erased_stays_erased_in_a_restored_home(story: Story) -> None:
    assert story.original.traces == story.moved.traces == story.rebuilt.traces == {}


def test_a_backup_older_than_an_erasure_holds_the_person_until_erasures_are_applied_again(story: Story) -> None:
    assert any(name.startswith("landing/") for name in story.old_before)
    assert story.shown["landed"]["customers"]["removed"] > 0
    assert story.again["was_held"]
    assert story.again["by"] == "tombstones"
    assert story.again["landed"] == story.shown["landed"]
    assert story.again["versions"]
    assert story.twice == {"landed": {}}
    left = {name: texts for name, texts in story.old.traces.items() if texts != [person.NAME]}
    assert left == {}


def test_after_that_it_publishes_the_same_marts_too(story: Story) -> None:
    assert story.old.marts == story.original.marts
