"""The built-in mappings of survey tools: each value of an export in the tool's layout lands where it belongs."""

import csv
import hashlib
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.landing import RefusedFiles
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
    digest = hashlib.md5(b"13800138001", usedforsecurity=False).hexdigest()
    assert desk.rows("survey_answers", f"distinct {PEOPLE}", "1") == [
        ("1 2024-03-05 09:08:07", "2024-03-05 01:08:07", "VIP-7", None, "13800138000"),
        ("2 2024-03-31 23:30:00", "2024-03-31 15:30:00", None, "ada@example.com", None),  # 无 is not a phone number
        ("3 2024-04-01 00:10:00", "2024-03-31 16:10:00", f"phone {digest}", None, "+8613800138001"),
    ]
    assert [row[1:] for row in desk.rows("ledger", LEDGER)] == [(4, 0, 1)]


def test_a_phone_number_of_wjx_in_full_width_is_one_and_a_number_that_lost_digits_is_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: wjx\n", encoding="utf-8")
    phones = ["１３８００１３８０００", "13800138000", "1.38E+10"]
    rows = "".join(f"{n},2024/3/5 9:08:07,9,{phone},{'1.2E+15' * (n == 2)}\n" for n, phone in enumerate(phones))
    header = "序号,提交答卷时间,1、您有多大可能向朋友或同事推荐我们？,2、您的手机号,3、您的会员号"
    desk.put("a.csv", f"{header}\n{rows}".encode("gb18030"))
    (warning,) = desk.land().warnings
    assert "`2、您的手机号: not one whole number (a spreadsheet cuts off digits of 1.38E+10)" in warning
    assert "会员号" in warning
    digest = hashlib.md5(b"13800138000", usedforsecurity=False).hexdigest()
    known = ("9", f"phone {digest}", "13800138000")
    assert desk.rows("survey_answers", "answer_number, customer_ref, phone") == [known, known, ("9", None, None)]


