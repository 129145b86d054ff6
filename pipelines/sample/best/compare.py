"""A run of the sample against the planted labels: the pipeline's labels, those of the best rule, and the true ones."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from pipelines.sample import planted
from pipelines.sample.best.feelings import Feelings, Response
from pipelines.sample.best.levels import Bought, level_chances
from pipelines.sample.best.scores import best_labels, confusion, macro_f1
from pipelines.sample.process import Ints, Parameters

SHOP_SURVEYS = ("nps-relationship", "csat-order")

_CUSTOMERS = """
select
    loyalty.customer_key, truth.n_orders - 1 as repeats,
    truth.last_purchase_on - truth.first_purchase_on as span, loyalty.as_of_on - truth.first_purchase_on as age,
    truth.level as true_level, truth.loyalty_class as true_class, truth.loyalty_type as true_type,
    loyalty.level, loyalty.loyalty_class, loyalty.loyalty_type,
    attitude_score is not null and emotion_score is not null and cognition_score is not null as has_answered
from read_parquet('{sample}/truth/customers.parquet') as truth
join who on who.customer_ref = truth.customer_ref
join read_parquet('{marts}/customer_loyalty/*.parquet') as loyalty using (customer_key)
order by truth.person
"""
_ANSWERS = """
select customer_key, survey_id, response_id, question_id, answer_number::int
from read_parquet('{marts}/fct_survey_answer/*.parquet')
where customer_key is not null and answer_number is not null
    and survey_id in ('nps-relationship', 'csat-order', 'loyalty')
order by all
"""


@dataclass(frozen=True)
class Compared:
    """One kind of label. The matrices have a row per true label and a column per label that was given.

    Attributes:
        labels: The planted labels, then those that only the pipeline gives.
        pipeline: Its matrix.
        best: That of the best rule.
    """

    labels: list[str]
    pipeline: Ints
    best: Ints

    @property
    def share_of_best(self) -> float:
        """Macro F1 of the pipeline as a share of that of the best rule."""
        return macro_f1(self.pipeline) / macro_f1(self.best)


def compare(sample: Path, home: Path) -> dict[str, Compared]:
    """Level of all customers with a reference; class and type of those with answers to all three dimensions.

    Args:
        sample: The folder that `write_sample` wrote.
        home: The home of the run, as of the last day of the sample.
    """
    names = {"sample": sample, "marts": home / "published" / "current" / "marts"}
    with duckdb.connect() as con:
        con.execute(f"attach '{home}/state/warehouse.duckdb' as built (read_only)")
        con.execute(
            "create temp table who as select customer_ref, customer_key"
            " from built.intermediate.int_customer_identity where source = 'sample'"
        )
        seen = con.execute(_CUSTOMERS.format(**names)).fetchnumpy()
        answers = con.execute(_ANSWERS.format(**names)).fetchall()
    process = json.loads((sample / "truth" / "parameters.json").read_text(encoding="utf-8"))["process"]
    bought = Bought(*(np.asarray(seen[name], dtype=np.int64) for name in ("repeats", "span", "age")))
    levels = level_chances(bought, Parameters(**process))
    shop, tool = _responses(answers)
    feelings, who = Feelings(), np.flatnonzero(seen["has_answered"])
    keys = [str(seen["customer_key"][row]) for row in who]
    loyal = levels[who, planted.LEVELS.index("loyal")]
    felt = [feelings.chances(shop[key], tool[key], chance) for key, chance in zip(keys, loyal, strict=True)]
    everyone = np.arange(len(levels))
    return {
        "level": _compared(planted.LEVELS, seen["true_level"], seen["level"], levels, everyone),
        "class": _compared(
            planted.CLASSES, seen["true_class"], seen["loyalty_class"], np.stack([each for each, _ in felt]), who
        ),
        "type": _compared(
            planted.TYPES, seen["true_type"], seen["loyalty_type"], np.stack([each for _, each in felt]), who
        ),
    }


def _responses(answers: list[tuple[str, str, str, str, int]]) -> tuple[dict[str, list[Response]], ...]:
    """The responses of each customer to the shop's surveys and to the survey tool."""
    by_response: dict[tuple[str, bool, str], Response] = defaultdict(dict)
    for key, survey, response, question, answer in answers:
        is_shop = survey in SHOP_SURVEYS
        # "I would switch for a lower price" is the opposite of staying.
        name, score = ("stay", 8 - answer) if is_shop and question == "switch" else (question, answer)
        by_response[key, is_shop, response][name] = score
    shop: dict[str, list[Response]] = defaultdict(list)
    tool: dict[str, list[Response]] = defaultdict(list)
    for (key, is_shop, _), found in by_response.items():
        (shop if is_shop else tool)[key].append(found)
    return shop, tool


def _compared(names: list[str], true: object, found: object, chances: object, rows: Ints) -> Compared:
    truth, given = np.asarray(true)[rows], np.asarray(found)[rows]
    labels = [*names, *sorted(set(map(str, given)) - set(names))]
    code = {name: place for place, name in enumerate(labels)}
    true_codes = np.array([code[str(each)] for each in truth])
    best = best_labels(np.asarray(chances))
    return Compared(
        labels=labels,
        pipeline=confusion(true_codes, np.array([code[str(each)] for each in given]), len(labels)),
        best=confusion(true_codes, best, len(labels)),
    )
