"""How a draft reads identifiers that a spreadsheet has changed: different customers never become one, nor one two."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="Europe/Berlin", currency="EUR")


def drafted(folder: Path, files: dict[str, str]) -> tuple[Draft, Desk]:
    """The draft of some files, and what lands of them."""
    (folder / "in").mkdir()
    for name, text in files.items():
        (folder / "in" / name).write_text(text, encoding="utf-8")
    draft = draft_mapping([folder / "in" / name for name in files], HOME, TODAY)
    desk = Desk(folder / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    for name, text in files.items():
        desk.put(name, text.encode())
    desk.land(TODAY)
    return draft, desk


def test_numbers_that_lost_digits_identify_nobody(tmp_path: Path) -> None:
    draft, desk = drafted(
        tmp_path,
        {
            "orders.csv": "order_id,customer_id,email,order_date,amount\n"
            "1,1.38E+10,ann@x.com,2024-01-15,10\n2,1.38E+10,bob@x.com,2024-01-16,20\n3,17,cy@x.com,2024-01-17,30\n"
        },
    )
    assert desk.rows("orders", "order_id, customer_ref, email") == [
        ("1", None, "ann@x.com"),
        ("2", None, "bob@x.com"),
        ("3", "17", "cy@x.com"),
    ]
    (remark,) = [remark.text for _, remark in draft.remarks if remark.is_open]
    assert remark.startswith("customer_ref: 2 values of `customer_id` are written like 1.38E+10")


HEADER = "order_id,customer,order_date,amount\n"


@pytest.mark.parametrize(
    "files",
    [
        {
            "orders_2024-01.csv": f"{HEADER}1,17850,2024-01-15,10\n2,17850,2024-01-15,10\n",
            "orders_2024-02.csv": f"{HEADER}3,17850.0,2024-02-15,10\n",
        },
        {"orders.csv": f"{HEADER}1,17850,2024-01-15,10\n2,17850.0,2024-01-15,10\n3,17850,2024-01-15,10\n"},
        {
            "orders_1.jsonl": '{"order_id": "1", "customer": 17850, "order_date": "2024-01-15", "amount": 10}\n' * 1
            + '{"order_id": "2", "customer": 17850, "order_date": "2024-01-15", "amount": 10}\n',
            "orders_2.jsonl": '{"order_id": "3", "customer": 17850.0, "order_date": "2024-01-15", "amount": 10}\n',
        },
    ],
)
def test_a_key_with_and_without_decimals_is_one_key(tmp_path: Path, files: dict[str, str]) -> None:
    _, desk = drafted(tmp_path, files)
    assert desk.rows("orders", "order_id, customer_ref") == [("1", "17850"), ("2", "17850"), ("3", "17850")]


def test_texts_that_only_look_like_decimals_stay(tmp_path: Path) -> None:
    _, desk = drafted(tmp_path, {"orders.csv": f"{HEADER}1,A1,2024-01-15,10\n2,17.0,2024-01-15,10\n"})
    assert desk.rows("orders", "order_id, customer_ref") == [("1", "A1"), ("2", "17.0")]
