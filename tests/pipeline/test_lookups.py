"""Records take values from another file of the same source (`lookups` and `look_up`)."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.base.errors import ConfigError
from pipelines.landing import check_sources, load_mapping, preview_landing
from tests.pipeline.landing_desk import Desk
from tests.pipeline.look_ups import CAMPAIGNS, SENDS

DATED = {**CAMPAIGNS, "file_on": r"\d{4}-\d{2}-\d{2}"}
HEAD = "id,sent,title\n"
WHO = "id,who,campaign\n"


def _desk(tmp_path: Path, campaigns: dict[str, Any] = CAMPAIGNS) -> Desk:
    return Desk(tmp_path, SENDS, campaigns)


def _touches(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows("campaign_touches", "touch_id, touched_at, campaign_kind")


def _issues(desk: Desk) -> tuple[int, int]:
    ((missing, differs),) = desk.query("select sum(lookup_missing), sum(lookup_differs) from landed('ledger')")
    return missing, differs


def test_a_record_takes_values_from_another_file_by_key(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    desk.put("a/sends.csv", WHO + "1,ann, c1 \n2,bob,c2\n3,cid,\n")
    desk.put("campaigns.csv", HEAD + "c1,2024-01-05 10:00:00,Spring\nc2,2024-02-01,\n")
    report = desk.land()
    assert _touches(desk) == [
        ("1", "2024-01-05 10:00:00", "spring"),
        ("2", "2024-02-01 00:00:00", None),
        ("3", None, None),
    ]
    assert report.warnings == ()
    assert _issues(desk) == (0, 0)


def test_a_missing_key_is_counted_and_shown_with_its_line(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    desk.put("sends.csv", WHO + "1,ann,c1\n2,bob,c9\n")
    desk.put("campaigns.csv", HEAD + "c1,2024-01-05,Spring\n")
    (warning,) = desk.land().warnings
    assert "sends.csv: the keys of 1 of 2 records have no row in the look-up `campaigns`" in warning
    assert warning.endswith("mapping.yml:5): line 3")
    assert _issues(desk) == (1, 0)


def test_a_key_with_two_values_gives_no_value_and_is_counted(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    desk.put("sends.csv", WHO + "1,ann,c1\n")
    desk.put("campaigns1.csv", HEAD + "c1,2024-01-05,Spring\n")
    desk.put("campaigns2.csv", HEAD + "c1,2024-01-06,Spring\n")
    (warning,) = desk.land().warnings
    assert "the keys of 1 of 1 record have rows with different values" in warning
    assert _touches(desk) == [("1", None, "spring")]
    assert _issues(desk) == (0, 1)


def test_an_e_mail_address_is_found_in_upper_and_lower_case(tmp_path: Path) -> None:
    people = {
        "match": "people*.csv",
        "lookups": {"people": {"about": "customer", "key": "mail", "columns": {"no": "no"}}},
    }
    columns = {"order_id": "id", "email": "mail", "customer_ref": "people.no", "ordered_at": "'2024-05-01'"}
    orders = {"match": "orders*.csv", "look_up": {"people": "mail"}, "entities": {"orders": {"columns": columns}}}
    desk = Desk(tmp_path, people, orders)
    desk.put("people.csv", "mail,no\nAnn@X.com,1\nBOB@x.com,2\nbob@X.com,3\nK1,4\n")
    desk.put("orders.csv", "id,mail\no1,ann@x.com\no2,Bob@x.com\no3,k1\n")
    missing, differs = desk.land().warnings
    assert "keys of 1 of 3 records have no row" in missing and "line 4" in missing  # other keys keep their case
    assert "keys of 1 of 3 records have rows with different values" in differs and "line 3" in differs
    assert desk.rows("orders", "order_id, customer_ref") == [("o1", "1"), ("o2", None), ("o3", None)]
    desk.put("people_new.csv", "mail,no\nANN@x.com,9\n")  # two values now: the order lands again
    desk.land()
    assert desk.rows("orders", "order_id, customer_ref") == [("o1", None), ("o2", None), ("o3", None)]


def test_the_latest_file_and_the_latest_delivery_are_in_force(tmp_path: Path) -> None:
    desk = _desk(tmp_path, DATED)
    desk.put("sends.csv", WHO + "1,ann,c1\n2,bob,c2\n")
    desk.put("campaigns_2024-01-01.csv", HEAD + "c1,2024-01-05,Old\nc2,2024-01-07,Kept\n")
    desk.put("campaigns_2024-02-01.csv", HEAD + "c1,2024-01-06,New\n")
    assert desk.land().warnings == ()
    assert _touches(desk) == [("1", "2024-01-06 00:00:00", "new"), ("2", "2024-01-07 00:00:00", "kept")]
    desk.put("campaigns_2024-02-01.csv", HEAD + "c1,2024-01-08,Newest\n")
    desk.land()
    assert _touches(desk)[0] == ("1", "2024-01-08 00:00:00", "newest")


def test_only_files_that_are_affected_land_again(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    desk.put("sends1.csv", WHO + "1,ann,c1\n")
    desk.put("sends2.csv", WHO + "2,bob,c2\n")
    desk.put("campaigns1.csv", HEAD + "c1,2024-01-05,Spring\n")
    desk.land()
    desk.put("campaigns2.csv", HEAD + "c2,2024-01-06,May\n")
    report = desk.land()
    outcomes = {file.file_name: str(file.outcome.name) for file in report.files}
    assert outcomes["sends1.csv"] == "SKIPPED"
    assert outcomes["sends2.csv"] == "AGAIN"
    assert _touches(desk) == [("1", "2024-01-05 00:00:00", "spring"), ("2", "2024-01-06 00:00:00", "may")]
    assert {file.outcome.name for file in desk.land().files} == {"SKIPPED"}


def test_the_order_in_which_files_arrive_does_not_matter(tmp_path: Path) -> None:
    files = {
        "sends1.csv": WHO + "1,ann,c1\n2,bob,c3\n",
        "sends2.csv": WHO + "3,cid,c2\n",
        "campaigns_2024-01-01.csv": HEAD + "c1,2024-01-05,Old\nc2,2024-01-07,May\n",
        "campaigns_2024-02-01.csv": HEAD + "c1,2024-01-06,New\nc3,2024-01-09,\n",
    }
    results = []
    for seed in range(2):
        desk = _desk(tmp_path / str(seed), DATED)
        names = list(files)
        random.Random(seed).shuffle(names)
        for name in names:
            desk.put(name, files[name])
            desk.land()
        results.append((desk.rows("campaign_touches", "* exclude (batch)"), _issues(desk)))
    assert results[0] == results[1]
    assert results[0][1] == (0, 0)


def test_a_file_can_be_landed_and_be_looked_up(tmp_path: Path) -> None:
    orders = {
        "match": "orders*.csv",
        "lookups": {"orders": {"about": "other", "key": "id", "columns": {"placed": "at"}}},
        "entities": {"orders": {"columns": {"order_id": "id", "ordered_at": "at", "total": "total"}}},
    }
    returns = {
        "match": "returns*.csv",
        "look_up": {"orders": '"order"'},
        "entities": {"returns": {"columns": {"order_id": '"order"', "amount": "sum", "returned_at": "orders.placed"}}},
    }
    desk = Desk(tmp_path, orders, returns)
    desk.put("orders.csv", "id,at,total\n7,2024-01-02,10\n")
    desk.put("returns.csv", "order,sum\n7,4\n")
    desk.land()
    assert desk.rows("orders", "order_id") == [("7",)]
    assert desk.rows("returns", "order_id, returned_at") == [("7", "2024-01-02 00:00:00")]


def test_a_file_can_look_up_and_be_looked_up(tmp_path: Path) -> None:
    """Of the campaign the send has the day, of the send the answer: a change reaches both, in one landing."""
    sends = {**SENDS, "lookups": {"sends": {"about": "other", "key": "id", "columns": {"day": "campaigns.sent_at"}}}}
    answers = {
        "match": "answers*.csv",
        "look_up": {"sends": "send"},
        "entities": {
            "interactions": {"columns": {"interaction_id": "id", "customer_ref": "who", "occurred_at": "sends.day"}}
        },
    }
    desk = Desk(tmp_path, answers, sends, CAMPAIGNS)
    desk.put("answers.csv", "id,who,send\n1,ann,1\n")
    desk.put("sends.csv", WHO + "1,ann,c1\n")
    desk.put("campaigns.csv", HEAD + "c1,2024-01-05,Spring\n")
    assert [file.file_name for file in desk.land().files] == ["campaigns.csv", "sends.csv", "answers.csv"]
    assert desk.rows("interactions", "occurred_at") == [("2024-01-05 00:00:00",)]
    desk.put("campaigns.csv", HEAD + "c1,2024-01-06,Spring\n")
    assert [file.outcome.name for file in desk.land().files] == ["LANDED", "AGAIN", "AGAIN"]
    assert desk.rows("interactions", "occurred_at") == [("2024-01-06 00:00:00",)]


@pytest.mark.parametrize(("delivery", "kept"), [(None, "2024-01-05 00:00:00"), ("full", None)])
def test_a_key_that_a_later_delivery_lacks_stays_unless_deliveries_are_full(
    tmp_path: Path, delivery: str | None, kept: str | None
) -> None:
    desk = _desk(tmp_path, {**CAMPAIGNS, **({"delivery": delivery} if delivery else {})})
    desk.put("sends.csv", WHO + "1,ann,c1\n2,bob,c2\n")
    desk.put("campaigns.csv", HEAD + "c1,2024-01-05,Spring\nc2,2024-01-07,May\n")
    desk.land()
    desk.put("campaigns.csv", HEAD + "c2,,May\n")
    desk.land()
    assert _touches(desk) == [("1", kept, "spring" if kept else None), ("2", None, "may")]


def test_check_and_dry_run_say_what_look_ups_would_find(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    desk.put("sends1.csv", WHO + "1,ann,c1\n2,bob,c2\n")
    desk.put("campaigns1.csv", HEAD + "c1,2024-01-05,Spring\n")
    (checked,) = check_sources(desk.home, desk.sources())
    where = f"{desk.mapping}:5"
    assert f"look-up `campaigns` ({where}): values are found for 1 of 2 records with a key" in checked.notes
    (warning,) = checked.warnings
    assert warning.startswith("sends1.csv: the keys of 1 of 2 records have no row") and warning.endswith(": line 3")
    assert not (desk.home / "landing" / "campaign_touches" / "source=shop").exists()
    assert [f"shop: {warning}"] == list(desk.land().warnings)

    desk.put("sends2.csv", WHO + "3,cid,c1\n")
    desk.put("campaigns2.csv", HEAD + "c2,2024-01-06,May\n")
    (checked,) = check_sources(desk.home, desk.sources())
    assert "1 landed file would find other values in look-ups; the next run lands what changes again" in checked.notes
    assert f"look-up `campaigns` ({where}): values are found for 3 of 3 records with a key" in checked.notes
    preview = preview_landing(desk.home, desk.sources(), today=date(2024, 5, 31))
    assert (preview.new, preview.again) == ({"shop": 2}, {"shop": 1})
    assert f"shop: look-up `campaigns` ({where}): values are found for 3 of 3 records with a key" in preview.look_ups
    report = desk.land()
    assert sorted(file.outcome.name for file in report.files) == ["AGAIN", "LANDED", "LANDED", "SKIPPED"]
    assert check_sources(desk.home, desk.sources())[0].notes == ()


def test_a_file_that_left_the_inbox_keeps_what_it_found(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    sends = desk.put("sends.csv", WHO + "1,ann,c1\n")
    desk.put("campaigns.csv", HEAD + "c1,2024-01-05,Spring\n")
    desk.land()
    sends.rename(tmp_path / "sends.csv")
    desk.put("campaigns.csv", HEAD + "c1,2024-01-06,Spring\n")
    (warning,) = desk.land().warnings
    assert "landed with an older version of the mapping or of look-ups and is no longer in the inbox" in warning
    assert _touches(desk) == [("1", "2024-01-05 00:00:00", "spring")]
    originals = tmp_path / "originals"
    originals.mkdir()
    (tmp_path / "sends.csv").rename(originals / "sends.csv")
    assert desk.land(originals=originals).warnings == ()
    assert _touches(desk) == [("1", "2024-01-06 00:00:00", "spring")]


def test_a_record_that_a_condition_loses_because_of_a_missing_key_is_counted(tmp_path: Path) -> None:
    rows = SENDS["entities"]["campaign_touches"]
    desk = Desk(
        tmp_path, {**SENDS, "entities": {"campaign_touches": {**rows, "where": "campaigns.name = 'May'"}}}, CAMPAIGNS
    )
    desk.put("sends.csv", WHO + "1,ann,c1\n2,bob,c2\n")
    desk.put("campaigns.csv", HEAD + "c2,2024-01-05,May\n")
    assert any("the keys of 1 of 2 records have no row" in warning for warning in desk.land().warnings)
    assert desk.rows("unreadable", "rule, line") == [("LND-003", 2)]
    desk.put("campaigns.csv", HEAD + "c1,2024-01-05,May\nc2,2024-01-05,May\n")
    desk.land()
    assert [touch for touch, *_ in _touches(desk)] == ["1", "2"]


def test_a_row_without_a_key_is_unreadable(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    desk.put("campaigns.csv", HEAD + ",2024-01-05,Spring\n")
    desk.land(date(2024, 5, 31))
    assert desk.rows("unreadable", "rule, line") == [("LND-003", 2)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"look_up": {"campaigns": "campaign", "campaing": "who"}},
            r"mapping\.yml:6: no entry .* gives a look-up `campaing` .*did you mean `campaigns`.* of its own source",
        ),
        ({"look_up": {"campaigns": "who", "item": "who"}}, "no entry .* look-up `item`"),
        ({"look_up": {"campaigns": "campaigns"}}, "`campaigns` is a look-up of this entry and a column of its key"),
    ],
)
def test_a_look_up_that_cannot_work_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    desk = Desk(tmp_path, {**SENDS, **change}, CAMPAIGNS)
    with pytest.raises(ConfigError, match=message):
        load_mapping(desk.mapping)


def test_an_unknown_column_of_a_look_up_is_refused_with_its_line(tmp_path: Path) -> None:
    entity = {"columns": {"touch_id": "id", "customer_ref": "who", "touched_at": "campaigns.send_at"}}
    desk = Desk(tmp_path, {**SENDS, "entities": {"campaign_touches": entity}}, CAMPAIGNS)
    with pytest.raises(ConfigError, match=r"mapping\.yml:5: the look-up `campaigns` has no column `send_at`"):
        load_mapping(desk.mapping)


def test_a_look_up_about_orders_is_not_used_for_orders_of_another_source(tmp_path: Path) -> None:
    lookup = {"orders": {"about": "order", "key": "id", "columns": {"day": "day"}}}
    cases = {"case_id": "id", "order_id": "number", "order_source": "'shop'", "opened_at": "orders.day"}
    named = {"match": "cases.csv", "look_up": {"orders": "number"}, "entities": {"cases": {"columns": cases}}}
    desk = Desk(tmp_path, named, {"match": "orders.csv", "lookups": lookup})
    with pytest.raises(ConfigError, match="The look-up `orders` has only orders of this source, and"):
        load_mapping(desk.mapping)
    del cases["order_source"]
    assert load_mapping(Desk(tmp_path, named, {"match": "orders.csv", "lookups": lookup}).mapping)


def test_a_look_up_about_customers_has_the_key_by_which_they_are_forgotten(tmp_path: Path) -> None:
    lookup = {"addresses": {"about": "customer", "key": "number", "columns": {"mail": "mail"}}}
    orders = {
        "match": "orders.csv",
        "look_up": {"addresses": "number"},
        "entities": {
            "orders": {
                "columns": {"order_id": "id", "customer_ref": "who", "ordered_at": "day", "email": "addresses.mail"}
            }
        },
    }
    desk = Desk(tmp_path, orders, {"match": "addresses.csv", "lookups": lookup})
    with pytest.raises(
        ConfigError, match="its key `number` is not what this entry maps to customer_ref or email or phone"
    ):
        load_mapping(desk.mapping)


def test_look_ups_in_a_circle_are_refused(tmp_path: Path) -> None:
    sends = {**SENDS, "lookups": {"sends": {"about": "other", "key": "id", "columns": {"day": "campaigns.sent_at"}}}}
    late = {"name": "late", "why": "not needed", "where": "sends.day > sent"}
    desk = Desk(tmp_path, sends, {**CAMPAIGNS, "look_up": {"sends": "id"}, "skips": [late]})
    with pytest.raises(
        ConfigError,
        match=r"mapping\.yml:5: the look-ups depend on each other in a circle: campaigns -> sends -> campaigns",
    ):
        load_mapping(desk.mapping)
