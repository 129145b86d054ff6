"""Files in the layout of known systems: a draft is right, or it marks what it does not know."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.base.errors import InputError
from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="UTC", currency="EUR")


def drafted(folder: Path, name: str, text: str) -> Draft:
    (folder / name).write_text(text, encoding="utf-8")
    return draft_mapping([folder / name], HOME, TODAY)


def columns(draft: Draft, entity: str) -> dict[str, str]:
    (entry,) = yaml.safe_load(draft.text)["files"]
    return dict(entry["entities"][entity]["columns"])


def decisions(draft: Draft) -> list[str]:
    return [remark.text for _, remark in draft.remarks if remark.is_decisive]


def test_the_assignment_of_a_ticket_is_not_its_first_response(tmp_path: Path) -> None:
    text = "Id,Requester id,Subject,Status,Created at,Initially assigned at,Solved at\n"
    row = "1,7,Late,Closed,2024-03-01 10:15,2024-03-01 10:20,2024-03-01 18:00\n"
    found = columns(drafted(tmp_path, "tickets.csv", text + row), "cases")
    assert "first_response_at" not in found and found["closed_at"] == "Solved at"


def test_events_of_campaigns_are_not_silently_taken_as_contacts_with_customers(tmp_path: Path) -> None:
    text = "Event ID,Event Name,Timestamp,Email,Campaign Name,Subject\n"
    row = "e1,Opened Email,2024-03-01T10:15:00Z,ada@example.com,Spring,Hi\n"
    (mark,) = decisions(drafted(tmp_path, "events.csv", text + row))
    assert "could also be campaign_touches" in mark


def test_a_file_that_may_be_orders_or_lines_and_has_no_number_of_the_order_is_refused(tmp_path: Path) -> None:
    text = "Date,Zettel,Customer Code,Quantity,Subtotal,Total,Status,SKU\n2024-03-01,1,C1,3,30,36,CLOSED,TEA\n"
    with pytest.raises(InputError, match="no column was found for order_id"):
        drafted(tmp_path, "sales.csv", text)


def test_receipts_with_rows_of_sale_line_and_payment_are_marked(tmp_path: Path) -> None:
    header = "Date,Receipt,Line Type,Customer Code,Quantity,Subtotal,Sales Tax,Discount,Total,Paid,Status,SKU"
    rows = [
        "2024-03-01 10:15:00,1001,Sale,C1,3,30,6,0,36,36,CLOSED,",
        "2024-03-01 10:15:00,1001,Sale Line,C1,2,20,4,0,24,,CLOSED,TEA",
        "2024-03-01 10:15:00,1001,Sale Line,C1,1,10,2,0,12,,CLOSED,CUP",
        "2024-03-01 10:15:00,1001,Payment,C1,,,,,,36,CLOSED,",
    ]
    marks = decisions(drafted(tmp_path, "receipts.csv", "\n".join([header, *rows])))
    assert any("one amount (`Total`) is the sum of the others" in mark for mark in marks)


def test_lines_of_a_till_land_with_their_time_of_day(tmp_path: Path) -> None:
    text = "Datum,Uhrzeit,Bonnummer,Kundennr.,Artikelnummer,Anzahl,Einzelpreis\n01.03.2024,10:15,1,7,TEE,2,5\n"
    draft = drafted(tmp_path, "bons-positionen.csv", text)
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put("bons-positionen.csv", text)
    desk.land(TODAY)
    assert desk.rows("order_lines", "order_id, ordered_at") == [("1", "2024-03-01 10:15:00")]


def test_reviews_have_their_order_customer_and_stars(tmp_path: Path) -> None:
    text = "Review ID,Review Created (UTC),Review Consumer User ID,Review Content,Review Stars,Reference Id\n"
    draft = drafted(tmp_path, "reviews.csv", f"{text}5f1,2024-03-01 10:15:00,u1,Loved it,5,1001\n")
    found = columns(draft, "survey_answers")
    assert (found["customer_ref"], found["order_id"]) == ("Review Consumer User ID", "Reference Id")
    assert (found["answer_number"], found["answer_text"]) == ("Review Stars", "Review Content")
    (mark,) = decisions(draft)
    assert mark == "`Review Stars`: its name says review; was it asked from 1 to 5?"


def test_objects_of_amounts_are_read_by_their_own_name(tmp_path: Path) -> None:
    price = {"amount": 59.5, "currency": "EUR"}
    orders = [
        {
            "orderNumber": f"A{n}",
            "placedAt": "2024-03-15T10:00:00+01:00",
            "customer": {"id": "c1"},
            "totals": {"net": 100.0, "tax": 19.0, "gross": 124.0},
            "shipping": {"amount": 5.0},
            "currency": "EUR",
            "items": [{"id": "i1", "product": {"sku": "A"}, "qty": 2, "price": price}],
        }
        for n in range(2)
    ]
    draft = drafted(tmp_path, "orders.json", json.dumps({"orders": orders}))
    order = columns(draft, "orders")
    assert {name: order[name] for name in ("total", "gross", "tax", "shipping")} == {
        "total": "totals.gross",
        "gross": "totals.net",
        "tax": "totals.tax",
        "shipping": "shipping.amount",
    }
    line = columns(draft, "order_lines")
    assert (line["unit_price"], line["quantity"], "total" in line) == ("item.price.amount", "item.qty", False)
    assert decisions(draft) == []
