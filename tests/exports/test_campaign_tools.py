"""Exports of campaign tools: who was sent, opened and clicked what, and when."""

import json
from hashlib import md5
from pathlib import Path

import pytest

from pipelines.landing import RefusedFiles
from tests.exports.exported import land_export
from tests.pipeline.landing_desk import Desk

COLUMNS = "customer_ref, campaign_id, action, touched_at"


def hashed(email: str) -> str:
    return md5(email.encode(), usedforsecurity=False).hexdigest()


def test_klaviyo_touches_of_events_and_of_lists_of_recipients(tmp_path: Path) -> None:
    desk = land_export("klaviyo", tmp_path)
    cy = hashed("cy@example.com")
    assert desk.rows("campaign_touches", COLUMNS) == [
        ("01HA", "01HMSG", "clicked", "2024-04-01 09:05:00"),
        ("01HA", "01HMSG", "opened", "2024-04-01 09:00:00"),
        (cy, "Spring", "opened", "2024-04-01 09:30:00"),
        (cy, "Spring", "opened", "2024-04-01 10:30:00"),
        ("01HA", "01HMSG", "sent", "2024-04-01 08:00:00"),
        ("01HB", "01HMSG", "sent", "2024-04-01 08:00:05"),
    ]
    # a mail program that loads pictures is no reader
    assert desk.query("select file_name, skipped_records from landed('ledger') where skipped_records > 0") == [
        ("opened_email_1.json", 1)
    ]


def test_klaviyo_profiles_and_recipients_that_are_known_by_their_e_mail_only(tmp_path: Path) -> None:
    desk = land_export("klaviyo", tmp_path)
    columns = "customer_ref, name, email, phone, signed_up_at, country, region, city, consent_email, updated_at"
    assert desk.query(f"select distinct {columns} from landed('customers') order by email") == [
        (
            *("01HA", "Ada Example", "ada@example.com", "+4930123456", "2024-01-05 08:00:00", "Germany", "Berlin"),
            *("Berlin", "true", "2024-04-05 08:00:00"),
        ),
        (
            *("01HB", "Bo", "bo@example.com", None, "2024-01-06 08:00:00", "Austria", None, None, None),
            "2024-01-06 08:00:00",
        ),
        (hashed("cy@example.com"), None, "cy@example.com", *[None] * 7),
        (
            *("01HD", "Dee Example", "dee@example.com", "+4369912345", "2024-02-01 08:00:00", "Austria", "Wien"),
            *("Wien", "false", "2024-03-01 08:00:00"),
        ),
    ]


def test_a_suppressed_profile_of_klaviyo_has_no_consent_even_if_it_subscribed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: klaviyo\n", encoding="utf-8")
    header = "Email,Klaviyo ID,Email Marketing Consent,Email Suppressions"
    rows = (
        "a@example.com,C1,SUBSCRIBED,",
        "b@example.com,C2,SUBSCRIBED,SPAM_COMPLAINT",
        "c@example.com,C3,,HARD_BOUNCE",
    )
    desk.put("list_all.csv", "\n".join([header, *rows]) + "\n")
    reasons: dict[str, tuple[str, bool, list[dict[str, str]]]] = {
        "J1": ("SUBSCRIBED", True, []),
        "J2": ("SUBSCRIBED", False, [{"reason": "USER_SUPPRESSED", "timestamp": "2024-03-01T08:00:00+00:00"}]),
        "J3": ("NEVER_SUBSCRIBED", True, []),
    }
    profiles = [
        {
            "id": name,
            "attributes": {
                "email": f"{name}@example.com",
                "subscriptions": {
                    "email": {
                        "marketing": {
                            "consent": consent,
                            "can_receive_email_marketing": can_receive,
                            "suppression": suppression,
                        }
                    }
                },
            },
        }
        for name, (consent, can_receive, suppression) in reasons.items()
    ]
    desk.put("profiles_1.json", json.dumps({"data": profiles}))
    desk.land()
    assert dict(desk.rows("customers", "customer_ref, consent_email")) == {
        "C1": "true",
        "C2": "false",
        "C3": "false",
        "J1": "true",
        "J2": "false",
        "J3": None,
    }


