"""rpt_setting: each business number with the value in force, and where it comes from."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.config.in_force import FILE, InForce, in_force, write_settings
from pipelines.config.presets import presets
from pipelines.config.settings import Settings, load_settings
from pipelines.runs.code import core_code
from tests.unit.small_manifest import use_small_manifest

CONFIG = "currency: EUR\ntimezone: Europe/Paris\nsources: [{mapping: sample, files: inbox}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME", "LOYALTY_KEY", "LOYALTY_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def settings(folder: Path, text: str = "") -> Settings:
    path = folder / "loyalty.yml"
    path.write_text(CONFIG + text)
    return load_settings(path)


def rows(found: Settings) -> dict[str, InForce]:
    return {row.setting: row for row in in_force(found)}


def shown(row: InForce) -> tuple[str | None, str | None, str]:
    return row.value, row.default_value, row.source


def test_each_value_says_where_it_comes_from(folder: Path) -> None:
    found = rows(settings(folder, "industry: grocery\nmodel: {loyalty: {high_attitude: 80, lapsed_days: 100}}\n"))
    assert shown(found["currency"]) == ("EUR", None, "loyalty.yml")
    assert shown(found["industry"]) == ("grocery", "general", "loyalty.yml")
    assert shown(found["history_months"]) == ("13", "13", "default")
    assert shown(found["model.loyalty.high_attitude"]) == ("80", "75", "loyalty.yml")
    assert shown(found["model.loyalty.disloyal_attitude"]) == ("40", "40", "default")
    assert shown(found["model.level.g0_days"]) == ("10", "10", "preset")
    assert shown(found["model.loyalty.lapsed_days"]) == ("100", "180", "loyalty.yml")
    assert shown(found["model.clv.assumed_margin_share"]) == ("0.25", "0.25", "preset")
    assert found["model.loyalty.lapsed_days"].unit == "days"


def test_a_number_of_the_industry_has_the_reason_of_its_preset(folder: Path) -> None:
    found = rows(settings(folder, "industry: grocery\n"))
    assert found["model.loyalty.lapsed_days"].default_reason == presets()["grocery"]["lapsed_days"].reason
    assert found["model.loyalty.disloyal_attitude"].default_reason.startswith("On the scale")


@pytest.mark.parametrize("industry", presets())
def test_every_industry_has_each_number_with_its_reason(folder: Path, industry: str) -> None:
    assert set(presets()[industry]) == {"g0_days", "lapsed_days", "answer_half_life_days", "assumed_margin_share"}
    assert all(preset.reason.endswith(".") for preset in presets()[industry].values())
    found = rows(settings(folder, f"industry: {industry}\n"))
    of_preset = {name.rsplit(".", 1)[1]: row for name, row in found.items() if row.source == "preset"}
    assert {name: float(row.value) for name, row in of_preset.items()} == {
        name: float(preset.value) for name, preset in presets()[industry].items()
    }


def test_the_industries_and_the_gap_of_a_shop_without_one(folder: Path) -> None:
    found = rows(settings(folder))
    assert shown(found["industry"]) == ("general", "general", "default")
    assert shown(found["model.level.g0_days"]) == ("90", "90", "preset")
    assert set(presets()) == {
        "retail",
        "e-commerce",
        "grocery",
        "hotel",
        "restaurant",
        "bank",
        "travel",
        "subscription",
        "general",
    }
    assert all(float(one["g0_days"].value) < float(one["lapsed_days"].value) for one in presets().values())


def test_weights_and_tiers_have_a_row_each(folder: Path) -> None:
    weights = "loyalty: {behaviour_weights: {spend: 0.6, frequency: 0.1}}"
    found = rows(settings(folder, f"model: {{{weights}, clv: {{tiers: {{few: 0, top: 0.9}}}}}}\n"))
    assert shown(found["model.loyalty.behaviour_weights.spend"]) == ("0.6", "0.5", "loyalty.yml")
    assert shown(found["model.loyalty.behaviour_weights.recency"]) == ("0.15", "0.15", "default")
    tiers = {name: shown(row) for name, row in found.items() if name.startswith("model.clv.tiers")}
    assert tiers == {
        "model.clv.tiers.few": ("0", None, "loyalty.yml"),
        "model.clv.tiers.top": ("0.9", "0.95", "loyalty.yml"),
    }


def test_no_folder_and_no_secret_is_published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_KEY", "k" * 40)
    found = rows(settings(folder, "notify: {name: mine}\n"))
    assert {name for name in found if not name.startswith("model.")} == {
        "timezone",
        "currency",
        "industry",
        "history_months",
    }
    assert "kkkk" not in str(found)
    assert str(folder) not in str(found)


def test_the_build_reads_one_row_per_setting(folder: Path) -> None:
    found = settings(folder)
    assert write_settings(folder, found) == len(in_force(found)) > 40
    table = pq.read_table(folder / FILE)
    assert [InForce(**row) for row in table.to_pylist()] == in_force(found)
    assert len(set(table.column("setting").to_pylist())) == table.num_rows


def test_a_default_that_is_written_out_is_published_as_such(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = settings(folder), settings(folder, "model: {loyalty: {high_attitude: 75}}\n")
    assert shown(rows(after)["model.loyalty.high_attitude"]) == ("75", "75", "loyalty.yml")
    # or the next run would leave rpt_setting as it was
    use_small_manifest(monkeypatch)
    assert core_code(before, "key").fingerprint != core_code(after, "key").fingerprint
