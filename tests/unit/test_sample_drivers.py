"""The drivers of loyalty in the sample: what the survey tool plants is found, within the error of the responses."""

import duckdb
import numpy as np
import pytest
from scipy.stats import norm

from pipelines.config.model_reports import ReportModel
from pipelines.sample import write_sample
from pipelines.sample.attitudes import TOGETHER
from pipelines.sample.survey_tool import FIVE, QUESTIONS, TEN, scale
from pipelines.value.drivers import Driver, DriverStatus, drivers

#: Questions about an intention are loyalty in other words: they are no drivers (macro driver_constructs).
INTENTIONS = ("again", "prefer", "stay", "elsewhere")
ASKED = [(heading, name, kind) for heading, name, kind in FIVE if name not in INTENTIONS]
PEOPLE = 40_000


@pytest.fixture(scope="module")
def truth() -> dict[str, float]:
    """The share of each question among very many people who answer as those of the sample do."""
    rng = np.random.default_rng(3)
    among = np.full((3, 3), TOGETHER) + (1 - TOGETHER) * np.eye(3)
    drawn = rng.multivariate_normal(np.zeros(3), among, PEOPLE).T
    value = dict(zip(("attitude", "emotion", "cognition"), drawn, strict=True))
    outcome = TEN.scores(value["attitude"], rng).astype(np.float64)
    scores = np.column_stack([scale(name).scores(value[kind], rng) for _, name, kind in ASKED]).astype(np.float64)
    found = drivers(scores, outcome, np.ones(PEOPLE, dtype=np.int64), ReportModel(driver_resamples=200))
    return {name: one.share for (_, name, _), one in zip(ASKED, found, strict=True)}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Driver]:
    """The drivers in the files of the survey tool, without straight lines, one response per address."""
    sample = tmp_path_factory.mktemp("sample")
    write_sample(sample, customers=3000, days=200, seed=7)
    five = ", ".join(f'"{heading}"' for heading in QUESTIONS if QUESTIONS[heading] != "recommend")
    (recommend,) = (heading for heading, name in QUESTIONS.items() if name == "recommend")
    rows = duckdb.sql(
        f"""
        select {", ".join(f'"{heading}"' for heading, _, _ in ASKED)}, "{recommend}"
        from read_csv('{sample}/inbox_survey_tool/tool_answers_*.csv')
        where list_unique([{five}]) > 1
        qualify row_number() over (partition by lower(trim(respondent)) order by submitted desc, token) = 1
        """
    ).fetchnumpy()
    columns = np.column_stack([np.asarray(column, dtype=np.float64) for column in rows.values()])
    counts = np.ones(len(columns), dtype=np.int64)
    weighed = drivers(columns[:, :-1], columns[:, -1], counts, ReportModel())
    return {name: one for (_, name, _), one in zip(ASKED, weighed, strict=True)}


def test_the_truth_has_a_clear_first_pair(truth: dict[str, float]) -> None:
    order = sorted(truth, key=truth.__getitem__, reverse=True)
    assert set(order[:2]) == {"satisfied", "easy"}
    assert truth[order[1]] > 2 * truth[order[2]]


def test_the_questions_that_hang_on_attitude_as_nps_does_are_found_as_the_strongest(found: dict[str, Driver]) -> None:
    """Satisfaction and ease are planted alike: their order is chance, so only the pair is tested."""
    assert {one.status for one in found.values()} == {DriverStatus.OK}
    order = sorted(found, key=lambda name: found[name].share, reverse=True)
    assert set(order[:2]) == {"satisfied", "easy"}
    rest = max(one.share_high for name, one in found.items() if name not in order[:2])
    assert min(found[name].share_low for name in order[:2]) > rest


def test_shares_differ_from_the_truth_by_no_more_than_chance(found: dict[str, Driver], truth: dict[str, float]) -> None:
    """The largest of ten differences is below this number of standard errors with a probability of 99 %.

    The standard error is half the width of the interval of 95 %, divided by 1.96.
    """
    limit = norm.ppf(1 - 0.01 / 2 / len(found))
    errors = {
        name: abs(one.share - truth[name]) / ((one.share_high - one.share_low) / 2 / 1.959964)
        for name, one in found.items()
    }
    assert max(errors.values()) < limit, errors
