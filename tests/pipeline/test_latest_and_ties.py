"""A home that begins with a survey and a CRM alone and gets orders later: the day that is built, and scores of ties."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.conftest import call


def file(match: str, entity: str, **columns: str) -> dict[str, Any]:
    return {"match": match, "timestamps": "%Y-%m-%d", "entities": {entity: {"columns": columns}}}


MAPPING = {
    "source": "t",
    "currency": "EUR",
    "files": [
        file(
            "answers*.csv",
            "survey_answers",
            response_id="id",
            question_id="construct",
            customer_ref="who",
            answered_at="at",
            construct="construct",
            answer_number="answer",
            scale_min="low",
            scale_max="high",
        ),
        file("cases*.csv", "cases", case_id="id", customer_ref="who", opened_at="at", closed_at="closed"),
        file("customers*.csv", "customers", customer_ref="who", signed_up_at="at"),
        file(
            "orders*.csv",
            "orders",
            order_id="id",
            customer_ref="who",
            ordered_at="at",
            gross="amount",
            updated_at="changed",
        ),
    ],
}
CUSTOMERS = "who,at\nsilent,2024-05-20\n"
ANSWERS = (
    "id,who,at,construct,answer,low,high\n"
    "1,pat,2024-03-05,nps,9,0,10\n2,sam,2024-03-06,nps,3,0,10\n3,sam,2024-03-09,csat,4,1,5\n"
)
CASES = "id,who,at,closed\n1,pat,2024-03-07,2024-05-02\n"
# nine of ten bought on one day; one order was corrected two days later, and again five weeks later
ORDERS = "id,who,at,amount,changed\n0,early,2024-01-05,10,\n" + "".join(
    f"{n},buyer{n},2024-04-01,{n}0,2024-04-01\n" for n in range(1, 10)
)
CORRECTIONS = "id,who,at,amount,changed\n9,buyer9,2024-04-01,80,2024-04-03\n9,buyer9,2024-04-01,1,2024-05-06\n"


@dataclass(frozen=True)
class Runs:
    """What two runs printed, and the versions that they published."""

    crm: dict[str, Any]
    shop: dict[str, Any]

    @staticmethod
    def rows(run: dict[str, Any], query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(Path(run["published"]) / "loyalty.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("latest")
    inbox = folder / "in"
    inbox.mkdir()
    (folder / "mapping.yml").write_text(yaml.safe_dump(MAPPING))
    settings = {
        "home": "home",
        "currency": "EUR",
        "timezone": "UTC",
        "sources": [{"mapping": "mapping.yml", "files": "in"}],
    }
    (folder / "loyalty.yml").write_text(yaml.safe_dump(settings))

    def run() -> dict[str, Any]:
        done = call("run", "--config", folder / "loyalty.yml", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    for name, text in {"customers": CUSTOMERS, "answers": ANSWERS, "cases": CASES}.items():
        (inbox / f"{name}.csv").write_text(text)
    crm = run()
    for name, text in {"orders": ORDERS, "orders_changed": CORRECTIONS}.items():
        (inbox / f"{name}.csv").write_text(text)
    return Runs(crm, run())


def test_a_survey_and_a_crm_alone_build_their_marts_as_of_their_last_event(runs: Runs) -> None:
    assert runs.crm["latest"] == {
        "day": "2024-03-09",
        "entity": "survey_answers",
        "source": "t",
        "is_correction": False,
        "last_event_on": "2024-03-09",
    }
    assert runs.crm["as_of"] == "2024-03-09"
    assert runs.rows(runs.crm, "select count(*) from fct_order") == [(0,)]
    assert runs.rows(runs.crm, "select count(*) from fct_survey_answer") == [(3,)]
    assert runs.rows(runs.crm, "select nps_category, count(*) from customer_nps group by all order by all") == [
        ("detractor", 1),
        ("promoter", 1),
    ]
    known = "select count(*), count(attitude_score), count(*) filter (where level = 'prospect') from customer_loyalty"
    assert runs.rows(runs.crm, known) == [(2, 2, 2)]


def test_latest_is_the_day_of_a_correction_soon_after_the_last_event(runs: Runs) -> None:
    assert runs.shop["latest"] == {
        "day": "2024-04-03",
        "entity": "orders",
        "source": "t",
        "is_correction": True,
        "last_event_on": "2024-04-01",
    }
    assert runs.rows(runs.shop, "select max(net_amount), sum(net_amount) from fct_order") == [(80, 450)]


def test_a_run_warns_of_later_corrections_and_names_the_day_that_has_them(runs: Runs) -> None:
    (warning,) = [words for words in runs.shop["warnings"] if "latest_correction_days" in words]
    assert warning.startswith("corrections after the latest day 2024-04-03, which its marts do not use: 1 (orders)")
    assert "known on 2024-05-06. To build with them, run --as-of 2024-05-06" in warning


def test_where_nine_of_ten_bought_on_the_last_day_none_of_them_is_hibernating(runs: Runs) -> None:
    assert runs.rows(
        runs.shop, "select recency_days, r_quintile, count(*) from customer_rfm group by all order by all"
    ) == [(2, 3, 9), (89, 1, 1)]
    assert runs.rows(runs.shop, "select distinct f_quintile from customer_rfm") == [(3,)]
    assert runs.rows(runs.shop, "select recency_days from customer_rfm where rfm_segment = 'hibernating'") == [(89,)]
