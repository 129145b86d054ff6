"""What loyalty.yml may say: each thing that cannot be used is refused with its file and line, before anything runs."""

from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.config.settings import check_inboxes, load_settings
from pipelines.landing import load_mapping

MAPPING = "source: shop\n"
NEEDED = {"timezone": "UTC", "currency": "GBP"}
REPORTING = "timezone: UTC\ncurrency: GBP\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME", "LOYALTY_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "shop.yml").write_text(MAPPING)
    (tmp_path / "inbox").mkdir()
    return tmp_path


def config(folder: Path, *lines: str) -> Path:
    path = folder / "loyalty.yml"
    written = {line.partition(":")[0] for line in lines}
    # below what the test is about, whose line it names
    needed = [f"{key}: {value}" for key, value in NEEDED.items() if key not in written]
    path.write_text("\n".join(["sources:", "  - mapping: shop.yml", "    files: inbox", *lines, *needed]) + "\n")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert caught.value.exit_code == 2
    return caught.value.message


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("time_zone: UTC", "time_zone: unknown key"),
        ("timezone: Europe/Londn", "is not a time zone; did you mean `Europe/London`?"),
        ("timezone: ../UTC", "is not a time zone"),
        ("as_of: 2011-13-45", "is not a day of the calendar"),
        ("as_of: someday", "is not a day"),
        ("as_of: 5", "is not a day"),
        ("engine: {memory_limit: lots}", "is not an amount of memory"),
        ("engine: {memory_limit: 1KB}", "engine.memory_limit: `1KB` is too little memory: give at least 16MB"),
        ("engine: {memory_limit: 15.9MB}", "is too little memory"),
        ("engine: {threads: true}", "engine.threads: must be a number, but is `true`"),
        ("home: shop.yml", "shop.yml is not a folder"),
        ("home: shop.yml/home", "shop.yml is not a folder"),
        ("first_day: 2999-01-01", "first_day: 2999-01-01 is in the future: today is "),
        ("max_days_after_data: true", "max_days_after_data: must be a number, but is `true`"),
        ("history_months: false", "history_months: must be a number, but is `false`"),
        ("quarantine: {warn_share: true}", "quarantine.warn_share: must be a number, but is `true`"),
        ("quarantine: {entities: {orders: {stop_share: true}}}", "must be a number, but is `true`"),
        ("engine: {threads: 0}", "engine.threads: must be at least 1, but is `0`"),
        ("engine: {cores: 2}", "engine.cores: unknown key"),
        ("currency: pounds", "currency: `pounds` is not a currency: write three capital letters"),
        (
            "industry: piracy",
            "there is no preset for `piracy`; there are: retail, e-commerce, grocery, hotel, restaurant, bank, travel,"
            " subscription, general",
        ),
        ("industry: hotels", "there is no preset for `hotels`; did you mean `hotel`? There are: retail, e-commerce"),
        ("history_months: 0", "history_months: must be at least 1, but is `0`"),
        ("latest_correction_days: -1", "latest_correction_days: must be at least 0"),
        ("latest_correction_days: week", "latest_correction_days: must be a whole number, but is `week`"),
        ("schedule_hour: 24", "schedule_hour: must be at most 23, but is `24`"),
        ("retention: {days: 0}", "retention.days"),
        ("quarantine: {warn_share: -0.1}", "quarantine.warn_share"),
        ("quarantine: {stop_share: 25}", "quarantine.stop_share"),
        ("quarantine: {stop_share: most}", "quarantine.stop_share: must be a number, but is `most`"),
        ("quarantine: {min_rows: 0}", "quarantine.min_rows"),
        ("quarantine: {share: 0.1}", "quarantine.share: unknown key"),
        ("quarantine: {warn_value_share: 0.3}", "quarantine: warn_value_share 0.3 is above stop_value_share 0.25"),
        ("quarantine: {warn_share: 0.3}", "quarantine: warn_share 0.3 is above stop_share 0.25"),
        (
            "quarantine: {entities: {order: {min_rows: 9}}}",
            "quarantine.entities.order: there is no entity `order`; did you mean `orders`?",
        ),
        ("quarantine: {entities: {orders: {stop: 1}}}", "quarantine.entities.orders.stop: unknown key"),
        ("quarantine: {entities: {orders: {stop_share: 0.01}}}", "orders: warn_share 0.05 is above stop_share 0.01"),
    ],
)
def test_a_bad_value_is_refused_with_its_line(folder: Path, line: str, says: str) -> None:
    path = config(folder, "", line)
    message = refusal(path)
    assert message.startswith(f"{path}:5: ")
    assert says in message


