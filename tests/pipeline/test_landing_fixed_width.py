"""Fixed-width text lands field by field; a line that does not fit the fields is kept as unreadable."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.base.errors import ConfigError
from pipelines.landing import check_sources
from tests.pipeline.landing_desk import Desk, lines

FIELDS = {"order": "1-4", "line": 5, "product": "6-13", "quantity": "14-16"}
TEXT = "o1  1Tea       2 \no2  2Oat milk 19\n"


def desk_of(folder: Path, content: str | bytes, **more: Any) -> Desk:
    desk = Desk(folder, lines("*.txt", **{"format": "fixed", "fields": FIELDS, **more}))
    desk.put("a.txt", content)
    return desk


def test_fields_are_cut_out_at_their_positions(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "Report of May\n" + TEXT + "\n   \r\n", skip_rows=1)
    report = desk.land()
    assert (report.warnings, report.records) == ((), 2)
    assert desk.rows("order_lines", "record, line, order_id, line_id, product_name, quantity") == [
        (1, 2, "o1", "1", "Tea", "2"),
        (2, 3, "o2", "2", "Oat milk", "19"),
    ]
    assert desk.raws("order_lines")[0] == {"order": "o1  ", "line": "1", "product": "Tea     ", "quantity": "  2"}
    (checked,) = check_sources(desk.home, desk.sources())
    assert checked.problems == ()


def test_text_that_no_field_covers_is_kept_in_the_raw_record(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "o1  xx1Tea 2\n", fields={"order": "1-4", "line": "7", "product": "8-10", "quantity": 12})
    desk.land()
    (raw,) = desk.raws("order_lines")
    assert (raw["(5-6)"], raw["(11-11)"]) == ("xx", " ")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("o3  1Tea", "LND-002"),
        ("o3  1Tea       2 and more", "LND-002"),
        ("o3  1Te\0       2", "LND-004"),
        ("o3  1Tea       2     ", None),
    ],
)
def test_a_line_that_is_too_short_or_too_long_is_unreadable_with_its_place(
    tmp_path: Path, line: str, rule: str | None
) -> None:
    first, second = TEXT.splitlines(keepends=True)
    desk = desk_of(tmp_path, f"{first}{line}\n{second}")
    assert desk.land().records == 3
    found = [(2, 2, rule, line.replace("\0", "\u2400"))] if rule else []
    assert (desk.rows("unreadable", "record, line, rule, raw") if rule else []) == found
    assert [at for (at,) in desk.rows("order_lines", "line")] == ([1, 3] if rule else [1, 2, 3])


def test_lines_without_their_last_blanks_can_be_filled_up(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "o1  1Tea\no2  2Oat milk 19\n", short_lines="fill")
    desk.land()
    assert desk.rows("order_lines", "product_name, quantity") == [("Tea", None), ("Oat milk", "19")]


@pytest.mark.parametrize(("short_lines", "kept"), [("unreadable", 0), ("fill", 1)])
def test_an_end_that_looks_cut_off_is_not_taken_silently(tmp_path: Path, short_lines: str, kept: int) -> None:
    whole = "o1  1Tea     119\no2  1Tea     118\n"
    desk = desk_of(tmp_path, whole + "o3  1Tea     11", short_lines=short_lines)
    report = desk.land()
    assert len(desk.rows("order_lines")) == 2 + kept
    assert len(report.warnings) == kept
    assert all("may be cut off inside its last record" in warning for warning in report.warnings)


@pytest.mark.parametrize(("encoding", "wide"), [("gbk", 2), ("gb18030", 2), ("utf-8", 3)])
def test_positions_can_count_bytes(tmp_path: Path, encoding: str, wide: int) -> None:
    split = "o2  1abcdefg茶  2"
    text = "o1  1茶" + " " * (8 - wide) + "  2\n" + split + "\n" + TEXT
    desk = desk_of(tmp_path, text.encode(encoding), encoding=encoding, positions_in="bytes")
    desk.land()
    assert desk.rows("order_lines", "line, product_name, quantity") == [
        (1, "茶", "2"),
        (3, "Tea", "2"),
        (4, "Oat milk", "19"),
    ]
    assert desk.raws("order_lines")[0]["product"] == "茶" + " " * (8 - wide)
    assert desk.rows("unreadable", "line, rule, raw") == [(2, "LND-002", split)]


def test_positions_count_characters_otherwise(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "o1  1茶         2\n".encode("gbk"), encoding="gbk")
    desk.land()
    assert desk.rows("order_lines", "product_name, quantity") == [("茶", "2")]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"fields": {"order": "4-1"}}, "must be the first and the last position of the field, counted from 1"),
        ({"fields": {"order": "0-3"}}, "such as `1-10`, but is `0-3`"),
        ({"fields": None}, "`fields` is missing"),
        ({"format": "csv"}, "`fields` is only for fixed"),
        ({"header_rows": 1}, "`header_rows` is only for"),
        ({"fields": {**FIELDS, "Order": "20-21"}}, "two `fields` have names that differ only in case"),
        ({"fields": {"order": 1, "line": 2, "product": 3, "quantiy": 4}}, "there is no field `quantity`"),
        ({"positions_in": "bytes", "encoding": "utf-16"}, "not possible with utf-16"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=r"mapping\.yml:[0-9]+") as refused:
        desk_of(tmp_path, TEXT, **more).land()
    assert words in str(refused.value)
