"""The chance of each planted class and type, from a customer's answers and the way in which answers are made.

Customers' values are drawn many times from their distribution; each draw counts as much as it makes the answers likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.sample import attitudes, feedback, planted, survey_tool
from pipelines.sample.attitudes import Attitudes, Scale
from pipelines.sample.process import Floats, Ints, draws

DRAWS = 4096
#: Values are rounded to these points, so that the chances of an answer are computed once for each.
POINTS = np.round(np.arange(-4.5, 4.51, 0.1), 1)
#: The shared mood of a response takes these values with these weights.
MOODS, MOOD_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)

Response = dict[str, int]


@dataclass(frozen=True)
class Question:
    """A question: how it is answered, and the index of the value in attitude, emotion, cognition that decides."""

    scale: Scale
    value: int


_VALUES = ("attitude", "emotion", "cognition")
_SHOP = {
    "recommend": Question(feedback.TEN, 0),
    "satisfied": Question(feedback.FIVE, 0),
    "easy": Question(feedback.SEVEN, 0),
    "trust": Question(feedback.FIVE, 1),
    "home": Question(feedback.FIVE, 1),
    "stay": Question(feedback.SEVEN, 1),
    "quality": Question(feedback.FIVE, 2),
}
_TOOL = {
    "recommend": Question(survey_tool.TEN, 0),
    **{name: Question(survey_tool.scale(name), _VALUES.index(value)) for _, name, value in survey_tool.FIVE},
}


class Feelings:
    """The draws, and how likely each response is for each of them."""

    def __init__(self) -> None:
        rng = draws(0, "best rule")
        shared, own = rng.normal(size=(1, DRAWS)), rng.normal(size=(3, DRAWS))
        drawn = np.sqrt(attitudes.TOGETHER) * shared + np.sqrt(1 - attitudes.TOGETHER) * own
        self.place: Ints = np.clip(np.rint((drawn - POINTS[0]) * 10), 0, len(POINTS) - 1).astype(np.int64)
        self.high = drawn > 0
        self.felt = Attitudes(*drawn)
        self.shop = {
            name: [np.log(each.scale.chances(feedback.OWN * POINTS + feedback.MOOD * mood) + 1e-12) for mood in MOODS]
            for name, each in _SHOP.items()
        }
        self.tool = {name: each.scale.chances(POINTS) for name, each in _TOOL.items()}

    def of_shop(self, response: Response) -> Floats:
        """The likelihood of a response to the shop's surveys for each draw. Its answers share a mood."""
        by_mood = np.zeros((len(MOODS), DRAWS))
        for name, answer in response.items():
            question = _SHOP[name]
            for row, table in enumerate(self.shop[name]):
                by_mood[row] += table[self.place[question.value], answer - question.scale.low]
        found: Floats = MOOD_WEIGHTS @ np.exp(by_mood) / MOOD_WEIGHTS.sum()
        return found

    def of_tool(self, response: Response) -> Floats:
        """The likelihood of a response to the survey tool. Some people give the same score to all questions."""
        ten, five = np.ones(DRAWS), np.ones(DRAWS)
        for name, answer in response.items():
            question = _TOOL[name]
            chance = self.tool[name][self.place[question.value], answer - question.scale.low]
            if name == "recommend":
                ten *= chance
            else:
                five *= chance
        same = {answer for name, answer in response.items() if name != "recommend"}
        careless = 0.25 if len(same) == 1 and min(same) >= 2 else 0.0
        lines = survey_tool.STRAIGHT_LINERS
        found: Floats = ten * ((1 - lines) * five + lines * careless)
        return found

    def chances(self, shop: Sequence[Response], tool: Sequence[Response], loyal: float) -> tuple[Floats, Floats]:
        """The chances of one customer.

        Args:
            shop: Responses to the shop's surveys: question and answer.
            tool: Responses to the survey tool.
            loyal: The chance that the planted level is loyal.

        Returns:
            One number per entry of planted.CLASSES, and one per entry of planted.TYPES.
        """
        weight = np.ones(DRAWS)
        for response in shop:
            weight = weight * self.of_shop(response)
        for response in tool:
            weight = weight * self.of_tool(response)
        weight = weight / weight.sum()
        classes, types = np.zeros(len(planted.CLASSES)), np.zeros(len(planted.TYPES))
        for level, chance in (("loyal", loyal), ("potential", 1 - loyal)):
            found = planted.classes(self.felt, np.full(DRAWS, planted.LEVELS.index(level)))
            classes += chance * np.bincount(found, weight, len(classes))
            types += chance * np.bincount(planted.types(self.felt, found), weight, len(types))
        return classes, types
