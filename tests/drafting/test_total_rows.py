"""A row of totals among the records is rejected or marked: its sum never counts as an order or a line."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="UTC", currency="EUR")
ORDERS = "Order ID,Order Date,Customer ID,Total\n1,2024-01-01,7,10\n2,2024-01-02,8,20\n"
LINES = "Order ID,Order Date,Customer ID,SKU,Quantity,Price\n1,2024-01-01,7,A,1,10\n2,2024-01-02,8,B,2,10\n"


def drafted(folder: Path, text: str) -> Draft:
    (folder / "report.csv").write_text(text, encoding="utf-8")
    return draft_mapping([folder / "report.csv"], HOME, TODAY)


def about_totals(draft: Draft) -> list[tuple[str, bool]]:
    return [(remark.text, remark.is_decisive) for _, remark in draft.remarks if "a total" in remark.text]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (ORDERS, "Total,2024-01-31,,30"),
        (ORDERS, "Summe:,2024-01-31,,30"),
        (ORDERS, "合计,2024-01-31,,30"),
        (ORDERS, "3,2024-01-31,Grand Total,30"),
        (LINES, "2,2024-01-02,,Subtotal,2,20"),
        (LINES, "Total (2 orders),2024-01-31,,,3,30"),
    ],
)
def test_a_row_of_totals_that_would_count_is_marked(tmp_path: Path, table: str, row: str) -> None:
    ((text, is_decisive),) = about_totals(drafted(tmp_path, f"{table}{row}\n"))
    assert is_decisive and "`skips: [{name: totals, why: a sum, where: " in text


@pytest.mark.parametrize("row", ["Total,,,30", "Summe,,,30", "合计,,,30"])
def test_a_row_of_totals_without_a_time_is_rejected_by_the_run(tmp_path: Path, row: str) -> None:
    ((text, is_decisive),) = about_totals(drafted(tmp_path, f"{ORDERS}{row}\n"))
    assert not is_decisive and text.endswith("a run rejects it, because it has no key or no time")


@pytest.mark.parametrize(
    "row", ["3,2024-01-03,Totalenergies,5", "3,2024-01-03,Total Wine & More,5", "T-1,2024-01-03,Total-Bau,5"]
)
def test_a_record_whose_text_only_begins_like_a_total_is_not_marked(tmp_path: Path, row: str) -> None:
    assert about_totals(drafted(tmp_path, f"{ORDERS}{row}\n")) == []


def test_the_proposed_skip_leaves_the_total_out(tmp_path: Path) -> None:
    text = f"{ORDERS}Total,2024-01-31,,30\n"
    draft = drafted(tmp_path, text)
    ((remark, _),) = about_totals(draft)
    mapping = yaml.safe_load(draft.text)
    mapping["files"][0] |= yaml.safe_load(remark.split("write `")[1].split("`")[0])
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(yaml.safe_dump(mapping), encoding="utf-8")
    desk.put("report.csv", text)
    desk.land(TODAY)
    assert desk.rows("orders", "order_id, total") == [("1", "10"), ("2", "20")]


@pytest.mark.parametrize(
    ("rows", "is_marked"),
    [
        (["1,Sale,,3,30", "1,Line,A,1,10", "1,Line,B,2,20", "2,Sale,,1,5", "2,Line,A,1,5"], True),
        ([row for n in range(1, 6) for row in (f"{n},Sale,,1,{n}", f"{n},Line,A,1,{n}")], True),
        (["1,Line,A,1,10", "1,Line,B,2,10", "2,Line,A,1,10"], False),  # two lines may cost the same
        (["1,Line,A,1,10", "1,Line,B,2,20", "1,Line,C,1,30", "2,Line,A,1,10", "2,Line,B,1,7"], False),
    ],
)
def test_a_row_for_the_whole_order_among_its_lines_is_marked(tmp_path: Path, rows: list[str], is_marked: bool) -> None:
    header = "Order ID,Line Type,SKU,Quantity,Total,Order Date,Customer ID"
    draft = drafted(tmp_path, "\n".join([header, *(f"{row},2024-01-02,7" for row in rows)]))
    marks = [remark.text for _, remark in draft.remarks if remark.is_decisive]
    assert any("is the sum of the others" in text for text in marks) == is_marked


def test_a_bundle_among_its_parts_is_marked(tmp_path: Path) -> None:
    header = "Order ID,Order Date,Customer ID,Line Type,SKU,Quantity,Unit Price"
    rows = ["1,2024-03-15,7,bundle,SET,1,50", "1,2024-03-15,7,component,A,1,30", "1,2024-03-15,7,component,B,2,10"]
    draft = drafted(tmp_path, "\n".join([header, *rows]))
    (mark,) = [remark.text for _, remark in draft.remarks if remark.is_decisive]
    assert "one amount (`Unit Price` x `Quantity`) is the sum of the others" in mark
