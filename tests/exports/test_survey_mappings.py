"""The built-in mappings of survey tools: each value of an export in the tool's layout lands where it belongs."""

import csv
from pathlib import Path

import xlsxwriter

from tests.exports.exported import EXPORTS, land_export
from tests.pipeline.landing_desk import Desk

ANSWER = "response_id, question_id, construct, answer_number, scale_min, scale_max"
PEOPLE = "response_id, answered_at, customer_ref, email, phone"
LEDGER = "file_name, records, unreadable_records, skipped_records"


def test_wjx(tmp_path: Path) -> None:
    desk = land_export("wjx", tmp_path, warnings=1)
    recommend, satisfied = "您有多大可能向朋友或同事推荐我们？", "总体来说，您对我们有多满意？"
    assert desk.rows("survey_answers", ANSWER, "record, construct") == [
        ("1 2024-03-05 09:08:07", satisfied, "csat", "5", "1", "5"),
        ("1 2024-03-05 09:08:07", recommend, "nps", "9", "0", "10"),
        ("2 2024-03-31 23:30:00", recommend, "nps", "3", "0", "10"),
        ("3 2024-04-01 00:10:00", satisfied, "csat", "4", "1", "5"),
        ("3 2024-04-01 00:10:00", recommend, "nps", "10分", "0", "10"),  # is not a number: staging quarantines it
    ]
    assert desk.rows("survey_answers", f"distinct {PEOPLE}", "1") == [
        ("1 2024-03-05 09:08:07", "2024-03-05 01:08:07", "VIP-7", None, "13800138000"),
        ("2 2024-03-31 23:30:00", "2024-03-31 15:30:00", None, "ada@example.com", None),  # 无 is not a phone number
        ("3 2024-04-01 00:10:00", "2024-03-31 16:10:00", None, None, "+86 138 0013 8001"),
    ]
    assert [row[1:] for row in desk.rows("ledger", LEDGER)] == [(4, 0, 1)]


def test_wjx_lists_the_questions_that_it_does_not_take(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: wjx\n", encoding="utf-8")
    (export,) = (EXPORTS / "wjx").iterdir()
    desk.put(export.name, export.read_bytes())
    (warning,) = desk.land().warnings
    assert "`3、您从哪里了解到我们？` (4), `4、您希望我们改进什么？` (1)." in warning
    for taken in ("来源", "手机", "邮箱", "会员"):
        assert taken not in warning


def test_a_workbook_of_wjx_has_the_same_answers_as_the_csv_file(tmp_path: Path) -> None:
    desk = land_export("wjx", tmp_path / "csv", warnings=1)
    (export,) = (EXPORTS / "wjx").iterdir()
    other = Desk(tmp_path / "xlsx")
    other.mapping.write_text("extends: wjx\n", encoding="utf-8")
    with export.open(encoding="gbk", newline="") as file, xlsxwriter.Workbook(other.inbox / "1_2.xlsx") as book:
        sheet = book.add_worksheet("Sheet1")
        for number, row in enumerate(csv.reader(file)):
            for column, cell in enumerate(row):
                if cell.isdecimal():
                    sheet.write_number(number, column, int(cell))
                else:
                    sheet.write_string(number, column, cell)
    other.land()
    columns = f"{ANSWER}, {PEOPLE}"
    assert other.rows("survey_answers", columns, "1, 2") == desk.rows("survey_answers", columns, "1, 2")


def test_numbers_of_responses_of_two_questionnaires_of_wjx_do_not_collide(tmp_path: Path) -> None:
    desk = land_export("wjx", tmp_path, warnings=1)
    (export,) = (EXPORTS / "wjx").iterdir()
    desk.put("another.csv", export.read_bytes().replace(b"2024/", b"2023/"))
    desk.land()
    ids = [row[0] for row in desk.rows("survey_answers", "distinct response_id", "1")]
    assert len(ids) == 6
