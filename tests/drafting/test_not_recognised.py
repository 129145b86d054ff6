"""Files with names of columns that any system has are of no known system: they are drafted by their columns."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.base.errors import InputError
from pipelines.cli.app import app
from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="Europe/Berlin", currency="EUR")


def drafted(folder: Path, files: dict[str, str]) -> Draft:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return draft_mapping([folder / name for name in files], HOME, TODAY)


def entities(draft: Draft) -> list[str]:
    mapping = yaml.safe_load(draft.text)
    assert "extends" not in mapping
    return [name for entry in mapping["files"] for name in entry["entities"]]


HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Create Date,Last Activity Date\n"
    "101,Ada,Example,a@x.com,030 1,Sam,2024-01-01 10:00,\n"
)


def test_names_that_differ_in_case_are_of_another_system(tmp_path: Path) -> None:
    draft = drafted(tmp_path, {"hubspot-crm-exports-all-contacts.csv": HUBSPOT})
    assert entities(draft) == ["customers"]
    assert "Phone Number" in draft.text


RECORDS = {
    "orders": {
        "id": "A1",
        "customer_id": 17,
        "created_at": "2024-01-15T10:00:00Z",
        "amount": 10.5,
        "currency": "EUR",
        "status": "paid",
    },
    "refunds": {"id": "R1", "order_id": "A1", "amount": 10.5, "created_at": "2024-01-20T10:00:00Z", "reason": "late"},
    "products": {"id": "P1", "sku": "TEA", "name": "Tea", "price": 3.5},
    "customers": {
        "id": 17,
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "Example",
        "phone": "030 1",
        "signup": "2024-01-01",
        "vip": True,
    },
}
BECOMES = {"orders": "orders", "refunds": "returns", "products": "products", "customers": "customers"}


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_json_with_usual_names_is_of_no_known_system(tmp_path: Path, name: str, ending: str) -> None:
    record = json.dumps(RECORDS[name])
    text = f"[{record}]" if ending == "json" else f"{record}\n"
    assert entities(drafted(tmp_path, {f"{name}.{ending}": text})) == [BECOMES[name]]


def test_orders_in_json_lines_land_as_orders(tmp_path: Path) -> None:
    text = json.dumps(RECORDS["orders"]) + "\n"
    draft = drafted(tmp_path, {"orders.jsonl": text})
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put("orders.jsonl", text.encode())
    desk.land(TODAY)
    assert desk.rows("orders", "order_id, customer_ref, ordered_at, total, currency, status") == [
        ("A1", "17", "2024-01-15 10:00:00", "10.5", "EUR", "paid")
    ]


def test_customers_and_orders_with_usual_names_have_the_zone_of_the_user(tmp_path: Path) -> None:
    customers = "id,email,first_name,last_name,phone,created\n7,a@x.com,A,B,030 1,2024-01-01 10:00:00\n"
    orders = "order number,customer,date,total\n1,7,2024-01-15 10:00:00,10.00\n"
    draft = drafted(tmp_path, {"customers.csv": customers, "orders.csv": orders})
    assert sorted(entities(draft)) == ["customers", "orders"]
    mapping = yaml.safe_load(draft.text)
    assert mapping["timezone"] == "Europe/Berlin"
    (customer,) = (entry["entities"]["customers"] for entry in mapping["files"] if "customers" in entry["entities"])
    assert customer["columns"]["signed_up_at"] == "created"


def test_tickets_with_usual_names_keep_their_customer(tmp_path: Path) -> None:
    text = "id,subject,status,created_time,contact_id,type\n1,Broken,Closed,2024-01-15 10:00:00,17,Problem\n"
    draft = drafted(tmp_path, {"tickets.csv": text})
    assert entities(draft) == ["cases"]
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert entry["entities"]["cases"]["columns"]["customer_ref"] == "contact_id"


def test_customers_with_usual_names_list_what_is_not_mapped(tmp_path: Path) -> None:
    text = "Email,First Name,Last Name,Phone,City,Loyalty Card\na@x.com,A,B,030 1,Bonn,77\n"
    draft = drafted(tmp_path, {"customers.csv": text})
    assert entities(draft) == ["customers"]
    assert draft.unmapped == {"customers": ("Loyalty Card",)}


@pytest.mark.parametrize(
    ("text", "key", "who"),
    [
        (
            "id,Deal Name,Stage,Amount,Closing Date,Contact Name,Account Name\n"
            "1,Tea,Closed Won,100.00,2024-01-15,Ada,Example\n2,Milk,Negotiation,50.00,2024-01-20,Bo,Example\n",
            "id",
            None,
        ),
        (
            "Deal ID,Deal Name,Stage,Amount,Close Date,Contact Email\n"
            "1,Tea,Closed Won,100.00,2024-01-15,ada@x.com\n2,Milk,Negotiation,50.00,2024-01-20,bo@x.com\n",
            "Deal ID",
            "Contact Email",
        ),
    ],
)
def test_deals_are_orders_and_their_stages_are_to_decide(tmp_path: Path, text: str, key: str, who: str | None) -> None:
    draft = drafted(tmp_path, {"deals.csv": text})
    assert entities(draft) == ["orders"]
    columns = yaml.safe_load(draft.text)["files"][0]["entities"]["orders"]["columns"]
    assert (columns["order_id"], columns["status"], columns["total"]) == (key, "Stage", "Amount")
    assert columns.get("email") == who
    remarks = [remark.text for _, remark in draft.remarks if remark.is_open]
    assert any("unknown order statuses: " in remark and "`negotiation` (1)" in remark for remark in remarks)


def test_stripe_with_the_names_of_older_exports_is_stripe(tmp_path: Path) -> None:
    text = (
        "id,Created (UTC),Amount,Amount Refunded,Currency,Captured,Description,Fee,Refunded (UTC),Status,Card ID,"
        "Customer ID,Customer Email,Invoice ID\n"
        "ch_1,2024-03-01 08:15,10.00,4.00,eur,true,,,2024-03-02 09:00,Paid,,cus_1,a@s.com,\n"
    )
    (tmp_path / "payments.csv").write_text(text)
    assert draft_mapping([tmp_path / "payments.csv"], Wishes(), TODAY).built_in == "stripe"
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text("extends: stripe\n")
    desk.put("payments.csv", text.encode())
    desk.land(TODAY)
    assert desk.rows("orders", "order_id, ordered_at, total") == [("ch_1", "2024-03-01 08:15:00", "10.00")]
    assert desk.rows("returns", "returned_at, amount") == [("2024-03-02 09:00:00", "4.00")]


def test_a_column_without_values_is_never_the_key(tmp_path: Path) -> None:
    text = "id,Invoice ID,Customer,Date,Total\nA1,,7,2024-01-15,10.00\nA2,,8,2024-01-16,11.00\n"
    draft = drafted(tmp_path, {"orders.csv": text})
    columns = yaml.safe_load(draft.text)["files"][0]["entities"]["orders"]["columns"]
    assert columns["order_id"] == "id"
    assert not any(remark.text.startswith("order_id") for _, remark in draft.remarks)


@pytest.mark.parametrize("name", ["~$orders.xlsx", ".DS_Store", "orders.csv.part"])
def test_files_that_a_run_does_not_see_are_not_drafted(tmp_path: Path, name: str) -> None:
    (tmp_path / "orders.csv").write_text("order number,customer,date,total\n1,7,2024-01-15,10.00\n")
    (tmp_path / name).write_bytes(b"\x05Ada" + bytes(160))
    found = CliRunner().invoke(app, ["map", str(tmp_path), "--timezone", "UTC", "--currency", "EUR"])
    assert found.exit_code == 0 and "orders.csv" in found.output
    assert name not in found.output and "ignore" not in found.output
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text("extends: shopify\n")
    desk.put(name, b"\x05Ada" + bytes(160))
    with pytest.raises(InputError, match="there is no file in"):
        desk.land(TODAY)


@pytest.mark.parametrize("time", ["3 janvier 2024", "3. Januar 2024", "2024年1月三日"])
def test_times_that_no_format_reads_are_named(tmp_path: Path, time: str) -> None:
    text = f"Order number,Order date,Customer number,Total\n1,{time},7,10\n"
    with pytest.raises(InputError, match=f"`Order date` is named like a time.*`{time}`.*in English only"):
        drafted(tmp_path, {"a.csv": text})
