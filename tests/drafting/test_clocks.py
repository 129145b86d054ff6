"""A time of day in a column of its own is read together with the date."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="UTC", currency="EUR")


def landed(folder: Path, header: str, *rows: str) -> tuple[Draft, list[tuple[object, ...]]]:
    path = folder / "orders.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    draft = draft_mapping([path], HOME, TODAY)
    desk = Desk(folder / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put(path.name, path.read_bytes())
    desk.land(TODAY)
    return draft, desk.rows("orders", "order_id, ordered_at")


@pytest.mark.parametrize(
    ("date_name", "time_name", "day", "clock", "at"),
    [
        ("Date", "Time", "2024-03-25", "10:15", "10:15:00"),
        ("time", "date", None, None, ""),
        ("Datum", "Uhrzeit", "25.03.2024", "9:05:30", "09:05:30"),
        ("Order Date", "Order Time", "3/25/2024", "10:15 PM", "22:15:00"),
        ("日期", "时间", "2024/03/25", "10:15:00", "10:15:00"),
    ],
)
def test_date_and_time_of_day_are_one_time(
    tmp_path: Path, date_name: str, time_name: str, day: str | None, clock: str | None, at: str
) -> None:
    if day is None:  # the time of day stands before the date
        draft, rows = landed(tmp_path, "Order ID,time,date,Total", "1,10:15,2024-03-25,5")
        at = "10:15:00"
    else:
        draft, rows = landed(tmp_path, f"Order ID,{date_name},{time_name},Total", f"1,{day},{clock},5")
    assert rows == [("1", f"2024-03-25 {at}")]
    assert not any(draft.unmapped.values())
    assert any("the time of day" in remark.text for _, remark in draft.remarks)


def test_a_row_without_a_time_of_day_keeps_its_date(tmp_path: Path) -> None:
    _, rows = landed(tmp_path, "Order ID,Date,Time,Total", "1,2024-03-25,10:15,5", "2,2024-03-26,,6")
    assert sorted(rows) == [("1", "2024-03-25 10:15:00"), ("2", "2024-03-26 00:00:00")]


@pytest.mark.parametrize(("name", "value"), [("Time", "morning"), ("Prep Time", "10:15")])
def test_what_is_not_the_time_of_the_date_is_not_mapped(tmp_path: Path, name: str, value: str) -> None:
    draft, rows = landed(tmp_path, f"Order ID,Date,{name},Total", f"1,2024-03-25,{value},5")
    assert rows == [("1", "2024-03-25 00:00:00")]
    assert draft.unmapped == {"orders": (name,)}
