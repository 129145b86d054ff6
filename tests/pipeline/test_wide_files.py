"""Files with one column per question: `each: columns`, and questions that are recognised by their wording."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.base.errors import ConfigError
from pipelines.landing.survey_items import survey_items
from pipelines.landing.wordings import plain
from tests.pipeline.landing_desk import Desk

ANSWERS = {"response_id": "id", "answered_at": "at", "question_id": "item.name", "answer_number": "item.value"}
LANDED = "response_id, question_id, construct, answer_number, scale_min, scale_max, is_reversed"
RECOMMEND = "How likely are you to recommend us to a friend?"


USUAL = {
    "How likely is it that you would recommend this company to a friend or colleague?": "nps",
    "On a scale of 0-10, how likely are you to recommend Tea & Co to a friend?": "nps",
    "1、您有多大可能向朋友或同事推荐我们？": "nps",
    "您向朋友推荐我们的可能性有多大？": "nps",
    "您愿意把我们推荐给朋友吗？（0-10分）": "nps",
    "Would you recommend us?": None,  # may be yes or no
    "您是否会推荐我们？": None,
    "What would you recommend that we change?": None,
    "Overall, how satisfied are you with our shop?": "csat",
    "2、您对我们的总体满意度如何？": "csat",
    "How satisfied are you with the parking?": None,
    "The company made it easy for me to handle my issue.": "ces",
    "How likely are you to recommend us? (0 = not at all, 10 = very likely)": "nps",
    "总体来说，您对我们满意吗？（1分=非常不满意，5分=非常满意）": "csat",
    # about something else
    "How likely are you to recommend our competitor to a friend?": None,
    "How likely are you to recommend us as a place to work?": None,
    "您有多大可能向朋友推荐其他品牌？": None,
    # about a part of what the company offers
    "Overall, how satisfied are you with the parking?": None,
    "How satisfied are you with the lighting overall?": None,
    "How satisfied were you overall with our customer support?": None,
    "Overall satisfaction with delivery": None,
    "Overall, how happy are you with the fitting rooms of our shop?": None,
    "Overall, how satisfied are you with our product packaging?": None,
    "How likely are you to recommend our loyalty programme to a friend?": None,
    "How likely are you to recommend the car park to a friend?": None,
    "总体而言，您对停车满意吗？": None,
    "您对我们产品的质量总体满意吗？": None,
    "配送的总体满意度": None,
    "您有多大可能向朋友推荐我们的小程序？": None,
    # about all of it
    "Overall, how satisfied are you with Acme?": "csat",
    "Overall, how satisfied were you with your experience at our store today?": "csat",
    "Overall, how satisfied are you with our products and services?": "csat",
    "How satisfied are you with your purchase?": "csat",
    "Overall satisfaction": "csat",
    "Based on your recent delivery, how likely are you to recommend us to a friend?": "nps",
    "How likely are you to recommend our online store to a friend or colleague?": "nps",
    "How likely are you to recommend us, given your last call with our support?": "nps",
    "您对我们的产品和服务总体满意吗？": "csat",
    "您有多大可能把我们的店推荐给朋友？": "nps",
    # looks like one of them, and asks something else; and other usual forms
    "Which part matters most for your overall satisfaction?": None,
    "How important is price for your overall satisfaction?": None,
    "How much did the price influence your overall satisfaction?": None,
    "Which factor has the greatest effect on your overall satisfaction?": None,
    "What would improve your overall satisfaction?": None,
    "What is most important to your overall satisfaction?": None,
    "Compared with last year, has your overall satisfaction changed?": None,
    "Overall satisfaction compared to last year": None,
    "Overall satisfaction score from last survey": None,
    "Which of these matters most? - Overall satisfaction": None,
    "影响您总体满意度的因素": None,
    "以下哪项对您的总体满意度影响最大?": None,
    "与去年相比，您的总体满意度有何变化?": None,
    "总的来说您最不满意的是什么": None,
    "总体上您最满意的是哪一点?": None,
    "总体上哪些方面让您不满意": None,
    "您总体不满意的地方": None,
    "整体满意，但希望改进的地方": None,
    "本次购物中您最满意的商品是?": None,
    "您有多大可能购买系统推荐的商品": None,
    "您有多大可能接受我们推荐的产品": None,
    "您有多大可能点击首页推荐": None,
    "您多大程度上会听从店员的推荐": None,
    "您多大程度上信任网红推荐": None,
    "推荐商品与您需求匹配的可能性有多大": None,
    "推荐系统的准确程度有多高": None,
    "您觉得推荐内容符合您兴趣的程度有多高": None,
    "请用0-10分评价推荐内容": None,
    "0到10分，您对推荐商品的满意程度": None,
    "请用0-10分评价我们给您推荐的商品": None,
    "How likely are you to buy the product that our staff recommend?": None,
    "How likely are you to follow what experts recommend?": None,
    "How likely are you to try a dish that a waiter would recommend?": None,
    "How likely are you to refer to our website again for information?": None,
    "How likely are you to refer to the user manual?": None,
    "您有多大可能不推荐我们": None,
    "How likely is it that you would not recommend us": None,
    "How likely are you not to recommend us": None,
    "How likely are you to recommend against using us": None,
    "您对我们有多不满意": None,
    "客服没有轻松解决我的问题": None,
    "没能方便地解决我的问题": None,
    "nobody made it easy to handle my issue": None,
    "How likely are you to recommend Acme as a workplace": None,
    "How likely are you to recommend us to a friend looking for a job": None,
    "How likely are you to recommend Acme as somewhere to work": None,
    "How likely are you to recommend a career at Acme": None,
    "How likely are you to recommend a friend to us for a job": None,
    "您有多大可能推荐朋友来我们公司工作": None,
    "您有多大可能推荐朋友入职本公司": None,
    "您有多大可能向求职的朋友推荐我们公司": None,
    "您有多大可能推荐孩子报考本校": None,
    "How likely are you to recommend John, who served you": None,
    "How likely are you to recommend Dr. Smith": None,
    "How likely are you to recommend me": None,
    "总体来说您对自己的工作满意吗": None,
    "总体来说，您对目前的生活满意吗": None,
    "总体您对您的领导满意吗": None,
    "公司薪酬的总体满意度": None,
    "总体而言您对食堂满意吗": None,
    "Overall satisfaction with life": None,
    "Overall, how happy are you with life?": None,
    "Overall satisfaction of your employees": None,
    "Overall satisfaction - delivery": None,
    "Overall satisfaction: parking": None,
    "Overall, how satisfied or dissatisfied are you with the delivery?": None,
    "Overall, how satisfied are you with Acme's delivery service?": None,
    "Overall, how satisfied are you with how we handled your complaint?": None,
    "Overall, how satisfied were you with today's webinar?": None,
    "总体来说您对外卖骑手满意吗": None,
    "您对性价比总体满意吗": None,
    "On a scale of one to five, how likely are you to recommend us?": None,
    "From one to five, how satisfied are you with us overall?": None,
    "请用百分制评价您向朋友推荐我们的可能性有多大": None,
    "您有多大可能向朋友或同事推荐我们？": "nps",
    "How likely is it you would recommend us to a friend?": "nps",
    "How likely would you recommend us to a friend?": "nps",
    "How likely are you to recommend Acme Tea to a friend, given your last call with our support?": "nps",
    "How likely are you to recommend our clinic to a friend?": "nps",
    "您在多大程度上愿意向亲友推荐本品牌？": "nps",
    "Would you recommend us? (0 = no, 10 = yes)": "nps",
    "On a scale of 0 (not at all) to 10, would you recommend us?": "nps",
    "您对我们的总体满意度如何？": "csat",
    "Overall, how satisfied or dissatisfied are you with our company?": "csat",
    "How satisfied or dissatisfied are you with us overall?": "csat",
    "How satisfied are you with the service you received?": "csat",
    "Overall satisfaction (1-5)": "csat",
    "综合满意度": "csat",
    "您对本次购物满意吗？": "csat",
    "总体而言，您有多满意？": "csat",
    "整体满意度": "csat",
    "How would you rate your overall satisfaction with our company?": "csat",
    # on another scale than the usual one
    "How likely are you to recommend us? (1 = not at all, 5 = very likely)": None,
    "On a scale of 1 to 10, how likely are you to recommend us?": None,
    "您有多大可能向朋友推荐我们？（1-5分）": None,
    "Overall, how satisfied are you with us (0-10)?": None,
    "Overall, how satisfied are you with us? 1 = very satisfied, 5 = very dissatisfied": None,
    # names of columns
    "NPS score": "nps",
    "NPS (0-10)": "nps",
    "Net Promoter Score": "nps",
    "净推荐值": "nps",
    "3、NPS评分": "nps",
    "推荐意愿(0-10)": "nps",
    "推荐意愿（0~10分）": "nps",
    "Likelihood to recommend (0-10)": "nps",
    "CSAT score": "csat",
    "推荐意愿": None,  # on which scale?
    "Likelihood to recommend": None,
    "推荐意愿(1-5)": None,
    "NPS group": None,
    "NPS category": None,
    "NPS comment": None,
    "NPS score - delivery": None,
    "NPS of our competitor": None,
    "员工净推荐值": None,
    "NPS 2": None,
    "eNPS": None,
    # the number of a time is none of the scale
    "How likely are you to recommend us to a friend in the next 12 months?": "nps",
    "未来12个月，您有多大可能向朋友推荐我们？": "nps",
    "How likely are you to buy from us again in the next 12 months? (1-7)": "repurchase_intent",
    "How likely are you to purchase again from our online shop? 0 = not at all, 10 = very": "repurchase_intent",
    "未来6个月内，您有多大可能再次购买我们的产品？（1-5分）": "repurchase_intent",
    "How likely are you to buy from us again in the next 12 months?": None,  # on which scale?
    "How likely are you to buy a car in the next 12 months? (1-7)": None,
    "How likely are you to buy from our competitor again in the next 12 months? (1-7)": None,
    "How likely are you not to buy from us again? (1-7)": None,
    "How likely are you to shop again at our car park? (1-7)": None,
    "您有多大可能再次购买其他品牌？（1-5分）": None,
    # texts about a score
    "How likely are you to recommend us? - comments": None,
    "How likely are you to recommend us? Why did you give this score?": None,
    "您对我们的总体满意度如何？请说明原因": None,
}


def wide(folder: Path, items: dict[str, Any] | None = None, **rows: Any) -> Desk:
    entity = {"each": "columns", "wording": "item.name", "columns": ANSWERS, "items": items or {}, **rows}
    return Desk(folder, {"match": "*.csv", "entities": {"survey_answers": entity}})


def test_each_column_that_the_mapping_does_not_name_is_an_element(tmp_path: Path) -> None:
    columns = {"answered_at": "at", "response_id": "id", "question_id": "item.no", "answer_text": "item.name"}
    columns |= {"construct": "'trust'", "survey_id": "item.value"}
    rows = {"survey_answers": {"each": "columns", "columns": columns}}
    desk = Desk(tmp_path, {"match": "*", "nulls": ["-"], "entities": rows})
    desk.put("a.csv", 'id,Q 1,at,"say ""so""",,Q 1\n1, 7 ,2024-01-01,"a,b",x,\n2,-,2024-01-02,,,8\n')
    assert desk.land().warnings == ()
    assert desk.rows("survey_answers", "response_id, question_id, answer_text, survey_id", "record, question_id") == [
        ("1", "2", "Q 1", "7"),
        ("1", "4", 'say "so"', "a,b"),
        ("1", "5", "column 5", "x"),
        ("2", "6", "Q 1 (2)", "8"),
    ]


