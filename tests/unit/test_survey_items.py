"""The question bank, and mappings that refer to its items."""

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.landing import load_mapping
from pipelines.landing.entity_rows import EntityRows
from pipelines.landing.survey_items import survey_items

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
SHARED = {"response_id": "id", "answered_at": "at"}
# Computed from texts by a tool; no question measures it.
NOT_ASKED = {"sentiment"}


def rows_of(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def loaded(folder: Path, columns: dict[str, str], **more: Any) -> EntityRows:
    content = {"source": "s", "files": [{"match": "*", "entities": {"survey_answers": {"columns": columns, **more}}}]}
    path = folder / "mapping.yml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_mapping(path).files[0].entities["survey_answers"]


def refusal(folder: Path, columns: dict[str, str], **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loaded(folder, columns, **more)
    assert refused.value.exit_code == 2 and refused.value.hint
    return [line.removeprefix(f"{folder}/mapping.yml:") for line in refused.value.message.splitlines()]


def sql(columns: dict[str, Any]) -> dict[str, str]:
    return {name: column.sql for name, column in columns.items()}


def test_every_construct_that_can_be_asked_has_an_item() -> None:
    constructs = {row["construct"] for row in rows_of("constructs")}
    assert {row["construct"] for row in rows_of("survey_items")} == constructs - NOT_ASKED


def test_the_battery_of_zeithaml_is_complete_and_has_seven_points() -> None:
    battery = [row for row in rows_of("survey_items") if row["item"].startswith("zeithaml_")]
    parts = [row["item"].removeprefix("zeithaml_").rsplit("_", 1)[0] for row in battery]
    assert {part: parts.count(part) for part in parts} == {
        "loyalty": 5,
        "switch": 2,
        "pay_more": 2,
        "external_response": 3,
        "internal_response": 1,
    }
    assert {(row["scale_min"], row["scale_max"]) for row in battery} == {("1", "7")}
    reversed_parts = {part for part, row in zip(parts, battery, strict=True) if row["is_reversed"] == "true"}
    assert reversed_parts == {"switch", "external_response"}


def test_each_stage_of_oliver_has_items() -> None:
    stages = {row["item"].split("_")[1] for row in rows_of("survey_items") if row["item"].startswith("oliver_")}
    assert stages == {"cognitive", "affective", "conative", "action"}


def test_an_item_of_a_construct_where_less_is_better_is_reversed() -> None:
    lower = {row["construct"] for row in rows_of("constructs") if row["direction"] == "lower"}
    assert lower == {"switching", "external_complaint"}
    assert {row["is_reversed"] for row in rows_of("survey_items") if row["construct"] in lower} == {"true"}


def test_every_item_has_both_wordings_and_a_source() -> None:
    for row in rows_of("survey_items"):
        assert row["wording_en"].isascii() and row["wording_en"][-1] in ".?", row["item"]
        assert row["wording_zh"][-1] in "。？", row["item"]
        assert row["scale_name"] and row["source"], row["item"]
    for column in ("item", "wording_en", "wording_zh"):
        found = [row[column] for row in rows_of("survey_items")]
        assert len(found) == len(set(found)), column


def test_every_construct_is_accepted_by_the_rule_on_rows() -> None:
    assert {"review", "sentiment", "word_of_mouth"} <= set(ENTITIES["survey_answers"].accepted["construct"])


def test_an_item_stands_for_construct_scale_direction_and_question(tmp_path: Path) -> None:
    blocks = [
        {"item": "zeithaml_switch_2", "answer_number": "q1"},
        {"item": "nps", "question_id": "'recommend'", "answer_number": "q2"},
        {"question_id": "'own'", "answer_number": "q3"},
    ]
    found = [sql(block) for block in loaded(tmp_path, SHARED, unpivot=blocks).unpivot]
    assert found == [
        {
            "answer_number": "q1",
            "construct": "'switching'",
            "scale_min": "1",
            "scale_max": "7",
            "is_reversed": "true",
            "question_id": "'zeithaml_switch_2'",
        },
        {
            "question_id": "'recommend'",
            "answer_number": "q2",
            "construct": "'nps'",
            "scale_min": "0",
            "scale_max": "10",
            "is_reversed": "false",
        },
        {"question_id": "'own'", "answer_number": "q3"},
    ]


def test_an_item_in_columns_is_the_question_of_every_row(tmp_path: Path) -> None:
    columns = sql(loaded(tmp_path, {**SHARED, "item": "csat_overall", "answer_number": "n"}).columns)
    assert (columns["question_id"], columns["construct"], columns["scale_max"]) == ("'csat_overall'", "'csat'", "5")
    assert "item" not in columns


def test_every_item_can_be_used(tmp_path: Path) -> None:
    blocks = [{"item": name, "answer_number": f"q_{name}"} for name in survey_items()]
    found = loaded(tmp_path, SHARED, unpivot=blocks).unpivot
    assert [block["question_id"].sql for block in found] == [f"'{row['item']}'" for row in rows_of("survey_items")]


def test_an_unknown_item_is_refused_on_its_line_with_the_nearest_one(tmp_path: Path) -> None:
    blocks = [{"item": "zeithaml_loyalty_6", "answer_number": "q1"}, {"answer_number": "q2", "item": "nsp"}]
    assert refusal(tmp_path, SHARED, unpivot=blocks) == [
        "10: `zeithaml_loyalty_6` is not a survey item; did you mean `zeithaml_loyalty_5`?"
        " The items are listed in docs/surveys.md",
        "13: `nsp` is not a survey item; did you mean `nps`? The items are listed in docs/surveys.md",
    ]
    assert refusal(tmp_path, {**SHARED, "item": "x"})[0].startswith("9: `x` is not a survey item; ")


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({"construct": "'trust'"}, "11: construct is `'trust'`, but the item nps has nps: "),
        ({"construct": "nps"}, "11: construct is `nps`, but"),  # a source column
        ({"scale_max": "5"}, "11: scale_max is `5`, but the item nps has 10: remove scale_max, or remove the item"),
        ({"scale_min": "lowest"}, "11: scale_min is `lowest`, but the item nps has 0: "),
        ({"is_reversed": "true"}, "11: is_reversed is `true`, but the item nps has false: "),
    ],
)
def test_what_contradicts_an_item_is_refused_on_its_line(tmp_path: Path, own: dict[str, str], line: str) -> None:
    block = {"item": "nps", **own, "answer_number": "q"}
    (message,) = refusal(tmp_path, SHARED, unpivot=[block])
    assert message.startswith(line)


