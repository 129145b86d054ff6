"""Workbooks with several sheets: what a draft reads of them, and what it says about the rest."""

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.base.errors import InputError
from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="Europe/Berlin", currency="EUR")
ORDERS: list[object] = ["Order ID", "Customer ID", "Order date", "Total"]
JANUARY: list[list[object]] = [[1, 7, "2024-01-15", 10], [2, 8, "2024-01-16", 20]]
FEBRUARY: list[list[object]] = [[3, 7, "2024-02-15", 30]]
Sheets = dict[str, list[list[object]]]


def drafted(folder: Path, sheets: Sheets, hidden: tuple[str, ...] = ()) -> tuple[Draft, Desk]:
    """The draft of a workbook, and what lands of it."""
    path = folder / "export.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if name in hidden:
            sheet.hide()
    book.close()
    draft = draft_mapping([path], HOME, TODAY)
    desk = Desk(folder / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put("export.xlsx", path.read_bytes())
    desk.land(TODAY)
    return draft, desk


def decisions(draft: Draft) -> list[str]:
    return [remark.text for _, remark in draft.remarks if remark.is_decisive]


def test_the_sheet_with_most_values_is_read_and_the_others_are_marked(tmp_path: Path) -> None:
    customers: list[list[object]] = [["Customer ID", "Email"], [7, "ann@x.com"]]
    draft, desk = drafted(tmp_path, {"People": customers, "Sales": [ORDERS, *JANUARY], "Notes": [["checked by Bob"]]})
    assert desk.rows("orders", "order_id, customer_ref, total") == [("1", "7", "10"), ("2", "8", "20")]
    (text,) = decisions(draft)
    assert text.startswith("the draft reads the sheet `Sales` only; the workbook also has data in `People`, `Notes`")


@pytest.mark.parametrize("title", [[], [["Sales of the shop"], []]])
def test_sheets_of_one_layout_are_all_read(tmp_path: Path, title: list[list[object]]) -> None:
    draft, desk = drafted(tmp_path, {"Jan": [*title, ORDERS, *JANUARY], "Feb": [*title, ORDERS, *FEBRUARY], "Mar": []})
    assert [order for (order,) in desk.rows("orders", "order_id")] == ["1", "2", "3"]
    assert decisions(draft) == []


def test_empty_and_hidden_sheets_need_no_decision(tmp_path: Path) -> None:
    draft, desk = drafted(tmp_path, {"New": [ORDERS, *JANUARY], "Old": [ORDERS, *FEBRUARY], "Empty": []}, ("Old",))
    assert [order for (order,) in desk.rows("orders", "order_id")] == ["1", "2"]
    assert "sheet" not in draft.text and decisions(draft) == []


def test_a_workbook_without_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no visible sheet has data"):
        drafted(tmp_path, {"A": [], "B": []})
