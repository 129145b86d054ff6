"""Audiences of loyalty.yml: conditions are checked with their place, and reach dbt with the columns that they use."""

from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.config.audience_columns import HISTORY, MARTS, audience_columns
from pipelines.config.audience_condition import checked, texts_compared
from pipelines.config.settings import dbt_vars, load_settings

CONFIG = "currency: EUR\ntimezone: UTC\nsources: [{mapping: sample, files: inbox}]\naudiences:\n"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME", "LOYALTY_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "loyalty.yml"


def test_every_mart_of_conditions_is_declared_and_history_is_part_of_them() -> None:
    assert {column.mart for column in audience_columns().values()} == set(MARTS)
    assert audience_columns().keys() >= HISTORY
    assert all(column.kind for column in audience_columns().values())


@pytest.mark.parametrize(
    "condition",
    [
        "level = 'at_risk' and recency_days > 90",
        "value_tier in ('high', 'top') and not is_employee and nps_category is not null",
        "last_purchase_on < date '2024-01-01' or lower(favourite_category) like 'tea%'",
        "case when loyalty_class = 'not_loyal' then attitude_score < 20 else silence_ratio between 2 and 4 end",
        "level = 'new' -- with a remark",
        "is_regular",
    ],
)
def test_a_condition_on_columns_of_customers_is_taken_as_it_is(condition: str) -> None:
    assert checked(f" {condition}\n") == condition


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            "levl = 'new'",
            "there is no column `levl` for audiences (character 1 of the condition); did you mean `level`?",
        ),
        (
            "level = 'new' and customer_rfm.recency_days > 1",
            "(character 19 of the condition); did you mean `recency_days`",
        ),
        ("level = 'sleepy'", "`level` never has the value `sleepy` (character 9 of the condition)"),
        ("recency_days > 9 and 'at_riks' <> level", "`level` never has the value `at_riks`"),
        ("level in ('loyal', 'at_riks')", "(character 20 of the condition); did you mean `at_risk`?"),
        ("not (next_action not in ('reward', 'rewards'))", "did you mean `reward`?"),
        (
            "favourite_channel = 'stor'",
            "`favourite_channel` never has the value `stor` (character 21 of the condition)",
        ),
        ("level = ", "is not SQL (character 7 of the condition)"),
        ("level = 'new') or (level = 'new'", "is not SQL (character 14 of the condition)"),
        ("level = 'new'; drop table customers", "must be one SQL condition"),
        ("level = 'new', level = 'new'", "must be one SQL condition"),
        ("level = 'new';", "is not SQL"),
        ("level from customers", "must be one SQL condition"),
        ("level = 'new' limit 1", "must be one SQL condition"),
        ("level in (select 'new')", "a subquery cannot be used (character 10 of the condition)"),
        ("exists (select 1)", "a subquery cannot be used"),
        ("count(*) over () > 1", "a window cannot be used"),
        ("recency_days > $1", "a parameter cannot be used"),
        ("read_text('/etc/passwd') = level", "the function `read_text` cannot be used (character 1 of the condition)"),
        ("random() < 0.5", "the function `random` cannot be used"),
        ("getenv('LOYALTY_KEY') = level", "the function `getenv` cannot be used"),
        ("last_purchase_on < current_date", "there is no column `current_date`"),
        ("lowr(level) = 'new'", "did you mean `lower`?"),
        ("level", "must be true or false for each customer, but is varchar"),
        ("recency_days > 'a'", "cannot be used: a text is used as a number"),
        ("level = 1", "cannot be used: a text is used as a number"),
        ("not level", "cannot be used: a text is used as a number, a day or a truth value"),
        ("cast(level as integer) = 1", "cannot be used: a text is used as a number"),
        ("level ilike 'a%'", "the function `ilike` cannot be used"),
        ("customer_key = 'x'", "there is no column `customer_key`"),
    ],
)
def test_anything_else_is_refused_with_its_place(condition: str, message: str) -> None:
    with pytest.raises(ValueError) as problem:
        checked(condition)
    assert message in str(problem.value)


