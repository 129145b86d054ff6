"""Each built-in mapping of a vendor takes a file in the vendor's layout, and every value lands where it belongs."""

import hashlib
import json
import re
import shutil
import textwrap
from pathlib import Path

import pytest

from pipelines.config.settings import project_root
from pipelines.landing import SourceFiles, land, load_mapping
from tests.exports.exported import EXPORTS, land_export
from tests.pipeline.landing_desk import TODAY, Desk

SAMPLE = {"sample", "crm", "survey_tool"}  # tests of the sample run them


def test_every_built_in_mapping_has_an_export_that_is_tested() -> None:
    built_in = {path.stem for path in (project_root() / "pipelines" / "landing" / "mappings").glob("*.yml")}
    assert {path.name for path in EXPORTS.iterdir() if path.is_dir() and path.name[0] != "_"} == built_in - SAMPLE


def test_shopify_orders(tmp_path: Path) -> None:
    desk = land_export("shopify", tmp_path)
    assert desk.rows("orders", "order_id, email, ordered_at, status, channel, currency") == [
        ("#1001", "ada@example.com", "2024-03-01 08:15:02", "partially_refunded", "web", "EUR"),
        ("#1002", None, "2024-03-30 23:30:00", "paid", "pos", "EUR"),  # in the night on which the clocks change
        ("#1003", "bo@example.com", "2024-04-02 16:00:00", "voided", "web", "EUR"),
        ("#1004", "ada@example.com", "2024-04-03 06:00:00", "pending", "web", "EUR"),
    ]
    # Only the first line of an order has its total, so that three items are one order. Prices include 19 % of tax:
    # the shipping of 4.90 has 0.78 of it, and the goods are worth 49.90 - 7.97 - 4.12 = 45.00 / 1.19. The discount of
    # 5.00 has 0.80 of it.
    assert desk.rows("orders", "order_id, discount, tax, shipping, total") == [
        ("#1001", "4.20", "7.97", "4.12", "49.90"),
        ("#1002", "0.00", "1.92", "0.00", "12.00"),
        ("#1003", "0.00", "4.77", "4.12", "29.90"),
        ("#1004", "0.00", "4.77", "4.12", "29.90"),
    ]
    assert desk.rows("orders", "order_id, paid_at, cancelled_at, store_id, coupon_code, phone")[:3] == [
        ("#1001", "2024-03-01 08:15:10", None, None, "SPRING", "+4930123456"),
        ("#1002", "2024-03-31 00:30:00", None, "Berlin", None, None),
        ("#1003", None, "2024-04-02 17:00:00", None, None, None),
    ]
    assert desk.rows("order_lines", "order_id, product_id, product_name, brand, quantity, unit_price, list_price")[
        :4
    ] == [
        ("#1001", "TEA-G", "Tea, green - 100 g", "Northwind", "2", "10.00", "12.00"),
        ("#1001", "CUP-1", "Cup", "Northwind", "1", "25.00", None),
        ("#1001", "SMP", "Sample", "Northwind", "1", "5.00", None),
        ("#1002", "Tea, green - 100 g", "Tea, green - 100 g", "Northwind", "1", "12.00", None),
    ]
    assert desk.rows("order_lines", "count(*)", "1") == [(6,)]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        # subtotal, shipping, taxes, total: prices without the tax; free shipping by a code, without and with the tax
        ("45.00,4.90,7.97,57.87", ("5.00", "7.97", "4.90", "57.87")),
        ("45.00,4.90,7.97,52.97", ("0.1000", "7.97", "0.00", "52.97")),
        ("45.00,4.90,7.18,45.00", ("0.08", "7.18", "0.00", "45.00")),
        ("45.00,4.90,0.00,45.00", ("0.1000", "0.00", "0.00", "45.00")),
        # amounts that do not add up, such as those with a tip, and amounts that staging rejects
        ("45.00,4.90,7.97,59.87", ("5.00", "7.97", "4.90", "59.87")),
        ("45.00,4.90,7.97,about 50", ("5.00", "7.97", "4.90", "about 50")),
    ],
)
def test_shipping_and_discount_of_a_shopify_export(tmp_path: Path, amounts: str, expected: tuple[str, ...]) -> None:
    """5.00 of discount: in free orders, 4.90 of them are on the shipping."""
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: shopify\n", encoding="utf-8")
    export = (EXPORTS / "shopify" / "orders_export.csv").read_text(encoding="utf-8")
    assert "45.00,4.90,7.97,49.90" in export
    desk.put("orders_export.csv", export.replace("45.00,4.90,7.97,49.90", amounts))
    desk.land(TODAY)
    assert desk.rows("orders", "order_id, discount, tax, shipping, total")[0] == ("#1001", *expected)


