"""A mapping says what a source's own values mean (`values`)."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.base.errors import ConfigError
from pipelines.landing import load_mapping
from tests.pipeline.landing_desk import Desk

HEADER = "id,at,stage\n"


def _deals(values: dict[str, Any], **more: Any) -> dict[str, Any]:
    columns = {"order_id": "id", "ordered_at": "at", "status": {"sql": "stage", "values": values}}
    return {"match": "*.csv", "entities": {"orders": {"columns": columns}}, **more}


def _statuses(tmp_path: Path, stages: list[str], values: dict[str, Any]) -> list[tuple[str, str | None]]:
    desk = Desk(tmp_path, _deals(values))
    desk.put("a.csv", HEADER + "".join(f"{number},2024-01-01,{stage}\n" for number, stage in enumerate(stages)))
    desk.land()
    return desk.rows("orders", "order_id, status")


def test_values_get_their_meaning_regardless_of_case_and_blanks(tmp_path: Path) -> None:
    stages = ["Closed Won", " closed \u3000 WON ", "Negotiation", ""]
    assert _statuses(tmp_path, stages, {"Closed Won": "paid", "*": "open"}) == [
        ("0", "paid"),
        ("1", "paid"),
        ("2", "open"),
        ("3", None),
    ]


def test_empty_has_an_entry_of_its_own_and_null_means_no_value(tmp_path: Path) -> None:
    values = {"": "new", "Test": None, "*": "*"}
    assert _statuses(tmp_path, ["", "TEST", "Sent"], values) == [("0", "new"), ("1", None), ("2", "sent")]


def test_a_value_without_an_entry_is_quarantined_and_listed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _deals({"Closed Won": "paid"}))
    desk.put("a.csv", HEADER + "1,2024-01-01,Closed Won\n2,2024-01-01,Lost\n3,2024-01-01,Lost\n4,2024-01-01,\n")
    report = desk.land()
    assert desk.rows("orders", "order_id, status") == [("1", "paid"), ("4", None)]
    assert desk.rows("unreadable", "rule, line") == [("LND-009", 3), ("LND-009", 4)]
    (warning,) = report.warnings
    assert "a.csv: these values of orders.status have no entry" in warning
    assert "mapping.yml:11): `Lost` (2)" in warning


def test_a_value_of_a_record_that_is_skipped_needs_no_entry(tmp_path: Path) -> None:
    skips = [{"name": "lost", "why": "no sale", "where": "stage = 'Lost'"}]
    desk = Desk(tmp_path, _deals({"Closed Won": "paid"}, skips=skips))
    desk.put("a.csv", HEADER + "1,2024-01-01,Closed Won\n2,2024-01-01,Lost\n")
    assert desk.land().warnings == ()
    assert desk.rows("unreadable", "rule") == []


def test_choices_of_a_survey_become_numbers_in_each_block(tmp_path: Path) -> None:
    scale = {"Very satisfied": 5, "Neither": 3, "Very dissatisfied": 1}
    blocks = [
        {
            "question_id": f"'{name}'",
            "answer_number": {"sql": name, "values": scale},
            "scale_min": "1",
            "scale_max": "5",
        }
        for name in ("shop", "help")
    ]
    columns = {"response_id": "id", "answered_at": "at", "customer_ref": "who"}
    desk = Desk(tmp_path, {"match": "*.csv", "entities": {"survey_answers": {"columns": columns, "unpivot": blocks}}})
    desk.put("a.csv", "id,at,who,shop,help\n1,2024-01-01,c,Very Satisfied,\n2,2024-01-01,c,neither,No idea\n")
    desk.land()
    assert desk.rows("survey_answers", "question_id, answer_number") == [("shop", "5")]
    assert desk.rows("unreadable", "rule, line") == [("LND-009", 3)]


def test_values_of_list_elements_have_a_meaning_too(tmp_path: Path) -> None:
    columns = {
        "order_id": "id",
        "line_id": "item.no",
        "ordered_at": "at",
        "status": {"sql": "item.state", "values": {"ok": "sale"}},
    }
    group = {"match": "*.json", "format": "json", "entities": {"order_lines": {"each": "lines", "columns": columns}}}
    desk = Desk(tmp_path, group)
    lines = '[{"no": 1, "state": "OK"}, {"no": 2, "state": "%s"}]'
    records = [f'{{"id": {n}, "at": "2024-01-01", "lines": {lines % s}}}' for n, s in ((1, "ok"), (2, "gone"))]
    desk.put("a.json", f"[{','.join(records)}]")
    desk.land()
    assert desk.rows("order_lines", "order_id, line_id, status") == [("1", "1", "sale"), ("1", "2", "sale")]
    assert desk.rows("unreadable", "rule") == [("LND-009",)]


def test_a_changed_meaning_lands_the_files_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _deals({"Won": "paid"}))
    desk.put("a.csv", HEADER + "1,2024-01-01,Won\n")
    desk.land()
    desk.say(_deals({"Won": "completed"}))
    desk.land()
    assert desk.rows("orders", "status") == [("completed",)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"Won": "paid", " WON": "open"}, "`Won` and ` WON` are the same value"),
        ({}, "is empty"),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused(tmp_path: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_mapping(Desk(tmp_path, _deals(values)).mapping)


def test_a_meaning_that_staging_rejects_is_refused_with_its_line(tmp_path: Path) -> None:
    columns = {"order_id": "id", "ordered_at": "at", "is_test": {"sql": "stage", "values": {"Won": "paid"}}}
    desk = Desk(tmp_path, {"match": "*.csv", "entities": {"orders": {"columns": columns}}})
    with pytest.raises(ConfigError, match=r"mapping\.yml:\d+: is_test becomes `paid`, which staging rejects"):
        load_mapping(desk.mapping)
