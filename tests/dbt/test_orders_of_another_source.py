"""A record of one source that names an order of another one, in a build that extends yesterday's and in a full build.

The till has orders with the same numbers as the shop. The poll, the desk, the mailer and the club have no orders.
"""

from collections.abc import Callable
from datetime import date

import pytest

from tests.dbt.test_incremental import differing_rows
from tests.dbt.warehouse import Warehouse, pseudonym

FIRST, AS_OF = date(2024, 3, 4), date(2024, 3, 5)
Row = dict[str, str | None]


def order(number: str, who: str, **more: str) -> Row:
    return {"order_id": number, "customer_ref": who, "ordered_at": "2024-03-02 10:00:00", "gross": "10", **more}


def answer(response: str, number: str, source: str | None, who: str | None = None) -> Row:
    return {
        "response_id": response,
        "question_id": "q",
        "order_id": number,
        "order_source": source,
        "customer_ref": who,
        "answered_at": "2024-03-03 10:00:00",
        "construct": "nps",
        "answer_number": "9",
        "scale_min": "0",
        "scale_max": "10",
    }


ANSWERS = [
    answer("before", "1", "shop"),
    answer("corrected", "2", "shop"),
    answer("after", "3", "shop"),
    answer("cancelled", "4", "shop"),
    answer("of the till", "3", "till"),
    answer("own", "1", None),
    answer("never", "9", "shop"),
    answer("nobody", "1", "Shop"),
    answer("with customer", "1", "shop", "P7"),
]


@pytest.fixture(scope="module")
def built(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """Built on FIRST and extended on AS_OF, when only orders arrived; and built whole (schemas with `whole_`)."""
    home = new_warehouse()
    till = [order(number, f"T{number}", channel="store") for number in "1239"]
    first = [order(number, f"S{number}", channel="web") for number in "124"]
    home.land({"orders": till}, landed_on=FIRST, source="till")
    home.land({"orders": first}, landed_on=FIRST)
    home.land({"survey_answers": ANSWERS}, landed_on=FIRST, source="poll")
    link = {"order_id": "3", "order_source": "shop"}
    at = "2024-03-03 10:00:00"
    home.land({"cases": [{"case_id": "k", "opened_at": at, **link}]}, landed_on=FIRST, source="desk")
    home.land({"campaign_touches": [{"touch_id": "t", "touched_at": at, **link}]}, landed_on=FIRST, source="mailer")
    event = {"event_id": "e", "occurred_at": at, "kind": "earn", "points": "5", **link}
    home.land({"loyalty_events": [event]}, landed_on=FIRST, source="club")
    home.ingest(FIRST)
    home.build(FIRST)
    assert linked(home) == {
        "before": "S1", "corrected": "S2", "after": None, "cancelled": "S4", "of the till": "T3", "own": None,
        "never": None, "nobody": None, "with customer": "P7",
    }  # fmt: skip
    later = "2024-03-05 09:00:00"
    second = [
        order("2", "S5", updated_at=later),
        order("3", "S3", channel="web", updated_at=later),
        order("4", "S4", channel="app", status="cancelled", updated_at=later),
    ]
    home.land({"orders": second}, landed_on=AS_OF, file_on=AS_OF)
    home.ingest(AS_OF)
    home.build(AS_OF, extending=FIRST)
    home.build(AS_OF, scratch="whole")
    return home


def linked(home: Warehouse, schema: str = "marts") -> dict[str, str | None]:
    """The reference of each answer's customer."""
    refs = {
        pseudonym(source, ref): ref
        for source, ref in [
            ("poll", "P7"),
            *(("shop", f"S{n}") for n in range(9)),
            *(("till", f"T{n}") for n in "1239"),
        ]
    }
    rows = home.rows(f"select response_id, customer_key from {schema}.fct_survey_answer")
    return {str(response): refs[str(key)] if key else None for response, key in rows}


@pytest.mark.parametrize("schema", ["marts", "whole_marts"])
def test_an_answer_that_names_only_an_order_belongs_to_the_customer_of_this_order(
    built: Warehouse, schema: str
) -> None:
    assert linked(built, schema) == {
        "before": "S1",
        "corrected": "S5",
        "after": "S3",
        "cancelled": "S4",
        "of the till": "T3",
        "own": None,
        "never": None,
        "nobody": None,
        "with customer": "P7",
    }


def test_orders_that_arrive_or_change_after_the_answer_make_the_extended_build_equal_a_full_one(
    built: Warehouse,
) -> None:
    assert differing_rows(built, "whole") == {}


@pytest.mark.parametrize("fact", ["fct_survey_answer", "fct_case", "fct_campaign_touch", "fct_loyalty_event"])
def test_the_order_key_is_that_of_the_order_of_the_named_source(built: Warehouse, fact: str) -> None:
    found = built.rows(
        f"select distinct orders.source, orders.order_id, facts.order_key is not null from marts.{fact} as facts"
        " left join marts.fct_order as orders using (order_key) order by all"
    )
    answered = [("shop", "1", True), ("shop", "2", True), ("shop", "3", True), ("shop", "4", True), ("till", "3", True)]
    if fact == "fct_survey_answer":
        assert found == [*answered, (None, None, False)]
    else:
        assert found == [("shop", "3", True)]
        ((key,),) = built.rows(f"select customer_key from marts.{fact}")
        assert key == pseudonym("shop", "S3")


def test_the_channel_of_the_order_is_that_of_the_named_source(built: Warehouse) -> None:
    channels = dict(built.rows("select response_id, order_channel from intermediate.int_survey_answer"))
    assert (channels["after"], channels["cancelled"], channels["of the till"]) == ("web", "app", "store")


def test_what_names_no_known_order_is_counted_and_a_source_without_data_is_named(built: Warehouse) -> None:
    found = built.rows(
        "select source, entity, detail, n_rows from marts.rpt_data_issue where issue = 'linked_order_unknown'"
        " order by all"
    )
    assert found == [("poll", "survey_answers", "order_source", 1), ("poll", "survey_answers", None, 2)]
