"""Erasing again from tombstones alone: after landed files came back that are older than an erasure."""

import json
import shutil
from pathlib import Path

import pytest

from pipelines.base.durable import PRIVATE, umask
from pipelines.config.settings import Settings
from pipelines.privacy import erase, plan_erasures_again
from tests.conftest import call
from tests.pipeline import person
from tests.pipeline.test_forget_landed import DAY, UNREADABLE, arrive, everything, forget, landed


@pytest.fixture(scope="module")
def once_landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("again")
    settings = person.settings(folder)
    person.write(folder / "inbox", DAY, person.rows(DAY), person.bobs_rows(DAY), unreadable=UNREADABLE)
    arrive(settings)
    shutil.copytree(folder / "home" / "landing", folder / "old")
    forget(settings, person.REF)
    return folder


@pytest.fixture
def restored(once_landed: Path, tmp_path: Path) -> Settings:
    """The home with the landed files of before the erasure, and its tombstones of after it."""
    for name in ("home", "inbox"):
        shutil.copytree(once_landed / name, tmp_path / name)
    shutil.rmtree(tmp_path / "home" / "landing")
    shutil.copytree(once_landed / "old", tmp_path / "home" / "landing")
    return person.settings(tmp_path)


def test_old_landed_files_lose_everybody_who_has_a_tombstone(restored: Settings, once_landed: Path) -> None:
    assert person.traces(restored.home)
    plan = plan_erasures_again(restored)
    assert plan is not None
    with umask(PRIVATE) as users:
        certificate = erase(restored, plan, users)
    # what no tombstone holds: her name where others wrote it
    assert {text for texts in person.traces(restored.home).values() for text in texts} <= {person.NAME}
    assert certificate.landed["customers"]["removed"] > 0
    assert not [text for text in person.STRINGS if text.lower() in certificate.model_dump_json().lower()]
    erased_at_once = person.settings(once_landed)
    named = "order_id <> 'A3'"  # its amount is her name
    assert landed(restored, "orders", where=named) == landed(erased_at_once, "orders", where=named)
    assert landed(restored, "customers") == landed(erased_at_once, "customers")


def test_others_keep_every_row(restored: Settings) -> None:
    before = everything(restored, where=f"customer_ref = '{person.BOB}'")
    assert before["orders"]
    plan = plan_erasures_again(restored)
    assert plan is not None
    with umask(PRIVATE) as users:
        erase(restored, plan, users)
    after = everything(restored, where=f"customer_ref = '{person.BOB}'")
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}


def test_the_command_says_what_it_would_do_does_it_and_finds_nothing_more(restored: Settings) -> None:
    config = restored.config_path
    assert config is not None
    before = person.traces(restored.home)
    shown = call("forget-again", "--dry-run", "--json", "--config", config)
    assert json.loads(shown.stdout)["landed"]["customers"]["removed"] > 0
    assert person.traces(restored.home) == before
    done = call("forget-again", "--config", config)
    assert done.returncode == 0, done.stderr
    assert "certificate" in done.stdout
    assert not [text for text in person.STRINGS if text in done.stdout + done.stderr]
    again = call("forget-again", "--config", config)
    assert (again.returncode, again.stdout.count("\n")) == (0, 1)


def test_where_nobody_was_erased_it_says_so(tmp_path: Path) -> None:
    settings = person.settings(tmp_path)
    assert plan_erasures_again(settings) is None
    done = call("forget-again", "--config", settings.config_path or "")
    assert done.returncode == 0, done.stderr
    assert "tombstone" in done.stdout
