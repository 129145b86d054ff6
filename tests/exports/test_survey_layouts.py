"""Less common layouts of the exports of survey tools: abbreviations of time zones, display orders, previews."""

import csv
import io
from pathlib import Path

import pytest

from tests.exports.exported import EXPORTS
from tests.pipeline.landing_desk import Desk

RECOMMEND = "How likely are you to recommend us to a friend?"


def landed(folder: Path, tool: str, text: str) -> Desk:
    """What the built-in mapping of a tool lands of one file."""
    desk = Desk(folder)
    desk.mapping.write_text(f"extends: {tool}\n", encoding="utf-8")
    desk.put("survey.csv", text)
    desk.land()
    return desk


def test_the_zone_of_google_forms_is_an_offset_or_an_english_name(tmp_path: Path) -> None:
    times = {
        "2024/03/09 11:30:00 PM EST": "2024-03-10 04:30:00",
        "2024/07/01 9:15:00 AM PDT": "2024-07-01 16:15:00",
        "2024/03/31 2:30:00 PM CEST": "2024-03-31 12:30:00",
        "2024/03/31 2:30:00 pm AEDT": "2024-03-31 03:30:00",
        "2024/03/31 2:30:00 PM UTC": "2024-03-31 14:30:00",
        "2024/03/31 2:30:00\u202fPM GMT+5:30": "2024-03-31 09:00:00",
        "2024/03/31 2:30:00 p.m. EDT": "2024-03-31 18:30:00",
        "2024/03/31 2:30:00 a. m. GMT-5": "2024-03-31 07:30:00",
        # of India, Israel or Ireland: staging rejects the time
        "2024/03/31 2:30:00 PM IST": "2024/03/31 2:30:00 PM IST",
        "2024/03/31 25:30:00 PM EST": "2024/03/31 25:30:00 PM EST",
    }
    answers = "".join(f"{time},a@example.com,9\n" for time in times)
    desk = landed(tmp_path, "google_forms", f"Timestamp,Email Address,{RECOMMEND}\n{answers}")
    assert [time for (time,) in desk.rows("survey_answers", "answered_at", "record")] == list(times.values())


def qualtrics(*rows: dict[str, str], without: str = "") -> str:
    """An export of Qualtrics with these responses, whose cells are named by the first row of the header."""
    (export,) = (EXPORTS / "qualtrics").iterdir()
    with export.open(newline="") as file:
        header = list(csv.reader(file))[:3]
    shown = {"QID3_DO_1": "Do you agree? - Display Order - I can rely on what you say.", "QID4_DO": "What else?"}
    for name, text in shown.items():
        for cells, cell in zip(header, (name, text, f'{{"ImportId":"{name}"}}'), strict=True):
            cells.append(cell)
    kept = [number for number, name in enumerate(header[0]) if name != without]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([cells[number] for number in kept] for cells in header)
    for number, row in enumerate(rows):
        record = {"ResponseId": f"R_{number}", "EndDate": "2024-03-31 00:30:00", "Status": "0"} | row
        writer.writerow([record.get(header[0][column], "") for column in kept])
    return out.getvalue()


def test_the_place_at_which_qualtrics_showed_a_row_is_not_an_answer_to_it(tmp_path: Path) -> None:
    text = qualtrics({"QID3_1": "6", "QID3_DO_1": "2", "QID4_DO": "1|2"})
    desk = landed(tmp_path, "qualtrics", text)
    assert desk.rows("survey_answers", "question_id, construct, answer_number") == [("QID3_1", "trust", "6")]


def test_a_question_that_was_seen_in_qualtrics_and_not_answered_has_no_answer(tmp_path: Path) -> None:
    desk = landed(tmp_path, "qualtrics", qualtrics({"QID2": "9", "QID2_NPS_GROUP": "3", "QID3_1": "-99"}))
    assert desk.rows("survey_answers", "question_id, answer_number") == [("QID2", "9")]


