"""The server of Fxiaoke in the tests: how it refuses what the vendor refuses, and changes records by `_id`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.vendors.fxiaoke import APP_ID, APP_SECRET, PERMANENT_CODE, QUERY, TOKEN, USER, Fxiaoke, serving_fxiaoke
from tests.vendors.fxiaoke_shop import fill

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[Fxiaoke]:
    with serving_fxiaoke(fill(Fxiaoke(), 150)) as server:
        yield server


@pytest.fixture
def ask(server: Fxiaoke) -> Ask:
    """Sends a request with a token, and gives the answer."""

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = requests.post(f"{server.url}{path}", json=body, timeout=10).json()
        return found

    token = post(TOKEN, {"appId": APP_ID, "appSecret": APP_SECRET, "permanentCode": PERMANENT_CODE})
    caller = {name: token[name] for name in ("corpAccessToken", "corpId")} | {"currentOpenUserId": USER}
    return lambda path, data: post(path, {**caller, "data": data})


def query(**search: Any) -> dict[str, Any]:
    asked = {"limit": 100, "offset": 0, "filters": [], "orders": [], **search}
    return {"dataObjectApiName": "AccountObj", "search_query_info": asked}


@pytest.mark.parametrize(
    ("search", "code"),
    [
        ({"limit": 101}, 32000),
        ({"offset": 50}, 32000),
        ({"offset": 10_100}, 10013),
        ({"orders": [{"fieldName": "nothing", "isAsc": True}]}, 32000),
        ({"filters": [{"field_name": "name", "operator": "NE", "field_values": ["x"]}]}, 32000),
    ],
)
def test_a_query_beyond_the_documented_limits_is_refused(ask: Ask, search: dict[str, Any], code: int) -> None:
    assert ask(QUERY, query(**search))["errorCode"] == code


@pytest.mark.parametrize(
    ("operator", "values", "count"),
    [
        *(("EQ", ["客户3"], 1), ("N", ["客户3"], 149), ("IN", ["客户3", "客户4"], 2), ("LIKE", ["户14"], 11)),
        *(("STARTWITH", ["客户14"], 11), ("GT", ["客户98"], 1), ("BETWEEN", ["客户98", "客户99"], 2), ("IS", [], 0)),
    ],
)
def test_the_operators_of_a_query(ask: Ask, operator: str, values: list[str], count: int) -> None:
    answer = ask(QUERY, query(filters=[{"field_name": "name", "operator": operator, "field_values": values}]))
    assert answer["data"]["total"] == count


def test_a_total_is_counted_only_if_it_is_asked_for(ask: Ask) -> None:
    data = {**query(fieldProjection=["_id"]), "find_explicit_total_num": False}
    answer = ask(QUERY, data)
    assert answer["data"]["total"] == 0
    assert [set(record) for record in answer["data"]["dataList"]] == [{"_id"}] * 100


def test_a_record_is_changed_by_its_id_and_a_value_that_is_no_option_is_refused(ask: Ask, server: Fxiaoke) -> None:
    key, before = next(iter(server.rows("AccountObj").items()))

    def update(**values: Any) -> int:
        changed = {"_id": key, "dataObjectApiName": "AccountObj", **values}
        return int(ask("/cgi/crm/v2/data/update", {"object_data": changed})["errorCode"])

    assert update(loyalty_level__c="gold", loyalty_score__c="87.5") == 0
    after = server.rows("AccountObj")[key]
    assert (after["loyalty_level__c"], after["loyalty_score__c"]) == ("gold", "87.5")
    assert after["last_modified_time"] > before["last_modified_time"]
    refused = [{"loyalty_level__c": "GOLD"}, {"loyalty_score__c": 87.5}, {"no_field__c": "x"}, {"owner": ["1000"]}]
    assert [update(**values) for values in refused] == [32000] * 4
    described = ask("/cgi/crm/v2/object/describe", {"apiName": "AccountObj"})["data"]["describe"]["fields"]
    assert [one["value"] for one in described["loyalty_level__c"]["options"]] == ["gold", "silver", "bronze"]
