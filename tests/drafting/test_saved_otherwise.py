"""Exports that were saved in another format, encoding or with fewer rows of header are still those of their system."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Draft, Wishes, draft_mapping
from pipelines.landing import RefusedFiles
from pipelines.landing.check import check_sources
from tests.exports.exported import EXPORTS
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)


def rows_of(system: str) -> list[list[str]]:
    (path,) = (EXPORTS / system).rglob("*.csv")
    encoding = "gbk" if system == "wjx" else "utf-8"
    return list(csv.reader(io.StringIO(path.read_text(encoding=encoding))))


def put(folder: Path, name: str, rows: list[list[str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path = folder / name
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def drafted(*paths: Path) -> Draft:
    return draft_mapping(paths, Wishes(timezone="UTC"), TODAY)


def landed(folder: Path, path: Path) -> Desk:
    """What lands by the draft of a file."""
    desk = Desk(folder / "desk")
    desk.mapping.write_text(drafted(path).text, encoding="utf-8")
    desk.put(path.name, path.read_bytes())
    desk.land()
    return desk


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_responses_of_qualtrics_with_tabs(tmp_path: Path, encoding: str) -> None:
    path = put(tmp_path, "Export May.tsv", rows_of("qualtrics"), encoding, "\t")
    assert landed(tmp_path, path).rows("survey_answers", "construct, answer_number")[:1] == [("nps", "9")]
    entry = yaml.safe_load(drafted(path).text)["files"]["responses"]
    assert entry == {"match": "Export May.tsv", "format": "tsv"} | (
        {"encoding": encoding} if encoding != "utf-8" else {}
    )


def test_responses_of_qualtrics_without_the_row_of_import_ids_or_with_names_only(tmp_path: Path) -> None:
    rows = rows_of("qualtrics")
    two = put(tmp_path, "two.csv", [*rows[:2], *rows[3:]])
    assert yaml.safe_load(drafted(two).text)["files"]["responses"] == {"header_rows": 2, "last_header": None}
    one = put(tmp_path, "one.csv", [rows[0], *rows[3:]])  # no record becomes a row of the header
    assert yaml.safe_load(drafted(one).text)["files"]["responses"] == {"header_rows": 1, "last_header": None}
    answers = [len(landed(tmp_path / path.stem, path).rows("survey_answers")) for path in (two, one)]
    assert answers[0] >= answers[1] > 0


def test_responses_of_qualtrics_without_the_column_status_are_recognised_and_all_count(tmp_path: Path) -> None:
    rows = rows_of("qualtrics")
    status = rows[0].index("Status")
    path = put(tmp_path, "plain.csv", [[*row[:status], *row[status + 1 :]] for row in rows])
    draft = drafted(path)
    assert yaml.safe_load(draft.text)["extends"] == "qualtrics"
    columns = "response_id, construct, answer_number"
    found = landed(tmp_path / "plain", path).rows("survey_answers", columns)
    assert set(landed(tmp_path / "whole", put(tmp_path, "whole.csv", rows)).rows("survey_answers", columns)) <= set(
        found
    )
    assert ("nps", "9") in {row[1:] for row in found}


def test_responses_of_surveymonkey_with_one_row_of_header(tmp_path: Path) -> None:
    rows = rows_of("surveymonkey")
    path = put(tmp_path, "survey.csv", [rows[0], *rows[2:]])
    assert yaml.safe_load(drafted(path).text)["files"] == {"csv": {"header_rows": 1, "last_header": None}}
    assert ("nps", "9") in landed(tmp_path, path).rows("survey_answers", "construct, answer_number")


def test_a_check_finds_what_the_run_refuses(tmp_path: Path) -> None:
    rows = rows_of("surveymonkey")
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: surveymonkey\n", encoding="utf-8")
    put(desk.inbox, "survey.csv", [rows[0], *rows[2:]])
    (problem,) = check_sources(desk.home, desk.sources())[0].problems
    assert "row 2 is probably the first record" in problem
    with pytest.raises(RefusedFiles, match="row 2 is probably the first record"):
        desk.land()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_answers_of_wjx_in_utf_8(tmp_path: Path, encoding: str) -> None:
    path = put(tmp_path, "答卷数据.csv", rows_of("wjx"), encoding)
    assert yaml.safe_load(drafted(path).text)["files"] == {"csv": {"encoding": "utf-8"}}
    assert len(landed(tmp_path, path).rows("survey_answers")) == 5


def test_files_of_one_kind_that_are_written_in_two_ways_are_two_entries(tmp_path: Path) -> None:
    paths = [put(tmp_path, "a.csv", rows_of("wjx")), put(tmp_path, "b.csv", rows_of("wjx"), "gbk")]
    assert yaml.safe_load(drafted(*paths).text)["files"] == {
        "csv_2": {"like": "csv", "match": "a.csv", "encoding": "utf-8"}
    }


def test_a_renamed_file_beside_one_with_the_usual_name_does_not_take_its_entry(tmp_path: Path) -> None:
    content = (EXPORTS / "shopify" / "orders_export.csv").read_bytes()
    for name in ("orders_export.csv", "verkauf mai.csv"):
        (tmp_path / name).write_bytes(content)
    draft = drafted(*sorted(tmp_path.iterdir()))
    assert yaml.safe_load(draft.text)["files"] == {"orders": {"match": ["orders_export.csv", "verkauf mai.csv"]}}


def test_orders_of_shopify_without_columns_that_were_taken_out_keep_their_lines_and_refunds(tmp_path: Path) -> None:
    path = EXPORTS / "shopify" / "orders_export.csv"
    taken_out = {"Billing Phone", "Phone", "Location", "Vendor", "Lineitem compare at price", "Discount Code", "Notes"}
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    kept = [number for number, name in enumerate(rows[0]) if name not in taken_out]
    less = put(tmp_path, "Bestellungen.csv", [[row[number] for number in kept] for row in rows])
    assert yaml.safe_load(drafted(less).text)["extends"] == "shopify"
    whole = landed(tmp_path / "whole", path)
    for entity in ("orders", "order_lines", "returns"):
        count = len(whole.rows(entity))
        assert len(landed(tmp_path / entity, less).rows(entity)) == count > 0, entity
