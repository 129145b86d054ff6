"""Nothing that goes wrong in a command ends in a traceback on the screen: the file that has it is named instead."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.main import get_command
from typer.testing import CliRunner

from pipelines.cli import console
from pipelines.cli.app import app
from tests.conftest import call, clean_environment

SECRET = "jane@example.com is no number"

# What each command needs besides --config; a command that is not here is called without more.
ARGUMENTS = {
    "backfill": ["--from", "2024-01-01", "--to", "2024-01-02"],
    "init": ["inbox", "--out", "new", "--timezone", "UTC", "--currency", "EUR", "--industry", "retail"],
    "map": ["inbox"],
    "sample": ["--out", "sample"],
    "publish": ["--current", "x"],
    "forget": ["C1", "--dry-run"],
    "export": ["C1"],
    "who": ["k"],
    "explain": ["C1"],
    "identity link": ["A", "B", "--reason", "x"],
    "identity unlink": ["A", "B", "--reason", "x"],
    "identity undo": ["d1"],
    "identity why": ["A", "B"],
    "identity propose": ["--out", "p.csv"],
    "quarantine export": ["--out", "q.csv"],
    "versions delete": ["x"],
    "versions pin": ["x"],
}
WITHOUT_CONFIG = {
    "init": "pipelines.cli.init_sources.files_of",
    "map": "pipelines.cli.draft.files_of",
    "sample": "pipelines.sample.write_sample",
    "quarantine rules": "pipelines.cli.quarantine.catalogue",
}


def commands(group: typer.Typer = app, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every command by its words, with its function."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield f"{prefix}{command.name or command.callback.__name__}", command.callback
    for sub in group.registered_groups:
        assert sub.typer_instance is not None
        yield from commands(sub.typer_instance, f"{prefix}{sub.name} ")


COMMANDS = dict(commands())


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inbox").mkdir()
    path = tmp_path / "loyalty.yml"
    path.write_text("currency: GBP\ntimezone: UTC\nsources:\n  - {mapping: sample, files: inbox}\n")
    return path


def called(name: str, config: Path, *more: str) -> Result:
    with_config = () if name in WITHOUT_CONFIG else ("--config", str(config))
    return CliRunner().invoke(app, [*name.split(), *ARGUMENTS.get(name, ()), *with_config, *more])


def traceback_of(done: Result) -> Path:
    """The file that is named on the screen."""
    assert done.exit_code == 70, (done.output, done.exception)
    assert "This is a bug in Loyalty Marts" in done.stderr
    assert "Traceback" not in done.output
    found = re.search(r"The full traceback is in (\S+):", done.stderr)
    assert found, done.stderr
    return Path(found[1])


def test_there_is_a_command_for_everything_that_the_help_lists() -> None:
    listed = set(get_command(app).commands)  # type: ignore[attr-defined]  # a group, which has them
    assert {name.split()[0] for name in COMMANDS} == listed


@pytest.mark.parametrize("name", COMMANDS)
def test_an_error_that_nobody_foresaw_is_short_and_its_traceback_is_in_a_file_of_the_owners(
    name: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise ValueError(f"{SECRET}\nand more")

    monkeypatch.setattr(WITHOUT_CONFIG.get(name, f"{COMMANDS[name].__module__}.load_settings"), broken)
    path = traceback_of(done := called(name, config))
    assert f"error ValueError: {SECRET}\n" in done.stderr
    text = path.read_text()
    assert text.startswith("Traceback") and "in broken" in text and "and more" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()


def test_the_traceback_lies_with_the_logs_of_the_home(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = config.parent / "home" / "state" / "logs"
    logs.mkdir(parents=True)
    monkeypatch.setattr("pipelines.landing.check_sources", lambda *_: {}["no such key"])
    assert traceback_of(called("check", config)).parent == logs


def test_json_has_the_error_too(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.landing.check_sources", lambda *_: 1 / 0)
    done = called("check", config, "--json")
    assert json.loads(done.stdout)["exit_code"] == 70
    traceback_of(done).unlink()


def test_what_a_command_ends_with_on_purpose_stays_as_it_is(config: Path) -> None:
    @console.reports_errors
    def ends() -> None:
        raise typer.Exit(3)

    with pytest.raises(typer.Exit) as ended:
        ends()
    assert ended.value.exit_code == 3


@pytest.mark.parametrize(
    ("kind", "words"),
    [("folder", "Is a directory"), ("binary", "cannot be read"), ("latin", "cannot be read"), ("nul", "unacceptable")],
)
@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in WITHOUT_CONFIG])
def test_a_config_that_is_none_is_a_bad_config(name: str, kind: str, words: str, config: Path) -> None:
    if kind == "folder":
        config.unlink()
        config.mkdir()
    else:
        config.write_bytes({"binary": os.urandom(99) + b"\xff", "latin": b"a: \xe9", "nul": b"a: \0"}[kind])
    done = called(name, config)
    assert done.exit_code == 2, done.output
    assert words in done.stderr and str(config) in done.stderr


@pytest.mark.parametrize(
    "line", ["home: ~nobody-of-that-name/home", "home: {a: 1}", "home: 7", "home: loyalty.yml/home"]
)
def test_a_home_that_cannot_be_is_said_to_be_the_configs(line: str, config: Path) -> None:
    config.write_text(f"{config.read_text()}{line}\n")
    for name in ("run", "backfill", "forget", "check", "status"):
        more = ["C1", "--yes"] if name == "forget" else ARGUMENTS.get(name, [])
        done = CliRunner().invoke(app, [name, *more, "--config", str(config)])
        assert done.exit_code != 70 and "Traceback" not in done.output, (name, done.output)
        assert done.exit_code in (2, 5) or name in ("check", "status"), (name, done.output)


def test_the_home_of_a_user_that_is_not_there_is_refused(config: Path) -> None:
    done = CliRunner().invoke(app, ["status", "--config", str(config), "--home", "~nobody-of-that-name/home"])
    assert (done.exit_code, "there is no such user" in done.stderr) == (2, True)


def test_a_home_on_a_disk_that_cannot_be_written_is_said_so(config: Path, tmp_path: Path) -> None:
    home = tmp_path / "read_only"
    home.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(home)]
    if os.geteuid() != 0:
        home.chmod(0o500)
    elif subprocess.run(options, capture_output=True, check=False).returncode:
        pytest.skip("a read-only disk cannot be mounted here")
    rates = "day,currency,eur_per_unit,published\n2024-01-01,USD,0.9,2024-01-01T15:00:00Z\n"
    (tmp_path / "inbox" / "fx_rates_2024-01-01.csv").write_text(rates)
    try:
        for name in ("run", "forget", "dev"):
            more = ["C1", "--yes"] if name == "forget" else []
            done = CliRunner().invoke(app, [name, *more, "--config", str(config), "--home", str(home)])
            assert done.exit_code == 2, (name, done.output, done.exception)
            assert re.search("Read-only file system|Permission denied", done.stderr), (name, done.stderr)
            assert str(home) in done.stderr
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", "--lazy", str(home)], check=True)


def test_a_sample_has_to_have_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["sample", "--out", str(tmp_path / "file"), "--customers", "100", "--days", "60"])
    assert done.exit_code == 2, done.output
    assert str(tmp_path / "file") in done.stderr


def test_a_terminal_without_a_sign_shows_its_number(config: Path) -> None:
    odd = config.parent / "inbox" / "bestellungen_café_🍵.csv"
    odd.write_text("x\n")
    done = call("check", "--config", config, PYTHONIOENCODING="ascii")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr and "caf\\xe9" in done.stdout + done.stderr


def in_python(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], env=clean_environment(), capture_output=True, text=True, check=False
    )


def test_the_command_itself_says_no_traceback_either(config: Path) -> None:
    code = (
        "import sys, pipelines.landing as landing\n"
        "def broken(*_): raise KeyError('jane')\n"
        "landing.check_sources = broken\n"
        "from pipelines.cli.app import main\n"
        f"sys.argv = ['loyalty', 'check', '--config', {str(config)!r}]\n"
        "main()\n"
    )
    done = in_python(code)
    assert done.returncode == 70
    assert done.stderr.startswith("error KeyError: 'jane'\n")
    assert "Traceback" not in done.stderr + done.stdout


def test_a_thread_that_is_left_behind_does_not_make_the_end_look_like_a_crash(config: Path) -> None:
    code = (
        "import atexit, sys, threading, time, duckdb\n"
        "from pipelines.cli.app import main\n"
        "def hold(connection): time.sleep(60)\n"
        "threading.Thread(target=hold, args=[duckdb.connect()], daemon=True).start()\n"
        "def check(*_):\n"
        "    atexit.register(print, 'tidied up')\n"
        "    raise KeyError('jane')\n"
        "import pipelines.landing\n"
        "pipelines.landing.check_sources = check\n"
        f"sys.argv = ['loyalty', 'check', '--config', {str(config)!r}]\n"
        "main()\n"
    )
    done = in_python(code)
    assert (done.returncode, done.stdout) == (70, "tidied up\n")
    assert done.stderr.startswith("error KeyError: 'jane'\n")
    assert "nanobind" not in done.stderr
