"""Where settings come from: the option before the environment before the file, and paths relative to the file."""

import json
from datetime import date
from pathlib import Path

import pytest

from pipelines.config.settings import (
    Settings,
    dbt_environment,
    dbt_vars,
    load_settings,
    project_root,
)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME", "LOYALTY_KEY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "shop"
    (folder / "inbox").mkdir(parents=True)
    (folder / "shop.yml").write_text("source: shop\n")
    path = folder / "loyalty.yml"
    path.write_text("currency: GBP\ntimezone: UTC\nsources:\n  - {mapping: shop.yml, files: inbox}\n")
    return path


def test_paths_are_relative_to_the_file_and_not_to_where_it_is_read(config: Path) -> None:
    settings = load_settings(config)
    assert settings.home == config.parent / "home"
    assert settings.sources[0].files == config.parent / "inbox"
    assert settings.sources[0].mapping == str(config.parent / "shop.yml")


def test_the_home_option_wins_over_the_environment_and_that_over_the_file(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(config.read_text() + "home: ../from_file\n")
    assert load_settings(config).home == tmp_path / "from_file"
    monkeypatch.setenv("LOYALTY_HOME", str(tmp_path / "from_environment"))
    assert load_settings(config).home == tmp_path / "from_environment"
    assert load_settings(config, tmp_path / "from_option").home == tmp_path / "from_option"


def test_the_config_is_found_by_option_then_environment_then_here(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)
    assert load_settings().config_path == config
    other = config.with_name("other.yml")
    other.write_text(config.read_text().replace("GBP", "EUR"))
    monkeypatch.setenv("LOYALTY_CONFIG", str(other))
    assert load_settings().currency == "EUR"
    assert load_settings(config).currency == "GBP"


@pytest.mark.parametrize(("text", "value"), [("2011-12-01", date(2011, 12, 1)), ("latest", "latest")])
def test_as_of_is_a_day_or_a_word(config: Path, text: str, value: object) -> None:
    config.write_text(config.read_text() + f"as_of: {text}\n")
    assert load_settings(config).as_of == value


def test_the_key_of_the_environment_is_kept_and_never_shown(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_KEY", "k" * 40)
    settings = load_settings(config)
    assert settings.key_text is not None
    assert settings.key_text.get_secret_value() == "k" * 40
    shown = repr(settings) + settings.model_dump_json() + str(dbt_environment(settings))
    assert "kkkk" not in shown + json.dumps(dbt_vars(settings))


def test_folders_are_named_from_the_folder_in_which_dbt_runs(config: Path) -> None:
    settings = load_settings(config)
    folder = settings.paths.warehouse.parent
    values = dbt_vars(settings)
    assert (folder / str(values["landing_dir"])).resolve() == settings.paths.landing.resolve()
    assert (folder / str(values["exchange_dir"])).resolve() == settings.paths.exchange.resolve()


def test_dbt_gets_the_same_values_for_every_home_and_so_need_not_parse_a_moved_home_again(config: Path) -> None:
    one, other = (load_settings(config, config.parent / home) for home in ("home", "moved"))
    assert one.home != other.home
    assert dbt_environment(one) == dbt_environment(other)
    assert dbt_vars(one) == dbt_vars(other)
    assert (one.paths.warehouse.parent / dbt_environment(one)["LOYALTY_TEMP_DIR"]) == one.paths.state / "tmp"


def test_the_graph_can_be_shown_without_a_config() -> None:
    settings = Settings.unconfigured()
    assert settings.home == project_root() / "home"
    assert settings.timezone == "UTC"
