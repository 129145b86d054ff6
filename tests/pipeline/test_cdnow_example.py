"""The example's mapping cuts lines whose fields are at fixed positions, as CDNOW's sample has them."""

import shutil
from pathlib import Path

import pytest

from pipelines.config.settings import load_settings, project_root
from pipelines.landing import Outcome
from tests.pipeline.landing_desk import Desk

EXAMPLE = project_root() / "examples" / "cdnow"
LINES = [
    " 00004 0001 19970101  2   29.33",
    " 00004 0001 19970118  2   29.73",
    " 00021 0002 19970101  3   63.34",
    " 00021 0002 19970101  3   63.34",
    " 00050 0003 19980630 12  106.78",
    " 00071 0004 19970101  1    0.00",
]


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_each_line_is_a_transaction_and_equal_lines_are_two(tmp_path: Path, end: str) -> None:
    desk = Desk(tmp_path, {"match": "*", "ignore": "words"})
    shutil.copyfile(EXAMPLE / "mapping.yml", desk.mapping)
    desk.put("CDNOW_sample.txt", "".join(line + end for line in LINES))
    (file,) = desk.land().files
    assert (file.outcome, file.records, file.unreadable) == (Outcome.LANDED, 6, 0)
    what = "order_id, customer_ref, ordered_at, quantity, total, currency"
    assert desk.rows("order_lines", what) == [
        ("0001-19970101", "0001", "1997-01-01 05:00:00", "2", "29.33", "USD"),
        ("0001-19970118", "0001", "1997-01-18 05:00:00", "2", "29.73", "USD"),
        ("0002-19970101", "0002", "1997-01-01 05:00:00", "3", "63.34", "USD"),
        ("0002-19970101", "0002", "1997-01-01 05:00:00", "3", "63.34", "USD"),
        ("0003-19980630", "0003", "1998-06-30 04:00:00", "12", "106.78", "USD"),
        ("0004-19970101", "0004", "1997-01-01 05:00:00", "1", "0.00", "USD"),
    ]
    assert desk.query("select count(distinct line_id) from landed('order_lines') where order_id is not null") == [(6,)]


def test_the_example_is_built_as_of_the_last_day_of_its_data(tmp_path: Path) -> None:
    for name in ("loyalty.yml", "mapping.yml"):
        shutil.copyfile(EXAMPLE / name, tmp_path / name)
    (tmp_path / "files").mkdir()
    assert str(load_settings(tmp_path / "loyalty.yml").as_of) == "1998-06-30"
