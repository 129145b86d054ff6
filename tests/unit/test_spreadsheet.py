"""A CSV that somebody opens in a spreadsheet holds text, whole, for its owner alone, and runs nothing."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.base.spreadsheet import without_formula, write_csv

NASTY = ["plain", "with, comma", 'quo"te', "line\nbreak", "cr\r\nlf", "", "İ 你好 😀", ";", "a\tb", "2024-01-01"]
FORMULAS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\tplain", "\rplain", "=cmd|' /C calc'!A0"),
    *(
        "  =1",
        "\u00a0=1",
        "\u3000＝1",
        "＋1",
        "－1",
        "＠x",
        "\ufeff=1",
        "\u200b=1",
        "\u202e=1",
        "\u00ad=1",
        "\u180e@x",
        "\u2066+1",
        " \t @x",
        "-",
    ),
]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    assert without_formula(text) == "'" + text


@pytest.mark.parametrize("value", [*NASTY, " plain", "1-1", "a=b", "x@example.com", "'=1", -1, None, True])
def test_anything_else_is_left_as_it_is(value: object) -> None:
    assert without_formula(value) == value


def test_the_file_is_rfc_4180_and_reads_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    rows = [(text, n, None) for n, text in enumerate(NASTY)]
    assert write_csv(path, ("text", "n", "nothing"), [rows[:4], rows[4:]]) == len(NASTY)
    content = path.read_bytes().decode()
    assert content.startswith('"text","n","nothing"\r\n"plain","0",""\r\n"with, comma","1",""\r\n"quo""te","2",""\r\n')
    assert content.endswith("\r\n")
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file, strict=True))[1:] == [[text, str(n), ""] for text, n, _ in rows]


def test_no_cell_of_a_file_begins_like_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, ["=name"], [[(text,) for text in FORMULAS]])
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file, strict=True) for cell in row]
    assert len(cells) == 1 + len(FORMULAS)
    assert not [cell for cell in cells if re.match(r"\s*[=+\-@\t\r]", cell)]


def test_the_file_is_for_its_owner_alone_also_in_the_place_of_one_that_was_not(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(0o644)
    write_csv(path, ["a"], [[("new",)]])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == '"a"\n"new"\n'


def test_truth_is_written_as_everywhere_else(tmp_path: Path) -> None:
    write_csv(tmp_path / "out.csv", ["a"], [[(True,), (False,), (None,)]])
    assert (tmp_path / "out.csv").read_text().splitlines() == ['"a"', '"true"', '"false"', '""']


def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def batches() -> Iterator[list[tuple[str]]]:
        yield [("new",)]
        raise RuntimeError("the engine died")

    with pytest.raises(RuntimeError):
        write_csv(path, ["a"], batches())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "out.csv"):
        with pytest.raises(ConfigError, match="cannot be written"):
            write_csv(path, ["a"], [])