def test_a_record_whose_columns_are_all_empty_is_blank(tmp_path: Path) -> None:
    columns = {**ANSWERS, "question_id": "item.name", "construct": "'trust'"}
    entities = {"survey_answers": {"each": "columns", "columns": columns}}
    desk = Desk(tmp_path, {"match": "*", "nulls": ["-"], "entities": entities})
    desk.put("a.csv", "id,at,Q1,Q2\n1,2024-01-01,5,\n2,2024-01-01,-, \n")
    (outcome,) = desk.land().files
    assert (outcome.taken, outcome.unreadable, outcome.skips) == (1, 0, {"blank": 1})


def test_with_several_header_rows_each_row_has_a_name_and_an_empty_cell_continues_the_question(tmp_path: Path) -> None:
    columns = {**ANSWERS, "question_id": "concat_ws('/', item.name, item.name2)", "construct": "'trust'"}
    entities = {"survey_answers": {"each": "columns", "columns": columns}}
    desk = Desk(tmp_path, {"match": "*.csv", "header_rows": 2, "entities": entities})
    desk.put("a.csv", "id,at,Rate us,,Any,\n,,Speed,Price,,\n1,2024-01-01,4,5,6,7\n")
    desk.land()
    assert [row[0] for row in desk.rows("survey_answers", "question_id", "answer_number")] == [
        "Rate us/Speed",
        "Rate us/Price",
        "Any",
        "column 6",
    ]


