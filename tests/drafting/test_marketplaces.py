"""Exports of marketplaces, checkouts and databases that have no built-in mapping: what a draft makes of them lands."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2025, 12, 31)
HOME = Wishes(source="shop", timezone="Europe/Berlin", currency="EUR")


def drafted(folder: Path, name: str, text: str, encoding: str = "utf-8") -> tuple[Draft, Desk]:
    """The draft of a file, and what lands of it."""
    (folder / "in").mkdir()
    (folder / "in" / name).write_text(text, encoding=encoding)
    draft = draft_mapping([folder / "in" / name], HOME, TODAY)
    desk = Desk(folder / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put(name, text.encode(encoding))
    desk.land(TODAY)
    return draft, desk


def decisions(draft: Draft) -> list[str]:
    """What stops a run until it is decided."""
    return [remark.text for _, remark in draft.remarks if remark.is_decisive]


def test_amazon_items_have_order_customer_time_and_the_amount_of_the_line(tmp_path: Path) -> None:
    header = "amazon-order-id\tpurchase-date\tproduct-name\tsku\tquantity\tcurrency\titem-price\tbuyer-email"
    rows = [
        ("302-1", "2025-01-03T20:22:28+00:00", "Cup", "C", 1, "EUR", "10.00", "ann@x.com"),
        ("302-1", "2025-01-03T20:22:28+00:00", "Pan", "P", 2, "EUR", "60.00", "ann@x.com"),
        ("302-2", "2025-01-04T20:22:28+00:00", "Cup", "C", 3, "EUR", "30.00", "bob@x.com"),
    ]
    lines = [header, *("\t".join(map(str, row)) for row in rows)]
    draft, desk = drafted(tmp_path, "all_orders.txt", "\n".join(lines) + "\n")
    assert desk.rows("order_lines", "order_id, product_id, quantity, unit_price, total, email") == [
        ("302-1", "C", "1", None, "10.00", "ann@x.com"),
        ("302-1", "P", "2", None, "60.00", "ann@x.com"),
        ("302-2", "C", "3", None, "30.00", "bob@x.com"),
    ]
    assert decisions(draft) == []


def test_a_price_that_stays_the_same_for_other_quantities_is_that_of_a_unit(tmp_path: Path) -> None:
    text = "order id,date,customer id,sku,quantity,item price\n1,2025-01-03,7,C,1,10\n2,2025-01-04,7,C,3,10\n"
    _, desk = drafted(tmp_path, "items.csv", text)
    assert desk.rows("order_lines", "unit_price, total") == [("10", None), ("10", None)]


def test_square_writes_discounts_below_zero(tmp_path: Path) -> None:
    text = (
        "Date,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Customer ID\n"
        "2025-01-03,€100.00,-€10.00,€90.00,€0.00,T1,S7\n2025-01-04,€50.00,€0.00,€50.00,€0.00,T2,S8\n"
    )
    draft, desk = drafted(tmp_path, "transactions-2025.csv", text)
    assert desk.rows("orders", "order_id, gross, discount, total") == [
        ("T1", "100.00", "10.00", "90.00"),
        ("T2", "50.00", "0.00", "50.00"),
    ]
    assert decisions(draft) == []


def test_german_positions_are_order_lines_and_no_list_of_customers(tmp_path: Path) -> None:
    text = (
        "Belegnr.;Pos.;Datum;Kunden-Nr.;Name;Artikelnr.;Bezeichnung;Menge;Einzelpreis;Gesamtpreis\n"
        "7;1;03.01.2025;K1;Groß;A1;Tasse;2;1.010,50;2.021,00\n7;2;03.01.2025;K1;Groß;A2;Teller;1;5,00;5,00\n"
    )
    _, desk = drafted(tmp_path, "Auftragspositionen.csv", text, "cp1252")
    columns = "order_id, line_id, product_id, product_name, quantity, unit_price, total, customer_ref"
    assert desk.rows("order_lines", columns) == [
        ("7", "1", "A1", "Tasse", "2", "1010.50", "2021.00", "K1"),
        ("7", "2", "A2", "Teller", "1", "5.00", "5.00", "K1"),
    ]


def test_amounts_in_cents_are_divided_by_100_and_other_texts_stay(tmp_path: Path) -> None:
    text = (
        "order_id,user_id,created_at,amount_cents,currency\n"
        "1,7,1735895700000,12345,EUR\n2,7,1735982100000,5,EUR\n3,8,1736068500000,n/a,EUR\n"
    )
    draft, desk = drafted(tmp_path, "orders.csv", text)
    assert desk.rows("orders", "order_id, total") == [("1", "123.45"), ("2", "0.05"), ("3", "n/a")]
    assert decisions(draft) == []


def test_cents_with_separators_of_thousands_are_cents_too(tmp_path: Path) -> None:
    text = 'order_id,user_id,order_date,amount_cents\n1,7,2025-01-03,"12,345"\n2,7,2025-01-04,"1,234,567"\n'
    _, desk = drafted(tmp_path, "orders.csv", text)
    assert desk.rows("orders", "total") == [("123.45",), ("12345.67",)]


@pytest.mark.parametrize("value", ["12.50", "0.99"])
def test_amounts_with_decimals_are_no_cents_whatever_their_name_says(tmp_path: Path, value: str) -> None:
    text = f"order_id,user_id,order_date,amount_cents\n1,7,2025-01-03,{value}\n2,7,2025-01-04,3\n"
    _, desk = drafted(tmp_path, "orders.csv", text)
    assert desk.rows("orders", "total") == [(value,), ("3",)]


@pytest.mark.parametrize(
    ("written", "format_"),
    [
        ("Fri, 03 Jan 2025 09:15:00 +0000", "%a, %d %b %Y %H:%M:%S %z"),
        ("Jan-13-25", "%b-%d-%y"),
        ("13/01/2025, 09:15", "%d/%m/%Y, %H:%M"),
        ("1/13/2025, 9:15:00 AM", "%m/%d/%Y, %I:%M:%S %p"),
    ],
)
def test_times_of_web_apis_and_browsers_are_read(tmp_path: Path, written: str, format_: str) -> None:
    text = f'order_id,customer_id,order date,amount\n1,7,"{written}",5\n'
    draft, desk = drafted(tmp_path, "orders.csv", text)
    assert f'timestamps: "{format_}"' in draft.text
    ((time,),) = desk.rows("orders", "cast(ordered_at as varchar)")
    assert str(time).startswith(("2025-01-03", "2025-01-13", "2025-01-12 23"))


def test_a_grand_total_beside_a_subtotal_is_the_total(tmp_path: Path) -> None:
    text = (
        "ID,Purchase Date,Grand Total (Base),Grand Total (Purchased),Customer Email,Subtotal,Shipping and Handling\n"
        "1,2025-01-03,14.9,14.9,ann@x.com,10,4.9\n2,2025-01-04,20,20,bob@x.com,20,0\n"
    )
    draft, desk = drafted(tmp_path, "orders.csv", text)
    assert desk.rows("orders", "gross, shipping, total") == [("10", "4.9", "14.9"), ("20", "0", "20")]
    assert decisions(draft) == []  # both columns have the same values, so nothing has to be decided


def test_an_amount_that_may_be_the_total_is_asked_for(tmp_path: Path) -> None:
    text = "order id,order date,customer id,subtotal,charged\n1,2025-01-03,7,10,14.9\n2,2025-01-04,7,20,24.9\n"
    draft, _ = drafted(tmp_path, "orders.csv", text)
    (text,) = decisions(draft)
    assert text.startswith("total: no column is read as the total of the order, and `charged` may be the total")


def test_a_key_that_most_records_share_stops_the_run(tmp_path: Path) -> None:
    rows = "".join(f"{number % 2},user{number % 2}@x.com,{number}\n" for number in range(6))
    draft, _ = drafted(tmp_path, "list.csv", f"customer id,email,visits in store\n{rows}")
    (text,) = decisions(draft)
    assert text.startswith("6 records have a key (`customer id`) that another record has too")


def test_statuses_that_most_orders_have_and_nobody_knows_stop_the_run(tmp_path: Path) -> None:
    header = "order id,order date,customer id,amount,status\n"
    draft, _ = drafted(
        tmp_path, "orders.csv", f"{header}1,2025-01-03,7,1,Foo\n2,2025-01-03,7,1,Foo\n3,2025-01-03,7,1,paid\n"
    )
    (text,) = decisions(draft)
    assert text.startswith("unknown order statuses: `foo` (2)")
    assert "# to decide before a run: these statuses are unknown" in draft.text


def test_order_lines_without_a_time_and_without_orders_stop_the_run(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, "items.csv", "order id,sku,quantity,unit price\n1,A,1,5\n1,B,2,5\n")
    (text,) = decisions(draft)
    assert text.startswith("ordered_at: no column says when something was ordered, and no file has the orders")


def test_order_lines_beside_their_orders_need_no_time(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("order id,sku,quantity,unit price\n1,A,1,5\n1,B,2,5\n")
    (tmp_path / "orders.csv").write_text("order id,customer id,order date,total\n1,7,2025-01-03,15\n")
    draft = draft_mapping([tmp_path / "items.csv", tmp_path / "orders.csv"], HOME, TODAY)
    assert decisions(draft) == []


@pytest.mark.parametrize(("second", "is_open"), [("cancelled", True), ("completed", False)])
def test_two_columns_of_statuses_are_asked_for_if_they_contradict_each_other(
    tmp_path: Path, second: str, is_open: bool
) -> None:
    text = f"order id,order date,customer id,amount,status,order status\n1,2025-01-03,7,5,paid,{second}\n"
    draft, _ = drafted(tmp_path, "orders.csv", text)
    expected = (
        [
            "status: `status` is read; it could also be `order status`. For some orders the two say different things,"
            " such as paid and cancelled"
        ]
        if is_open
        else []
    )
    assert decisions(draft) == expected


@pytest.mark.parametrize(
    ("column", "values", "listed"),
    [
        ("Type", ("Sale", "Return", "Quote"), "`Quote`, `Return`"),
        ("Voided", ("No", "Yes", "No"), "`Yes`"),
        ("Receipt Type", ("SALE", "VOID", "SALE"), "`VOID`"),
    ],
)
def test_a_column_that_says_that_records_are_no_sales_stops_the_run(
    tmp_path: Path, column: str, values: tuple[str, ...], listed: str
) -> None:
    rows = "".join(f"{number},2025-01-03,7,5,{value}\n" for number, value in enumerate(values))
    draft, _ = drafted(tmp_path, "orders.csv", f"order id,order date,customer id,amount,{column}\n{rows}")
    (text,) = decisions(draft)
    assert text.startswith(f"`{column}` is not read, and some records have {listed}: all of them count as sales")


@pytest.mark.parametrize(
    ("column", "values", "has"),
    [
        ("Amount Refunded", ("0.00", "5.00", ""), "1 record has"),
        ("Refund", ("-2.50", "-5.00", ""), "2 records have"),
        ("Refund Amount (EUR)", ("(2.50)", "", ""), "1 record has"),
        ("Erstattungsbetrag", ("0", "3", "4"), "2 records have"),
        ("Montant remboursé", ("0", "3", "4"), "2 records have"),
        ("退款金额", ("￥0.00", "￥3.00", "￥4.00"), "2 records have"),
        ("Refund Total", ("0.00", "", "0"), ""),
        ("Refund Date", ("", "2025-01-04", ""), ""),
        ("Refund Id", ("", "77", ""), ""),
        ("is_refund", ("1", "0", ""), ""),  # a flag
        ("Item Refunded", ("Yes", "No", "No"), ""),
    ],
)
def test_refunded_amounts_that_are_not_read_stop_the_run(
    tmp_path: Path, column: str, values: tuple[str, ...], has: str
) -> None:
    rows = "".join(f"{number},2025-01-03,7,5,{value}\n" for number, value in enumerate(values))
    draft, _ = drafted(tmp_path, "orders.csv", f"order id,order date,customer id,amount,{column}\n{rows}")
    expected = f"`{column}` is not read, but {has} an amount in it, so these refunds are not subtracted. "
    assert [text[: len(expected)] for text in decisions(draft)] == ([expected] if has else [])


def test_a_column_of_kinds_that_are_all_sales_needs_no_decision(tmp_path: Path) -> None:
    text = "order id,order date,customer id,amount,Type\n1,2025-01-03,7,5,Online\n2,2025-01-03,7,5,Store\n"
    assert decisions(drafted(tmp_path, "orders.csv", text)[0]) == []


def test_people_with_one_name_and_two_addresses_are_two_customers(tmp_path: Path) -> None:
    rows = "1,2025-01-03,John Smith,a@x.com,5\n2,2025-01-03,John Smith,b@x.com,5\n"
    text = f"order id,order date,customer,email,amount\n{rows}"
    draft, desk = drafted(tmp_path, "orders.csv", text)
    assert desk.rows("orders", "customer_ref, email") == [(None, "a@x.com"), (None, "b@x.com")]
    assert decisions(draft) == []


def test_customers_known_by_their_names_only_stop_the_run(tmp_path: Path) -> None:
    text = "order id,order date,customer,amount\n1,2025-01-03,John Smith,5\n2,2025-01-03,Ann Lee,5\n"
    (text,) = decisions(drafted(tmp_path, "orders.csv", text)[0])
    assert text.startswith("customer_ref: `customer` has names")


def test_a_subtotal_with_tax_is_not_the_total(tmp_path: Path) -> None:
    text = (
        "Order ID,Order Date,Customer ID,Subtotal (inc tax),Subtotal (ex tax),Tax Total,Shipping Cost,"
        "Order Total (inc tax)\n1,2025-01-03,7,119,100,19,5,124\n2,2025-01-03,7,238,200,38,0,238\n"
    )
    _, desk = drafted(tmp_path, "orders.csv", text)
    assert desk.rows("orders", "total") == [("124",), ("238",)]


def test_a_column_that_occurs_twice_stops_the_run(tmp_path: Path) -> None:
    text = "order id,order date,customer id,amount,Note,Note\n1,2025-01-03,7,5,a,b\n"
    (text,) = decisions(drafted(tmp_path, "orders.csv", text)[0])
    assert text.startswith("several columns are called `Note`")


@pytest.mark.parametrize(("number", "is_open"), [("#1001", True), ("1001", False), ("1001.0", False)])
def test_lines_whose_order_numbers_are_written_in_another_way_stop_the_run(
    tmp_path: Path, number: str, is_open: bool
) -> None:
    (tmp_path / "orders.csv").write_text(f"order id,customer id,order date,total\n{number},7,2025-01-03,15\n")
    (tmp_path / "items.csv").write_text("order id,sku,quantity,unit price\n1001,A,1,5\n1001,B,2,5\n")
    draft = draft_mapping([tmp_path / "items.csv", tmp_path / "orders.csv"], HOME, TODAY)
    found = [text for text in decisions(draft) if text.startswith("order_id: no line has the number of an order")]
    assert bool(found) == is_open and len(decisions(draft)) == is_open


def test_refunds_that_are_all_negative_land_as_positive_numbers(tmp_path: Path) -> None:
    text = "return id;order id;returned at;quantity;refund amount;tax\nR1;1;2025-01-03;-1;-10,50 €;-1,68\n"
    text += "R2;2;2025-01-31;-2;-1.210,50 €;0,00\n"
    _, desk = drafted(tmp_path, "returns.csv", text)
    rows = desk.rows("returns", "return_id, quantity, amount, tax")
    assert rows == [("R1", "1", "10.50", "1.68"), ("R2", "2", "1210.50", "0.00")]


@pytest.mark.parametrize(
    ("name", "header", "amounts", "column"),
    [
        ("orders.csv", "order id,order date,customer id,total", (10, -4, 12), "total"),
        ("returns.csv", "return id,returned at,customer id,refund amount", (10, -4, 12), "refund amount"),
        ("payments.csv", "payment id,paid at,order id,amount", (10, -4, 12), "amount"),
    ],
)
def test_negative_amounts_that_staging_rejects_are_to_decide(
    tmp_path: Path, name: str, header: str, amounts: tuple[int, ...], column: str
) -> None:
    rows = "".join(f"{number},2025-01-03,7{number},{amount}\n" for number, amount in enumerate(amounts))
    draft, _ = drafted(tmp_path, name, f"{header}\n{rows}")
    (text,) = (remark.text for _, remark in draft.remarks if "negative" in remark.text and remark.is_open)
    assert f"1 record has a negative `{column}`, which staging rejects. " in text


@pytest.mark.parametrize("odd", ["１２.５０", "(5.00)", "5.00-", "12€50"])
def test_values_that_are_not_numbers_are_to_decide(tmp_path: Path, odd: str) -> None:
    rows = "".join(f"{number},2025-01-03,7,{amount}\n" for number, amount in enumerate(("5.00", "6.00 €", odd)))
    draft, _ = drafted(tmp_path, "orders.csv", f"order id,order date,customer id,total\n{rows}")
    marked = [remark.text for _, remark in draft.remarks if remark.is_open]
    assert "total: `total` has 1 value that is not a number: these rows will be quarantined" in marked
