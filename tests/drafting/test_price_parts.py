"""Which column of an export is the total of an order and which one the price of its goods: the rows decide."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Draft, Wishes, draft_mapping
from pipelines.drafting.price_parts import role_of

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="Europe/Berlin", currency="EUR")
WHO = "Order No,Customer No,Date"


def drafted(folder: Path, header: str, *rows: str) -> Draft:
    """The draft of orders with these amounts."""
    lines = [f"{WHO},{header}", *(f"{number},7,2024-01-1{number},{row}" for number, row in enumerate(rows))]
    (folder / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return draft_mapping([folder / "orders.csv"], HOME, TODAY)


def amounts(draft: Draft) -> dict[str, str]:
    (entry,) = yaml.safe_load(draft.text)["files"]
    columns = entry["entities"]["orders"]["columns"]
    names = ("gross", "discount", "tax", "shipping", "total")
    return {name: columns[name].strip('"') for name in names if name in columns}


def decisions(draft: Draft) -> list[str]:
    return [remark.text for _, remark in draft.remarks if remark.is_open]


def test_gross_amount_with_tax_is_the_total(tmp_path: Path) -> None:
    text = (
        "Order Number;Date;Customer Number;Net Amount;VAT;Gross Amount;Items\n"
        "1;15.01.2024;7;100,00;19,00;119,00;3\n2;16.01.2024;8;200,00;38,00;238,00;1\n"
    )
    (tmp_path / "orders.csv").write_text(text)
    draft = draft_mapping([tmp_path / "orders.csv"], HOME, TODAY)
    read = {name: re.search(r"regexp_replace\((.+?),", sql) for name, sql in amounts(draft).items()}
    assert {name: found and found[1] for name, found in read.items()} == {
        "gross": '"Net Amount"',
        "tax": "VAT",
        "total": '"Gross Amount"',
    }
    assert decisions(draft) == []


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("Net,Tax,Gross", ["100.00,20.00,120.00"], {"gross": "Net", "tax": "Tax", "total": "Gross"}),
        (
            "Netto,MwSt,Brutto",
            ["100.00,20.00,120.00", "50.00,10.00,60.00"],
            {"gross": "Netto", "tax": "MwSt", "total": "Brutto"},
        ),
        ("Netto,Brutto", ["100.00,119.00"], {"gross": "Netto", "total": "Brutto"}),
        (
            "Amount excl. VAT,VAT,Amount incl. VAT",
            ["10,2,12"],
            {"gross": "Amount excl. VAT", "tax": "VAT", "total": "Amount incl. VAT"},
        ),
        ("Montant HT,TVA,Montant TTC", ["10,2,12"], {"gross": "Montant HT", "tax": "TVA", "total": "Montant TTC"}),
        ("Montant TTC", ["12"], {"total": "Montant TTC"}),
        ("Total (EUR)", ["12"], {"total": "Total (EUR)"}),
        # a shop: before the discount, and after it
        (
            "Gross Amount,Discount,Net Amount",
            ["100,10,90", "50,0,50"],
            {"gross": "Gross Amount", "discount": "Discount", "total": "Net Amount"},
        ),
        (
            "Gross,Discount,Net,Tax,Total",
            ["100,10,90,18,108"],
            {"gross": "Gross", "discount": "Discount", "tax": "Tax", "total": "Total"},
        ),
        # a total without tax beside one with tax
        ("Total,Tax,Gross", ["100,20,120"], {"gross": "Total", "tax": "Tax", "total": "Gross"}),
        # the price of the goods after the discount, and with tax: a run calculates it
        ("Net,Discount,Tax,Gross", ["90,10,18,108"], {"discount": "Discount", "tax": "Tax", "total": "Gross"}),
        (
            "Subtotal,Tax,Shipping,Total",
            ["50,8,5,55", "20,3,5,25"],
            {"tax": "Tax", "shipping": "Shipping", "total": "Total"},
        ),
        (
            "Subtotal,Tax,Shipping,Total",
            ["50,8,5,63"],
            {"gross": "Subtotal", "tax": "Tax", "shipping": "Shipping", "total": "Total"},
        ),
        (
            "Netto,MwSt %,MwSt,Brutto",
            ["100,19,19,119", "200,19,38,238"],
            {"gross": "Netto", "tax": "MwSt", "total": "Brutto"},
        ),
        ("Gross", ["5"], {"total": "Gross"}),
    ],
)
def test_the_rows_decide_what_gross_and_net_mean(
    tmp_path: Path, header: str, rows: list[str], expected: dict[str, str]
) -> None:
    draft = drafted(tmp_path, header, *rows)
    assert amounts(draft) == expected
    assert decisions(draft) == []


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Net,Tax,Gross", "100,20,150"),
        ("Gross,Net", "120,100"),
        ("Gross Amount,VAT", "119,19"),
        ("Net Amount,VAT", "100,19"),
        ("Netto,Rabatt", "100,5"),
        ("Gross,Discount,Net,Tax", "100,10,90,18"),
        ("Subtotal,Tax,Total", "50,8,99"),
    ],
)
def test_amounts_that_the_rows_do_not_explain_are_decided_before_a_run(tmp_path: Path, header: str, row: str) -> None:
    draft = drafted(tmp_path, header, row)
    (remark,) = [remark for _, remark in draft.remarks if remark.is_decisive]
    assert remark.text.startswith(("total", "gross"))


@pytest.mark.parametrize("name", ["Net weight", "Gross margin", "Versand netto", "Tax", "Bruttogewicht", "Netflix"])
def test_other_columns_with_such_words_are_no_amounts_of_an_order(name: str) -> None:
    assert role_of(name) is None


@pytest.mark.parametrize(
    ("name", "currency", "is_open"),
    [
        ("Total (EUR)", None, False),
        ("total_usd", "'USD'", False),
        ("Total in GBP", "'GBP'", False),
        ("Total $", "'EUR'", True),
    ],
)
def test_a_name_states_the_currency_of_its_amounts(
    tmp_path: Path, name: str, currency: str | None, is_open: bool
) -> None:
    draft = drafted(tmp_path, name, "12")
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert amounts(draft) == {"total": name}
    assert entry["entities"]["orders"]["columns"].get("currency") == currency
    assert bool(decisions(draft)) == is_open


def test_orders_without_an_amount_are_decided_and_the_numbers_are_named(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "Foo,Bar,Note", "12.50,3,x")
    (remark,) = [remark for _, remark in draft.remarks if remark.is_decisive]
    assert remark.text.startswith("total: no column has the amount") and "mapped: `Foo`, `Bar`." in remark.text
    assert "to decide before a run: total" in draft.text


def test_lines_in_another_file_give_orders_their_amount(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("order_id,sku,quantity,unit_price\n0,a,1,5\n")
    (tmp_path / "orders.csv").write_text(f"{WHO},Foo\n0,7,2024-01-01,5\n")
    draft = draft_mapping([tmp_path / "items.csv", tmp_path / "orders.csv"], HOME, TODAY)
    assert not any("no column has the amount" in remark.text for _, remark in draft.remarks)
