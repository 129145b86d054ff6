"""What the sample's customers think and feel, and what they answer."""

import csv
from collections import defaultdict

import numpy as np
import pytest

from pipelines.sample import attitudes
from pipelines.sample.process import Parameters, simulate
from pipelines.sample.survey_tool import FIVE, REVERSED, STRAIGHT_LINERS, _scores
from tests.sample_truth import true_customers
from tests.unit.sample_files import small_sample

DIMENSIONS = ("attitude", "emotion", "cognition")


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, attitudes.Attitudes]:
    lives, _ = simulate(20_000, 19_000, 19_499, 5, Parameters())
    return lives.rate_per_day, attitudes.build(lives, 21_000, 5)


def test_the_values_go_together_moderately_and_weakly_with_buying(
    drawn: tuple[np.ndarray, attitudes.Attitudes],
) -> None:
    rate, felt = drawn
    values = np.stack([getattr(felt, name) for name in DIMENSIONS])
    assert values.mean(axis=1) == pytest.approx(0, abs=0.03)
    assert values.std(axis=1) == pytest.approx(1, abs=0.03)
    together = np.corrcoef(values)[np.triu_indices(3, 1)]
    assert together == pytest.approx(attitudes.TOGETHER, abs=0.03)
    rank = np.argsort(np.argsort(rate))
    for value in values:
        assert np.corrcoef(rank, value[: len(rank)])[0, 1] == pytest.approx(attitudes.WITH_BUYING, abs=0.03)


def test_each_answer_follows_its_own_value_and_the_reversed_one_turns_round(
    drawn: tuple[np.ndarray, attitudes.Attitudes],
) -> None:
    _, felt = drawn
    persons = np.arange(21_000)
    ten, five = _scores(felt, persons, 5)
    assert np.corrcoef(ten, felt.attitude)[0, 1] > 0.75
    for scores, (_, name, dimension) in zip(five, FIVE, strict=True):
        found = {each: abs(np.corrcoef(scores, getattr(felt, each))[0, 1]) for each in DIMENSIONS}
        assert max(found, key=lambda each: found[each]) == dimension
        assert 0.6 < found[dimension] < 0.85
        sign = np.corrcoef(scores, getattr(felt, dimension))[0, 1] > 0
        assert sign == (name not in REVERSED)


def test_a_few_people_give_the_same_score_to_every_question(drawn: tuple[np.ndarray, attitudes.Attitudes]) -> None:
    _, felt = drawn
    _, five = _scores(felt, np.arange(21_000), 5)
    same = np.all(five == five[0], axis=0)
    assert same.mean() == pytest.approx(STRAIGHT_LINERS, abs=0.01)


def test_the_truth_has_every_kind_of_loyalty_and_says_who_is_still_there() -> None:
    known = true_customers(small_sample())
    assert {each.kind for each in known.values()} == set(attitudes.KINDS)
    gone = [each for each in known.values() if each.dropout_on is not None]
    assert gone
    assert not any(each.is_alive(each.dropout_on) for each in gone if each.dropout_on is not None)
    assert all(each.is_alive(each.first_purchase_on) for each in known.values() if each.dropout_on is None)


def test_the_questionnaire_is_answered_in_the_files() -> None:
    answered = defaultdict(int)
    for path in (small_sample() / "inbox_survey_tool").glob("tool_answers_*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for heading, _, _ in FIVE:
                    answered[heading] += row[heading] in {"1", "2", "3", "4", "5"}
    assert len(answered) == len(FIVE)
    assert min(answered.values()) > 20
