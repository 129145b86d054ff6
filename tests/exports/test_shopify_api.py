"""Orders of Shopify's interface: REST, GraphQL, bulk operations, and what other tools write of them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.exports.exported import EXPORTS, land_export
from tests.pipeline.landing_desk import Desk

ORDER = "9007199254740993"  # 2 ** 53 + 1: no floating-point number is equal to it
LINES = "order_id, line_id, product_id, quantity, unit_price, discount, currency"
RETURNS = "return_id, order_id, returned_at, amount, amount_basis, currency, reason"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return land_export("shopify_api", tmp_path_factory.mktemp("shopify_api"))


def of(desk: Desk, entity: str, columns: str, files: str) -> list[tuple[object, ...]]:
    return desk.query(
        f"select {columns} from landed('{entity}') where file_name like '{files}%' order by file_name, record, 1, 2"
    )


def test_rest_orders_keep_large_numbers_and_an_imported_order_its_day(shop: Desk) -> None:
    columns = "order_id, customer_ref, email, ordered_at, status, channel, store_id, is_test, coupon_code"
    assert of(shop, "orders", columns, "orders_rest") == [
        (
            *(ORDER, "7052231180001", "ada@example.com", "2024-03-31 01:30:00", "partially_refunded", "web"),
            *(None, "false", "SPRING"),
        ),
        ("5724598100002", None, "bo@example.com", "2024-04-01 06:00:00", "paid", "pos", "301", "true", None),
    ]
    assert of(shop, "orders", "discount, tax, shipping, total, currency", "orders_rest")[0] == (
        # in the currency of the shop, not in that of the customer; 4.90 of shipping and 5.00 of discount have a part of
        # the tax (taxes_included): 7.97 / 49.90 of them
        *("4.20", "7.97", "4.12", "49.90", "EUR"),
    )


def test_the_price_of_a_unit_is_not_multiplied_and_all_discounts_of_a_line_count(shop: Desk) -> None:
    assert of(shop, "order_lines", LINES, "orders_rest") == [
        # 3.50 and 1.50 with the tax (taxes_included)
        (ORDER, "9007199254740995", "CUP-1", "3", "10.00", "2.94", "EUR"),
        (ORDER, "9007199254740996", "Tea", "1", "20.00", "1.26", "EUR"),
    ]
    assert of(shop, "order_lines", "line_id, total, tax", "orders_rest") == [
        ("9007199254740995", "26.5000", "4.2600"),  # 3 x 10.00 - 3.50
        ("9007199254740996", "18.5000", "2.9500"),
    ]
    assert of(shop, "order_lines", "total, tax", "bulk") == [(None, None)]  # a line of its own does not say it


def test_a_refund_counts_on_the_day_on_which_it_was_processed_with_what_was_paid_back(shop: Desk) -> None:
    # a transaction that failed and a restocking without money are no refunds
    assert of(shop, "returns", RETURNS, "orders_rest") == [
        ("9007199254740997", ORDER, "2024-04-09 11:00:00", "8.83", "gross", "EUR", "broken")
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        # the vendor's total of shipping is that before discounts: 4.90 of 9.90 were a discount on shipping
        ({"subtotal_price": "45.00", "taxes_included": False, "total_price": "52.97", "total_discounts": "9.90"},
         ("5.0000", "7.97", "0.0000", "52.97")),
        ({"subtotal_price": "45.00", "total_price": "45.00", "total_discounts": "9.90"},
         ("4.11", "7.97", "0.00", "45.00")),
        # a tip of 2.00 is no value of goods either
        ({"subtotal_price": "45.00", "taxes_included": False, "total_price": "59.87"},
         ("5.00", "7.97", "6.9000", "59.87")),
        # without the subtotal, and with amounts that staging rejects
        ({"taxes_included": False, "total_price": "57.87"}, ("5.00", "7.97", "4.90", "57.87")),
        ({"subtotal_price": "45.00", "total_price": "49,90"}, ("5.00", "7.97", "4.90", "49,90")),
        ({"subtotal_price": "45.00", "total_discounts": "5,00"}, ("5,00", "7.97", "4.12", "49.90")),
        ({"subtotal_price": "45.00", "taxes_included": False, "total_price": "52.97", "total_discounts": "9,90"},
         ("9,90", "7.97", "0.0000", "52.97")),
        ({"subtotal_price": "45.00", "total_shipping_price_set": {"shop_money": {"amount": "4,90"}}},
         ("4.20", "7.97", "4,90", "49.90")),
        # a discount that is not stated stays unknown; shipping is what the total has beside goods and tax
        ({"subtotal_price": "45.00", "total_discounts": None}, (None, "7.97", "4.12", "49.90")),
        ({"subtotal_price": "45.00", "taxes_included": False, "total_price": "57.87", "total_shipping_price_set": None},
         ("5.00", "7.97", "4.9000", "57.87")),
    ],
    ids=["free", "free_and_tax_included", "tip", "without_subtotal", "unreadable", "unreadable_discount",
         "unreadable_discount_of_free", "unreadable_shipping", "without_discount", "without_shipping"],
)  # fmt: skip
def test_shipping_is_what_the_total_has_beside_goods_and_tax(
    tmp_path: Path, changed: dict[str, object], expected: tuple[str | None, ...]
) -> None:
    document = json.loads((EXPORTS / "shopify_api" / "orders_rest_1.json").read_text(encoding="utf-8"))
    document["orders"] = [{**document["orders"][0], **changed}]
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: shopify_api\n", encoding="utf-8")
    desk.put("orders_1.json", json.dumps(document))
    desk.land()
    assert desk.rows("orders", "discount, tax, shipping, total") == [expected]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"discount_allocations": [{"amount": "3,00"}, {"amount": "0.50"}]}, ("3,00", "29.5000", "4.2600")),
        ({"tax_lines": [{"price": "4.00"}, {"price": "0,26"}]}, ("2.97", "26.5000", "0,26")),
        ({"tax_lines": []}, ("3.50", "26.5000", "0.0000")),
        ({"tax_lines": None}, ("3.50", None, None)),  # not stated, so not 0
    ],
    ids=["discount", "tax", "no_tax", "unknown_tax"],
)
def test_an_amount_of_a_line_that_cannot_be_read_is_kept_for_staging_instead_of_being_left_out_of_the_sum(
    tmp_path: Path, changed: dict[str, object], expected: tuple[str | None, ...]
) -> None:
    document = json.loads((EXPORTS / "shopify_api" / "orders_rest_1.json").read_text(encoding="utf-8"))
    order = document["orders"][0]
    document["orders"] = [{**order, "line_items": [{**order["line_items"][0], **changed}]}]
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: shopify_api\n", encoding="utf-8")
    desk.put("orders_1.json", json.dumps(document))
    desk.land()
    assert desk.rows("order_lines", "discount, total, tax") == [expected]


def test_a_refund_in_another_form_is_kept_for_staging_instead_of_being_no_refund(tmp_path: Path) -> None:
    rest = (EXPORTS / "shopify_api" / "orders_rest_1.json").read_text(encoding="utf-8")
    bulk = (EXPORTS / "shopify_api" / "bulk-1.jsonl").read_text(encoding="utf-8")
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: shopify_api\n", encoding="utf-8")
    assert '"6.00"' in rest
    desk.put("orders_1.json", rest.replace('"6.00"', '"6,00"'))
    order, line = bulk.splitlines()
    assert '"20.0"' in order and '"allocatedAmountSet": {"shopMoney": {"amount": "10.0"' in line
    desk.put(
        "bulk_1.jsonl",
        order.replace('"20.0"', '"20,0"')
        + "\n"
        + line.replace(
            '"allocatedAmountSet": {"shopMoney": {"amount": "10.0"',
            '"allocatedAmountSet": {"shopMoney": {"amount": "10,0"',
        ),
    )
    desk.land()
    assert sorted(desk.rows("returns", "return_id, amount")) == [("9007199254740997", "6,00"), ("905", "20,0")]
    assert desk.query("select discount from landed('order_lines') where order_id = '5724598100005'") == [("10,0",)]


@pytest.mark.parametrize(
    ("files", "order", "customer", "line"),
    [
        ("graphql_edges", "5724598100003", "7052231180001", "14237512345671"),
        ("graphql_nodes", "5724598100004", None, "14237512345671"),
        ("bulk", "5724598100005", "7052231180001", "14237512345675"),
    ],
)
def test_graphql_orders_and_lines(shop: Desk, files: str, order: str, customer: str | None, line: str) -> None:
    columns = "order_id, customer_ref, email, ordered_at, status, currency, discount, tax, shipping, total, coupon_code"
    assert of(shop, "orders", columns, files) == [
        (
            *(order, customer, "ada@example.com", "2024-04-02 16:00:00", "partially_refunded", "EUR"),
            *("10.0", "15.97", "0.0", "100.0", "SPRING"),
        )
    ]
    assert of(shop, "order_lines", LINES, files) == [(order, line, "CUP-1", "11", "10.0", "10.00", "EUR")]


def test_graphql_refunds_are_dated_by_processed_at_and_empty_ones_left_out(shop: Desk) -> None:
    refund = ("2024-04-12 10:00:00", "20.0", "gross", "EUR", None)
    assert of(shop, "returns", RETURNS, "graphql") == [("901", "5724598100003", *refund)]
    assert of(shop, "returns", RETURNS, "bulk") == [("905", "5724598100005", *refund)]


def test_customers(shop: Desk) -> None:
    columns = "customer_ref, name, email, phone, signed_up_at, country, region, city, consent_email, consent_sms"
    assert of(shop, "customers", columns, "customers_rest") == [
        (
            *("7052231180001", "Ada Example", "ada@example.com", "+4930123456", "2024-01-05 08:00:00"),
            *("DE", "BE", "Berlin", "true", None),
        )
    ]
    assert of(shop, "customers", "customer_ref, email", "airbyte") == [("21", "cy@example.com")]


@pytest.mark.parametrize(
    ("files", "numbers"), [("airbyte_orders", (11, 12, 13)), ("singer_orders", (14,)), ("dlt_orders", (15,))]
)
def test_what_other_tools_write_is_the_same_order(shop: Desk, files: str, numbers: tuple[int, ...]) -> None:
    """Airbyte: as an object, as text, and flattened. Singer: between other messages. dlt: with its columns."""
    columns = "order_id, customer_ref, ordered_at, shipping, total"
    assert of(shop, "orders", columns, files) == [
        (str(number), "7052231180001", "2024-03-31 01:30:00", "4.12", "49.90") for number in numbers
    ]
    assert of(shop, "order_lines", LINES, files) == [
        (str(number), f"{number}0", "CUP-1", "3", "10.00", "2.94", "EUR") for number in numbers
    ]
    assert of(shop, "returns", "return_id, order_id, amount", files) == [
        (f"{number}00", str(number), "8.83") for number in numbers
    ]


def test_messages_of_a_singer_tap_that_are_no_records_are_counted(shop: Desk) -> None:
    query = "select distinct file_name, records, skipped_records from landed('ledger') where skipped_records > 0"
    assert shop.query(query) == [("singer_orders.jsonl", 3, 2)]


def test_parquet_of_airbyte_or_dlt_with_nested_values_as_text_and_without_some_columns(tmp_path: Path) -> None:
    order = json.loads((EXPORTS / "shopify_api" / "orders_rest_1.json").read_text(encoding="utf-8"))["orders"][0]
    kept = ("id", "email", "processed_at", "created_at", "financial_status", "currency", "total_price", "updated_at")
    nested = {
        name: json.dumps(order[name]) for name in ("customer", "line_items", "refunds", "total_shipping_price_set")
    }
    row = {"_airbyte_raw_id": "0b1c", "_dlt_id": "x1", **{name: order[name] for name in kept}, **nested}
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: shopify_api\n", encoding="utf-8")
    pq.write_table(pa.Table.from_pylist([row]), desk.inbox / "orders.parquet")
    desk.land()
    assert desk.rows("orders", "order_id, customer_ref, ordered_at, shipping, total, tax") == [
        (ORDER, "7052231180001", "2024-03-31 01:30:00", "4.90", "49.90", None)
    ]
    assert desk.rows("order_lines", LINES, "line_id")[0] == (
        *(ORDER, "9007199254740995", "CUP-1", "3", "10.00", "3.50", "EUR"),
    )
    assert desk.rows("returns", "return_id, amount") == [("9007199254740997", "8.83")]
