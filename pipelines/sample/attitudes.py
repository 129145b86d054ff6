"""What the customers truly think and feel: attitude, emotion and cognition. Nobody sees them; answers hint at them.

The three go together moderately, and weakly with how often somebody buys. They are drawn apart from the process, so
they change nobody's purchases.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.special import ndtr

from pipelines.sample import text
from pipelines.sample.process import Floats, Ints, Lives, draws

#: The correlation of two of the three, and of each of them with the rank of the purchase rate.
TOGETHER, WITH_BUYING = 0.5, 0.2
KINDS = ["none", "latent", "habitual", "true"]


@dataclass(frozen=True)
class Attitudes:
    """Standard normal values, one per person: first the acquired customers, then the prospects.

    Attributes:
        attitude: How they judge the company as a whole.
        emotion: How attached they are to it.
        cognition: How they judge its products, its service and its brand.
    """

    attitude: Floats
    emotion: Floats
    cognition: Floats

    def kinds(self, lives: Lives) -> pa.Array:
        """The true kind of loyalty of the acquired customers, one of KINDS.

        Somebody feels loyal if the mean of the three values is above 0, and buys loyally if the rate is above the
        median. Both together are true loyalty; the feeling alone is latent, the buying alone is habitual.
        """
        n = len(lives.rate_per_day)
        feels = (self.attitude + self.emotion + self.cognition)[:n] > 0
        buys = lives.rate_per_day > np.median(lives.rate_per_day)
        return text.picked(KINDS, feels.astype(np.int64) + 2 * buys.astype(np.int64))


@dataclass(frozen=True)
class Scale:
    """How people answer a question: a line of what they think, with noise, rounded to a point of the scale.

    Attributes:
        start: The answer of somebody with the value 0.
        slope: Points per unit of the value.
        noise: Standard deviation around the line.
        low: Lowest point.
        high: Highest point.
    """

    start: float
    slope: float
    noise: float
    low: int
    high: int

    def scores(self, value: Floats, rng: np.random.Generator) -> Ints:
        """One answer for each value."""
        drawn = self.start + self.slope * value + rng.normal(0.0, self.noise, value.shape)
        return np.clip(np.rint(drawn), self.low, self.high).astype(np.int64)

    def chances(self, value: Floats) -> Floats:
        """The chance of each point of the scale: one row per value, one column per point from `low` to `high`."""
        edges = np.arange(self.low, self.high) + 0.5
        below = ndtr((edges - (self.start + self.slope * value)[:, None]) / self.noise)
        return np.diff(below, prepend=0.0, append=1.0, axis=1)


def build(lives: Lives, people: int, seed: int) -> Attitudes:
    """Draw the values of `people` persons, of whom the first are the acquired customers."""
    rng = draws(seed, "attitudes")
    buyers = len(lives.rate_per_day)
    buying = rng.normal(0.0, 1.0, people)
    rank: Ints = np.argsort(np.argsort(lives.rate_per_day))
    # Ranks, made to have mean 0 and variance 1, so that a few very high rates do not decide.
    buying[:buyers] = ((rank + 0.5) / buyers - 0.5) * np.sqrt(12.0)
    shared = rng.normal(0.0, 1.0, people)
    own = rng.normal(0.0, 1.0, (3, people))
    rest = TOGETHER - WITH_BUYING**2
    values = WITH_BUYING * buying + np.sqrt(rest) * shared + np.sqrt(1.0 - TOGETHER) * own
    return Attitudes(*values)
