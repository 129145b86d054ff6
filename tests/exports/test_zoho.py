"""Zoho CRM: exports by display labels, old and new, and by the API names of bulk read; pages of the interface."""

from pathlib import Path

import pytest

from tests.exports.exported import land_export
from tests.pipeline.landing_desk import Desk

BERLIN = "extends: zoho\ntimezone: Europe/Berlin\n"
ADA, BO, ACCOUNT = "4970762000000348015", "4970762000000348016", "4970762000000300001"


@pytest.fixture(scope="module")
def zoho(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return land_export("zoho", tmp_path_factory.mktemp("zoho"), warnings=1, mapping=BERLIN)


def test_contacts_of_old_and_new_exports_and_of_bulk_read_have_one_number(zoho: Desk) -> None:
    where = "landed('customers') where file_name like 'Contacts%' order by file_name, record"
    assert zoho.query(f"select file_name, customer_ref, account_ref, name, email, phone from {where}") == [
        ("Contacts_001.csv", "4970762000000348017", None, "Cy Old", "cy@example.com", None),
        ("Contacts_2024_05_01.csv", ADA, ACCOUNT, "Ada Example", "ada@example.com", "+49 170 1234567"),
        ("Contacts_2024_05_01.csv", BO, None, "Bo", "bo@example.com", "+43 1 23456"),
        ("Contacts_bulk.csv", ADA, ACCOUNT, "Ada Example", "ada@example.com", "+49 170 1234567"),
    ]
    columns = "birth_date, country, region, city, owner, acquisition_channel, consent_email"
    assert zoho.query(f"select {columns} from {where}")[1:] == [
        ("1980-02-29", "Germany", "Berlin", "Berlin", "Sam Seller", "trade show", "false"),
        (None, None, None, None, "Sam Seller", None, None),  # no opt-out is no consent
        ("1980-02-29", "Germany", "Hamburg", "Hamburg", "4970762000000000999", "trade show", "false"),
    ]


def test_times_of_an_export_are_local_and_those_of_bulk_read_have_an_offset(zoho: Desk) -> None:
    query = "select signed_up_at, updated_at from landed('customers') where customer_ref = '{}' order by file_name"
    assert zoho.query(query.format(ADA)) == [
        ("2023-01-05 08:00:00", "2024-04-30 15:45:10"),
        ("2023-01-05 09:00:00", "2024-05-02 11:08:39"),
    ]


def test_an_account_is_a_customer_without_the_phone_of_its_switchboard(zoho: Desk) -> None:
    columns = "account_ref, name, phone, segment, industry, country, region, city, owner"
    assert zoho.query(f"select {columns} from landed('customers') where customer_ref = '{ACCOUNT}'") == [
        (ACCOUNT, "Example GmbH", None, "Customer", "Retail", "Germany", "Berlin", "Berlin", "Sam Seller")
    ]


def test_only_a_deal_that_is_won_is_paid_and_an_open_one_is_dated_by_its_creation(zoho: Desk) -> None:
    assert zoho.rows("orders", "order_id, customer_ref, ordered_at, status, currency, gross, updated_at") == [
        ("4970762000000500001", ADA, "2024-03-30 23:00:00", "paid", "EUR", "1200.50", "2024-03-31 16:00:00"),
        ("4970762000000500002", ACCOUNT, "2024-04-01 06:00:00", "open", "EUR", "90", "2024-04-02 06:00:00"),
        ("4970762000000500003", BO, "2024-02-01 07:00:00", "cancelled", "EUR", "70", "2024-02-15 07:00:00"),
    ]


def test_cases_and_a_type_that_nobody_explained_is_quarantined(zoho: Desk) -> None:
    columns = "case_id, customer_ref, email, channel, opened_at, kind, priority, status, category, body, resolution"
    assert zoho.rows("cases", columns) == [
        (
            *("4970762000000600001", ADA, "ada@example.com", "phone", "2024-04-10 08:00:00", "complaint"),
            *("high", "closed", "Delivery", "Late - Not here yet", "Sent again"),
        )
    ]
    assert zoho.rows("unreadable", "file_name, record, rule") == [("Cases_2024_05_01.csv", 2, "LND-009")]


def test_calls_meetings_and_done_tasks_are_interactions_of_contacts(zoho: Desk) -> None:
    columns = "interaction_id, customer_ref, occurred_at, kind, direction, subject, body, duration_s, agent"
    assert zoho.rows("interactions", columns) == [
        (
            *("4970762000000700001", ADA, "2024-04-01 08:00:00", "call", "outbound", "Order", "Interested", "605"),
            "Sam Seller",
        ),
        ("4970762000000700002", BO, "2024-04-02 08:00:00", "call", "inbound", "Question", None, "150", None),
        ("4970762000000710001", ADA, "2024-04-05 12:00:00", "visit", None, "Tasting", None, "5400", "Sam Seller"),
        ("4970762000000720001", ADA, "2024-04-07 07:00:00", "note", None, "Send a sample", None, None, "Sam Seller"),
    ]
    assert zoho.query(
        "select file_name, skipped_records from landed('ledger') where skipped_records > 0 order by 1"
    ) == [
        ("Calls_2024_05_01.csv", 2),
        ("Events_2024_05_01.csv", 1),
        ("Tasks_2024_05_01.csv", 1),
    ]


def test_sales_orders_instead_of_deals(tmp_path: Path) -> None:
    desk = land_export("zoho_sales_orders", tmp_path)
    assert desk.rows("orders", "order_id, customer_ref, ordered_at, status, discount, tax, total, currency") == [
        ("4970762000000510001", ADA, "2024-03-01 08:00:00", "approved", "10.00", "17.10", "107.10", "EUR"),
        ("4970762000000510002", ACCOUNT, "2024-03-03 08:00:00", "cancelled", None, None, "50.00", "EUR"),
    ]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return land_export("zoho_api", tmp_path_factory.mktemp("zoho_api"))


def test_contacts_and_accounts_of_the_interface_and_of_other_tools(api: Desk) -> None:
    columns = "customer_ref, email, account_ref, name, phone, birth_date, city, owner, acquisition_channel"
    rest = (ACCOUNT, "Ada Example", "+49 170 1234567", "1980-02-29", "Berlin", "Sam Seller", None)
    assert api.rows("customers", f"{columns}, consent_email, signed_up_at, updated_at", "customer_ref")[1:] == [
        (ADA, "ada@example.com", *rest, "false", "2021-08-01 07:00:00", "2021-08-04 11:08:39"),
        ("4970762000000348018", "dee@example.com", *rest, "false", "2021-08-01 07:00:00", "2021-08-04 11:08:39"),
        ("4970762000000348019", "eve@example.com", *rest, "false", "2021-08-01 07:00:00", "2021-08-04 11:08:39"),
    ]
    columns = "customer_ref, account_ref, name, phone, segment, industry, city"
    assert api.rows("customers", columns, "customer_ref")[0] == (
        *(ACCOUNT, ACCOUNT, "Example GmbH", None, "Customer", "Retail", "Berlin"),
    )


def test_deals_and_cases_of_the_interface(api: Desk) -> None:
    assert api.rows("orders", "order_id, customer_ref, ordered_at, status, currency, gross, updated_at") == [
        ("4970762000000500001", ADA, "2021-08-31 00:00:00", "paid", "EUR", "1200.5", "2021-08-04 11:08:39"),
        ("4970762000000500002", ACCOUNT, "2021-08-04 11:08:39", "open", "EUR", "90", "2021-08-04 11:08:39"),
    ]
    columns = "case_id, customer_ref, email, channel, opened_at, kind, priority, status, category, body, resolution"
    assert api.rows("cases", columns) == [
        (
            *("4970762000000600001", ADA, "ada@example.com", "phone", "2021-08-04 11:08:39", "complaint"),
            *("high", "closed", "Delivery", "Late - Not here yet", "Sent again"),
        )
    ]


def test_activities_of_the_interface_say_whether_they_are_with_a_contact_an_account_or_a_lead(api: Desk) -> None:
    columns = "interaction_id, customer_ref, occurred_at, kind, direction, subject, body, duration_s"
    assert api.rows("interactions", columns, "interaction_id") == [
        ("4970762000000700001", ADA, "2021-08-04 11:08:39", "call", "outbound", "Order", "Interested", "605"),
        ("4970762000000700002", ACCOUNT, "2021-08-04 11:08:39", "call", "inbound", "Price", None, "60"),
        ("4970762000000710001", ADA, "2021-08-05 11:00:00", "visit", None, "Tasting", None, "5400"),
        ("4970762000000720001", ADA, "2021-08-04 11:08:39", "note", None, "Send a sample", None, None),
        ("4970762000000730001", ADA, "2021-08-04 11:08:39", "note", None, "Taste", "Likes tea", None),
    ]
    query = "select file_name, skipped_records from landed('ledger') where skipped_records > 0 order by 1"
    assert api.query(query) == [("Calls_1.json", 1), ("Notes_1.json", 1), ("singer_contacts.jsonl", 1)]


def test_the_duration_of_a_call_with_hours_and_one_in_another_form(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: zoho\n", encoding="utf-8")
    durations = {"02:03": "123", "62:03": "3723", "1:02:03": "3723", "01:00:00": "3600", "": None}
    durations["12"] = "12 is not minutes and seconds"  # staging rejects it
    rows = "".join(f"c{number},1,2024-04-01 10:00:00,{text}\n" for number, text in enumerate(durations))
    desk.put("Calls_1.csv", f"Record Id,Contact Name.id,Call Start Time,Call Duration\n{rows}")
    desk.land()
    assert [found for (found,) in desk.rows("interactions", "duration_s")] == list(durations.values())


def test_deals_of_an_export_without_the_number_of_the_contact_are_said_to_belong_to_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text(BERLIN, encoding="utf-8")
    header, row = (
        "Record Id,Deal Name,Stage,Closing Date,Amount,Contact Name",
        "zcrm_1,Tea,Closed Won,2024-01-02,5.00,Ada",
    )
    desk.put("Deals_1.csv", f"{header}\n{row}\n{row.replace('_1', '_2')}\n")
    (warning,) = desk.land().warnings
    assert "Deals_1.csv: it lacks `Account Name.id`, `Account_Name`, `Contact Name.id`, `Contact_Name`" in warning
    assert "none of its orders has a customer (2 records)" in warning
    assert desk.rows("orders", "order_id, customer_ref") == [("1", None), ("2", None)]
