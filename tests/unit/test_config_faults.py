"""A wrong key or value in any YAML file gives one sentence with its line, and never the words of a library."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.base.errors import ConfigError
from pipelines.config.settings import load_settings
from pipelines.landing import load_mapping
from pipelines.quality import load_suites
from pipelines.quality.totals import load_totals

SETTINGS: dict[str, Any] = {
    "home": "home",
    "as_of": "latest",
    "timezone": "UTC",
    "currency": "EUR",
    "industry": "retail",
    "sources": [{"mapping": "shop.yml", "files": "in"}],
    "engine": {"memory_limit": "1GB", "threads": 2},
    "retention": {"days": 3, "grace_minutes": 1},
    "quarantine": {"warn_share": 0.1, "min_rows": 5, "entities": {"orders": {"warn_share": 0.2, "min_rows": 2}}},
    "history_months": 3,
    "schedule_hour": 5,
    "publish": {
        "postgres": {"environment_variable": "LOYALTY_POSTGRES", "schema_name": "loyalty", "reader_role": "bi"},
        "s3": {"url": "s3://bucket/prefix", "endpoint": "http://127.0.0.1:9000", "region": "eu-central-1"},
    },
    "notify": {"name": "shop", "changes": True, "webhook": {"format": "slack"}},
}
MAPPING: dict[str, Any] = {
    "source": "shop",
    "timezone": "UTC",
    "currency": "EUR",
    "order_statuses": {"sale": ["gone"], "pending": "kept"},
    "channels": {"drone": "partner", "kasse": "store/counter"},
    "files": [
        {
            "match": ["*.csv"],
            "format": "csv",
            "delimiter": ";",
            "skip_rows": 1,
            "nulls": ["-"],
            "optional": ["extra"],
            "timestamps": ["iso"],
            "entities": {
                "orders": {
                    "where": "id <> 'x'",
                    "columns": {"order_id": "id", "ordered_at": {"sql": "at", "timestamps": "iso", "timezone": "UTC"}},
                },
                "survey_answers": {
                    "columns": {"response_id": "id", "answered_at": "at"},
                    "unpivot": [{"question_id": "'a'", "answer_number": "a"}],
                },
            },
            "skips": [{"name": "tests", "why": "nobody buys", "where": "id = 'x'"}],
        },
        {"match": "*.txt", "ignore": "words"},
    ],
}
LINE = {"expect": "expect_column_to_exist", "column": "a", "why": "w", "severity": "warn", "name": "n"}
SUITE: dict[str, Any] = {"dataset": "orders", "owner": "me", "description": "d", "expectations": [LINE]}
TOTAL: dict[str, Any] = {
    "total": "t",
    "asset": "a",
    "owner": "o",
    "why": "w",
    "left": ["l"],
    "right": ["r"],
    "sql": "select 1",
}
WRONG = [None, "", "x", 5, -1.5, True, [], [5], {"x": {"y": [None]}}]
# What pydantic's own sentences are made of.
RAW = re.compile(
    "Input should|Field required|Extra inputs|Value error|validation|Tuple|List should|String should|instance of"
    "|valid dictionary|valid integer|NoneType|type="
)

Load = Callable[[Path, dict[str, Any]], object]


def written(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def load_config(folder: Path, content: dict[str, Any]) -> object:
    (folder / "in").mkdir(exist_ok=True)
    written(folder / "shop.yml", MAPPING)
    return load_settings(written(folder / "loyalty.yml", content))


def load_shop(folder: Path, content: dict[str, Any]) -> object:
    return load_mapping(written(folder / "mapping.yml", content))


def load_suite(folder: Path, content: dict[str, Any]) -> object:
    return load_suites(written(folder / "marts" / "orders.yml", content).parent.parent, "marts")


def load_total(folder: Path, content: dict[str, Any]) -> object:
    return load_totals(written(folder / "totals" / "t.yml", content).parent.parent)


FILES: list[tuple[Load, dict[str, Any]]] = [
    (load_config, SETTINGS),
    (load_shop, MAPPING),
    (load_suite, SUITE),
    (load_total, TOTAL),
]


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME", "LOYALTY_KEY", "LOYALTY_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)


def places(content: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield at
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inner:
        yield from places(value, (*at, key))


def changed(content: Any, at: tuple[str | int, ...], value: Any) -> Any:
    if not at:
        return value
    copy = deepcopy(content)
    inside = copy
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = value
    return copy


@pytest.mark.parametrize(("load", "content"), FILES)
def test_the_files_that_are_spoilt_below_are_good(tmp_path: Path, load: Load, content: dict[str, Any]) -> None:
    assert load(tmp_path, content)


@pytest.mark.parametrize(("load", "content"), FILES)
def test_no_value_at_any_place_is_answered_in_the_words_of_a_library(
    tmp_path: Path, load: Load, content: dict[str, Any]
) -> None:
    refused = 0
    for number, at in enumerate(places(content)):
        for value in WRONG[number % 3 :: 3]:
            try:
                load(tmp_path, changed(content, at, value))
            except ConfigError as error:
                refused += 1
                assert not RAW.search(error.message), (at, value, error.message)
                assert error.hint
                assert all(re.match(r".*\.yml:\d+: .+", line) for line in error.message.splitlines()), error.message
    assert refused > len(list(places(content)))


@pytest.mark.parametrize(("load", "content"), FILES)
def test_an_unknown_key_at_any_place_is_one_message_that_names_it_and_its_line(
    tmp_path: Path, load: Load, content: dict[str, Any]
) -> None:
    for at in places(content):
        inside = content
        for key in at:
            inside = inside[key]
        if not isinstance(inside, dict) or at[-1:] in {("entities",), ("columns",)} or at[-2:] == ("unpivot", 0):
            continue  # those hold names, not keys
        spoilt = changed(content, (*at, "colour"), "red")
        with pytest.raises(ConfigError) as refused:
            load(tmp_path, spoilt)
        (line,) = refused.value.message.splitlines()
        number = int(re.findall(r"\.yml:(\d+):", line)[0])
        text = yaml.safe_dump(spoilt, sort_keys=False, allow_unicode=True).splitlines()
        assert "colour" in line
        assert "colour" in text[number - 1] or "expect" in text[number - 1]  # a suite names the expectation's line


@pytest.mark.parametrize(
    ("load", "content", "at", "value", "words"),
    [
        (
            load_shop,
            MAPPING,
            ("files", 0, "format"),
            "xlsb",
            "files.0.format: `xlsb` is a binary Excel workbook, which cannot",
        ),
        (
            load_shop,
            MAPPING,
            ("files", 0, "format"),
            "jsn",
            "files.0.format: `jsn` is not allowed; did you mean `json`?",
        ),
        (load_shop, MAPPING, ("files",), [], "files: must not be empty"),
        (load_shop, MAPPING, ("files", 0, "nulls"), [0], "must be text, but `0` is not in quotes: write '0'"),
        (
            load_shop,
            MAPPING,
            ("files", 0, "skips", 0, "why"),
            "",
            "files.0.skips.0.why: must not be empty",
        ),
        (load_shop, MAPPING, ("currency",), "euro", "currency: `euro` is not a currency: write three capital letters"),
        (
            load_config,
            SETTINGS,
            ("sources", 0),
            {"files": "in"},
            "sources.0.mapping: is missing: write, for example, `mapping: mapping.yml`",
        ),
        (load_config, SETTINGS, ("engine",), 4, "engine: must contain keys with values (`key: value`), but is `4`"),
        (
            load_config,
            SETTINGS,
            ("notify", "webhook", "format"),
            "slak",
            "`slak` is not allowed; did you mean `slack`?",
        ),
        (load_config, SETTINGS, ("key_text",), "s", "key_text: not a key of this file"),
        (load_suite, SUITE, ("expectations", 0, "serverity"), "warn", "'serverity'; did you mean `severity`?"),
        (
            load_suite,
            SUITE,
            ("expectations", 0, "expect"),
            "expect_column_to_exists",
            "did you mean `expect_column_to_ex",
        ),
        (load_total, TOTAL, ("left",), "l", "left: must be a list, but is `l`"),
    ],
)
def test_one_fault_is_one_sentence_with_what_is_allowed(
    tmp_path: Path, load: Load, content: dict[str, Any], at: tuple[str | int, ...], value: Any, words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, changed(content, at, value))
    (line,) = refused.value.message.splitlines()
    assert words in line


def test_a_misspelt_key_is_not_also_a_missing_one(tmp_path: Path) -> None:
    spoilt = {"sorce": "shop", **{key: value for key, value in MAPPING.items() if key != "source"}}
    with pytest.raises(ConfigError) as refused:
        load_shop(tmp_path, spoilt)
    assert refused.value.message.splitlines() == [
        f"{tmp_path}/mapping.yml:1: sorce: unknown key; did you mean `source`?"
        " The keys here are extends, source, timezone, currency, order_statuses, channels, files"
    ]


def test_a_home_that_was_given_outside_of_the_file_is_refused_by_where_it_was_given(tmp_path: Path) -> None:
    load_config(tmp_path, SETTINGS)
    with pytest.raises(ConfigError, match=r"--home or LOYALTY_HOME: the path .* has \?"):
        load_settings(tmp_path / "loyalty.yml", tmp_path / "what?")