@pytest.mark.parametrize(
    ("amounts", "discount", "expected"),
    [
        ("45.00,4.90,7.97,49.90", '"5,00"', ("5,00", "7.97", "4.12", "49.90")),
        ("45.00,4.90,7.18,45.00", '"9,90"', ("9,90", "7.18", "0.00", "45.00")),
        ("45.00,4.90,7.97,52.97", '"9,90"', ("9,90", "7.97", "0.00", "52.97")),
        ("45.00,4.90,7.97,52.97", "", (None, "7.97", "0.00", "52.97")),
        ("45.00,,7.18,45.00", "5.00", ("4.20", "7.18", None, "45.00")),  # 5.00 * 37.82 / 45.00
    ],
)
def test_a_discount_of_a_shopify_export_that_is_unknown_or_cannot_be_read_is_not_replaced(
    tmp_path: Path, amounts: str, discount: str, expected: tuple[str | None, ...]
) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: shopify\n", encoding="utf-8")
    export = (EXPORTS / "shopify" / "orders_export.csv").read_text(encoding="utf-8")
    assert "45.00,4.90,7.97,49.90,SPRING,5.00" in export
    desk.put("orders_export.csv", export.replace("45.00,4.90,7.97,49.90,SPRING,5.00", f"{amounts},SPRING,{discount}"))
    desk.land(TODAY)
    assert desk.rows("orders", "order_id, discount, tax, shipping, total")[0] == ("#1001", *expected)


def test_a_refund_of_a_shopify_export_has_no_date_and_belongs_to_its_order(tmp_path: Path) -> None:
    columns = "return_id, order_id, returned_at, amount, amount_basis, currency, kind"
    assert land_export("shopify", tmp_path).rows("returns", columns) == [
        ("#1001-refunded", "#1001", None, "20.00", "gross", "EUR", "refund")
    ]


