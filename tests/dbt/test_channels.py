"""The channel of a fact is a code, whatever word its source has for it, and a word that nobody knows is listed."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.dbt.warehouse import Warehouse

DAY, NEXT = date(2024, 3, 5), date(2024, 3, 6)


def order(order_id: str, channel: str | None, day: date = DAY) -> dict[str, str | None]:
    base = {"order_id": order_id, "customer_ref": "c", "ordered_at": f"{day} 10:00:00", "total": "10"}
    return {**base, "channel": channel}


def line(order_id: str, channel: str) -> dict[str, str | None]:
    base = {"order_id": order_id, "line_id": "1", "customer_ref": "c", "ordered_at": f"{DAY} 10:00:00"}
    return {**base, "quantity": "1", "unit_price": "10", "channel": channel}


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    home = new_warehouse()
    home.models = ("fct_order", "fct_interaction", "fct_case", "rpt_data_issue")
    home.channels = [("shop", "drone", "partner", None), ("shop", "kasse 3", "store", "counter")]
    home.land(
        {
            "orders": [
                order("web", "webshop"),
                order("declared", "drone"),
                order("declared touchpoint", "kasse-3"),
                order("unknown word", "fan forum"),
                order("not known", "n/a"),
                order("not stated", None),
            ],
            "interactions": [
                {"interaction_id": "1", "customer_ref": "c", "occurred_at": f"{DAY} 10:00:00", "channel": "微信"}
            ],
            "cases": [{"case_id": "1", "customer_ref": "c", "opened_at": f"{DAY} 10:00:00", "channel": "fan forum"}],
        },
        landed_on=DAY,
    )
    home.land({"orders": [order("elsewhere", "drone")]}, landed_on=DAY, source="till")
    home.land({"order_lines": [line("of lines", "ｔｍａｌｌ")]}, landed_on=DAY, source="market")
    home.ingest(DAY)
    home.build(DAY)
    # the next build adds the new orders to the table
    home.land({"orders": [order("later", "douyin", NEXT), order("later again", "fan_forum", NEXT)]}, landed_on=NEXT)
    home.ingest(NEXT)
    home.build(NEXT, extending=DAY)
    return home


def test_an_order_has_a_channel_and_a_touchpoint_beside_the_word_of_its_source(warehouse: Warehouse) -> None:
    found = warehouse.rows("select order_id, channel, touchpoint, source_channel from marts.fct_order")
    assert {order_id: rest for order_id, *rest in found} == {
        "web": ["web", None, "webshop"],
        "declared": ["partner", None, "drone"],
        "declared touchpoint": ["store", "counter", "kasse-3"],
        "unknown word": ["other", None, "fan forum"],
        "not known": [None, None, "n/a"],
        "not stated": [None, None, None],
        "elsewhere": ["other", None, "drone"],
        "of lines": ["marketplace", "tmall", "ｔｍａｌｌ"],
        "later": ["social", "tiktok", "douyin"],
        "later again": ["other", None, "fan_forum"],
    }


def test_contacts_and_cases_have_the_same_codes(warehouse: Warehouse) -> None:
    columns = "channel, touchpoint, source_channel"
    assert warehouse.rows(f"select {columns} from marts.fct_interaction") == [("messaging", "wechat", "微信")]
    assert warehouse.rows(f"select {columns} from marts.fct_case") == [("other", None, "fan forum")]


def test_a_word_that_nobody_knows_is_listed_with_its_rows(warehouse: Warehouse) -> None:
    columns = "source, entity, detail, severity, n_rows"
    assert warehouse.rows(
        f"select {columns} from marts.rpt_data_issue where issue = 'channel_unknown' order by all"
    ) == [
        ("shop", "cases", "fan forum", "warn", 1),
        ("shop", "orders", "fan forum", "warn", 1),
        ("shop", "orders", "fan_forum", "warn", 1),
        ("till", "orders", "drone", "warn", 1),
    ]
