"""Every file of a folder is looked at: files of one name may differ in encoding and in the rows of their header."""

from pathlib import Path

import pytest
import yaml

from pipelines.base.errors import InputError
from pipelines.landing import RefusedFiles
from pipelines.landing.check import check_sources
from tests.drafting.test_saved_otherwise import drafted, put, rows_of
from tests.pipeline.landing_desk import Desk

HEADER = ["Order ID", "Customer", "Date", "Total", "City"]
CITIES = ["Köln", "München", "Düsseldorf", "Nürnberg", "Saarbrücken", "Lübeck", "Würzburg", "Tübingen"]


def orders(number: int, cities: list[str]) -> list[list[str]]:
    return [HEADER, *([f"{number}-{line}", "c", "2024-01-02", "5", city] for line, city in enumerate(cities))]


def test_files_of_one_name_in_two_encodings_are_two_entries_and_land_with_their_letters(tmp_path: Path) -> None:
    paths = [
        put(tmp_path, "a_1.csv", orders(1, CITIES)),
        put(tmp_path, "a_2.csv", orders(2, CITIES), "cp1252"),
        put(tmp_path, "a_3.csv", orders(3, ["Ulm"])),  # ASCII fits both
    ]
    text = drafted(*paths).text.replace("total: Total", "total: Total\n          store_id: City")
    entries = {one["match"]: one.get("encoding", "utf-8") for one in yaml.safe_load(text)["files"]}
    assert entries == {"a_*.csv": "utf-8", "a_2.csv": "windows-1252"}
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(text, encoding="utf-8")
    for path in paths:
        desk.put(path.name, path.read_bytes())
    desk.land()
    assert sorted(desk.rows("orders", "store_id")) == sorted([(city,) for city in [*CITIES, *CITIES, "Ulm"]])


def desk_of(tmp_path: Path, paths: list[Path]) -> Desk:
    """A home in which files have landed by the mapping that is drafted for them."""
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(drafted(*paths).text, encoding="utf-8")
    for path in paths:
        desk.put(path.name, path.read_bytes())
    desk.land()
    return desk


def test_one_survey_with_headers_of_one_and_two_rows_lands_by_two_entries(tmp_path: Path) -> None:
    rows = rows_of("surveymonkey")
    paths = [
        put(tmp_path, "survey_1.csv", rows),
        put(tmp_path, "survey_2.csv", [rows[0], *rows[2:]]),
        put(tmp_path, "survey_3.csv", rows[:4]),
    ]
    (entry, *_) = yaml.safe_load(drafted(*paths).text)["files"].values()
    assert (entry["like"], entry["match"], entry["header_rows"]) == ("csv", "survey_2.csv", 1)
    desk = desk_of(tmp_path, paths)
    answers = desk.query(
        "select file_name, line, answer_number from landed('survey_answers')"
        " where question_id like '%would recommend%' order by all"
    )
    assert answers == [
        *(("survey_1.csv", 3, "9"), ("survey_1.csv", 5, "3"), ("survey_2.csv", 2, "9"), ("survey_2.csv", 4, "3")),
        *(("survey_3.csv", 3, "9"), ("survey_3.csv", 5, "3")),
    ]


def test_answers_of_one_name_in_utf_8_and_gbk_land_by_two_entries(tmp_path: Path) -> None:
    rows = rows_of("wjx")
    paths = [put(tmp_path, "答卷_1.csv", rows), put(tmp_path, "答卷_2.csv", rows, "gbk")]
    (entry, *_) = yaml.safe_load(drafted(*paths).text)["files"].values()
    assert (entry["like"], entry["match"]) == ("csv", "答卷_1.csv")
    desk = desk_of(tmp_path, paths)
    answers = desk.query(
        "select question_id, answer_text, answer_number, line, count(*) from landed('survey_answers') group by all"
    )
    assert answers and {n for *_, n in answers} == {2}


def test_files_with_equal_names_cannot_be_told_apart(tmp_path: Path) -> None:
    rows = rows_of("wjx")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    paths = [put(tmp_path / "a", "答卷.csv", rows), put(tmp_path / "b", "答卷.csv", rows, "gbk")]
    with pytest.raises(InputError, match=r"答卷.csv and 答卷.csv are of one kind, .*encoding.*names are equal"):
        drafted(*paths)


@pytest.mark.parametrize("declared", ["gb18030", "gbk", "windows-1252", "latin-1"])
def test_a_file_in_utf_8_is_never_read_in_another_encoding(tmp_path: Path, declared: str) -> None:
    desk = Desk(tmp_path)
    city = "上海市" if declared.startswith("gb") else "Köln"
    desk.mapping.write_text(
        f"source: s\nfiles:\n  - match: '*.csv'\n    encoding: {declared}\n    entities:\n      orders:\n"
        "        columns: {order_id: Order ID, customer_ref: Customer, ordered_at: Date, total: Total,"
        " store_id: City}\n",
        encoding="utf-8",
    )
    put(desk.inbox, "a.csv", orders(1, [city]))
    (problem,) = check_sources(desk.home, desk.sources())[0].problems
    assert f"the file is in UTF-8, but the mapping declares {declared}" in problem
    with pytest.raises(RefusedFiles, match="the file is in UTF-8"):
        desk.land()
    # the same text in the declared encoding lands, also a word that is valid UTF-8 by chance
    put(desk.inbox, "a.csv", orders(1, [city, *(["联通"] if declared.startswith("gb") else [])]), declared)
    desk.land()
    assert (city,) in desk.rows("orders", "store_id")
