"""Dates without a time are midnight in the zone of the mapping: a warning if this is another day for the business."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.config.settings import load_settings
from pipelines.landing import SourceFiles, land, load_mapping
from pipelines.landing.sources import source_files
from tests.pipeline.landing_desk import TODAY, Desk

NEW_YORK, SHANGHAI = "America/New_York", "Asia/Shanghai"


def _orders(**columns: Any) -> dict[str, Any]:
    return {"match": "*.csv", "entities": {"orders": {"columns": {"order_id": "id", "ordered_at": "at", **columns}}}}


def _warnings(desk: Desk, business: str | None) -> list[str]:
    sources = [SourceFiles(load_mapping(desk.mapping), desk.inbox, business)]
    return [text for text in land(desk.home, sources, today=TODAY).warnings if "dates without a time" in text]


def _desk(tmp_path: Path, *days: str, group: dict[str, Any] | None = None, **top: Any) -> Desk:
    desk = Desk(tmp_path, group or _orders(), **top)
    desk.put("a.csv", "id,at,due\n" + "".join(f"{number},{day},\n" for number, day in enumerate(days)))
    return desk


def test_the_day_before_is_warned_about_once_with_the_numbers_of_values_and_files(tmp_path: Path) -> None:
    desk = _desk(tmp_path, "2024-05-01", "2024-05-02")
    desk.put("b.csv", "id,at\n7,2024-05-03\n8,\n")
    (warning,) = _warnings(desk, NEW_YORK)
    assert warning.startswith("shop: the times of orders.ordered_at in 2 files (3 values) are dates without a time.")
    assert f"midnight in UTC. In {NEW_YORK}, the zone of the business, this is another day" in warning
    assert f"`timezone: {NEW_YORK}`" in warning
    assert _warnings(desk, NEW_YORK) == []  # nothing new has landed
    desk.say(_orders(), timezone=NEW_YORK)
    assert _warnings(desk, NEW_YORK) == []
    assert desk.rows("orders", "ordered_at")[0] == ("2024-05-01 04:00:00",)


@pytest.mark.parametrize(
    ("zone", "business", "is_other"),
    [
        (SHANGHAI, "Europe/Paris", True),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", True),  # 25 hours: the day after
        ("UTC", "Europe/Paris", False),  # 01:00 or 02:00 of the same day
        ("Europe/Paris", "Europe/Berlin", False),
        ("UTC", None, False),
    ],
)
def test_the_warning_depends_on_both_zones(tmp_path: Path, zone: str, business: str | None, is_other: bool) -> None:
    desk = _desk(tmp_path, "2024-05-01", "2024-12-01", timezone=zone)
    assert len(_warnings(desk, business)) == is_other


@pytest.mark.parametrize(
    ("days", "is_warned"),
    [
        (["2024-05-01", "2024-05-02 00:00:01"], False),  # these have times
        (["2024-05-01", "2024-05-02 00:00:00"], True),
        (["2024-05-01", "soon"], True),
        (["2024-05-01T00:00:00Z"], True),
        (["soon", ""], False),
    ],
)
def test_all_times_of_a_file_must_be_midnight(tmp_path: Path, days: list[str], is_warned: bool) -> None:
    assert len(_warnings(_desk(tmp_path, *days), NEW_YORK)) == is_warned


@pytest.mark.parametrize("day", ["infinity", "-infinity", "0001-01-01", "290000-01-01", "294247-01-10 04:00:54"])
def test_a_time_to_which_no_zone_can_be_applied_lands_as_any_other(tmp_path: Path, day: str) -> None:
    desk = _desk(tmp_path, day, "2024-05-01", group=_orders(ordered_at='try_cast("at" as timestamp)'))
    (warning,) = _warnings(desk, NEW_YORK)
    assert "in 1 file (1 value)" in warning
    assert len(desk.rows("orders")) == 2


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("America/Sao_Paulo", ("2018-11-03", "2018-11-04")),  # the 4th began at 01:00
        ("Asia/Beirut", ("2022-03-26", "2022-03-27")),
        ("America/Havana", ("2023-11-04", "2023-11-05")),  # the 5th had two midnights
    ],
)
def test_a_day_whose_midnight_the_clocks_skip_or_repeat_is_a_date_too(
    tmp_path: Path, zone: str, days: tuple[str, ...]
) -> None:
    (warning,) = _warnings(_desk(tmp_path, *days, timezone=zone), "Pacific/Honolulu")
    assert "in 1 file (2 values)" in warning


def test_the_zone_of_the_column_counts_also_if_its_expression_is_a_date(tmp_path: Path) -> None:
    at = {"sql": 'cast("at" as date)', "timezone": SHANGHAI}
    (warning,) = _warnings(_desk(tmp_path, "2024-05-01", group=_orders(ordered_at=at)), "UTC")
    assert (
        f"orders.ordered_at in 1 file (1 value) are dates without a time. They are read as midnight in {SHANGHAI}"
        in warning
    )


def test_dates_with_an_offset_need_the_zone_of_the_business_and_the_date_alone(tmp_path: Path) -> None:
    only_date = _orders(ordered_at='left("at", 10)')
    desk = _desk(tmp_path, "2024-05-01T00:00:00Z")
    (warning,) = _warnings(desk, NEW_YORK)
    assert "map only the date too: `left(column, 10)`" in warning
    desk.say(only_date)
    assert len(_warnings(desk, NEW_YORK)) == 1
    desk.say(only_date, timezone=NEW_YORK)
    assert _warnings(desk, NEW_YORK) == []
    assert desk.rows("orders", "ordered_at") == [("2024-05-01 04:00:00",)]


@pytest.mark.parametrize(("business", "is_other"), [(NEW_YORK, True), (SHANGHAI, False)])
def test_an_offset_counts_also_if_the_mapping_has_the_zone_of_the_business(
    tmp_path: Path, business: str, is_other: bool
) -> None:
    desk = _desk(tmp_path, "2024-05-01T00:00:00Z", timezone=business)
    found = _warnings(desk, business)
    assert len(found) == is_other
    assert all("midnight in UTC" in warning for warning in found)


def test_midnight_in_two_zones_is_one_warning(tmp_path: Path) -> None:
    (warning,) = _warnings(_desk(tmp_path, "2024-01-01", timezone="Europe/London"), NEW_YORK)
    assert "midnight in Europe/London" in warning


def test_a_run_knows_the_zone_of_the_business(tmp_path: Path) -> None:
    desk = _desk(tmp_path, "2024-05-01")
    config = tmp_path / "loyalty.yml"
    config.write_text(
        f"timezone: {NEW_YORK}\ncurrency: USD\nindustry: retail\nsources: [{{mapping: mapping.yml, files: in}}]\n"
    )
    (source,) = source_files(load_settings(config))
    assert source.timezone == NEW_YORK
    assert len([text for text in land(desk.home, [source], today=TODAY).warnings if "without a time" in text]) == 1


def _survey(*unpivot: dict[str, Any], **columns: Any) -> dict[str, Any]:
    fixed = {"response_id": "id", "survey_id": "'s'", "survey_kind": "'relationship'", **columns}
    return {"match": "*.csv", "entities": {"survey_answers": {"columns": fixed, "unpivot": list(unpivot)}}}


@pytest.mark.parametrize(
    ("second", "values"),
    [
        ({"answered_at": "later"}, 2),  # another column, with times
        ({"answered_at": {"sql": "first", "timezone": NEW_YORK}}, 2),  # these are days of the business
        ({"answered_at": "first"}, 4),
    ],
)
def test_each_column_from_which_blocks_read_a_time_is_looked_at_by_itself(
    tmp_path: Path, second: dict[str, Any], values: int
) -> None:
    nps, csat = {"item": "nps", "answer_number": "q1"}, {"item": "csat_overall", "answer_number": "q2"}
    desk = Desk(tmp_path, _survey(nps | {"answered_at": "first"}, csat | second))
    rows = ("1,9,2024-02-29,4,2024-03-01 15:30:12", "2,8,2024-03-10,5,2024-03-10 02:30:00")
    desk.put("a.csv", "\n".join(("id,q1,first,q2,later", *rows)) + "\n")
    (warning,) = _warnings(desk, NEW_YORK)
    assert f"survey_answers.answered_at in 1 file ({values} values)" in warning
    assert "midnight in UTC" in warning


def test_answers_that_read_one_date_are_counted_once_each(tmp_path: Path) -> None:
    blocks = [{"item": "nps", "answer_number": "q1"}, {"item": "csat_overall", "answer_number": "q2"}]
    desk = Desk(tmp_path, _survey(*blocks, answered_at="day"))
    desk.put("a.csv", "id,q1,q2,day\n1,9,4,2024-02-29\n2,8,,2024-11-03\n")
    (warning,) = _warnings(desk, NEW_YORK)
    assert "survey_answers.answered_at in 1 file (3 values)" in warning