def test_a_column_of_the_file_with_the_name_columns_is_not_replaced(tmp_path: Path) -> None:
    desk = wide(tmp_path)
    desk.put("a.csv", f"id,at,columns,{RECOMMEND}\n1,2024-01-01,x,9\n")
    desk.land()
    assert desk.rows("unreadable", "rule") == [("LND-006",)]  # it is not a list: nothing is lost without a trace


def test_questions_are_recognised_and_the_others_are_listed(tmp_path: Path) -> None:
    desk = wide(
        tmp_path, {"IP": "ignore", "Q9": "trust_2", "staff": {"construct": "service", "scale_min": 1, "scale_max": 5}}
    )
    desk.put(
        "a.csv", f"id,at,IP,3. {RECOMMEND} *,Staff?,Q9,Your age\n1,2024-01-01,1.1,9,5,7,33\n2,2024-01-01,1,,,,40\n"
    )
    report = desk.land()
    assert len(report.warnings) == 1
    assert "their answers are not taken: `Your age` (2)." in report.warnings[0]
    assert desk.rows("survey_answers", LANDED, "question_id") == [
        ("1", f"3. {RECOMMEND} *", "nps", "9", "0", "10", "false"),
        ("1", "Q9", "trust", "7", "1", "7", "true"),
        ("1", "Staff?", "service", "5", "1", "5", "false"),
    ]
    assert desk.rows("ledger", "records, unreadable_records, skipped_records") == [(2, 0, 1)]


