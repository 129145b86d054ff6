"""A home whose path is full of signs that mean something to some program: every command works in it and in no other.

Beside it lie homes that the path would match if it were a pattern. The runs happen once, in order, in the fixture; each
test looks at one promise.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LOYALTY, SampleHome, call, clean_environment
from tests.sample_shop import Ran, Shop, files_by_day, marts

pytestmark = pytest.mark.slow

NAME = 'it\'s {a} [b]*{c,d} #1 50%20 "e"'
MATCHING = ['it\'s {a} bX{c,d} #1 50%20 "e"', 'it\'s {a} [b]Y{c,d} #1 50%20 "e"', 'it\'s {a} [b]*{c,d} #1 50  "e"']


@dataclass(frozen=True)
class Home:
    """What was done in the home.

    Attributes:
        shop: Whose home it is.
        first: The first run, without the last days' files.
        last: A run with them all.
        looks: What each command that only looks printed.
        exported: What `loyalty export` wrote.
        forgotten: What `loyalty forget --json` printed.
        rolled_back: What `loyalty publish --json` printed.
        resumed: The backfill of a day, called a second time.
        beside_before: What lay in the homes beside it at first.
        beside_after: What lay there at last.
    """

    shop: Shop
    first: Ran
    last: Ran
    looks: dict[str, str]
    exported: dict[str, Any]
    forgotten: dict[str, Any]
    rolled_back: dict[str, Any]
    resumed: dict[str, Any]
    beside_before: set[Path]
    beside_after: set[Path]


def well(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, f"{done.args}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def beside(folder: Path) -> set[Path]:
    return {path for path in folder.parent.rglob("*") if not path.is_relative_to(folder)}


@pytest.fixture(scope="module")
def home(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("any")
    for name in MATCHING:
        # what a pattern would read too: the same batches, once more
        shutil.copytree(sample_home.home / "landing", root / name / "home" / "landing")
        shutil.copytree(sample_home.home / "exchange", root / name / "home" / "exchange")
    shop = Shop(sample_home, root / NAME)
    before = beside(shop.folder)
    early, *days = files_by_day(sample_home)
    of_home = ("--config", shop.config, "--home", shop.home)
    shop.receive(early)
    first = shop.run()
    shop.receive(file for day in days for file in day)
    last = shop.run()
    asked = json.loads(well(call("quarantine", "show", "--json", "--limit", "1", *of_home)))
    looks = {
        "check": well(call("check", "--json", *of_home)),
        "status": well(call("status", "--json", *of_home)),
        "quarantine list": well(call("quarantine", "list", "--json", *of_home)),
        "quarantine export": well(call("quarantine", "export", "--out", shop.folder / "q.csv", *of_home)),
        "path": well(call("path", *of_home)),
        "definitions": well(
            subprocess.run(
                [LOYALTY.with_name("dagster"), "definitions", "validate", "-w", "workspace.yaml"],
                cwd=Path(__file__).parents[2],
                env=clean_environment(LOYALTY_CONFIG=str(shop.config), LOYALTY_HOME=str(shop.home)),
                capture_output=True,
                text=True,
                check=False,
            )
        ),
    }
    assert asked
    day = first.report["as_of"]
    backfill = ("backfill", "--from", day, "--to", day, "--json", *of_home)
    well(call(*backfill))
    resumed = json.loads(well(call(*backfill)))
    well(call("export", "C0000017", "--source", "sample", "--out", shop.folder / "held.json", *of_home))
    exported = json.loads((shop.folder / "held.json").read_text())
    well(call("forget", "C0000017", "--source", "sample", "--dry-run", *of_home))
    forgotten = json.loads(well(call("forget", "C0000017", "--source", "sample", "--yes", "--json", *of_home)))
    versions = json.loads(well(call("status", "--json", *of_home)))["versions"]
    rolled_back = json.loads(well(call("publish", "--current", versions[-1]["id"], "--json", *of_home)))
    return Home(shop, first, last, looks, exported, forgotten, rolled_back, resumed, before, beside(shop.folder))


def test_the_marts_are_those_of_a_home_with_a_plain_name(home: Home, sample_home: SampleHome) -> None:
    assert home.first.report["build"] == "full"
    assert home.last.report["build"] == "incremental"
    assert home.last.marts == marts((sample_home.published / "current").resolve())


def test_every_command_that_looks_shows_this_home(home: Home) -> None:
    status = json.loads(home.looks["status"])
    assert status["last_run"]["run_id"] == home.last.report["run_id"]
    assert status["freshness"]["is_fresh"] is True
    listed = json.loads(home.looks["quarantine list"])
    shown = status["quarantine"]  # the rules with most open rows, in fewer words
    assert shown == [{name: one[name] for name in shown[0]} for one in listed][: len(shown)] != []
    assert json.loads(home.looks["check"])["home"] == str(home.shop.home)
    assert (home.shop.folder / "q.csv").read_text().count("\n") > 1
    assert Path(home.looks["path"].strip()).is_relative_to(home.shop.home.resolve())


def test_a_day_that_was_built_is_recognised(home: Home) -> None:
    assert [day["status"] for day in home.resumed["days"]] == ["unchanged"]


def test_a_person_is_found_once_in_every_place_and_forgotten(home: Home) -> None:
    held = home.exported["held"]
    assert {name.partition(".")[0] for name in held} >= {"landed", "staging", "marts", "published"}
    for name, rows in held.items():
        assert len({json.dumps(row, sort_keys=True) for row in rows}) == len(rows), name
    assert home.forgotten["was_held"]
    assert "state/warehouse.duckdb" in home.forgotten["state"]


def test_an_older_version_can_be_made_current(home: Home) -> None:
    assert Path(home.rolled_back["path"]) == home.shop.current()


def test_nothing_is_read_or_written_beside_the_home(home: Home) -> None:
    assert home.beside_after == home.beside_before
