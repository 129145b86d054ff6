"""The best rule that knows the generator's parameters: its chances come true, and no simpler rule is better."""

import numpy as np
import pytest

from pipelines.sample import attitudes, planted, survey_tool
from pipelines.sample.best.feelings import Feelings, Response
from pipelines.sample.best.levels import Bought, level_chances
from pipelines.sample.best.scores import best_labels, confusion, f1_of, macro_f1
from pipelines.sample.process import Parameters, simulate

FIRST, LAST = 19_000, 20_095
PARAMETERS = Parameters()


@pytest.fixture(scope="module")
def levels() -> tuple[np.ndarray, np.ndarray]:
    """The chances of simulated customers, and their planted levels."""
    lives, purchases = simulate(40_000, FIRST, LAST, 9, PARAMETERS)
    last = planted.last_days(purchases, len(lives.first_day), LAST)
    bought = Bought(np.bincount(purchases.customer) - 1, last - lives.first_day, LAST - lives.first_day)
    return level_chances(bought, PARAMETERS), planted.levels(lives, purchases, PARAMETERS, LAST)


def test_the_chances_of_the_levels_come_true(levels: tuple[np.ndarray, np.ndarray]) -> None:
    chances, true = levels
    assert chances.sum(axis=1) == pytest.approx(1)
    for label, name in enumerate(planted.LEVELS):
        chance, is_true = chances[:, label], true == label
        assert chance.mean() == pytest.approx(is_true.mean(), abs=0.01), name
        for low in (0.2, 0.4, 0.6, 0.8):
            there = (chance >= low - 0.1) & (chance < low + 0.1)
            if there.sum() > 500:
                assert chance[there].mean() == pytest.approx(is_true[there].mean(), abs=0.04), (name, low)


def test_the_best_rule_has_a_better_macro_f1_than_the_most_probable_label(
    levels: tuple[np.ndarray, np.ndarray],
) -> None:
    chances, true = levels
    n = len(planted.LEVELS)
    best = macro_f1(confusion(true, best_labels(chances), n))
    assert best > macro_f1(confusion(true, chances.argmax(axis=1), n))
    assert best > 0.6


def test_the_chances_of_class_and_type_come_true() -> None:
    people = 1_500
    lives, _ = simulate(people, FIRST, LAST, 3, PARAMETERS)
    felt = attitudes.build(lives, people, 3)
    ten, five = survey_tool._scores(felt, np.arange(people), 3)
    feelings = Feelings()
    names = [name for _, name, _ in survey_tool.FIVE]
    answers: list[Response] = [
        {"recommend": int(ten[who]), **{name: int(five[row, who]) for row, name in enumerate(names)}}
        for who in range(people)
    ]
    found = [feelings.chances([], [response], 0.0) for response in answers]
    level = np.full(people, planted.LEVELS.index("potential"))
    true_class = planted.classes(felt, level)
    for chances, true in (
        (np.stack([each for each, _ in found]), true_class),
        (np.stack([each for _, each in found]), planted.types(felt, true_class)),
    ):
        assert chances.sum(axis=1) == pytest.approx(1)
        for label in range(chances.shape[1]):
            assert chances[:, label].mean() == pytest.approx((true == label).mean(), abs=0.04)
        assert (chances.argmax(axis=1) == true).mean() > 0.7


def test_f1_is_twice_the_hits_over_all_who_have_the_label_or_were_given_it() -> None:
    matrix = confusion(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 2]), 3)
    assert f1_of(matrix) == pytest.approx([4 / 5, 2 / 4, 0])
    assert macro_f1(matrix) == pytest.approx((4 / 5 + 2 / 4) / 2)