def test_a_click_of_a_program_is_no_click_of_the_customer(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: klaviyo\n", encoding="utf-8")
    properties: list[dict[str, object]] = [{"Bot Click": True}, {"Bot Click": False}, {}]
    events = [
        {
            "id": f"e{number}",
            "attributes": {"datetime": "2024-04-01T11:05:00+02:00", "event_properties": {"$message": "01H", **more}},
            "relationships": {"profile": {"data": {"id": "01HA"}}},
        }
        for number, more in enumerate(properties)
    ]
    desk.put("clicked_email_1.json", json.dumps({"data": events}))
    desk.land()
    assert desk.rows("campaign_touches", "touch_id, action") == [("e1", "clicked"), ("e2", "clicked")]
    assert desk.query("select skipped_records from landed('ledger')") == [(1,)]


def test_a_list_of_recipients_without_any_time_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: klaviyo\n", encoding="utf-8")
    desk.put("opened_spring.csv", "Email,Campaign Name\nada@example.com,Spring\n")
    with pytest.raises(RefusedFiles, match=r"from which campaign_touches\.touched_at is made"):
        desk.land()


def test_mailchimp_touches_of_the_api_and_of_the_export_of_the_account(tmp_path: Path) -> None:
    desk = land_export("mailchimp", tmp_path)
    ada = hashed("ada@example.com")
    assert desk.rows("campaign_touches", COLUMNS, "touched_at") == [
        (ada, "42_spring", "opened", "2024-04-01 09:00:00"),
        (ada, "42_spring", "clicked", "2024-04-01 09:05:00"),
        (ada, "42694e9e57", "opened", "2024-04-03 09:00:00"),
        (ada, "42694e9e57", "clicked", "2024-04-03 09:05:00"),
    ]
    # who neither opened nor clicked is a customer without a touch, and no unreadable record
    assert desk.query("select max(unreadable_records), max(skipped_records) from landed('ledger')") == [(0, 0)]
    assert desk.rows("customers", "count(*)", "1") == [(9,)]


def test_a_member_of_a_mailchimp_audience_is_linked_with_its_touches_and_the_last_consent_counts(
    tmp_path: Path,
) -> None:
    desk = land_export("mailchimp", tmp_path)
    columns = "customer_ref, person_ref, name, email, phone, signed_up_at, country, consent_email, updated_at"
    assert desk.query(
        f"select {columns} from landed('customers') where person_ref is not null order by updated_at"
    ) == [
        (
            *("55331254", hashed("bo@example.com"), "Bo", "bo@example.com", None, "2023-02-05 08:00:00", None, "true"),
            "2023-02-05 08:00:00",
        ),
        (
            *("55331253", hashed("ada@example.com"), "Ada Example", "ada@example.com", "+4930123456"),
            *("2023-01-05 08:01:00", "DE", "true", "2024-04-01 08:00:00"),
        ),
        (
            *("55331254", hashed("bo@example.com"), "Bo", "bo@example.com", None, "2023-02-05 08:00:00", None, "false"),
            "2024-04-02 08:00:00",
        ),
        (
            *("55331255", hashed("gone@example.com"), "Gus", "gone@example.com", None, "2023-03-05 08:01:00", None),
            *("false", "2024-04-03 08:00:00"),
        ),
    ]


@pytest.mark.parametrize(("tool", "touches"), [("klaviyo", 6), ("mailchimp", 4)])
def test_a_second_export_under_another_file_name_has_the_same_touches(tmp_path: Path, tool: str, touches: int) -> None:
    desk = land_export(tool, tmp_path)
    for file in [one for one in desk.inbox.rglob("*") if one.is_file()]:
        # the name of Mailchimp's files of opens and clicks is that of the campaign
        again = " (1)" if file.parent.name in ("opens", "clicks") else "_again"
        file.with_name(f"{file.stem}{again}{file.suffix}").write_bytes(file.read_bytes() + b"\n")
    desk.land()
    count = "select count(*), count(distinct touch_id) from landed('campaign_touches')"
    assert desk.query(count) == [(2 * touches, touches)]


def test_contacts_of_mailchimp_who_never_subscribed_do_not_consent_and_sends_are_ignored(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: mailchimp\n", encoding="utf-8")
    header = "Email Address,First Name,Last Name,OPTIN_TIME,CONFIRM_TIME,LAST_CHANGED,LEID"
    desk.put("nonsubscribed_email_audience_export_1.csv", f"{header}\neve@example.com,Eve,,,,2024-04-01 08:00:00,7\n")
    desk.put("granular_activity/sends/42_spring.csv", "Email,Title\neve@example.com,Spring\n")
    desk.land()
    assert desk.rows("customers", "customer_ref, email, consent_email") == [("7", "eve@example.com", "false")]


def test_an_address_of_mailchimp_that_was_cleaned_after_it_subscribed_has_no_consent(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: mailchimp\n", encoding="utf-8")
    header = "Email Address,First Name,Last Name,OPTIN_TIME,CONFIRM_TIME,LAST_CHANGED,LEID"
    row = "gone@example.com,Gus,,2023-03-05 08:00:00,2023-03-05 08:01:00,{changed},7\n"
    desk.put("subscribed_email_audience_export_1.csv", f"{header}\n{row.format(changed='2023-03-05 08:01:00')}")
    desk.put("cleaned_email_audience_export_2.csv", f"{header}\n{row.format(changed='2024-04-03 08:00:00')}")
    desk.land()
    assert desk.rows("customers", "customer_ref, email, consent_email, updated_at", "updated_at") == [
        ("7", "gone@example.com", "true", "2023-03-05 08:01:00"),
        ("7", "gone@example.com", "false", "2024-04-03 08:00:00"),
    ]


def test_two_campaigns_that_one_person_opened_in_the_same_second_are_two_touches(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: mailchimp\n", encoding="utf-8")
    content = "Timestamp,Email,IP\n2024-04-01 09:00:00,ada@example.com,203.0.113.1\n"
    for name in ("42_spring.csv", "43_summer sale.csv", "42_spring (1).csv"):
        desk.put(f"granular_activity/opens/{name}", content)
    desk.land()
    ada = hashed("ada@example.com")
    assert desk.rows("campaign_touches", COLUMNS) == [
        (ada, "42_spring", "opened", "2024-04-01 09:00:00"),
        (ada, "43_summer sale", "opened", "2024-04-01 09:00:00"),
    ]
    assert desk.query("select count(distinct touch_id) from landed('campaign_touches')") == [(2,)]