def test_every_wording_of_the_bank_is_recognised_as_its_item(tmp_path: Path) -> None:
    desk = wide(tmp_path)
    bank = [(item, text) for item in survey_items().values() for text in item.wordings]
    names = ",".join(f'"{number}、{text}"' for number, (_, text) in enumerate(bank, 1))
    desk.put("a.csv", f"id,at,{names}\n1,2024-01-01,{','.join('1' * len(bank))}\n")
    assert desk.land().warnings == ()
    landed = {
        row[0].partition("、")[2]: row[1:] for row in desk.rows("survey_answers", LANDED.replace("response_id, ", ""))
    }
    for item, text in bank:
        construct, _, *scale = landed[text]
        assert [construct, *scale] == list(item.declares.values()), text


def test_usual_wordings(tmp_path: Path) -> None:
    desk = wide(tmp_path)
    asked = '","'.join(USUAL)
    desk.put("a.csv", f'id,at,"{asked}"\n1,2024-01-01,{",".join("4" * len(USUAL))}\n')
    desk.land()
    landed = dict(desk.rows("survey_answers", "question_id, construct"))
    assert landed == {question: construct for question, construct in USUAL.items() if construct}


@pytest.mark.parametrize(("largest", "warnings"), [(5, 1), (9, 0)])
def test_answers_that_leave_the_upper_part_of_the_scale_unused_are_reported(
    tmp_path: Path, largest: int, warnings: int
) -> None:
    desk = wide(tmp_path)
    desk.put("a.csv", f"id,at,{RECOMMEND}\n" + "".join(f"{id},2024-01-01,{largest}\n" for id in range(10)))
    assert len(desk.land().warnings) == warnings


def test_a_wording_is_compared_without_number_marks_and_case() -> None:
    assert plain("Q12. How likely…（必填）*") == "how likely 必填"
    assert plain("0到10分，您会") == "0到10分 您会"
    assert plain("Q1_1") != plain("Q11")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": {"Q": "npss"}}, "`npss` is not a survey item; did you mean `nps`?"),
        ({"items": {"Q": {"construct": "nsp", "scale_min": 0, "scale_max": 1}}}, "`nsp` is not a construct"),
        ({"items": {"Q": {"construct": "nps", "scale_min": 1, "scale_max": 1}}}, "scale_min is 1, which is not below"),
        ({"items": {"Q": {"construct": "nps"}}}, "must be the name of an item, or have construct, scale_min and"),
        ({"columns": {**ANSWERS, "construct": "'nps'"}}, "`wording` already declares construct"),
        ({"unpivot": [{"answer_number": "a"}]}, "`wording` is for rows with one answer"),
    ],
)
def test_questions_that_cannot_be_used_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        wide(tmp_path, **change).sources()
    assert message in refused.value.message


def test_ignore_needs_wording(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`ignore` needs `wording`"):
        wide(tmp_path, {"Q": "ignore"}, wording=None).sources()
