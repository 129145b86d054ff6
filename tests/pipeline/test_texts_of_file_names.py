"""`from_name`: a text in the name of a file is a column of its records, and part of what identifies the content."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.base.errors import ConfigError
from pipelines.landing import RefusedFiles, load_mapping
from pipelines.landing.origin import LandedRow, cells_of
from tests.pipeline.landing_desk import Desk

COLUMNS = {"order_id": "id", "ordered_at": "day", "channel": "coalesce(place, store)"}
NAMED = {"from_name": {"store": r"_(\w+?)\."}}


def group(**more: Any) -> dict[str, Any]:
    return {"match": "*", "entities": {"orders": {"columns": COLUMNS}}, **NAMED, **more}


@pytest.mark.parametrize(
    ("more", "ending", "content"),
    [
        ({}, "csv", "id,day,place\n1,2024-05-01,\n2,2024-05-01,web\n"),
        (
            {"format": "jsonl"},
            "jsonl",
            '{"id": 1, "day": "2024-05-01"}\n{"id": 2, "day": "2024-05-01", "place": "web"}\n',
        ),
        (
            {"format": "fixed", "fields": {"id": 1, "day": "2-11", "place": "12-14"}},
            "txt",
            "12024-05-01   \n22024-05-01web\n",
        ),
    ],
)
def test_each_file_has_the_text_of_its_name_in_each_format(
    tmp_path: Path, more: dict[str, Any], ending: str, content: str
) -> None:
    desk = Desk(tmp_path, group(**more))
    for name in ("a_north", "b_south", "c_north"):  # c has the content and the text of a: it is the same file
        desk.put(f"{name}.{ending}", content)
    assert not desk.land().warnings
    assert desk.rows("orders", "order_id, channel") == [("1", "north"), ("2", "web"), ("1", "south"), ("2", "web")]
    before = desk.tree()
    assert not desk.land().warnings
    assert desk.tree() == before


def test_a_changed_expression_lands_the_files_again_with_the_text_of_their_own_names(tmp_path: Path) -> None:
    desk = Desk(tmp_path, group())
    for name in ("a_north.csv", "b_south.csv"):
        desk.put(name, "id,day,place\n1,2024-05-01,\n")
    desk.land()
    desk.say({**group(), "from_name": {"store": r"_(\w)"}})
    desk.land()
    assert desk.rows("orders", "channel") == [("n",), ("s",)]


def test_the_source_cells_of_a_row_include_the_text_of_the_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path, group())
    desk.put("a_north.csv", "id,day,place\n1,2024-05-01,\n")
    desk.land()
    rows = [LandedRow(*row) for row in desk.rows("orders", "record, content_hash, raw")]
    (found,) = cells_of(load_mapping(desk.mapping), "a_north.csv", "orders", rows, desk.home / "landing").values()
    assert found["channel"] == {"place": None, "store": "north"}


def test_a_record_of_empty_cells_stays_blank(tmp_path: Path) -> None:
    columns = {"order_id": "id", "ordered_at": "day"}
    rows = {"columns": columns, "unpivot": [{"status": "a", "channel": "store"}, {"status": "b", "channel": "store"}]}
    desk = Desk(tmp_path, {**group(), "entities": {"orders": rows}})
    desk.put("a_north.csv", "id,day,a,b\n1,2024-05-01,paid,\n2,2024-05-01,,\n")
    desk.land()
    assert desk.rows("orders", "order_id, status, channel") == [("1", "paid", "north")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("north.csv", "id,day,place\n1,2024-05-01,\n", "its name has no text that `from_name: store: "),
        ("a_north.csv", "id,day,place,Store\n1,2024-05-01,,x\n", "the header has a column `store`, and `from_name`"),
    ],
)
def test_a_name_without_the_text_and_a_column_of_the_same_name_are_refused(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    desk = Desk(tmp_path, group())
    desk.put(name, content)
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    assert message in refused.value.report.files[0].note


@pytest.mark.parametrize("name", ["columns", "item"])
def test_a_name_that_means_something_else_is_refused(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path, {**group(), "from_name": {name: "x"}})
    with pytest.raises(ConfigError, match=f"mapping.yml:.*`{name}` in `from_name` is also the name of something else"):
        load_mapping(desk.mapping)
