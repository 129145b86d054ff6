"""What a channel in a source's own words means: the spellings that are known, and what a mapping adds."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import ConfigError
from pipelines.config.settings import load_settings, project_root
from pipelines.landing import declared_channels, load_mapping, write_channels
from pipelines.landing.channels import FILE, known_places
from pipelines.landing.fingerprint import fingerprint
from pipelines.landing.order_statuses import status_word
from pipelines.runs.code import core_code
from tests.unit.small_manifest import use_small_manifest

MAPPING = """\
source: {source}
{channels}
files:
  - match: "*.csv"
    entities:
      orders: {{columns: {{order_id: id, ordered_at: at, channel: channel}}}}
"""
SEEDS = project_root() / "dbt_project" / "seeds"


def mapping(folder: Path, channels: str, name: str = "mapping.yml", source: str = "shop") -> Path:
    path = folder / name
    path.write_text(MAPPING.format(source=source, channels=channels), encoding="utf-8")
    return path


def seed() -> list[dict[str, str]]:
    """The rows of the seed; the touchpoint is empty where it has a hyphen."""
    with (SEEDS / "channels.csv").open(encoding="utf-8", newline="") as lines:
        return [{**row, "touchpoint": row["touchpoint"].strip("-")} for row in csv.DictReader(lines)]


def test_every_built_in_spelling_is_one_word_of_one_channel_as_landing_writes_it() -> None:
    rows = seed()
    assert len({status_word(row["spelling"]) for row in rows}) == len(rows), "two rows are the same word"
    assert [row["spelling"] for row in rows] == [row["spelling"].lower().strip() for row in rows]
    assert all(row["channel"] for row in rows)


def test_every_channel_and_touchpoint_of_the_seed_has_a_label_and_a_row_without_touchpoint() -> None:
    with (SEEDS / "labels.csv").open(encoding="utf-8", newline="") as lines:
        labels = {(row["code_set"], row["code"]) for row in csv.DictReader(lines)}
    channels = {row["channel"] for row in seed()} - {"unknown"}
    touchpoints = {row["touchpoint"] for row in seed()} - {""}
    assert {code for code_set, code in labels if code_set == "channel"} == channels
    assert {code for code_set, code in labels if code_set == "touchpoint"} == touchpoints
    assert {(channel, "") for channel in channels} <= known_places()


@pytest.mark.parametrize(
    ("channel", "touchpoint", "spellings"),
    [
        ("store", "", "store shop In-Store 门店 Filiale"),
        ("store", "counter", "POS point_of_sale Kasse"),
        ("web", "", "web Online Website 官网"),
        ("app", "", "App iOS"),
        ("app", "mini_program", "小程序 mini-program MiniProgram"),
        ("phone", "", "Phone 电话 Telefon"),
        ("email", "", "E-Mail email 邮件"),
        ("messaging", "wechat", "WeChat ＷｅＣｈａｔ 微信"),
        ("messaging", "sms", "SMS 短信"),
        ("social", "tiktok", "TikTok 抖音"),
        ("social", "xiaohongshu", "小红书 xiaohongshu"),
        ("marketplace", "tmall", "天猫 Tmall"),
        ("marketplace", "taobao", "淘宝"),
        ("marketplace", "jd", "京东 JD.com"),
        ("unknown", "", "unknown N/A 未知"),
    ],
)
def test_common_spellings_are_known_without_a_mapping(channel: str, touchpoint: str, spellings: str) -> None:
    known = {status_word(row["spelling"]): (row["channel"], row["touchpoint"]) for row in seed()}
    found = {spelling: known.get(status_word(spelling)) for spelling in spellings.split()}
    assert found == dict.fromkeys(found, (channel, touchpoint))


def test_a_mapping_declares_spellings_with_a_channel_or_a_channel_and_its_touchpoint(tmp_path: Path) -> None:
    path = mapping(tmp_path, 'channels: {Drone: partner, "Kasse 3": Store / Counter, "7": web, "-n-": unknown}')
    assert load_mapping(path).channels == {"drone": "partner", "kasse 3": "store/counter", "7": "web", "-n-": "unknown"}
    assert declared_channels([path]) == [
        ("shop", "-n-", "unknown", None),
        ("shop", "7", "web", None),
        ("shop", "drone", "partner", None),
        ("shop", "kasse 3", "store", "counter"),
    ]


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ("channels: {drone: air}", "`air` is not a channel. The channels are app, chat, email"),
        ("channels: {drone: store/sms}", "`sms` is not a touchpoint of `store`. It has counter, event, kiosk"),
        ("channels: {drone: email/sms}", "`sms` is not a touchpoint of `email`. It has none"),
        ("channels: {drone: [web]}", "channels.drone"),
        ("channels: [drone]", "channels"),
        ("channels: {'-': web}", "`-` has no letter or digit"),
        ("channels:\n  on air: web\n  On-Air: app", "`on air` is `web` and `On-Air` is `app`"),
        ("channels: {drone: web, Drone: app}", "`drone` is `web` and `Drone` is `app`"),
    ],
)
def test_a_mapping_with_channels_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, channels: str, words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_mapping(mapping(tmp_path, channels))
    assert "mapping.yml:2" in refused.value.message and words in refused.value.message


def test_two_mappings_of_one_source_must_agree_on_a_channel(tmp_path: Path) -> None:
    one = mapping(tmp_path, "channels: {odd: web, common: app}", "one.yml")
    other = mapping(tmp_path, "channels: {common: app, Odd: store}", "other.yml")
    elsewhere = mapping(tmp_path, "channels: {odd: store}", "elsewhere.yml", source="till")
    assert declared_channels([one, one, elsewhere]) == [
        ("shop", "common", "app", None),
        ("shop", "odd", "web", None),
        ("till", "odd", "store", None),
    ]
    with pytest.raises(ConfigError, match=r"other\.yml:2: .*`odd`.*`store`.*`web`.* shop"):
        declared_channels([one, other])


def test_a_channel_that_changes_lands_nothing_again_and_asks_for_another_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_small_manifest(monkeypatch)
    path = mapping(tmp_path, "")
    (tmp_path / "in").mkdir()
    config = tmp_path / "loyalty.yml"
    config.write_text(
        f"currency: GBP\ntimezone: UTC\nsources: [{{mapping: {path}, files: {tmp_path}/in}}]", encoding="utf-8"
    )

    def fingerprints() -> tuple[str, str]:
        found = load_mapping(path)
        return fingerprint(found, found.files[0]), core_code(load_settings(config), "key").fingerprint

    seen = [fingerprints()]
    for place in ("store", "store/counter"):
        mapping(tmp_path, f"channels: {{odd: {place}}}")
        seen.append(fingerprints())
    assert len({rows for rows, _ in seen}) == 1
    assert len({build for _, build in seen}) == 3


def test_the_build_reads_the_channels_that_were_declared(tmp_path: Path) -> None:
    write_channels(tmp_path, [("shop", "b", "store", "counter"), ("shop", "a", "web", None)])
    assert pq.read_table(tmp_path / FILE).to_pylist() == [
        {"source": "shop", "spelling": "a", "channel": "web", "touchpoint": None},
        {"source": "shop", "spelling": "b", "channel": "store", "touchpoint": "counter"},
    ]
    write_channels(tmp_path, [])
    assert pq.read_table(tmp_path / FILE).num_rows == 0
