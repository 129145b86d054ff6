"""How `loyalty` ends where it cannot go on: words, what to do, the documented code, and never a traceback."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.base import errors
from pipelines.base.durable import write_text_durably
from pipelines.base.unexpected import explanation
from pipelines.cli.app import app
from tests.conftest import call


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    path = tmp_path / "loyalty.yml"
    path.write_text("currency: GBP\ntimezone: UTC\nsources: [{mapping: sample, files: inbox}]\n")
    return path


def test_a_bad_config_ends_with_2_and_its_line_before_anything_is_made(config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text() + "colour: red\n")
    done = call("run", "--config", config)
    assert done.returncode == 2
    assert f"{config}:4: colour: unknown key" in done.stderr
    assert "to do" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "home").exists()


def test_json_says_the_error_on_standard_output(config: Path) -> None:
    config.write_text("timezone: Nowhere\n")
    done = call("run", "--config", config, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (2, 2)
    assert "is not a time zone" in told["error"]


@pytest.mark.parametrize("day", ["tomorrow", "2024-02-30", "01.02.2024"])
def test_a_bad_day_is_refused(config: Path, day: str) -> None:
    done = CliRunner().invoke(app, ["run", "--config", str(config), "--as-of", day])
    assert done.exit_code == 2
    assert "--as-of" in done.stderr


def test_a_day_in_the_future_is_refused(config: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", "--config", str(config), "--as-of", "2999-01-01"])
    assert done.exit_code == 2
    assert "is in the future" in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_file_that_no_mapping_takes_ends_the_check_with_3(config: Path) -> None:
    (config.parent / "inbox" / "unknown.csv").write_text("a,b\n1,2\n")
    done = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert done.exit_code == 3
    assert "unknown.csv" in done.stderr
    as_json = CliRunner().invoke(app, ["check", "--config", str(config), "--json"])
    assert as_json.exit_code == 3
    assert "unknown.csv" in json.loads(as_json.stdout)["problems"][0]


def test_a_check_that_finds_nothing_wrong_makes_nothing(config: Path) -> None:
    rates = "day,currency,eur_per_unit,published\n2024-01-01,USD,0.9,2024-01-01T15:00:00Z\n"
    (config.parent / "inbox" / "fx_rates_2024-01-01.csv").write_text(rates)
    before = sorted(config.parent.rglob("*"))
    done = CliRunner().invoke(app, ["check", "--config", str(config), "--json"])
    assert done.exit_code == 0, done.stdout
    told = json.loads(done.stdout)
    assert (told["sources"][0]["files"], told["problems"]) == (1, [])
    assert sorted(config.parent.rglob("*")) == before


# What each command ends with in a new home without its inbox.
WITHOUT_INBOX = {
    "run": 2,
    "run --dry-run": 2,
    "check": 2,
    "path": 6,
    "versions": 0,
    "publish --current 2024-01-01_x": 6,
    "status": 0,
    "quarantine list": 5,
    "forget C1 --dry-run": 8,
    "export C1": 8,
    "notify": 0,
}


@pytest.mark.parametrize("words", WITHOUT_INBOX)
def test_a_missing_inbox_stops_only_what_reads_files(config: Path, words: str) -> None:
    (inbox := config.parent / "inbox").rmdir()
    done = CliRunner().invoke(app, [*words.split(), "--config", str(config)])
    assert done.exit_code == WITHOUT_INBOX[words], done.output
    said = f"{config}:3: sources.0.files: there is no folder {inbox}"
    assert (said in done.stderr) == (words in ("run", "run --dry-run", "check", "status"))
    assert words != "check" or not (config.parent / "home").exists()


def test_the_status_in_json_has_the_missing_inbox_among_its_problems(config: Path) -> None:
    (config.parent / "inbox").rmdir()
    done = CliRunner().invoke(app, ["status", "--json", "--config", str(config)])
    assert done.exit_code == 0
    assert "there is no folder" in json.loads(done.stdout)["problems"][0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("quarantine show --limit -3", "'--limit': must be at least 1, but is `-3`"),
        ("quarantine show --limit x", "'--limit': must be a whole number, but is `x`"),
        ("sample --out x --customers 0", "'--customers': must be at least 1, but is `0`"),
        ("sample --out x --dirty much", "'--dirty': must be a number, but is `much`"),
        ("dev --port 99999999", "'--port': must be at most 65535, but is `99999999`"),
        ("forget nobody --by nonsense", "'--by': 'nonsense' is not one of 'ref', 'email', 'phone'."),
    ],
)
def test_an_option_that_cannot_be_used_is_said_in_our_words(words: str, says: str) -> None:
    done = CliRunner().invoke(app, words.split(), env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert f"Invalid value for {says}" in " ".join(done.stderr.split())
    assert "Input should" not in done.output and "Value error" not in done.output


@pytest.mark.parametrize("place", ["folder", "file/x.json"])
def test_a_file_that_cannot_be_written_is_named_as_the_user_named_it(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as caught:
        write_text_durably(tmp_path / place, "x")
    error = explanation(caught.value, tmp_path)
    assert error is not None and error.exit_code == 2
    assert error.message.startswith(f"{tmp_path / place.partition('/')[0]}: ")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_where_nothing_is_published_there_is_no_path(config: Path) -> None:
    done = CliRunner().invoke(app, ["path", "--config", str(config)])
    assert done.exit_code == 6
    assert "nothing is published" in done.stderr


def test_before_the_first_run_there_is_nothing_quarantined_to_show(config: Path) -> None:
    assert CliRunner().invoke(app, ["quarantine", "show", "--config", str(config)]).exit_code == 5
    status = CliRunner().invoke(app, ["status", "--config", str(config)])
    assert status.exit_code == 0
    assert "no run yet" in status.stdout


def test_every_kind_of_error_has_a_code_of_its_own_and_the_help_names_it() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.LoyaltyError)]
    codes = [kind.exit_code for kind in kinds]
    assert sorted(codes) == [*range(1, 13), 70]
    said = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    assert all(f" {code} " in said for code in codes)