def test_a_preview_of_qualtrics_is_known_by_its_channel_if_the_status_was_taken_out(tmp_path: Path) -> None:
    channels = ("email", "preview", "test", "anonymous")
    rows = [{"QID2": "9", "DistributionChannel": channel} for channel in channels]
    desk = landed(tmp_path, "qualtrics", qualtrics(*rows, without="Status"))
    assert desk.rows("survey_answers", "response_id") == [("R_0",), ("R_3",)]
    assert [row[1:] for row in desk.rows("ledger", "file_name, records, skipped_records")] == [(4, 2)]


def surveymonkey(*questions: str) -> str:
    """An export of SurveyMonkey with one response, which answers each question with 2."""
    columns = (
        "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1"
    )
    out = io.StringIO()
    rows = [[*columns.split(","), *questions], [*[""] * 9, *["Response"] * len(questions)]]
    times = "03/31/2024 12:20:11 AM", "03/31/2024 12:30:00 AM"
    csv.writer(out).writerows([*rows, ["1", "2", *times, *[""] * 5, *["2"] * len(questions)]])
    return out.getvalue()


OVERALL = "Overall, how satisfied or dissatisfied are you with our company?"


def test_satisfaction_of_surveymonkey_is_listed_because_the_first_choice_may_be_the_best(tmp_path: Path) -> None:
    stated = "Overall, how satisfied are you with us? (1 = very dissatisfied, 5 = very satisfied)"
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: surveymonkey\n", encoding="utf-8")
    desk.put("a.csv", surveymonkey(OVERALL, "The company made it easy for me to handle my issue.", stated))
    (warning,) = desk.land().warnings
    reason = "the numbers count the choices; if the first choice is the best, declare is_reversed: true"
    assert f"`{OVERALL}` `{reason}` (1)" in warning
    assert "made it easy" in warning and "(1 = " not in warning
    assert desk.rows("survey_answers", "construct, answer_number") == [("csat", "2")]


def test_satisfaction_of_surveymonkey_that_the_mapping_declares_counts(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    declared = "{construct: csat, scale_min: 1, scale_max: 5, is_reversed: true}"
    rows = f"{{survey_answers: {{items: {{'{OVERALL}': {declared}}}}}}}"
    desk.mapping.write_text(f"extends: surveymonkey\nfiles: {{csv: {{entities: {rows}}}}}\n")
    desk.put("a.csv", surveymonkey(OVERALL))
    assert not desk.land().warnings
    assert desk.rows("survey_answers", "construct, answer_number, is_reversed") == [("csat", "2", "true")]


@pytest.mark.parametrize(("worst", "best", "warnings"), [(1, 5, 0), (5, 1, 1)])
def test_a_run_warns_if_satisfaction_and_nps_answers_are_negatively_correlated(
    tmp_path: Path, worst: int, best: int, warnings: int
) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: survey_wide\n", encoding="utf-8")
    answers = "".join(f"{n},C{n},2024-03-31,{n % 11},{best if n % 11 > 6 else worst}\n" for n in range(33))
    desk.put("a.csv", f"response,customer,time,nps,csat\n{answers}")
    found = [text for text in desk.land().warnings if "lower answers" in text]
    assert len(found) == warnings
    assert all("NPS question have lower answers to `csat` (correlation -0." in text for text in found)
    assert all("33 responses" in text for text in found)


def test_a_response_that_is_continued_later_replaces_what_it_was_before(tmp_path: Path) -> None:
    typeform = f"#,{RECOMMEND},Start Date (UTC),Submit Date (UTC)\n1,2,2024-03-31 00:20:11,\n"
    for tool, text in (("surveymonkey", surveymonkey(RECOMMEND)), ("typeform", typeform)):
        desk = landed(tmp_path / tool, tool, text)
        assert desk.rows("survey_answers", "updated_at") == desk.rows("survey_answers", "answered_at")