def test_a_wrong_audience_names_file_line_and_key(config: Path) -> None:
    config.write_text(
        CONFIG
        + "  good: {where: level = 'new', channel: email}\n"
        + "  bad:\n    where: >-\n      levl = 'new'\n    channel: post\n    holdout: 0.6\n"
        + "  Big Spenders: {where: is_regular, channel: sms}\n"
    )
    with pytest.raises(ConfigError) as problem:
        load_settings(config)
    lines = problem.value.message.splitlines()
    assert lines[0].startswith(f"{config}:7: audiences.bad.where: there is no column `levl`")
    assert lines[1].startswith(f"{config}:9: audiences.bad.channel: `post` is not allowed")
    assert lines[2] == f"{config}:10: audiences.bad.holdout: must be at most 0.5, but is `0.6`"
    assert lines[3].startswith(f"{config}:11: audiences.Big Spenders: `Big Spenders` cannot be the name")
    assert len(lines) == 4


def test_a_tier_that_the_settings_do_not_have_names_file_and_line(config: Path) -> None:
    config.write_text(
        CONFIG
        + "  good: {where: value_tier = 'top', channel: email}\n"
        + "  bad:\n    where: level = 'new' and value_tier in ('hihg', 'top')\n    channel: email\n"
        + "  worse: {where: lower(level) = 'x' or 'lwo' <> value_tier, channel: sms}\n"
    )
    with pytest.raises(ConfigError) as problem:
        load_settings(config)
    lines = problem.value.message.splitlines()
    assert lines[0].startswith(
        f"{config}:7: audiences.bad.where: `value_tier` never has the value `hihg` (character 34"
    )
    assert lines[0].endswith("did you mean `high`? There are low, middle, high, top")
    assert lines[1].startswith(f"{config}:9: audiences.worse.where: `value_tier` never has the value `lwo`")
    assert len(lines) == 2


def test_tiers_of_the_settings_are_codes(config: Path) -> None:
    audience = "  best: {where: value_tier = 'gold', channel: email}\n"
    config.write_text(CONFIG + audience + "model: {clv: {tiers: {basic: 0, gold: 0.5}}}\n")
    assert load_settings(config).audiences["best"].where == "value_tier = 'gold'"


def test_every_column_with_a_code_set_has_its_codes() -> None:
    columns = audience_columns()
    open_ended = {name for name, one in columns.items() if one.kind == "string" and not one.codes and not one.codes_var}
    assert open_ended == {
        "evidence_pattern",
        "rfm_cell",
        "favourite_brand",
        "favourite_category",
        "favourite_store",
        "account_key",
        "country",
        "region",
        "segment",
        "gender",
        "acquisition_channel",
    }
    assert "marketplace" in columns["favourite_contact_channel"].codes


def test_texts_that_are_compared_are_found_with_what_they_are_compared_with() -> None:
    condition = (
        "lower(segment) in ('a', 'b') and not country like 'D%' and 'x' <> region and gender is not distinct from 'f'"
        " and case region when 'n' then true else coalesce(segment, 'c') = 'd' end and recency_days > 3"
    )
    assert [(one.sql, one.column, one.text, one.is_pattern) for one in texts_compared(condition)] == [
        ("lower(segment)", None, "a", False),
        ("lower(segment)", None, "b", False),
        ("country", "country", "D%", True),
        ("region", "region", "x", False),
        ("gender", "gender", "f", False),
        ("region", "region", "n", False),
        ("COALESCE(segment, 'c')", None, "d", False),
    ]


def test_dbt_gets_each_audience_with_its_columns(config: Path) -> None:
    config.write_text(
        CONFIG
        + "  lost: {where: level = 'churned' and rfm_segment <> 'new', channel: sms, holdout: 0.5, suppress: []}\n"
        + "  big: {where: value_tier = 'top' and level = 'loyal', channel: email, quiet_days: 7}\n"
    )
    big, lost = dbt_vars(load_settings(config))["audiences"]
    assert big == {
        "name": "big",
        "where": "value_tier = 'top' and level = 'loyal'",
        "channel": "email",
        "holdout_below": "1999999a",
        "suppress": ["open_complaint", "employee"],
        "quiet_days": 7,
        "effect_days": 30,
        "columns": ["customer_loyalty.level", "customer_clv.value_tier"],
        "is_dated": False,
    }
    assert lost["holdout_below"] == "80000000"
    assert lost["columns"] == ["customer_loyalty.level", "customer_rfm.rfm_segment"]
    assert lost["is_dated"] is True


def test_without_audiences_dbt_gets_none(config: Path) -> None:
    config.write_text(CONFIG.removesuffix("audiences:\n"))
    assert dbt_vars(load_settings(config))["audiences"] == []
