"""What is pulled from Fxiaoke lands: as the built-in mapping says, and custom fields and objects as an own one says."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipelines.config.pull_fxiaoke import FxiaokeSettings
from tests.connectors.pulled_fxiaoke import PulledFxiaoke, pulling_fxiaoke
from tests.pipeline.landing_desk import Desk
from tests.vendors.fxiaoke import Fxiaoke
from tests.vendors.fxiaoke_shop import BEGAN, VISIT, fill

OBJECTS = FxiaokeSettings().objects
OWN = f"""\
extends: fxiaoke_api
files:
  accounts_lines: {{entities: {{customers: {{columns: {{segment: vip__c}}}}}}}}
  visits:
    match: "{VISIT}_*.jsonl"
    format: jsonl
    timestamps: epoch_ms
    entities:
      interactions:
        columns:
          {{interaction_id: _id, customer_ref: account_id, occurred_at: visited_on__c, kind: "'visit'", body: store__c}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulledFxiaoke]:
    server = fill(Fxiaoke(clock=lambda: BEGAN + 10 * 86_400_000), 30)
    with pulling_fxiaoke(tmp_path, server, monkeypatch, objects=OBJECTS) as shop:
        yield shop


def desk_of(shop: PulledFxiaoke, mapping: str = "extends: fxiaoke_api\n") -> Desk:
    desk = Desk(shop.folder)
    desk.mapping.write_text(mapping, encoding="utf-8")
    return desk


def test_every_object_that_is_pulled_lands_in_its_entity(shop: PulledFxiaoke) -> None:
    assert not shop.pull().words
    desk = desk_of(shop)
    assert not desk.land().warnings
    counts = {"customers": 36, "orders": 3, "returns": 3, "cases": 3, "interactions": 6, "loyalty_events": 6}
    assert {entity: len(desk.rows(entity, "1", "1")) for entity in counts} == counts
    for entity, name, key in (("orders", "SalesOrderObj", "order_id"), ("cases", "CasesObj", "case_id")):
        assert {row for (row,) in desk.rows(entity, key)} == set(shop.server.rows(name))
    (order,) = (key for key, record in shop.server.rows("SalesOrderObj").items() if record["name"] == "SO-0")
    account = shop.server.rows("SalesOrderObj")[order]["account_id"]
    columns = "order_id, customer_ref, ordered_at, status, currency, total, updated_at, file_on"
    assert (
        *(order, account, "2024-04-01 01:00:00", "confirmed", "CNY", "100.50", "2024-04-01 01:00:00"),
        date(2024, 4, 11),
    ) in desk.rows("orders", columns)
    assert desk.rows("loyalty_events", "distinct kind, points", "1, 2") == [("earn", "100.00"), ("enrol", None)]


def test_custom_fields_and_objects_are_kept_and_can_be_mapped(shop: PulledFxiaoke) -> None:
    shop.pull(objects=("AccountObj", VISIT))
    desk = desk_of(shop, OWN)
    assert not desk.land().warnings
    assert desk.rows("customers", "distinct segment") == [("是",)]
    raw = desk.rows("customers", "raw", "customer_ref")[0][0]
    assert '"vip__c":"是"' in raw.replace(" ", "")
    assert desk.rows("interactions", "kind, occurred_at, body", "occurred_at")[0] == (
        *("visit", "2024-04-02 08:00:00", "淮海路店"),
    )
