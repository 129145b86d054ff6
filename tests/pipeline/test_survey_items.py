"""Survey answers that land by the items of the question bank, and the examples of docs/surveys.md."""

import csv
import re
from pathlib import Path

import pytest

from pipelines.config.model import ModelSettings
from pipelines.landing.survey_items import survey_items
from tests.pipeline.landing_desk import Desk

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "surveys.md").read_text(encoding="utf-8")
WIDE, LONG, _ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COLUMNS = "question_id, construct, answer_number, scale_min, scale_max, is_reversed"


def example(folder: Path, text: str) -> Desk:
    desk = Desk(folder)
    desk.mapping.write_text(text, encoding="utf-8")
    return desk


def seed(name: str) -> dict[str, dict[str, str]]:
    """The rows of a seed, by their first column."""
    with (ROOT / "dbt_project" / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {next(iter(row.values())): row for row in csv.DictReader(file)}


def questionnaire() -> list[list[str]]:
    """The cells of each row of the example questionnaire: number, item, English, Chinese, what it fills."""
    rows = re.findall(r"^\| \d+ \| .*\|$", PAGE, re.MULTILINE)
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def test_the_example_questionnaire_lands_with_what_its_items_declare(tmp_path: Path) -> None:
    desk = example(tmp_path, WIDE)
    header = ["Response", "Customer", "Submitted", *(f"Q{number}" for number in range(1, 13))]
    answers = ["r1", "c1", "2024-05-01 08:00", "9", "4", "6", "7", "6", "5", "4", "6", "7", "5", "2", "6"]
    empty = ["r2", "c2", "2024-05-01 09:00", "3", *[""] * 11]
    desk.put("loyalty-survey-1.csv", "\n".join(",".join(row) for row in (header, answers, empty)) + "\n")
    assert desk.land().rows == {"survey_answers": 13}
    landed = desk.rows("survey_answers", COLUMNS, "record, question_id")
    first = {row[0]: row[1:] for row in landed[:12]}
    assert list(first) == sorted(item for _, item, *_ in questionnaire())
    for item, (construct, _, *scale) in first.items():
        declared = survey_items()[item].declares
        assert [construct, *scale] == list(declared.values())
    assert first["zeithaml_switch_2"] == ("switching", "2", "1", "7", "true")
    assert landed[12] == ("nps", "nps", "3", "0", "10", "false")


def test_the_example_questionnaire_fills_every_dimension_that_answers_can_fill() -> None:
    constructs = seed("constructs")
    rows = questionnaire()
    assert len(rows) == 12
    dimensions = [constructs[seed("survey_items")[item]["construct"]]["dimension"] for _, item, *_ in rows]
    for (*_, fills), dimension in zip(rows, dimensions, strict=True):
        assert fills.startswith((dimension, "shown")), fills
    assert {fills.split(" ")[0].strip(":;") for *_, fills in rows} == {"attitude", "emotion", "cognition", "shown"}


def test_the_example_questionnaire_carries_enough_weight_in_each_dimension() -> None:
    constructs, items, model = seed("constructs"), seed("survey_items"), ModelSettings().loyalty
    parts = {constructs[items[item]["construct"]]["part"] for _, item, *_ in questionnaire()}
    covered = {
        name: sum(weight for part, weight in dict(weights).items() if part in parts)
        for name, weights in (
            ("attitude", model.attitude_weights),
            ("emotion", model.emotion_weights),
            ("cognition", model.cognition_weights),
        )
    }
    assert covered == pytest.approx({"attitude": 0.8, "emotion": 0.75, "cognition": 1.0})
    assert covered["emotion"] >= model.evidence.emotion_answered_share


def test_the_page_shows_the_wordings_of_the_bank() -> None:
    items = seed("survey_items")
    for _, item, english, chinese, _ in questionnaire():
        assert (english, chinese) == (items[item]["wording_en"], items[item]["wording_zh"])


def test_each_question_of_a_long_file_has_the_scale_of_its_item(tmp_path: Path) -> None:
    desk = example(tmp_path, LONG)
    lines = ["response,question,customer,answered,answer"]
    lines += [f"1,{question},c,2024-05-01 08:00,{number}" for question, number in (("Q1", 9), (" Q11 ", 8), ("Q2", 1))]
    desk.put("answers-1.csv", "\n".join(lines) + "\n")
    assert desk.land().skipped == 1
    assert desk.rows("survey_answers", COLUMNS, "record") == [
        ("Q1", "nps", "9", "0", "10", "false"),
        ("Q11", "switching", "8", "1", "7", "true"),  # outside its scale: staging rejects it (ANS-107)
    ]


def test_a_question_without_an_item_has_no_construct_and_no_scale(tmp_path: Path) -> None:
    text = LONG.replace("        where: question in ('Q1', 'Q8', 'Q11')\n", "").split("    skips:")[0]
    desk = example(tmp_path, text)
    desk.put("answers-1.csv", "response,question,customer,answered,answer\n1,Q2,c,2024-05-01 08:00,4\n")
    desk.land()
    assert desk.rows("survey_answers", COLUMNS) == [("Q2", None, "4", None, None, None)]
