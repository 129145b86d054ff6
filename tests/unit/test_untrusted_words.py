"""What is shown and what is read as YAML comes from outside: neither acts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.table import Table

from pipelines.base.errors import ConfigError
from pipelines.base.text import has_control_characters, printable_name
from pipelines.cli import console
from pipelines.config.positions import YamlProblem, read_yaml
from pipelines.config.settings import load_settings
from tests.conftest import Loyalty

ACTING = "\x1b]8;;http://x\x07link\x1b[2J\x9b31m\u202e\u2066\ud800\x7f"
MARKUP = "[red]r[/red] [link=http://x]l[/link] [/] :smile: \\[b]"


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What a terminal is sent."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "400")
    return lambda: "".join(capsys.readouterr())


def _has_only_our_escapes(text: str) -> bool:
    for style in ("\x1b[1;31m", "\x1b[1m", "\x1b[3m", "\x1b[0m"):
        text = text.replace(style, "")
    return not has_control_characters(text.replace("\n", ""))


def test_an_error_shows_markup_and_escapes_as_they_are_written(screen: Callable[[], str]) -> None:
    console.print_error(f"{MARKUP} {ACTING}\nnext line", ACTING)
    shown = screen()
    assert (
        MARKUP in shown and "\\x1b]8;;http://x\\x07link\\x1b[2J\\x9b31m\\u202e\\u2066\\ud800\\x7f\nnext line" in shown
    )
    assert _has_only_our_escapes(shown)


def test_a_table_s_cells_and_a_line_do_not_act(screen: Callable[[], str]) -> None:
    table = Table("file")
    table.add_row(f"{MARKUP}{ACTING}")
    console.out().print(table)
    console.out().print(f"{MARKUP}{ACTING}")
    shown = screen()
    assert shown.count(f"{MARKUP}\\x1b]8;;") == 2
    assert _has_only_our_escapes(shown)


def test_json_is_the_same_document_and_does_not_act(screen: Callable[[], str]) -> None:
    console.print_json({"file": f"{ACTING}茶"})
    shown = screen()
    assert not has_control_characters(shown.replace("\n", "")) and "茶" in shown
    assert json.loads(shown) == {"file": f"{ACTING}茶"}


def test_a_name_is_shown_on_one_line_and_not_without_end() -> None:
    assert printable_name("a\nb\t") == "a\\nb\\t"
    assert len(printable_name("x" * 1000)) == 201


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {k: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join(['*' + before] * 9)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "alias"),
        (MERGES, "alias"),
        ("a: &a [*a]", "contains itself"),
        ("[" * 5000, "nested too deeply"),
        ("a: " + "9" * 5000, "quotes"),
        ("a: !!int many", "quotes"),
        ("a: !!bool perhaps", "quotes"),
        ("a: !!timestamp soon", "quotes"),
        ("a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
        ("a: !!python/name:os.system", "could not determine a constructor"),
    ],
)
def test_yaml_makes_no_object_and_does_not_grow_without_end(text: str, says: str) -> None:
    with pytest.raises(YamlProblem, match=says):
        read_yaml(text)


def test_a_table_cuts_no_name_short(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    table = console.whole_table("source", "entity", "rules", "file")
    name = "".join(f"{number:03}" for number in range(50))
    table.add_row("shop", "orders", "ORD-001", name)
    console.out().print(table)
    last_column = "".join(
        line.split("│")[4].strip() for line in capsys.readouterr().out.splitlines() if line.count("│") == 5
    )
    assert last_column == name


@pytest.mark.parametrize("home", ["a?b", "key=value", "a\\b", "a\nb", "a\x1b[2Jb"])
def test_a_home_that_a_tool_would_misread_is_refused(tmp_path: Path, home: str) -> None:
    config = tmp_path / "loyalty.yml"
    config.write_text("currency: GBP\ntimezone: UTC\nsources: [{mapping: sample, files: .}]\n")
    with pytest.raises(ConfigError, match="the path") as refused:
        load_settings(config, tmp_path / home)
    assert refused.value.message.isprintable()


def test_a_bomb_in_a_config_or_a_mapping_ends_with_2(tmp_path: Path, loyalty: Loyalty) -> None:
    (tmp_path / "mapping.yml").write_text(BOMB)
    (tmp_path / "loyalty.yml").write_text(
        "currency: GBP\ntimezone: UTC\nsources: [{mapping: ./mapping.yml, files: .}]\n"
    )
    (tmp_path / "bomb.yml").write_text(BOMB)
    for config in ("loyalty.yml", "bomb.yml"):
        done = loyalty("check", "--config", tmp_path / config)
        assert (done.returncode, "remove nested aliases" in done.stderr) == (2, True), done.stderr