def test_what_all_blocks_share_may_not_contradict_an_item_either(tmp_path: Path) -> None:
    shared = {**SHARED, "scale_min": "1", "scale_max": "7"}
    blocks = [{"item": "trust_1", "answer_number": "a"}, {"item": "csat_overall", "answer_number": "b"}]
    (message,) = refusal(tmp_path, shared, unpivot=blocks)
    assert message.startswith("10: scale_max is `7`, but the item csat_overall has 5: ")


def test_what_repeats_an_item_is_accepted(tmp_path: Path) -> None:
    own = {"construct": "'NPS'", "scale_min": "0.0", "scale_max": "'10'", "is_reversed": "FALSE"}
    (block,) = loaded(tmp_path, SHARED, unpivot=[{"item": "nps", "answer_number": "q", **own}]).unpivot
    assert sql(block)["scale_max"] == "10"


LONG = {**SHARED, "question_id": "question", "answer_number": "n"}


def test_items_give_each_question_of_a_long_file_its_item(tmp_path: Path) -> None:
    found = loaded(tmp_path, LONG, items={"Q1": "nps", "it's 2": "zeithaml_switch_1"})
    assert found.columns["scale_max"].sql == (
        "case trim(cast((\nquestion\n) as varchar)) when 'Q1' then 10 when 'it''s 2' then 7 end"
    )
    assert found.items == {}


@pytest.mark.parametrize(
    ("columns", "more", "line"),
    [
        (LONG, {"items": {"Q1": "nsp"}}, "12: `nsp` is not a survey item; did you mean `nps`?"),
        ({**LONG, "scale_max": "top"}, {"items": {"Q1": "nps"}}, "11: `items` already declares scale_max"),
        ({**LONG, "item": "nps"}, {"items": {"Q1": "nps"}}, "11: `items` already declares item"),
        (SHARED, {"items": {"Q1": "nps"}}, "9: `items` needs `question_id` in `columns`"),
        (LONG, {"unpivot": [{"answer_text": "t"}], "items": {"Q1": "nps"}}, "13: `items` is for rows with one answer"),
    ],
)
def test_a_list_of_items_that_does_not_fit_is_refused_on_its_line(
    tmp_path: Path, columns: dict[str, str], more: dict[str, Any], line: str
) -> None:
    (message,) = refusal(tmp_path, columns, **more)
    assert message.startswith(line)


def test_items_are_for_survey_answers_only(tmp_path: Path) -> None:
    orders = {"columns": {"order_id": "id", "ordered_at": "at"}, "items": {"Q1": "nps"}}
    path = tmp_path / "mapping.yml"
    path.write_text(yaml.safe_dump({"source": "s", "files": [{"match": "*", "entities": {"orders": orders}}]}))
    with pytest.raises(ConfigError, match="orders has `items`, which is a key of survey_answers only"):
        load_mapping(path)
