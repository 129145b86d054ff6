"""The compiled project is kept below a home; whatever is broken there, it is compiled anew and kept again."""

import json
from pathlib import Path

import pytest

from pipelines.base.errors import BuildError
from pipelines.config.settings import Settings
from pipelines.runs import dbt_manifest
from pipelines.runs.dbt_manifest import PARSED, load_manifest, parse_ahead, parse_cache
from pipelines.runs.dbt_process import DbtProcess

CONTENT = {"nodes": {}}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home in which compiling takes no time; each is a line of compiled.txt."""
    settings = Settings.unconfigured().model_copy(update={"home": tmp_path / "home"})

    def compiled(_settings: Settings, _project: Path, target: Path, *_: object) -> None:
        target.mkdir(parents=True, exist_ok=True)
        (target / "manifest.json").write_text(json.dumps(CONTENT))
        with (tmp_path / "compiled.txt").open("a") as lines:
            lines.write("once\n")

    monkeypatch.setattr(dbt_manifest, "_compile", compiled)
    return settings


def times_compiled(settings: Settings) -> int:
    return len((settings.home.parent / "compiled.txt").read_text().splitlines())


def test_it_is_compiled_once(settings: Settings) -> None:
    assert load_manifest(settings) == load_manifest(settings) == CONTENT
    assert times_compiled(settings) == 1


@pytest.mark.parametrize("file", ["manifest.json", "fingerprint"])
@pytest.mark.parametrize("content", [b"\xff\xfe\0{", b"", b"{", None], ids=["garbage", "empty", "cut off", "missing"])
def test_what_is_broken_is_compiled_anew(settings: Settings, file: str, content: bytes | None) -> None:
    load_manifest(settings)
    broken = parse_cache(settings) / file
    if content is None:
        broken.unlink()
    else:
        broken.write_bytes(content)
    assert load_manifest(settings) == load_manifest(settings) == CONTENT
    assert times_compiled(settings) == 2


def test_another_zone_or_another_file_of_the_project_is_compiled_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_manifest(settings)
    load_manifest(settings.model_copy(update={"timezone": "Asia/Shanghai"}))
    assert times_compiled(settings) == 2
    monkeypatch.setattr(dbt_manifest, "dbt_files", lambda _: [])
    load_manifest(settings)
    assert times_compiled(settings) == 3


def test_a_project_that_cannot_be_compiled_keeps_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise BuildError("dbt cannot compile it", hint="")

    monkeypatch.setattr(dbt_manifest, "_compile", refuse)
    with pytest.raises(BuildError, match="cannot compile"):
        load_manifest(settings)
    assert not (parse_cache(settings) / "fingerprint").exists()


def test_a_compilation_that_was_killed_is_not_taken_for_the_one_before_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed after dbt had written the manifest of other settings, and the user goes back to the old ones."""
    load_manifest(settings)
    compiled = dbt_manifest._compile

    def killed(_settings: Settings, _project: Path, target: Path, *_: object) -> None:
        (target / "manifest.json").write_text(json.dumps({"nodes": {"of other settings": {}}}))
        raise KeyboardInterrupt

    monkeypatch.setattr(dbt_manifest, "_compile", killed)
    with pytest.raises(KeyboardInterrupt):
        load_manifest(settings.model_copy(update={"timezone": "Asia/Shanghai"}))
    monkeypatch.setattr(dbt_manifest, "_compile", compiled)
    assert load_manifest(settings) == CONTENT


def test_what_is_not_kept_is_compiled_once_in_a_process(settings: Settings) -> None:
    assert load_manifest(settings, keep=False) == load_manifest(settings, keep=False) == CONTENT
    assert times_compiled(settings) == 1
    assert not settings.home.exists()


def test_dbt_s_message_is_shown_once() -> None:
    words = "Compilation Error in model int_case\n  unexpected 'end of template'"
    event = json.dumps({"info": {"level": "error", "msg": f"Encountered an error:\n{words}"}}).encode()
    assert dbt_manifest._message([event], words) == f"Encountered an error:\n{words}"
    assert dbt_manifest._message([b"killed\n"], words) == f"killed\n{words}"
    assert dbt_manifest._message([], words) == words


def parsed_here(settings: Settings) -> str | None:
    """The parse that dbt has in a home."""
    parsed = parse_cache(settings) / PARSED
    return parsed.read_text() if parsed.exists() else None


def test_a_new_home_starts_from_the_parse_of_make_setup_and_others_from_their_own(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = tmp_path / "ahead" / PARSED
    monkeypatch.setattr(dbt_manifest, "parsed_ahead", lambda: ahead)
    load_manifest(settings)
    assert parsed_here(settings) is None  # there is none yet

    ahead.parent.mkdir()
    ahead.write_text("of make setup")
    home = settings.model_copy(update={"home": tmp_path / "new home"})
    load_manifest(home)
    assert parsed_here(home) == "of make setup"

    (parse_cache(home) / PARSED).write_text("its own")
    load_manifest(home.model_copy(update={"timezone": "Asia/Shanghai"}))
    assert parsed_here(home) == "its own"


@pytest.mark.parametrize("problem", [PermissionError("no write access"), BuildError("dbt cannot parse", hint="")])
def test_make_setup_does_not_fail_if_the_project_cannot_be_parsed_ahead(
    problem: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> None:
        raise problem

    monkeypatch.setattr(dbt_manifest, "parse_ahead", failing)
    dbt_manifest.main()
    assert str(problem) in capsys.readouterr().err


def test_dbt_starts_again_if_it_cannot_continue_from_an_earlier_parse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dbt process would otherwise use again what it has parsed."""
    settings = Settings.unconfigured().model_copy(update={"home": tmp_path / "home"})
    parse_cache(settings).mkdir(parents=True)
    (parse_cache(settings) / PARSED).write_text("of another version")
    ended = []

    class Process(DbtProcess):
        def end(self, patience: float = 0) -> None:
            ended.append((parse_cache(settings) / PARSED).exists())

    def compiled(_settings: Settings, _args: list[str], _vars: object, target: Path, *_: object) -> str | None:
        (target / "manifest.json").write_text(json.dumps(CONTENT))
        return None if ended else "KeyError"

    monkeypatch.setattr(dbt_manifest, "_problem", compiled)
    assert load_manifest(settings, dbt=Process(settings)) == CONTENT
    assert ended == [False]


def test_after_make_setup_dbt_parses_nothing_in_a_new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = tmp_path / "a folder of its own" / PARSED
    monkeypatch.setattr(dbt_manifest, "parsed_ahead", lambda: ahead)
    parse_ahead()
    assert (ahead.parent / "templates").stat().st_size > 1_000_000
    settings = Settings.unconfigured().model_copy(update={"home": tmp_path / "Zuhause äöü", "currency": "JPY"})
    load_manifest(settings)
    parsing = json.loads((parse_cache(settings) / "perf_info.json").read_text())
    assert parsing["path_count"] > 0
    assert parsing["parsed_path_count"] == 0
