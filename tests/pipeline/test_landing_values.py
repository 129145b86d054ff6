"""What landing does to a value, and what it leaves to staging."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.landing import RefusedFiles
from tests.pipeline.landing_desk import Desk

HEADER = "id,at,status,email,total,test\n"


def _orders(desk_columns: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    columns = {
        "order_id": "id",
        "ordered_at": "at",
        "status": "status",
        "email": "email",
        "total": "total",
        "is_test": "test",
        **(desk_columns or {}),
    }
    return {"match": "*.csv", "entities": {"orders": {"columns": columns}}, **more}


def _times(tmp_path: Path, times: list[str], zone: str = "UTC", **more: Any) -> list[str | None]:
    desk = Desk(tmp_path, _orders(**more), timezone=zone)
    desk.put("a.csv", HEADER + "".join(f'{n},"{time}",,,,\n' for n, time in enumerate(times)))
    desk.land()
    return [time for (time,) in desk.rows("orders", "ordered_at")]


def test_text_is_trimmed_lowered_where_it_is_a_code_and_nothing_where_it_is_blank(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _orders())
    desk.put(
        "a.csv",
        HEADER + '" 1 ",,\tPAID\u00a0," Ann@Example.ORG\u3000", 1.50 ,Yes\n2,\u3000,"  ",\ufeff,x,no\n3,,,,,maybe\n',
    )
    desk.land()
    assert desk.rows("orders", "order_id, ordered_at, status, email, total, is_test") == [
        ("1", None, "paid", "ann@example.org", "1.50", "true"),
        ("2", None, None, None, "x", "false"),
        ("3", None, None, None, None, "maybe"),
    ]


def test_amounts_are_only_trimmed_and_an_expression_may_mend_them(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _orders({"total": "replace(replace(total, '.', ''), ',', '.')"}))
    desk.put("a.csv", HEADER + '1,,,,"1.234,50",\n2,,,,0x1F,\n')
    desk.land()
    assert desk.rows("orders", "total") == [("1234.50",), ("0x1F",)]


@pytest.mark.parametrize(
    ("form", "days", "times"),
    [
        ("excel_1900", ["45123", "45123.5", "45123,5", "61"], ["15 15:00", "16 03:00", "16 03:00", None]),
        ("excel_1904", ["43661", "43661.5", "43661.52083", "0"], ["15 15:00", "16 03:00", "16 03:30", None]),
    ],
)
def test_day_numbers_of_excel_are_local_times(
    tmp_path: Path, form: str, days: list[str], times: list[str | None]
) -> None:
    found = _times(tmp_path, days, "Asia/Tokyo", timestamps=form)
    first = {"excel_1900": "1900-02-28 15:00:00", "excel_1904": "1903-12-31 15:00:00"}[form]
    assert found == [f"2023-07-{time}:00" if time else first for time in times]


@pytest.mark.parametrize("number", ["60", "-1", "4512345", "45123.5.1", "1e4", ""])
def test_other_numbers_are_not_day_numbers_of_excel(tmp_path: Path, number: str) -> None:
    assert _times(tmp_path, [number], timestamps="excel_1900") == [number or None]


def test_local_times_become_utc(tmp_path: Path) -> None:
    formats = ["%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S"]
    assert _times(tmp_path, ["7/4/2018 3:05", "2018-01-04 12:00:00"], "America/Sao_Paulo", timestamps=formats) == [
        "2018-07-04 06:05:00",
        "2018-01-04 14:00:00",
    ]


def test_the_hour_that_happens_twice_is_the_second_one(tmp_path: Path) -> None:
    assert _times(tmp_path, ["2011-10-30 00:59:59", "2011-10-30 01:30:00", "2011-10-30 02:00:00"], "Europe/London") == [
        "2011-10-29 23:59:59",
        "2011-10-30 01:30:00",
        "2011-10-30 02:00:00",
    ]


def test_the_hour_that_is_skipped_moves_on_by_the_gap(tmp_path: Path) -> None:
    assert _times(tmp_path, ["2011-03-27 00:30:00", "2011-03-27 01:30:00", "2011-03-27 02:30:00"], "Europe/London") == [
        "2011-03-27 00:30:00",
        "2011-03-27 01:30:00",
        "2011-03-27 01:30:00",
    ]


def test_an_offset_in_the_text_goes_before_the_zone(tmp_path: Path) -> None:
    times = ["2021-08-04T14:08:39+03:00", "2021-08-04 11:08:39.25Z", "2021-08-04T11:08:39", "2021-08-04"]
    assert _times(tmp_path, times, "Europe/Berlin") == [
        "2021-08-04 11:08:39",
        "2021-08-04 11:08:39.25",
        "2021-08-04 09:08:39",
        "2021-08-03 22:00:00",
    ]


def test_epochs_are_utc_whatever_the_zone(tmp_path: Path) -> None:
    assert _times(tmp_path, ["1700000000", "1700000000.5"], "Asia/Tokyo", timestamps="epoch_s") == [
        "2023-11-14 22:13:20",
        "2023-11-14 22:13:20.5",
    ]


def test_epochs_in_milliseconds_are_read(tmp_path: Path) -> None:
    assert _times(tmp_path, ["1700000000123"], "Asia/Tokyo", timestamps=["epoch_ms"]) == ["2023-11-14 22:13:20.123"]


def test_a_time_in_no_declared_format_is_passed_on_and_never_taken_for_utc(tmp_path: Path) -> None:
    times = ["soon", "2018-01-04 12:00:00", "13/13/2018 1:00"]
    assert _times(tmp_path, times, "Asia/Tokyo", timestamps=["%m/%d/%Y %H:%M"]) == [
        "soon",
        "? 2018-01-04 12:00:00",
        "13/13/2018 1:00",
    ]


def test_a_column_may_have_formats_and_a_zone_of_its_own(tmp_path: Path) -> None:
    own = {"ordered_at": {"sql": "at", "timestamps": ["%d.%m.%Y %H:%M"], "timezone": "UTC"}}
    desk = Desk(tmp_path, _orders(own), timezone="Asia/Tokyo")
    desk.put("a.csv", HEADER + "1,04.01.2018 12:00,,,,\n")
    desk.land()
    assert desk.rows("orders", "ordered_at") == [("2018-01-04 12:00:00",)]


def test_an_expression_that_gives_a_time_is_read_in_the_zone(tmp_path: Path) -> None:
    own = {"ordered_at": "try_strptime(split_part(\"at\", ' um ', 1), '%d.%m.%Y')"}
    desk = Desk(tmp_path, _orders(own), timezone="Asia/Tokyo")
    desk.put("a.csv", HEADER + "1,04.01.2018 um 12,,,,\n")
    desk.land()
    assert desk.rows("orders", "ordered_at") == [("2018-01-03 15:00:00",)]


def test_dates_stay_in_the_source_s_zone(tmp_path: Path) -> None:
    group = {
        "match": "*.csv",
        "timestamps": ["%d.%m.%Y", "iso"],
        "entities": {"customers": {"columns": {"customer_ref": "id", "birth_date": "born"}}},
    }
    desk = Desk(tmp_path, group, timezone="Asia/Tokyo")
    desk.put("a.csv", "id,born\n1,01.02.1990\n2,1990-02-01\n3,1990-02-01T20:00:00Z\n4,2/1990\n")
    desk.land()
    assert desk.rows("customers", "birth_date") == [("1990-02-01",), ("1990-02-01",), ("1990-02-02",), ("2/1990",)]


def test_declared_texts_mean_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _orders(nulls=["NULL", "n/a"]))
    desk.put("a.csv", HEADER + "1,NULL,n/a,a@b.c,NULLS,\n")
    desk.land()
    assert desk.rows("orders", "ordered_at, status, total") == [(None, None, "NULLS")]


def test_the_mapping_s_currency_fills_but_never_a_rate_s(tmp_path: Path) -> None:
    rates = {"match": "r.csv", "entities": {"fx_rates": {"columns": {"day": "d", "currency": "c", "rate": "r"}}}}
    own = _orders({"currency": "nullif(status, 'x')"}, match="o.csv")
    desk = Desk(tmp_path, rates, own, _orders(match="p.csv"), currency="EUR")
    desk.put("r.csv", "d,c,r\n2024-01-01,USD,0.9\n2024-01-01,,1\n")
    desk.put("o.csv", HEADER + "1,,CHF,,,\n2,,x,,,\n")
    desk.put("p.csv", HEADER + "3,,,,,\n")
    desk.land()
    assert desk.rows("fx_rates", "currency") == [("USD",), (None,)]
    assert desk.rows("orders", "currency") == [("CHF",), (None,), ("EUR",)]


def test_the_content_hash_holds_values_apart_and_nothing_alike(tmp_path: Path) -> None:
    few = {"order_id": "id", "ordered_at": "at"}
    desk = Desk(tmp_path, _orders(match="a*.csv"), {"match": "b.csv", "entities": {"orders": {"columns": few}}})
    desk.put("a.csv", HEADER + '1,,,,,\n1,," ",,,\n1,,ab,c,,\n1,,a,bc,,\n')
    desk.put("b.csv", "id,at\n1,\n")
    desk.land()
    blank, spaces, one, other, unmapped = (row for (row,) in desk.rows("orders", "content_hash"))
    assert blank == spaces == unmapped
    assert len({blank, one, other}) == 3


# The hash of the row CALL before interactions had `email` and `phone`.
CALL = "id,at,who,mail,tel\n7,2024-05-01 10:00:00,c1,,\n"
HASH_OF_CALL = "02d003a1f216658a68c1b39a0ce99c89"
CALLS = {"interaction_id": "id", "occurred_at": "at", "customer_ref": "who"}


def _calls(**more: str) -> dict[str, Any]:
    return {"match": "*.csv", "entities": {"interactions": {"columns": {**CALLS, **more}}}}


@pytest.mark.parametrize("more", [{}, {"email": "mail"}, {"phone": "tel", "email": "mail"}])
def test_a_column_that_was_added_later_leaves_the_hash_of_a_row_without_it(
    tmp_path: Path, more: dict[str, str]
) -> None:
    desk = Desk(tmp_path, _calls(**more))
    desk.put("a.csv", CALL)
    desk.land()
    assert desk.rows("interactions", "content_hash") == [(HASH_OF_CALL,)]


def test_values_of_columns_that_were_added_later_are_held_apart(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _calls(email="mail", phone="tel"))
    values = ["a@b.example,", ",a@b.example", "1,2", "12,", ",12", ","]
    desk.put("a.csv", CALL + "".join(f"7,2024-05-01 10:00:00,c1,{value}\n" for value in values[:-1]))
    desk.put("b.csv", CALL.replace("c1,,", "c1, A@B.example ,"))
    desk.land()
    hashes = [text for (text,) in desk.rows("interactions", "content_hash", "file_name, record")]
    assert hashes[0] == HASH_OF_CALL and len(set(hashes)) == len(values)
    assert hashes[-1] == hashes[1], "an e-mail address is trimmed and in lower case"


def test_an_expression_that_fails_on_the_data_refuses_the_file_and_names_its_line_but_no_data(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _orders({"total": "cast(total as int)"}))
    desk.put("a.csv", HEADER + "1,,,,secret,\n")
    with pytest.raises(RefusedFiles, match=r"mapping\.yml:\d+: .*total.* fails on a value") as refused:
        desk.land()
    assert "secret" not in refused.value.message and "try_cast" in refused.value.hint
    line = int(refused.value.message.split("mapping.yml:")[1].split(":")[0])
    assert "cast(total as int)" in desk.mapping.read_text().splitlines()[line - 1]
