"""`loyalty run --dry-run`: what a run would do, before a first run and after one, without a trace of having asked."""

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings, load_settings
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing import SourceFiles, delivery_ages, land, landed_batches, load_mapping
from pipelines.runs.build_state import BuildStatus, BuiltState, EventDays, StagedState, WarehouseState, write_state
from pipelines.runs.code import core_code, staging_code
from tests.unit.small_manifest import use_small_manifest

MAPPING: dict[str, Any] = {
    "source": "shop",
    "files": [
        {
            "match": "orders*.csv",
            "entities": {"orders": {"columns": {"order_id": "id", "ordered_at": "day", "total": "total"}}},
        }
    ],
}


@pytest.fixture(autouse=True)
def small_project(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_manifest(monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "orders-1.csv").write_text("id,day,total\n1,2024-05-01,10\n")
    (tmp_path / "mapping.yml").write_text(yaml.safe_dump(MAPPING))
    path = tmp_path / "loyalty.yml"
    path.write_text("as_of: 2024-05-03\ncurrency: GBP\ntimezone: UTC\nsources: [{mapping: mapping.yml, files: in}]\n")
    return path


def called(config: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["run", "--dry-run", "--config", str(config), *options])


def asked(config: Path, *options: str) -> dict[str, Any]:
    done = called(config, "--json", *options)
    content: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == content["exit_code"], done.stderr
    return content


def landed(config: Path) -> Settings:
    """A home in which the files of the inbox have landed."""
    settings = load_settings(config)
    sources = [SourceFiles(load_mapping(one.mapping), one.files) for one in settings.sources]
    land(settings.home, sources, today=date(2024, 5, 3))
    return settings


def built(settings: Settings, as_of: date, events: EventDays) -> None:
    """A home whose tables are of a day and hold what has landed."""
    settings.paths.state.mkdir(parents=True, exist_ok=True)
    duckdb.connect(str(settings.paths.warehouse)).close()
    key = load_key(settings.paths.key, settings.key_text)
    fingerprint = core_code(settings, key_fingerprint(key)).fingerprint
    batches = landed_batches(settings.home)
    ages = {batch: age for batch, age in delivery_ages(settings.home).items() if age}
    state = WarehouseState(
        staged=StagedState(fingerprint=staging_code(settings).fingerprint, batches=batches, ages=ages, events=events),
        built=BuiltState(
            as_of=as_of, fingerprint=fingerprint, batches=batches, ages=ages, status=BuildStatus.COMPLETE, run_id="r"
        ),
    )
    write_state(settings.paths.build_state, state)


def test_before_the_first_run_everything_would_be_built_and_nothing_is_made(config: Path) -> None:
    found = asked(config)
    assert found["new_files"] == {"shop": 1}
    assert found["staging"].endswith("nothing was staged before")
    assert (found["as_of"], found["kind"], found["problem"]) == ("2024-05-03", "full", "")
    assert not (config.parent / "home").exists()


def test_a_latest_day_is_left_to_the_files_that_decide_it(config: Path) -> None:
    assert asked(config, "--as-of", "latest")["as_of"] is None
    shown = called(config, "--as-of", "latest")
    assert "as-of day: known only after the new files are staged" in shown.stdout
    assert "new files: 1 of shop" in shown.stdout


def test_after_a_run_it_says_how_the_day_would_be_built_and_why(config: Path) -> None:
    built(landed(config), date(2024, 5, 2), EventDays(first_on=date(2024, 4, 1), last_on=date(2024, 5, 2)))
    (config.parent / "in" / "orders-1.csv").unlink()
    found = asked(config)
    assert (found["new_files"], found["staging"]) == ({}, "nothing is added")
    assert (found["kind"], found["reason"]) == ("incremental", "extends 2024-05-02")
    assert "full refresh" in asked(config, "--full-refresh")["reason"]
    assert asked(config, "--as-of", "2024-05-01")["kind"] == "backfill"


def test_it_says_what_would_be_refused(config: Path) -> None:
    built(landed(config), date(2024, 4, 2), EventDays(first_on=date(2024, 4, 1), last_on=date(2024, 4, 2)))
    found = asked(config)
    assert "the data ends on 2024-04-02, 31 days before 2024-05-03" in found["problem"]
    assert (found["exit_code"], found["kind"], found["reason"]) == (5, "none", "")
    assert (forced := asked(config, "--force"))["problem"] == ""
    assert forced["kind"] == "incremental"
    assert "2024-03-31 is before 2024-04-01" in asked(config, "--as-of", "2024-03-31")["problem"]
    shown = called(config, "--as-of", "2024-03-31")
    assert (shown.exit_code, "build:" in shown.stdout) == (5, False)


def test_a_day_in_the_future_is_refused_and_nothing_else_is_said(config: Path) -> None:
    done = called(config, "--as-of", "2999-01-01")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "2999-01-01 is in the future" in done.stderr


@pytest.mark.parametrize("change", ["touched", "copied", "no record of what was read"])
def test_files_are_known_by_their_content(config: Path, change: str) -> None:
    settings = landed(config)
    built(settings, date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    if change == "touched":
        os.utime(config.parent / "in" / "orders-1.csv", (1_000_000_000, 1_000_000_000))
    elif change == "copied":
        shutil.copytree(config.parent, config.parent / "copy", copy_function=shutil.copy)
        config = config.parent / "copy" / config.name
    else:
        settings.paths.inbox_seen.unlink()
    found = asked(config)
    assert (found["new_files"], found["staging"], found["kind"]) == ({"shop": 0}, "nothing is added", "incremental")
    assert "is before 2024-05-01" in asked(config, "--as-of", "1997-01-01")["problem"]


def test_what_has_landed_under_another_name_is_not_new_and_two_of_the_same_are_one(config: Path) -> None:
    landed(config)
    inbox = config.parent / "in"
    shutil.copyfile(inbox / "orders-1.csv", inbox / "orders-2.csv")
    for name in ("orders-3.csv", "orders-4.csv"):
        (inbox / name).write_text("id,day,total\n3,2024-05-02,10\n")
    assert asked(config)["new_files"] == {"shop": 1}


def test_a_file_that_comes_back_to_an_earlier_content_is_said(config: Path) -> None:
    file = config.parent / "in" / "orders-1.csv"
    earlier = file.read_text()
    landed(config)
    file.write_text(earlier.replace("10", "11"))
    built(landed(config), date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    file.write_text(earlier)
    found = asked(config)
    assert (found["new_files"], found["kind"]) == ({"shop": 0}, "incremental")
    assert found["staging"] == "an earlier delivery of a file counts again"


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("strange.txt", "hello\n", "no entry under `files` of the mapping matches it"),
        ("orders-2.csv", "id,total\n2,5\n", "day"),
    ],
)
def test_a_file_that_would_be_refused_refuses_the_run(config: Path, name: str, text: str, why: str) -> None:
    built(landed(config), date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    (config.parent / "in" / name).write_text(text)
    found = asked(config)
    assert (found["exit_code"], found["new_files"], found["kind"], found["staging"]) == (3, {"shop": 0}, "none", "")
    assert f"shop: {name}: " in found["problem"]
    assert why in found["problem"]
    shown = called(config).stdout.splitlines()
    assert shown[0] == "new files: none"
    assert "1 file was refused" in shown[1]


def test_an_inbox_without_a_file_before_the_first_run_ends_as_the_run_does(config: Path) -> None:
    (config.parent / "in" / "orders-1.csv").unlink()
    done = called(config)
    assert (done.exit_code, "nothing has landed yet" in done.stderr) == (3, True)


def test_originals_are_looked_at(config: Path) -> None:
    built(landed(config), date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    originals = config.parent / "originals"
    originals.mkdir()
    (config.parent / "in" / "orders-1.csv").rename(originals / "any-name.csv")
    group = {**MAPPING["files"][0], "nulls": ["10"]}
    (config.parent / "mapping.yml").write_text(yaml.safe_dump({**MAPPING, "files": [group]}))
    assert (found := asked(config))["files_again"] == {}
    assert found["kind"] == "incremental"
    found = asked(config, "--originals", str(originals))
    assert (found["files_again"], found["kind"]) == ({"shop": 1}, "full")
    assert "the mapping has changed for 1 " in found["staging"]


def test_a_ledger_that_is_gone_lands_the_same_batches_again(config: Path) -> None:
    settings = landed(config)
    built(settings, date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    shutil.rmtree(settings.paths.landing / "ledger")
    found = asked(config)
    assert (found["new_files"], found["staging"], found["kind"]) == ({"shop": 1}, "nothing is added", "incremental")


def test_a_warehouse_that_cannot_be_read_ends_the_dry_run_as_it_ends_the_run(config: Path) -> None:
    settings = landed(config)
    built(settings, date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    os.truncate(settings.paths.warehouse, 5000)
    done = called(config)
    assert (done.exit_code, done.stdout) == (5, "")
    assert "cannot be read" in done.stderr


def test_a_warehouse_that_is_gone_is_built_anew(config: Path) -> None:
    settings = landed(config)
    built(settings, date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    settings.paths.warehouse.unlink()
    found = asked(config)
    assert (found["new_files"], found["kind"]) == ({"shop": 0}, "full")
    assert (found["kind"], found["reason"]) == ("full", "nothing was built before")
    assert "as-of day: known only after the landed files are staged" in called(config, "--as-of", "latest").stdout


def test_a_warehouse_that_another_process_holds_ends_the_dry_run(config: Path) -> None:
    settings = landed(config)
    built(settings, date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    holding = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holding, str(settings.paths.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        done = called(config)
        other.communicate()
    assert (done.exit_code, done.stdout) == (7, "")
    assert f"in use by process {other.pid}" in done.stderr


def test_a_changed_mapping_replaces_batches_and_so_builds_anew(config: Path) -> None:
    built(landed(config), date(2024, 5, 2), EventDays(first_on=date(2024, 5, 1), last_on=date(2024, 5, 2)))
    found = asked(config)
    assert (found["new_files"], found["files_again"], found["kind"]) == ({"shop": 0}, {}, "incremental")
    for change in ({"nulls": ["10"]}, {"delivery": "full"}):
        group = {**MAPPING["files"][0], **change}
        (config.parent / "mapping.yml").write_text(yaml.safe_dump({**MAPPING, "files": [group]}))
        found = asked(config)
        assert (found["files_again"], found["kind"]) == ({"shop": 1}, "full")
        assert "the mapping has changed for 1 " in found["staging"]
    shown = called(config)
    assert "landed files to update after a change of the mapping or of look-ups: 1 of shop" in shown.stdout