def test_phone_numbers_of_wjx_in_any_usual_form(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: wjx\n", encoding="utf-8")
    phones = ["(+86)13800138000", "138.0013.8000", "13800138000.0", "'13800138000", "13800138000/13900139000"]
    rows = "".join(f"{n},2024/3/5 9:08:07,9,{phone},HTC,3\n" for n, phone in enumerate(phones))
    header = (
        "序号,提交答卷时间,1、您有多大可能向朋友推荐我们？,2、您的联系方式（手机）,3、手机品牌,4、手机使用年限（年）"
    )
    desk.put("a.csv", f"{header}\n{rows}".encode("gb18030"))
    (warning,) = desk.land().warnings
    assert "`手机品牌` (5)" in warning and "`手机使用年限（年）" in warning
    assert "`2、您的联系方式（手机）: not one whole number" in warning
    read = [row[0] for row in desk.rows("survey_answers", "phone", "record")]
    assert read == ["+8613800138000", "13800138000", "13800138000", "13800138000", None]


def test_wjx_lists_the_questions_that_it_does_not_take(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: wjx\n", encoding="utf-8")
    (export,) = (EXPORTS / "wjx").iterdir()
    desk.put(export.name, export.read_bytes())
    (warning,) = desk.land().warnings
    assert "`您从哪里了解到我们？` (4), `您希望我们改进什么？` (1)." in warning
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


TRUST = "I can rely on what you say."


def test_surveymonkey(tmp_path: Path) -> None:
    desk = land_export("surveymonkey", tmp_path, warnings=1)
    recommend = "How likely is it that you would recommend this company to a friend or colleague?"
    sentences = "How far do you agree with these sentences?"  # has a column for each sentence
    assert desk.rows("survey_answers", ANSWER, "record, 2") == [
        ("118052219061", f"{sentences} / {TRUST}", "trust", "7", "1", "7"),
        ("118052219061", f"{sentences} / Your staff help me quickly and well.", "service", "6", "1", "7"),
        ("118052219061", recommend, "nps", "9", "0", "10"),
        ("118052219062", recommend, "nps", "3", "0", "10"),  # an incomplete response counts
    ]
    assert desk.rows("survey_answers", f"distinct {PEOPLE}", "1") == [
        ("118052219061", "2024-03-31 00:30:00", None, "ada@example.com", None),
        ("118052219062", "2024-03-31 23:21:00", None, None, None),
    ]
    assert desk.rows("ledger", LEDGER) == [("Customer survey.csv", 3, 0, 1)]  # one has no answer


def test_surveymonkey_names_a_question_with_its_row(tmp_path: Path) -> None:
    desk = land_export(
        "surveymonkey",
        tmp_path,
        warnings=1,
        mapping="""
extends: surveymonkey
files:
  csv:
    entities:
      survey_answers:
        items:
          How far do you agree with these sentences? / Our prices: {construct: price, scale_min: 1, scale_max: 7}
          What could we do better?: ignore
""",
    )
    assert desk.rows("survey_answers", "construct, answer_number, scale_max", "construct")[2] == ("price", "4", "7")
    assert desk.rows("survey_answers", "count(*)", "1") == [(5,)]


def test_qualtrics(tmp_path: Path) -> None:
    desk = land_export("qualtrics", tmp_path, warnings=1)
    assert desk.rows("survey_answers", ANSWER, "record, 2") == [
        ("R_1a", "QID2", "nps", "9", "0", "10"),
        ("R_1a", "QID3_1", "trust", "6", "1", "7"),
        ("R_2b", "QID2", "nps", "8, but its group is 1", "0", "10"),  # is not a number: staging quarantines it
        ("R_3c", "QID2", "nps", "6", "0", "10"),
    ]
    # Denver is six hours behind UTC, as the third row of the header says
    assert desk.rows("survey_answers", f"distinct {PEOPLE}", "1") == [
        ("R_1a", "2024-03-31 06:30:00", "C1", "ada@example.com", None),
        ("R_2b", "2024-03-31 08:30:00", None, None, None),
        ("R_3c", "2024-04-01 08:30:00", None, "bo@example.com", None),
    ]
    assert [row[1:] for row in desk.rows("ledger", LEDGER)] == [(4, 0, 1)]  # a preview does not count


def test_an_unknown_zone_of_qualtrics_is_kept_with_the_time_for_staging(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: qualtrics\n", encoding="utf-8")
    (export,) = (EXPORTS / "qualtrics").iterdir()
    desk.put(export.name, export.read_bytes().replace(b"America/Denver", b"America/Atlantis"))
    desk.land()
    times = {time for (time,) in desk.rows("survey_answers", "answered_at")}
    assert times == {f"2024-0{day} in America/Atlantis" for day in ("3-31 00:30:00", "3-31 02:30:00", "4-01 02:30:00")}


@pytest.mark.parametrize(
    ("tool", "rows", "column"), [("qualtrics", 3, "ResponseId"), ("surveymonkey", 2, "Respondent ID")]
)
def test_an_export_that_lacks_a_row_of_its_header_is_refused_instead_of_losing_a_response(
    tmp_path: Path, tool: str, rows: int, column: str
) -> None:
    (export,) = (EXPORTS / tool).iterdir()
    with export.open(newline="") as file:
        header, *others = csv.reader(file)
    desk = Desk(tmp_path)
    desk.mapping.write_text(f"extends: {tool}\n", encoding="utf-8")
    with (desk.inbox / "short.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *others[rows - 1 :]])
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    (file,) = refused.value.report.files
    assert (
        f"row {rows} is probably the first record, not a row of the header: its cell below `{column}` does not fit"
        in file.note
    )
    assert "ada@example.com" not in f"{file.note} {file.hint}"
    with desk.mapping.open("a") as mapping:
        entry = "responses" if tool == "qualtrics" else "csv"
        mapping.write(f"files: {{{entry}: {{header_rows: 1, last_header: null}}}}\n")
    desk.land()
    assert [row[1:] for row in desk.rows("ledger", "file_name, records")] == [(len(others) - rows + 1,)]


def test_google_forms(tmp_path: Path) -> None:
    desk = land_export("google_forms", tmp_path, warnings=1)
    recommend = "How likely are you to recommend us to a friend?"
    assert desk.rows("survey_answers", ANSWER.partition(", ")[2], "record, 1") == [
        (f"Do you agree? [{TRUST}]", "trust", "6", "1", "7"),
        (recommend, "nps", "9", "0", "10"),
        (recommend, "nps", "3", "0", "10"),
        (recommend, "nps", "Very likely", "0", "10"),
    ]
    assert desk.rows("survey_answers", "distinct record, answered_at, email", "1") == [
        (1, "2024-03-31 00:30:00", "ada@example.com"),
        (2, "2024-04-01 03:00:00", None),
        (3, "2024-04-01 03:00:00", None),
    ]
    assert [row[1:] for row in desk.rows("ledger", LEDGER)] == [(4, 0, 1)]


def test_responses_of_one_second_of_google_forms_are_different_responses(tmp_path: Path) -> None:
    desk = land_export("google_forms", tmp_path, warnings=1)
    assert desk.rows("survey_answers", "count(distinct response_id)", "1") == [(3,)]
    (export,) = (EXPORTS / "google_forms").iterdir()
    asked_later = [f"{line}," for line in export.read_text("utf-8").splitlines()]
    asked_later[0] += "A new question"
    desk.put("later.csv", "\n".join(asked_later) + "\n")
    assert desk.land().rows == {"survey_answers": 4}
    assert desk.rows("survey_answers", "count(distinct response_id)", "1") == [(3,)]  # the same as before


def test_typeform_csv(tmp_path: Path) -> None:
    desk = land_export("typeform", tmp_path, warnings=1)
    recommend = "How likely are you to recommend us to a friend or colleague?"
    of_csv = [row for row in desk.rows("survey_answers", ANSWER, "1") if row[0][0] == "b"]
    assert of_csv == [("b1", recommend, "nps", "9", "0", "10"), ("b2", recommend, "nps", "4", "0", "10")]
    assert desk.rows("survey_answers", PEOPLE, "1")[-2:] == [
        ("b1", "2024-03-31 00:30:00", None, "ada@example.com", None),
        ("b2", "2024-04-01 00:29:00", None, None, None),  # was not submitted
    ]


def test_survey_long(tmp_path: Path) -> None:
    desk = land_export("survey_long", tmp_path, warnings=1)
    assert desk.rows("survey_answers", ANSWER, "record") == [
        ("1", "nps", "nps", "9", "0", "10"),
        ("1", TRUST, "trust", "6", "1", "7"),
        ("2", "nps", "nps", "3", "0", "10"),
        ("3", "nps", "nps", "often", "0", "10"),  # is not a number: staging quarantines it
    ]
    assert desk.rows("survey_answers", f"distinct {PEOPLE}", "1") == [
        ("1", "2024-03-31 00:30:00", "C1", None, None),
        ("2", "2024-04-01 00:30:00", None, "bo@example.com", None),
        ("3", "2024-04-02 00:00:00", "C3", None, None),
    ]
    assert desk.rows("ledger", LEDGER) == [("answers.csv", 6, 0, 2)]  # one without an answer, one to another question


def test_survey_wide(tmp_path: Path) -> None:
    desk = land_export("survey_wide", tmp_path, warnings=1)
    assert desk.rows("survey_answers", ANSWER, "record, 2") == [
        ("1", TRUST, "trust", "6", "1", "7"),
        ("1", "nps", "nps", "9", "0", "10"),
        ("2", "nps", "nps", "3", "0", "10"),
    ]
    assert desk.rows("survey_answers", f"distinct {PEOPLE}", "1") == [
        ("1", "2024-03-31 00:30:00", "C1", None, None),
        ("2", "2024-04-01 00:30:00", None, "bo@example.com", None),
    ]
    assert desk.rows("ledger", LEDGER) == [("responses.csv", 3, 0, 1)]


def test_google_forms_in_chinese(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: google_forms\n", encoding="utf-8")
    header = "时间戳记,电子邮件地址,您有多大可能向朋友推荐我们？"
    desk.put(
        "表单.csv", f"{header}\n2024/03/05 1:05:00 下午 GMT+8,ada@example.com,9\n2024/03/06 10:00:00,bo@example.com,2\n"
    )
    desk.land()
    assert desk.rows("survey_answers", "email, construct, answer_number, answered_at") == [
        ("ada@example.com", "nps", "9", "2024-03-05 05:05:00"),
        ("bo@example.com", "nps", "2", "2024-03-06 10:00:00"),
    ]
