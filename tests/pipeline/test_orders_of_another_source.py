"""Answers of a survey tool that name only an order of the shop: runs, an export and erasures through the real commands.

The till has orders with the same numbers as the shop.
"""

import json
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.identity.pseudonyms import customer_key
from pipelines.publication import audit, resolve_current
from tests.conftest import call
from tests.pipeline import person
from tests.pipeline.people import DAY, LATER, deliver, order, settings
from tests.pipeline.test_forget_landed import landed

pytestmark = pytest.mark.story

AT = f"{DAY} 12:00:00"
WORDS = {"before": "Quick as a heron", "after": "Slow as a walrus", "till": "Cold as a lamp", "own": "Bare as a stone"}
Row = dict[str, str | None]


def answer(response: str, number: str, source: str | None) -> Row:
    """An answer that names nobody."""
    return {
        "response_id": response,
        "question_id": "q",
        "order_id": number,
        "order_source": source,
        "answered_at": AT,
        "construct": "nps",
        "answer_number": "9",
        "answer_text": WORDS[response],
        "scale_min": "0",
        "scale_max": "10",
    }


ANSWERS = [
    answer("before", "1", "shop"),
    answer("after", "2", "shop"),
    answer("till", "2", "till"),
    answer("own", "2", None),
]
LINK = {"order_id": "2", "order_source": "shop"}
OTHERS: dict[str, list[Row]] = {
    "cases": [{"case_id": "k2", "opened_at": AT, "body": "Loud as a crane", **LINK}],
    "campaign_touches": [{"touch_id": "t2", "touched_at": AT, **LINK}],
    "loyalty_events": [{"event_id": "e2", "occurred_at": AT, "kind": "earn", "points": "5", **LINK}],
}


@dataclass(frozen=True)
class Story:
    """The results of each step.

    Attributes:
        shop: The settings.
        first: The first run: the answers and the first order of the shop.
        customers_first: The customer of each answer then, as SOURCE:REF.
        kind: The kind of build that is planned when the second order of the shop has arrived.
        second: The run with this order.
        customers: The customer of each answer then.
        marts: The hashes of the marts then.
        whole: The same after a run with --full-refresh.
        exported: The keys of the rows that `export` gives of the customer of the second order, by entity.
        certificate: The report of `forget` for the customer.
        left: The answers that are landed then, and those of the current version.
        traces: Where the texts about the customer's order are then.
        again: The run after that, in which the same answers came in another file.
        left_at_last: The landed answers then.
    """

    shop: Settings
    first: dict[str, Any]
    customers_first: dict[str, str | None]
    kind: str
    second: dict[str, Any]
    customers: dict[str, str | None]
    marts: dict[str, str]
    whole: dict[str, str]
    exported: dict[str, list[str]]
    certificate: dict[str, Any]
    left: list[str]
    traces: dict[str, list[str]]
    again: dict[str, Any]
    left_at_last: list[str]


def command(shop: Settings, *arguments: str) -> dict[str, Any]:
    done = call(*arguments, "--config", str(shop.config_path))
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def customers(shop: Settings) -> dict[str, str | None]:
    key = load_key(shop.paths.key, shop.key_text)
    refs = [("shop", "ANNA-1"), ("shop", "BERT-2"), ("till", "CARL-2")]
    names = {customer_key(key, *ref): ":".join(ref) for ref in refs}
    mart = resolve_current(shop.paths.published) / "marts" / "fct_survey_answer" / "*.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(f"select response_id, customer_key from read_parquet('{mart}') order by 1").fetchall()
    return {response: names[found] if found else None for response, found in rows}


def hashes(shop: Settings) -> dict[str, str]:
    return {table.name: table.files[0].sha256 for table in audit(resolve_current(shop.paths.published)).tables}


def answers(shop: Settings) -> list[str]:
    return sorted(response for (response,) in landed(shop, "survey_answers", "response_id"))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    shop = settings(tmp_path_factory.mktemp("orders"), "shop", "till", "poll")
    deliver(shop, "shop", DAY, {"customer_ref": "ANNA-1"}, orders=[order("1", customer_ref="ANNA-1")])
    deliver(shop, "till", DAY, {"customer_ref": "CARL-2"}, orders=[order("2", customer_ref="CARL-2")])
    deliver(shop, "poll", DAY, survey_answers=ANSWERS, **OTHERS)
    first = command(shop, "run", "--json")
    customers_first = customers(shop)
    late = [order("2", customer_ref="BERT-2"), {**order("3", customer_ref="ANNA-1"), "ordered_at": f"{LATER} 10:00:00"}]
    deliver(shop, "shop", LATER, {"customer_ref": "BERT-2"}, orders=late)
    kind = command(shop, "run", "--dry-run", "--json")["kind"]
    second = command(shop, "run", "--json")
    customers_second, marts = customers(shop), hashes(shop)
    command(shop, "run", "--full-refresh", "--json")
    whole = hashes(shop)
    held = command(shop, "export", "BERT-2", "--source", "shop")["held"]
    exported = {
        entity: [row[column] for row in held.get(f"landed.{entity}", [])]
        for entity, column in [
            ("survey_answers", "response_id"),
            ("cases", "case_id"),
            ("campaign_touches", "touch_id"),
            ("loyalty_events", "event_id"),
        ]
    }
    certificate = command(shop, "forget", "BERT-2", "--source", "shop", "--yes", "--json")
    left, traces = answers(shop), person.traces(shop.home, (WORDS["after"], "Loud as a crane", "BERT-2"))
    deliver(shop, "poll", LATER, survey_answers=[answer("after", "2", "shop")], **OTHERS)
    again = command(shop, "run", "--json")
    return Story(
        shop, first, customers_first, kind, second, customers_second, marts, whole, exported, certificate, left, traces,
        again, answers(shop),
    )  # fmt: skip


def test_an_answer_whose_order_arrives_later_gets_its_customer_in_the_next_run(story: Story) -> None:
    known = {"before": "shop:ANNA-1", "own": None, "till": "till:CARL-2"}
    assert story.customers_first == {**known, "after": None}
    assert story.customers == {**known, "after": "shop:BERT-2"}


def test_the_run_warns_about_orders_that_are_not_known(story: Story) -> None:
    counts = [
        [warning.split(":")[2].strip() for warning in run["warnings"] if "linked_order_unknown" in warning]
        for run in (story.first, story.second)
    ]
    assert counts == [["2 rows", "1 row", "1 row", "1 row"], ["1 row"]]


def test_a_run_that_extends_the_last_one_publishes_what_a_full_refresh_publishes(story: Story) -> None:
    assert story.kind == "incremental"
    assert story.whole == story.marts


def test_an_export_has_what_names_only_an_order_of_the_person(story: Story) -> None:
    assert story.exported == {
        "survey_answers": ["after"], "cases": ["k2"], "campaign_touches": ["t2"], "loyalty_events": ["e2"]
    }  # fmt: skip


def test_forget_removes_answers_of_other_sources_that_name_only_an_order_of_the_customer(story: Story) -> None:
    removed = {entity: story.certificate["landed"].get(entity) for entity in ("survey_answers", *OTHERS)}
    assert removed == {entity: {"removed": 1} for entity in removed}
    assert story.traces == {}
    assert story.left == ["before", "own", "till"]


def test_they_do_not_come_back_with_a_later_file(story: Story) -> None:
    assert story.left_at_last == story.left
    assert landed(story.shop, "cases", "case_id") == []
    assert {name for name in customers(story.shop) if name not in story.left} == set()
