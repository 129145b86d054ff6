"""`loyalty run --dry-run`: what a run would do, before a first run and after one, without a trace of having asked."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.landing import SourceFiles, land, landed_batches, load_mapping
from pipelines.orchestration.build_state import (
    BuildStatus,
    BuiltState,
    EventDays,
    StagedState,
    WarehouseState,
    write_state,
)
from pipelines.orchestration.code import core_fingerprint, staging_fingerprint
from pipelines.pseudonyms import key_fingerprint
from pipelines.secret_key import load_key
from pipelines.settings import Settings, load_settings

MAPPING: dict[str, Any] = {
    "source": "shop",
    "files": [
        {
            "match": "orders*.csv",
            "entities": {"orders": {"columns": {"order_id": "id", "ordered_at": "day", "total": "total"}}},
        }
    ],
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "orders-1.csv").write_text("id,day,total\n1,2024-05-01,10\n")
    (tmp_path / "mapping.yml").write_text(yaml.safe_dump(MAPPING))
    path = tmp_path / "loyalty.yml"
    path.write_text("as_of: 2024-05-03\nsources: [{mapping: mapping.yml, files: in}]\n")
    return path


def asked(config: Path, *options: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["run", "--dry-run", "--json", "--config", str(config), *options])
    assert done.exit_code == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def built(settings: Settings, as_of: date, events: EventDays) -> None:
    """A home whose tables are of a day and hold what has landed."""
    key = load_key(settings.paths.key, settings.key_text)
    fingerprint = core_fingerprint(settings, key_fingerprint(key))
    batches = landed_batches(settings.home)
    state = WarehouseState(
        staged=StagedState(fingerprint=staging_fingerprint(settings), batches=batches, events=events),
        built=BuiltState(
            as_of=as_of, fingerprint=fingerprint, batches=batches, status=BuildStatus.COMPLETE, run_id="r"
        ),
    )
    write_state(settings.paths.build_state, state)


def test_before_the_first_run_everything_would_be_built_and_nothing_is_made(config: Path) -> None:
    found = asked(config)
    assert found["new_files"] == {"shop": 1}
    assert found["staging"] == "built anew: nothing was staged before"
    assert (found["as_of"], found["kind"], found["problem"]) == ("2024-05-03", "full", "")
    assert not (config.parent / "home").exists()


def test_a_latest_day_is_left_to_the_files_that_decide_it(config: Path) -> None:
    assert asked(config, "--as-of", "latest")["as_of"] is None
    shown = CliRunner().invoke(app, ["run", "--dry-run", "--as-of", "latest", "--config", str(config)])
    assert "as-of day: decided by the new files" in shown.stdout
    assert "new files: 1 of shop" in shown.stdout


def test_after_a_run_it_says_how_the_day_would_be_built_and_why(config: Path) -> None:
    (config.parent / "in" / "orders-1.csv").unlink()
    built(load_settings(config), date(2024, 5, 2), EventDays(first_on=date(2024, 4, 1), last_on=date(2024, 5, 2)))
    found = asked(config)
    assert (found["new_files"], found["staging"]) == ({}, "0 new files are added")
    assert (found["kind"], found["reason"]) == ("incremental", "extends 2024-05-02")
    assert asked(config, "--full-refresh")["reason"] == "asked for"
    assert asked(config, "--as-of", "2024-05-01")["kind"] == "backfill"


def test_it_says_what_would_be_refused(config: Path) -> None:
    (config.parent / "in" / "orders-1.csv").unlink()
    built(load_settings(config), date(2024, 4, 2), EventDays(first_on=date(2024, 4, 1), last_on=date(2024, 4, 2)))
    assert "the data ends on 2024-04-02, 31 days before 2024-05-03" in asked(config)["problem"]
    assert asked(config, "--force")["problem"] == ""
    assert "2024-03-31 is before 2024-04-01" in asked(config, "--as-of", "2024-03-31")["problem"]
    assert "lies in the future" in asked(config, "--as-of", "2999-01-01")["problem"]


def test_a_changed_mapping_replaces_batches_and_so_builds_anew(config: Path) -> None:
    settings = load_settings(config)
    sources = [SourceFiles(load_mapping(one.mapping), one.files) for one in settings.sources]
    land(settings.home, sources, today=date(2024, 5, 3))
    built(settings, date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    found = asked(config)
    assert (found["new_files"], found["files_again"], found["kind"]) == ({"shop": 0}, {}, "incremental")
    for change in ({"nulls": ["10"]}, {"delivery": "full"}):
        group = {**MAPPING["files"][0], **change}
        (config.parent / "mapping.yml").write_text(yaml.safe_dump({**MAPPING, "files": [group]}))
        found = asked(config)
        assert (found["files_again"], found["kind"]) == ({"shop": 1}, "full")
        assert found["staging"] == "built anew: the mapping has changed for 1 landed files"
    shown = CliRunner().invoke(app, ["run", "--dry-run", "--config", str(config)])
    assert "landed files to update after a change of the mapping: 1 of shop" in shown.stdout
