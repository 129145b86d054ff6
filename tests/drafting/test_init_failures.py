"""`loyalty init` looks at every folder and file: what cannot be drafted is listed, and stops nothing else."""

import shlex
import shutil
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.settings import load_settings
from tests.exports.exported import EXPORTS

OPTIONS = ["--timezone", "Europe/Berlin", "--currency", "EUR", "--industry", "retail"]
GOOD = "Order ID,Customer,Date,Total\n1,a,2024-01-01,5\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of which two can be drafted: `exports` (Shopify) and `shop`."""
    shutil.copytree(EXPORTS / "shopify", tmp_path / "exports")
    for name, file, text in (("shop", "orders.csv", GOOD), ("odd", "x.csv", "a,b\n1,2\n"), ("mixed", "y.csv", GOOD)):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(text)
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "mixed" / "all.zip", "w") as archive:
        archive.writestr("orders.csv", GOOD)
        archive.write(tmp_path / "exports" / "customers_export.csv", "customers_export.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_that_cannot_be_drafted_stops_no_other_folder(place: Path) -> None:
    done = CliRunner().invoke(app, ["init", "odd", "exports", "empty", "shop", *OPTIONS])
    assert done.exit_code == 3, done.output
    assert [one.files.name for one in load_settings(place / "loyalty.yml").sources] == ["exports", "shop"]
    assert sorted(path.name for path in (place / "mappings").iterdir()) == ["shop.yml"]
    assert "error odd is not in the config: odd/x.csv: no entity fits its columns" in done.stderr
    assert "--entity orders --column order_id=COLUMN" in done.stderr
    assert "error empty is not in the config: there is no file in empty" in done.stderr
    call = "loyalty map odd --timezone Europe/Berlin --currency EUR --out mappings/odd.yml"
    assert f"next, 1: draft what is not in the config: {call}" in done.stdout
    assert "next, 3: add each of these mappings under `sources` of loyalty.yml" in done.stdout
    (place / "odd" / "x.csv").write_text(GOOD)
    mapped = CliRunner().invoke(app, shlex.split(call)[1:])
    assert mapped.exit_code == 0 and (place / "mappings" / "odd.yml").exists()
    assert CliRunner().invoke(app, ["check"]).exit_code == 0


def test_nothing_is_written_if_nothing_can_be_drafted(place: Path) -> None:
    before = sorted(place.rglob("*"))
    done = CliRunner().invoke(app, ["init", "odd", "empty", *OPTIONS])
    assert done.exit_code == 3 and "nothing was written" in done.stderr
    assert "odd: odd/x.csv: no entity fits" in done.stderr and "empty: there is no file in empty" in done.stderr
    assert sorted(place.rglob("*")) == before


def test_a_folder_that_does_not_exist_is_a_mistake_in_the_command(place: Path) -> None:
    before = sorted(place.rglob("*"))
    done = CliRunner().invoke(app, ["init", "exports", "shpo", *OPTIONS])
    assert done.exit_code == 2 and "`shpo`: there is no such file or folder" in done.stderr
    assert sorted(place.rglob("*")) == before


def test_a_file_that_cannot_be_drafted_stops_no_other_file_of_its_folder(place: Path) -> None:
    done = CliRunner().invoke(app, ["init", "mixed", *OPTIONS])
    assert done.exit_code == 3, done.output
    text = (place / "mappings" / "mixed.yml").read_text()
    assert "match: y.csv" in text and "# to decide before a run: all.zip would be ignored: the files in this" in text
    assert "to decide before a run all.zip: all.zip would be ignored" in done.stderr
    assert "Unpack it into a separate folder" in done.stderr
    assert "mixed: 1 file to land, 1 ignored, 1 problem" in done.stdout


def test_single_files_fail_by_system(place: Path) -> None:
    (place / "empty.csv").write_text("")
    done = CliRunner().invoke(app, ["init", "empty.csv", "exports/orders_export.csv", *OPTIONS, "--out", "new"])
    assert done.exit_code == 3, done.output
    assert [one.mapping for one in load_settings(place / "new" / "loyalty.yml").sources] == ["shopify"]
    assert "empty.csv is not in the config: empty.csv: the file is empty" in done.stderr
    assert not (place / "new" / "inbox" / "files").exists()


@pytest.mark.parametrize("date", ["2024-01-01", "03/04/2024"])  # the second one can be read both ways
def test_the_next_steps_name_both_open_marks_and_other_problems(place: Path, date: str) -> None:
    (place / "shop" / "orders.csv").write_text(f"Order ID,Customer,Date,Total,Status\n1,a,{date},5,paid\n")
    (place / "wrong").mkdir()
    (place / "wrong" / "orders_export.csv").write_text("Name,Email\n1,a@example.com\n")
    done = CliRunner().invoke(app, ["init", "shop", "shopify=wrong", *OPTIONS])
    assert done.exit_code == 3, done.output
    steps = [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("next")]
    is_open = date == "03/04/2024"
    expected = ["decide what is marked `to decide` in mappings/shop.yml"] if is_open else []
    expected += [f"correct what {'else ' if is_open else ''}the check lists above"]
    assert steps[: len(expected)] == expected and len(steps) == len(expected) + 2
