"""Zoho CRM: what is pulled lands by the built-in mapping, in the same way by lists and by bulk read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.pulled_zoho import PulledZoho, pulling_zoho
from tests.pipeline.landing_desk import Desk
from tests.vendors.zoho import Zoho

ADA, BO, ACCOUNT = "4970762000000348015", "4970762000000348016", "4970762000000300001"
ADDED = """
extends: zoho_api
files:
  contacts_lines:
    entities: {customers: {columns: {segment: C_Class}}}
"""
OWNER = {"name": "Sam Seller", "id": "7", "email": "sam@example.com"}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulledZoho]:
    """One record or two of each module."""
    server = Zoho(users={"7": OWNER})
    server.modules["Contacts"].fields |= {"C_Class": "picklist"}
    long_ago = {"Created_Time": "2024-04-01T10:00:00+03:00", "Modified_Time": "2024-04-02T10:00:00+03:00"}

    def put(module: str, identity: str, **values: Any) -> None:
        server.put(module, identity, is_touched=False, Owner=OWNER, **(long_ago | values))

    put("Contacts", ADA, Last_Name="Ada", Email="ada@example.com", Account_Name={"id": ACCOUNT}, C_Class="A, wholesale")
    put("Contacts", BO, First_Name="Bo", Last_Name="Bo", Email_Opt_Out=True)
    put("Accounts", ACCOUNT, Account_Name="Example GmbH", Industry="Retail")
    put("Deals", "501", Stage="Closed Won", Closing_Date="2024-04-03", Amount=1200.5, Contact_Name={"id": ADA})
    put("Sales_Orders", "511", Status="Approved", Grand_Total=107.1, Tax=17.1, Contact_Name={"id": BO})
    put("Sales_Orders", "512", Status="Approved", Grand_Total=1200.5, Deal_Name={"id": "501"})
    put("Cases", "601", Type="Problem", Status="Closed", Related_To={"id": ADA}, Case_Origin="Phone", Subject="Late")
    put("Calls", "701", Call_Start_Time="2024-04-04T10:00:00+03:00", Call_Type="Inbound", Who_Id={"id": ADA})
    put(
        "Calls",
        "702",
        Call_Start_Time="2024-04-05T10:00:00+03:00",
        What_Id={"id": ACCOUNT},
        **{"$se_module": "Accounts"},
    )
    put("Events", "711", Start_DateTime="2024-04-05T10:00:00+03:00", Who_Id={"id": ADA})
    put("Tasks", "721", Status="Completed", Closed_Time="2024-04-06T10:00:00+03:00", Who_Id={"id": ADA})
    put("Notes", "731", Note_Content="Likes tea", Parent_Id={"id": ADA, "module": {"api_name": "Contacts", "id": "1"}})
    put("Campaigns", "801", Campaign_Name="Spring", Status="Complete", Start_Date="2024-04-10")
    put("Campaigns", "802", Campaign_Name="Summer", Status="Planning")
    server.members["801"] = {ADA: "Opened", BO: "Bounced"}
    with pulling_zoho(tmp_path, server, monkeypatch) as found:
        yield found


def pulled(source: PulledZoho, **settings: Any) -> None:
    assert not source.pull(modules=tuple(source.server.modules), **settings).words


def test_every_module_lands_where_it_belongs(source: PulledZoho) -> None:
    pulled(source)
    desk = Desk(source.folder)
    desk.mapping.write_text(ADDED, encoding="utf-8")
    assert not desk.land().warnings
    columns = "customer_ref, name, email, account_ref, segment, owner, consent_email, updated_at"
    assert desk.rows("customers", columns, "customer_ref") == [
        (ACCOUNT, "Example GmbH", None, ACCOUNT, None, "Sam Seller", None, "2024-04-02 07:00:00"),
        (ADA, "Ada", "ada@example.com", ACCOUNT, "A, wholesale", "Sam Seller", None, "2024-04-02 07:00:00"),
        (BO, "Bo Bo", None, None, None, "Sam Seller", "false", "2024-04-02 07:00:00"),
    ]
    assert desk.rows("orders", "order_id, customer_ref, ordered_at, status, gross, tax, total", "order_id") == [
        ("501", ADA, "2024-04-03 00:00:00", "paid", "1200.5", None, None),
        ("511", BO, "2024-04-01 07:00:00", "approved", None, "17.1", "107.1"),  # 512 is that of the deal
    ]
    assert desk.rows("cases", "case_id, customer_ref, channel, kind") == [("601", ADA, "phone", "complaint")]
    assert desk.rows("interactions", "interaction_id, customer_ref, kind, direction", "interaction_id") == [
        ("701", ADA, "call", "inbound"),
        ("702", ACCOUNT, "call", None),
        ("711", ADA, "visit", None),
        ("721", ADA, "note", None),
        ("731", ADA, "note", None),
    ]
    columns = "touch_id, customer_ref, campaign_id, action, touched_at"
    touch = (f"801-{ADA}", ADA, "801", "opened", "2024-04-10 00:00:00")
    assert desk.rows("campaign_touches", columns) == [touch]
    source.server.members["801"] = {ADA: "Responded"}
    gone = [("Contacts", BO), ("Deals", "501"), ("Cases", "601"), ("Calls", "702"), ("Campaigns", "802")]
    for module, identity in gone:
        source.server.delete(module, identity)
    words = source.pull(modules=tuple(source.server.modules)).words
    assert [each.partition(" is unexpectedly empty")[0] for each in words] == ["zoho: Deals", "zoho: Cases"]
    assert not desk.land().warnings
    assert sorted(desk.rows("campaign_touches", "action")) == [("clicked",), ("opened",)]
    assert sorted(desk.rows("deletions", "entity, record_id")) == [
        ("cases", "601"),
        ("customers", BO),
        ("interactions", "702"),
        ("orders", "501"),
    ]
    assert {on for (on,) in desk.rows("deletions", "deleted_at is not null")} == {True}


def test_bulk_read_gives_what_lists_give_without_the_names_of_look_ups(source: PulledZoho) -> None:
    source.server.modules["Contacts"].records[ADA]["Account_Name"]["name"] = "Example GmbH"
    names = [name for name in source.server.modules if name != "Campaigns"]
    pulled(source)
    by_list = {name: source.records(name) for name in names}
    for path in source.inbox.iterdir():
        path.unlink()
    pulled(source, bulk_from_records=1)
    assert source.server.bulk.jobs
    assert by_list["Contacts"][ADA]["Account_Name"].pop("name") == "Example GmbH"
    assert {name: source.records(name) for name in names} == by_list
