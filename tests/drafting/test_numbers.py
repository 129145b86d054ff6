"""How a draft reads numbers with other signs beside them: what it removes, and what it leaves to the user."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.drafting import Wishes, draft_mapping
from pipelines.drafting.numbers import Numbers, numbers_of
from tests.pipeline.landing_desk import Desk


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def numbers(connection: duckdb.DuckDBPyConnection, *values: str) -> tuple[Numbers, list[str]]:
    """How the values are read, and what they become."""
    connection.execute("create or replace temp table sample (value varchar)")
    connection.executemany("insert into sample values (?)", [[value] for value in values])
    found = numbers_of(lambda sql: connection.execute(sql).fetchall(), "sample", "value")
    sql = found.sql.replace("{}", "value") if found.sql else "value"
    return found, [row[0] for row in connection.execute(f"select {sql} from sample").fetchall()]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (("1.000,50 €", "EUR 12,00", "3,10"), ["1000.50", "12.00", "3.10"]),
        (("Rs. 1 000.50", "rs 12.00"), ["1000.50", "12.00"]),
        (("￥1,200.50", "1200.50元"), None),  # ￥ may also be yen
        (("1,200.50元", "RMB 1200.50"), ["1200.50", "1200.50"]),
        (("3 pcs", "12 PCS"), ["3", "12"]),
        (("1 000.50", "1'000.50"), ["1000.50", "1000.50"]),
    ],
)
def test_one_unit_is_removed(
    connection: duckdb.DuckDBPyConnection, values: tuple[str, ...], read: list[str] | None
) -> None:
    found, became = numbers(connection, *values)
    assert (found.doubt == "") == (read is not None)
    if read is not None:
        assert became == read
        assert found.unread == 0


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (("12€50", "3,00 €", "€ 4"), ["12€50", "3.00", "4"]),
        (("12EUR50", "EUR 3.00", "4 eur"), ["12EUR50", "3.00", "4"]),
        (("12元50", "3元"), ["12元50", "3"]),
        (("1 5", "2", "1 234 567"), ["1 5", "2", "1234567"]),
        (("12 34 €", "1 234,50 €", "2,00"), ["12 34", "1234.50", "2.00"]),
    ],
)
def test_a_sign_or_blank_between_digits_is_not_removed(
    connection: duckdb.DuckDBPyConnection, values: tuple[str, ...], read: list[str]
) -> None:
    """`12€50` is not 1250: staging rejects the value, and the draft counts it."""
    found, became = numbers(connection, *values)
    assert became == read
    assert found.unread == 1


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (("1.2万", "800"), "`万` (1)"),
        (("3.5k", "2k"), "`K` (2)"),
        (("1e3", "1 000.50"), "`E` (1)"),
        (("10.00 DR", "12.00 CR"), "`CR` (1), `DR` (1)"),
        (("10.00 USD", "12.00 EUR"), "`EUR` (1), `USD` (1)"),
    ],
)
def test_letters_that_may_change_a_number_are_left_in_place(
    connection: duckdb.DuckDBPyConnection, values: tuple[str, ...], unit: str
) -> None:
    found, became = numbers(connection, *values)
    assert unit in found.doubt
    for value, after in zip(values, became, strict=True):
        assert [one for one in after if one.isalpha()] == [one for one in value if one.isalpha()]
    assert found.unread > 0


def totals(folder: Path, text: str) -> list[str]:
    """What lands as the totals of orders, by the draft of their file."""
    (folder / "orders.csv").write_text(text, encoding="utf-8")
    wishes = Wishes(source="shop", timezone="Europe/Berlin", currency="EUR")
    draft = draft_mapping([folder / "orders.csv"], wishes, date(2024, 5, 31))
    desk = Desk(folder / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put("orders.csv", text.encode())
    desk.land(date(2024, 5, 31))
    return [total for (total,) in desk.rows("orders", "total")]


@pytest.mark.parametrize(
    ("usual", "odd", "lands"),
    [
        ("36,90", "45.90", "45.90"),  # a plain number
        ("1.036,90", "45.90", "45.90"),
        ("36,90", "1,045.90", "1.045.90"),  # staging rejects it
        ("1,036.90", "1.050,50", "1.050,50"),
        ("36.90", "45,90", "45,90"),
        ("36,90", "1.2345", "1.2345"),
    ],
)
def test_an_amount_in_another_form_is_never_a_hundred_times_too_large(
    tmp_path: Path, usual: str, odd: str, lands: str
) -> None:
    rows = "".join(f'{number};2024-01-15;7;"{usual}"\n' for number in range(8))
    text = f'order id;order date;customer id;total\n{rows}9;2024-01-15;7;"{odd}"\n'
    *most, last = totals(tmp_path, text)
    assert last == lands
    expected = usual.replace(".", "").replace(",", ".") if "," in usual[-3:] else usual.replace(",", "")
    assert set(most) == {expected}


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u2009", " "])
def test_blanks_of_any_kind_between_thousands_are_removed(tmp_path: Path, blank: str) -> None:
    text = (
        f"order id;order date;customer id;total\n1;2024-01-15;7;1{blank}130,50{blank}€\n2;2024-01-15;7;5,00{blank}€\n"
    )
    assert totals(tmp_path, text) == ["1130.50", "5.00"]


@pytest.mark.parametrize(
    ("currency", "last", "n", "is_marked"),
    [("EUR", 99, 20, True), ("JPY", 99, 20, False), ("EUR", 99.5, 20, False), ("EUR", 99, 5, False)],
)
def test_whole_amounts_of_a_web_service_may_be_cents(
    tmp_path: Path, currency: str, last: float, n: int, is_marked: bool
) -> None:
    records: list[dict[str, object]] = [
        {"id": i, "customer_id": 7, "created_at": "2024-01-01T10:00:00Z", "currency": currency, "amount": 1000 + 7 * i}
        for i in range(n)
    ]
    records[-1]["amount"] = 1000 + last
    (tmp_path / "orders.json").write_text(json.dumps(records), encoding="utf-8")
    draft = draft_mapping([tmp_path / "orders.json"], Wishes(source="shop", timezone="UTC"), date(2024, 5, 31))
    marks = [remark.text for _, remark in draft.remarks if remark.is_decisive]
    assert [mark.startswith("`amount`: all amounts are whole numbers") for mark in marks] == [True] * is_marked