def test_an_entitys_limit_is_refused_on_its_own_line(folder: Path) -> None:
    path = config(folder, "quarantine:", "  stop_share: 0.5", "  entities:", "    orders:", "      stop_share: 2")
    assert refusal(path).startswith(f"{path}:8: quarantine.entities.orders.stop_share: ")
    path = config(folder, "quarantine:", "  entities:", "    returns: {}", "    order: {}")
    assert refusal(path).startswith(f"{path}:7: ")


def test_every_bad_value_is_named_at_once_in_the_order_of_the_file(folder: Path) -> None:
    path = config(folder, "timezone: Nowhere", "currency: x", "colour: red")
    lines = refusal(path).splitlines()
    assert [line.removeprefix(f"{path}:")[0] for line in lines] == ["4", "5", "6"]


@pytest.mark.parametrize("limit", ["16MB", "16 MiB", "0.5GB", "1TB"])
def test_an_amount_of_memory_that_can_work_is_taken(folder: Path, limit: str) -> None:
    assert load_settings(config(folder, f"engine: {{memory_limit: {limit}}}")).engine.memory_limit == limit


def test_a_missing_folder_of_files_is_refused_with_its_line_by_what_reads_files(folder: Path) -> None:
    path = folder / "loyalty.yml"
    path.write_text("sources:\n  - mapping: shop.yml\n    files: nowhere\n" + REPORTING)
    settings = load_settings(path)
    with pytest.raises(ConfigError) as caught:
        check_inboxes(settings)
    assert caught.value.exit_code == 2
    assert caught.value.message == f"{path}:3: sources.0.files: there is no folder {folder / 'nowhere'}"
    check_inboxes(load_settings(config(folder)))


@pytest.mark.parametrize("key", ["skip_rows", "header_rows"])
def test_true_is_no_number_in_a_mapping_either(folder: Path, key: str) -> None:
    path = folder / "shop.yml"
    path.write_text(f"source: shop\nfiles:\n  - match: '*.csv'\n    {key}: true\n")
    with pytest.raises(ConfigError, match=f"{key}: must be a whole number, but is `true`"):
        load_mapping(path)


def test_a_missing_mapping_is_refused_with_its_line(folder: Path) -> None:
    path = folder / "loyalty.yml"
    path.write_text(
        "sources:\n  - files: inbox\n    mapping: other.yml\n  - mapping: unheard_of\n    files: inbox\n" + REPORTING
    )
    message = refusal(path)
    assert f"{path}:3: " in message
    assert f"{path}:4: " in message
    assert "no built-in mapping `unheard_of`" in message


def test_a_config_without_sources_is_refused(folder: Path) -> None:
    path = folder / "loyalty.yml"
    path.write_text(REPORTING)
    assert refusal(path) == (
        f"{path}:1: sources: is missing: write, for example, `sources: [{{mapping: mapping.yml, files: inbox}}]`"
    )


@pytest.mark.parametrize(("key", "example"), [("currency", "currency: EUR"), ("timezone", "timezone: Europe/London")])
def test_currency_and_zone_have_no_silent_default(folder: Path, key: str, example: str) -> None:
    path = config(folder)
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith(key)))
    assert refusal(path) == f"{path}:1: {key}: is missing: write, for example, `{example}`"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("timezone: UTC\ntimezone: UTC\n", 2),
        ("timezone: UTC\n\t- x\n", 2),
        ("a: [1, 2\nb: 3\n", 2),
        ("1: UTC\n", 1),
        ("a: &a [*a]\n", 1),
        ("- a\n", 1),
        ("", 1),
    ],
)
def test_what_is_no_mapping_of_settings_is_refused_with_its_line(folder: Path, text: str, line: int) -> None:
    path = folder / "loyalty.yml"
    path.write_text(text)
    assert refusal(path).startswith(f"{path}:{line}: ")


def test_python_objects_in_yaml_are_not_made(folder: Path) -> None:
    path = folder / "loyalty.yml"
    path.write_text(f"home: !!python/object/apply:pathlib.Path.touch [{folder / 'made'}]\n")
    refusal(path)
    assert not (folder / "made").exists()


def test_a_config_that_is_not_there_is_refused_with_a_way_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "loyalty sample" in caught.value.hint
    assert "cannot be read" in refusal(folder / "loyalty.yml")
