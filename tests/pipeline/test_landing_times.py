"""Formats of times: offsets behind a blank, and formats that read one text as two dates."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.landing.formats import conflicts
from tests.pipeline.landing_desk import Desk

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"


def _orders(at: Any = "at", **more: Any) -> dict[str, Any]:
    return {"match": "*.csv", "entities": {"orders": {"columns": {"order_id": "id", "ordered_at": at}}}, **more}


def _times(tmp_path: Path, *times: str) -> list[str]:
    desk = Desk(tmp_path, _orders(), timezone="Asia/Tokyo")
    desk.put("a.csv", "id,at\n" + "".join(f"{number},{time}\n" for number, time in enumerate(times)))
    desk.land()
    return [time for (time,) in desk.rows("orders", "ordered_at")]


def test_a_blank_may_stand_before_the_offset(tmp_path: Path) -> None:
    assert _times(
        tmp_path,
        "2024-05-01 09:59:00 +0200",
        "2024-05-01 09:59:00 +02:00",
        "2024-05-01T09:59:00.25 +02",
        "2024-05-01 09:59 -0530",
        "2024-05-01 09:59:00 Z",
        "2024-05-01 09:59 z",
    ) == [
        "2024-05-01 07:59:00",
        "2024-05-01 07:59:00",
        "2024-05-01 07:59:00.25",
        "2024-05-01 15:29:00",
        "2024-05-01 09:59:00",
        "2024-05-01 09:59:00",
    ]


@pytest.mark.parametrize("offset", ["+25:00", "+02:75", " +1600", " +2", "  +0200", " + 0200", "Z+02", " UT"])
def test_what_is_no_offset_is_passed_on_for_staging_to_refuse(tmp_path: Path, offset: str) -> None:
    assert _times(tmp_path, f"2024-05-01 09:59:00{offset}") == [f"2024-05-01 09:59:00{offset}"]


@pytest.mark.parametrize(
    "formats",
    [
        (DAY_FIRST, MONTH_FIRST),
        ("%d.%m.%y %H:%M", "iso", "%m.%d.%y %H:%M"),
        ("iso", "%Y-%d-%m"),
        ("%y-%m-%d", "%d-%m-%y"),
        ("%Y%m%d", "epoch_s"),
        ("epoch_ms", "epoch_s"),
    ],
)
def test_formats_that_read_one_text_as_two_dates_are_found(formats: tuple[str, ...]) -> None:
    (found,) = conflicts(formats)
    assert (found.first, found.second) == (formats[0], formats[-1])


@pytest.mark.parametrize(
    "formats",
    [
        ("iso",),
        ("iso", "epoch_s"),
        ("iso", "epoch_ms", DAY_FIRST),
        ("epoch_s", "epoch_ms"),
        (DAY_FIRST, DAY_FIRST),
        (DAY_FIRST, "%d/%m/%y"),
        (DAY_FIRST, "%m/%d/%Y %H:%M"),
        ("iso", "%Y-%m-%d %H:%M:%S"),
        ("%d-%b-%Y", "%d-%B-%Y"),
    ],
)
def test_formats_that_agree_on_every_text_are_not(formats: tuple[str, ...]) -> None:
    assert conflicts(formats) == ()


def test_landing_warns_of_the_mapping_and_counts_the_values(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _orders(timestamps=[DAY_FIRST, MONTH_FIRST]))
    desk.put("a.csv", "id,at\n1,01/05/2024\n2,01/20/2024\n3,20/01/2024\n4,04/04/2024\n5,\n6,11/12/2024\n")
    of_the_mapping, of_the_file = desk.land().warnings
    assert "mapping.yml:" in of_the_mapping and DAY_FIRST in of_the_mapping and MONTH_FIRST in of_the_mapping
    assert "2 of 5 values of orders.ordered_at" in of_the_file
    assert DAY_FIRST in of_the_file and MONTH_FIRST in of_the_file
    assert desk.rows("orders", "ordered_at")[0] == ("2024-05-01 00:00:00",)
    # a later run still says that the mapping may be wrong
    assert desk.land().warnings == (of_the_mapping,)


def test_formats_of_a_column_count_and_those_that_it_replaces_do_not(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _orders({"sql": "at", "timestamps": [MONTH_FIRST]}, timestamps=[DAY_FIRST, MONTH_FIRST]))
    desk.put("a.csv", "id,at\n1,01/05/2024\n")
    assert desk.land().warnings == ()
    desk.say(_orders({"sql": "at", "timestamps": [MONTH_FIRST, DAY_FIRST]}))
    desk.put("b.csv", "id,at\n2,01/06/2024\n")
    assert any("1 of 1 value " in warning for warning in desk.land().warnings)


def test_a_declared_format_of_a_date_goes_before_iso(tmp_path: Path) -> None:
    columns = {"customer_ref": "id", "birth_date": "born"}
    group = {"match": "*.csv", "timestamps": "%Y-%d-%m", "entities": {"customers": {"columns": columns}}}
    desk = Desk(tmp_path, group)
    desk.put("a.csv", "id,born\n1,1990-01-02\n2,1990-12-31\n")
    assert len(desk.land().warnings) == 2
    assert desk.rows("customers", "birth_date") == [("1990-02-01",), ("1990-12-31",)]


def test_check_names_the_line_of_the_mapping_and_passes(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _orders(timestamps=[DAY_FIRST, MONTH_FIRST]))
    desk.put("a.csv", "id,at\n1,01/05/2024\n")
    config = tmp_path / "loyalty.yml"
    config.write_text("home: home\ncurrency: GBP\ntimezone: UTC\nsources: [{mapping: mapping.yml, files: in}]\n")
    lines = desk.mapping.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "timestamps" in text)
    done = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert done.exit_code == 0
    said = done.stderr.replace("\n", "")
    assert f"mapping.yml:{line}" in said and DAY_FIRST in said


@pytest.mark.parametrize("declared", [MONTH_FIRST, [MONTH_FIRST, "iso"], f"{MONTH_FIRST} %H:%M:%S"])
def test_a_file_that_contradicts_its_only_format_is_reported_with_the_dates_that_may_be_wrong(
    tmp_path: Path, declared: Any
) -> None:
    formats = declared if isinstance(declared, list) else [declared]
    clock = " 12:30:00" if "%H" in formats[0] else ""
    desk = Desk(tmp_path, _orders(timestamps=formats))
    times = [f"{day}{clock}" for day in ("31/03/2024", "04/05/2024", "06/06/2024", "07/05/2024")]
    desk.put("a.csv", "id,at\n" + "".join(f"{number},{time}\n" for number, time in enumerate(times)))
    (warning,) = desk.land().warnings
    assert warning.startswith(f"shop: a.csv: 1 value of orders.ordered_at can only be read as `{DAY_FIRST}")
    assert "has 2 others" in warning  # 6 June is the same day in both
    assert desk.rows("ledger", "ambiguous_times") == [(2,)]


def test_a_date_that_no_format_reads_contradicts_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _orders(timestamps=[MONTH_FIRST]))
    desk.put("a.csv", "id,at\n1,04/05/2024\n2,unknown\n3,2024-05-04\n4,99/99/2024\n")
    assert desk.land().warnings == ()
