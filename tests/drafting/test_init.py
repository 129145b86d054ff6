"""`loyalty init` writes a config that can be run, asks only for what no option gives, and replaces nothing."""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli import init, init_ask
from pipelines.cli.app import app
from pipelines.config.settings import load_settings
from pipelines.landing import SourceFiles, land, load_mapping
from tests.exports.exported import EXPORTS

OPTIONS = ["--timezone", "Europe/Berlin", "--currency", "EUR", "--industry", "e-commerce"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new user's folder with a Shopify export, and the working directory."""
    shutil.copytree(EXPORTS / "shopify", tmp_path / "exports")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_known_export_needs_one_command(place: Path) -> None:
    done = CliRunner().invoke(app, ["init", "exports", *OPTIONS])
    assert done.exit_code == 0, done.output
    assert "shopify: 2 files to land, 0 ignored, 0 problems" in done.stdout
    assert done.stdout.splitlines()[-1] == "next: run: loyalty run --config loyalty.yml"
    settings = load_settings(place / "loyalty.yml")
    assert (settings.timezone, settings.currency, settings.industry) == ("Europe/Berlin", "EUR", "e-commerce")
    assert [(one.mapping, one.files) for one in settings.sources] == [("shopify", place / "exports")]
    assert sorted(path.name for path in place.iterdir()) == ["exports", "loyalty.yml"]


def test_own_files_get_a_draft_with_zone_and_currency_of_the_config(place: Path) -> None:
    (place / "shop").mkdir()
    (place / "shop" / "orders.csv").write_text("Order ID,Customer,Date,Total\n1,a,03/04/2024,5\n")
    done = CliRunner().invoke(app, ["init", "shop", *OPTIONS])
    assert done.exit_code == 3, done.output
    draft = (place / "mappings" / "shop.yml").read_text()
    assert "timezone: Europe/Berlin\ncurrency: EUR\n" in draft
    assert "# assumed: timezone: times without an offset are read as Europe/Berlin" in draft
    assert "# assumed: currency: amounts are read as EUR" in draft
    assert "assumed mappings/shop.yml: timezone" in done.stdout and "assumed mappings/shop.yml: currency" in done.stdout
    assert "to decide before a run orders.csv: ordered_at" in done.stderr and "to decide shop" not in done.stderr
    assert "next, 1: decide what is marked `to decide` in mappings/shop.yml" in done.stdout
    assert "next, 3: run: loyalty run --config loyalty.yml" in done.stdout


def test_what_the_files_say_is_not_assumed(place: Path) -> None:
    (place / "shop").mkdir()
    (place / "shop" / "orders.csv").write_text("Order ID,Customer,Date,Total,Currency\n1,a,2024-01-01T10:00Z,5,EUR\n")
    done = CliRunner().invoke(app, ["init", "shop", "exports", *OPTIONS])
    assert done.exit_code == 0 and "assumed" not in done.output + (place / "mappings" / "shop.yml").read_text()


@pytest.mark.parametrize(("zone", "is_assumed"), [("Europe/Berlin", True), ("UTC", False)])
def test_the_zone_of_a_known_export_without_offsets_is_named(place: Path, zone: str, is_assumed: bool) -> None:
    shutil.copytree(EXPORTS / "zoho", place / "zoho")
    done = CliRunner().invoke(app, ["init", "zoho", "--timezone", zone, "--currency", "EUR"])
    assert done.exit_code == 0, done.output
    text = "assumed zoho: timezone: times without an offset are read as UTC, the zone of the built-in mapping"
    assert (text in done.stdout) == is_assumed


def test_single_files_are_copied_into_an_inbox_for_each_system(place: Path) -> None:
    (place / "orders.csv").write_text("Order ID,Customer,Date,Total\n1,a,2024-01-01,5\n")
    files = ["exports/orders_export.csv", "exports/customers_export.csv", "orders.csv"]
    done = CliRunner().invoke(app, ["init", *files, *OPTIONS, "--out", "new"])
    assert done.exit_code == 0, done.output
    sources = load_settings(place / "new" / "loyalty.yml").sources
    assert {Path(one.mapping).name: one.files.name for one in sources} == {"files.yml": "files", "shopify": "shopify"}
    assert sorted(path.name for path in (place / "new" / "inbox" / "shopify").iterdir()) == [
        "customers_export.csv",
        "orders_export.csv",
    ]


def test_without_a_terminal_missing_options_are_named_and_nothing_is_written(place: Path) -> None:
    done = CliRunner().invoke(app, ["init", "--currency", "EUR"])
    assert done.exit_code == 2
    assert "--timezone, SOURCE" in done.stderr
    assert sorted(path.name for path in place.iterdir()) == ["exports"]


def test_a_folder_that_cannot_have_a_home_is_refused_before_anything_is_written(place: Path) -> None:
    (place / "a=b").mkdir()
    done = CliRunner().invoke(app, ["init", "exports", "--out", "a=b", *OPTIONS])
    assert done.exit_code == 2
    assert "--out: the path" in done.stderr and "a=b/home has =" in done.stderr
    assert not list((place / "a=b").iterdir())


def test_a_terminal_is_asked_again_until_the_answer_is_valid(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (init, init_ask):
        monkeypatch.setattr(module, "is_terminal", lambda: True)
    answers = "e-comerce\ne-commerce\nBerlin\nEurope/Berlin\nEUR\nexports\n\n"
    done = CliRunner().invoke(app, ["init"], input=answers)
    assert done.exit_code == 0, done.output
    assert "did you mean `e-commerce`?" in done.stderr and "`Berlin` is not a time zone" in done.stderr
    assert load_settings(place / "loyalty.yml").timezone == "Europe/Berlin"


@pytest.mark.parametrize("name", ["loyalty.yml", "mappings/shop.yml"])
def test_nothing_is_replaced(place: Path, name: str) -> None:
    (place / "shop").mkdir()
    (place / "shop" / "orders.csv").write_text("Order ID,Customer,Date\n1,a,2024-01-01\n")
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).write_text("mine")
    before = sorted(place.rglob("*"))
    done = CliRunner().invoke(app, ["init", "shop", *OPTIONS])
    assert done.exit_code == 2 and "exists already" in done.stderr
    assert (place / name).read_text() == "mine" and sorted(place.rglob("*")) == before


def test_a_built_in_mapping_without_files_gets_an_inbox(place: Path) -> None:
    done = CliRunner().invoke(app, ["init", "shopify", *OPTIONS])
    assert done.exit_code == 3
    assert (place / "inbox" / "shopify").is_dir()
    assert "there is no file in" in done.stderr and "next, 1: " in done.stdout
    assert CliRunner().invoke(app, ["init", "shopfy", *OPTIONS, "--out", "x"]).exit_code == 2


def test_two_shops_of_one_system_are_two_sources_whose_orders_do_not_collide(place: Path) -> None:
    for name in ("berlin", "paris"):
        shutil.copytree(place / "exports", place / name / "exports")
    done = CliRunner().invoke(app, ["init", "berlin/exports", "paris/exports", *OPTIONS])
    assert done.exit_code == 0, done.output
    names = ["shopify_berlin", "shopify_paris"]
    assert [load_mapping(place / "mappings" / f"{name}.yml").source for name in names] == names
    sources = [
        SourceFiles(load_mapping(Path(one.mapping)), one.files) for one in load_settings(place / "loyalty.yml").sources
    ]
    land(place / "home", sources, today=date(2024, 5, 31))
    landed = f"read_parquet('{place}/home/landing/orders/*/*/part.parquet', hive_partitioning = true)"
    with duckdb.connect() as connection:
        counted = f"select count(distinct order_id), count(distinct (source, order_id)) from {landed}"
        ((ids, keys),) = connection.execute(counted).fetchall()
    assert keys == 2 * ids > 0


@pytest.mark.parametrize("given", [["zoho=eu", "zoho=in"], ["shopify=a/x", "exports"]])
def test_two_folders_of_a_mapping_that_the_user_names_are_two_sources(place: Path, given: list[str]) -> None:
    done = CliRunner().invoke(app, ["init", *given, *OPTIONS])
    assert (place / "loyalty.yml").exists(), done.output
    drafts = sorted((place / "mappings").iterdir())
    assert len({load_mapping(path).source for path in drafts}) == 2


def test_two_files_of_one_name_are_refused_before_anything_is_written(place: Path) -> None:
    shutil.copytree(place / "exports", place / "exports_2")
    files = ["exports/orders_export.csv", "exports_2/orders_export.csv"]
    done = CliRunner().invoke(app, ["init", *files, *OPTIONS, "--out", "new"])
    assert done.exit_code == 2 and "two files would become" in done.stderr
    assert not (place / "new").exists()