def test_a_refund_in_another_form_is_kept_for_staging_instead_of_being_no_refund(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: shopify\n", encoding="utf-8")
    export = (EXPORTS / "shopify" / "orders_export.csv").read_text(encoding="utf-8")
    assert ",20.00," in export
    desk.put("orders_export_1.csv", export.replace(",20.00,", ',"20,00",', 1))
    desk.land()
    assert desk.rows("returns", "return_id, amount") == [("#1001-refunded", "20,00")]


def test_shopify_customers(tmp_path: Path) -> None:
    columns = "customer_ref, name, email, phone, country, city, account_ref, consent_email, consent_sms"
    assert land_export("shopify", tmp_path).rows("customers", columns) == [
        ("7052231180001", "Ada Example", "ada@example.com", "+4930123456", "DE", "Berlin", None, "true", "false"),
        ("7052231180002", "Bo", "bo@example.com", "+43123456", "AT", "Wien", "Bo GmbH", "false", "false"),
    ]


def test_an_older_export_of_shopify_customers_has_other_column_names(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: shopify\n", encoding="utf-8")
    header = "First Name,Last Name,Email,Company,Address1,Address2,City,Province,Province Code,Country,Country Code,Zip"
    row = "Ada,Example,Ada@example.com,Tea GmbH,Road 1,,Berlin,Berlin,BE,Germany,DE,10115,'+4930123456,yes,10.00,1,,,no"
    more = "Phone,Accepts Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt"
    desk.put("customers_export.csv", f"{header},{more}\n{row}\n")
    desk.land()
    columns = "customer_ref, name, email, phone, country, region, city, account_ref, consent_email, consent_sms"
    digest = hashlib.md5(b"ada@example.com", usedforsecurity=False).hexdigest()
    assert desk.rows("customers", columns) == [
        (digest, "Ada Example", "ada@example.com", "+4930123456", "DE", "BE", "Berlin", "Tea GmbH", "true", None)
    ]


def test_woocommerce(tmp_path: Path) -> None:
    desk = land_export("woocommerce", tmp_path)
    # the same order with other numbers, as Airbyte writes it, is the first file
    assert desk.rows("orders", "order_id, customer_ref, email, ordered_at, paid_at, status, channel") == [
        ("900", "26", "ada@example.com", "2024-03-31 00:30:00", "2024-03-31 00:31:00", "completed", "checkout"),
        ("727", "26", "ada@example.com", "2024-03-31 00:30:00", "2024-03-31 00:31:00", "completed", "checkout"),
        ("728", None, "bo@example.com", "2024-04-03 07:00:00", None, "pending", "checkout"),
    ]
    assert desk.rows("orders", "order_id, discount, tax, shipping, total, coupon_code") == [
        ("900", "5.00", "9.31", "4.00", "58.31", "spring"),
        ("727", "5.00", "9.31", "4.00", "58.31", "spring"),
        ("728", "0.00", "2.85", "0.00", "17.85", None),
    ]
    # the total of two cups is that of both: 27.00 and 5.13 of tax
    assert desk.rows("order_lines", "order_id, line_id, product_id, quantity, discount, total, tax") == [
        ("900", "1315", "CUP-1", "2", "3.00", "32.13", "5.13"),
        ("900", "1316", "22", "1", "2.00", "21.42", "3.42"),
        ("727", "315", "CUP-1", "2", "3.00", "32.13", "5.13"),
        ("727", "316", "22", "1", "2.00", "21.42", "3.42"),
        ("728", "317", "CUP-1", "1", "0.00", "17.85", "2.85"),
    ]
    assert desk.rows("returns", "return_id, order_id, returned_at, amount, amount_basis, currency, reason") == [
        ("1801", "900", "2024-04-02 08:00:00", "16.07", "gross", "EUR", "broken"),
        ("801", "727", "2024-04-02 08:00:00", "16.07", "gross", "EUR", "broken"),
    ]


def test_people_whom_woocommerce_has_erased_are_not_one_customer(tmp_path: Path) -> None:
    """An eraser of the shop gives all of them the customer 0, one e-mail address and a phone number of zeros."""
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: woocommerce\n", encoding="utf-8")
    billing = {"first_name": "[deleted]", "email": "deleted@site.invalid", "phone": "+00000000000", "city": "[deleted]"}
    erased = {"customer_id": 0, "billing": billing, "status": "completed", "currency": "EUR", "total": "50.00"}
    guest = {**erased, "billing": {"email": "Bo@example.com", "phone": "+43123456"}}
    orders = [{"id": 1, **erased}, {"id": 2, **erased}, {"id": 3, **guest}]
    times = {"date_created_gmt": "2024-03-01T08:00:00", "date_modified_gmt": "2024-03-01T08:00:00"}
    desk.put("orders_1.json", json.dumps([{**order, **times} for order in orders]))
    desk.land()
    assert desk.rows("orders", "order_id, customer_ref, email, phone, total") == [
        ("1", None, None, None, "50.00"),
        ("2", None, None, None, "50.00"),
        ("3", None, "bo@example.com", "+43123456", "50.00"),
    ]


def test_stripe(tmp_path: Path) -> None:
    desk = land_export("stripe", tmp_path)
    assert desk.rows("orders", "order_id, customer_ref, email, ordered_at, status, currency, total") == [
        ("ch_3Oa1", "cus_P1", "ada@example.com", "2024-03-01 08:15:02", "partially refunded", "EUR", "49.90"),
        ("ch_3Oa2", None, "bo@example.com", "2024-03-02 10:00:00", "failed", "EUR", "29.90"),
        ("ch_3Oa3", None, "bo@example.com", "2024-03-03 10:00:00", "paid", "USD", "15.00"),
    ]
    assert desk.rows("returns", "return_id, order_id, returned_at, amount, amount_basis, currency") == [
        ("ch_3Oa1-refunded", "ch_3Oa1", "2024-03-09 11:00:00", "20.00", "gross", "EUR")
    ]


def test_typeform(tmp_path: Path) -> None:
    desk = land_export("typeform", tmp_path, warnings=1)
    columns = "response_id, question_id, email, answered_at, construct, answer_number, scale_min, scale_max"
    assert desk.rows("survey_answers", columns)[2:] == [  # after those of the CSV file
        ("a1", "recommend", "ada@example.com", "2024-03-31 00:30:00", "nps", "9", "0", "10"),
        ("a2", "recommend", "bo@example.com", "2024-04-01 00:30:00", "nps", "3", "0", "10"),
        # the last response of a page is on the next one again: staging keeps one row of a key
        ("a2", "recommend", "bo@example.com", "2024-04-01 00:30:00", "nps", "3", "0", "10"),
        ("a3", "recommend", None, "2024-04-02 00:30:00", "nps", "10", "0", "10"),
    ]
    assert desk.rows("ledger", "file_name, records, unreadable_records, skipped_records")[1:] == [
        ("responses_page_1.json", 3, 0, 1),
        ("responses_page_2.json", 2, 0, 0),
    ]


def test_other_questions_of_a_typeform_are_taken_as_the_documentation_says(tmp_path: Path) -> None:
    text = (project_root() / "docs" / "sources.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n( *extends: typeform\n[^`]*each:.*?)```", text, re.DOTALL)
    desk = land_export("typeform", tmp_path, warnings=1, mapping=textwrap.dedent(example))
    assert desk.rows("survey_answers", "question_id, construct, answer_number, scale_max", "1, 3")[2:4] == [
        ("quality", "product_quality", "4", "5"),
        ("recommend", "nps", "10", "10"),
    ]


def test_delighted_and_an_unknown_kind_of_survey_is_quarantined(tmp_path: Path) -> None:
    desk = land_export("delighted", tmp_path, warnings=1)
    columns = (
        "response_id, customer_ref, email, answered_at, updated_at, construct, answer_number, scale_max, answer_text"
    )
    assert desk.rows("survey_answers", columns) == [
        ("65f1", "501", "ada@example.com", *["2024-03-31 00:30:00"] * 2, "nps", "9", "10", "Quick delivery"),
        ("65f2", "502", "bo@example.com", "2024-04-01 00:30:00", "2024-04-02 00:30:00", "csat", "2", "5", None),
    ]
    assert desk.rows("unreadable", "record, rule") == [(3, "LND-009")]


def test_a_message_about_a_built_in_mapping_says_that_changes_belong_into_an_own_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    shutil.copytree(EXPORTS / "delighted", desk.inbox, dirs_exist_ok=True)
    built_in = SourceFiles(load_mapping("delighted"), desk.inbox)
    (warning,) = land(desk.home, [built_in], today=TODAY).warnings
    assert "`smileys` (1)" in warning and warning.endswith(
        "in your own mapping that extends this one (docs/sources.md)"
    )
