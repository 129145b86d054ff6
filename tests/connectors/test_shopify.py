"""Pulls from a shop of Shopify: after each fault, the files have what the shop has, and they land."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError, PullError
from tests.connectors.pulled_shop import QUICK, PulledShop, at
from tests.vendors.server import Reply
from tests.vendors.shopify import CLIENT_ID, CLIENT_SECRET, TOKEN, Record, Shopify, fill, item, money, serving_shopify


@pytest.fixture
def shop() -> Iterator[Shopify]:
    with serving_shopify(fill(Shopify(), 120)) as shop:
        yield shop


@pytest.fixture
def source(tmp_path: Path, shop: Shopify, monkeypatch: pytest.MonkeyPatch) -> PulledShop:
    monkeypatch.setenv("SHOPIFY_ACCESS_TOKEN", TOKEN)
    return PulledShop(tmp_path, "shopify", url=shop.url)


def last(source: PulledShop, name: str) -> dict[str, Record]:
    """The last version of each pulled record, by its ID."""
    return {one["id"]: one for one in sorted(source.records(name), key=lambda one: one["updatedAt"])}


def assert_equal(source: PulledShop, shop: Shopify) -> None:
    for name in ("orders", "customers", "products"):
        assert last(source, name) == shop.rows(name), name


@pytest.mark.parametrize("fault", ["204", "429", "500", "502", "slow", "drop", "cut", "repeat", "throttled"])
def test_after_a_fault_in_mid_read_the_files_have_what_the_shop_has(
    source: PulledShop, shop: Shopify, fault: str
) -> None:
    shop.on_request = at({2: fault, 3: fault, 6: fault})
    assert not source.pull().words
    assert_equal(source, shop)
    assert len(source.records("orders")) == 120


def test_2001_orders_are_read_and_the_second_pull_reads_what_has_changed(source: PulledShop, shop: Shopify) -> None:
    fill(shop, 2001)
    source.pull(page_size=250)
    assert_equal(source, shop)
    shop.now += timedelta(days=1)
    shop.put("orders", 7, note="changed")
    shop.put("orders", 9007199254740993)
    shop.now += timedelta(seconds=1)
    assert source.pull().records == 2
    assert_equal(source, shop)
    assert "gid://shopify/Order/9007199254740993" in last(source, "orders")


def test_items_and_refunds_with_more_than_one_page_are_complete(source: PulledShop, shop: Shopify) -> None:
    items = [item(number, "CUP-1", 1, "1.0") for number in range(1, 131)]
    paid = [{"id": f"gid://shopify/OrderTransaction/{number}", "kind": "REFUND"} for number in range(23)]
    refunds = [
        {"id": f"gid://shopify/Refund/{number}", "transactions": paid, "refundLineItems": []} for number in (1, 2)
    ]
    shop.put("products", 1, variants=[{"id": str(number), "sku": f"V{number}"} for number in range(70)])
    shop.put("orders", 500, lineItems=items, refunds=refunds)
    shop.now += timedelta(seconds=1)
    source.pull()
    assert_equal(source, shop)
    (order,) = [one for one in source.records("orders") if one["id"].endswith("/500")]
    assert len(order["lineItems"]["nodes"]) == 130
    assert [len(one["transactions"]["nodes"]) for one in order["refunds"]] == [23, 23]


def test_points_are_waited_for_instead_of_being_refused(
    source: PulledShop, shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.points, shop.rate = 60, 1_000
    for name in ("wait_seconds", "longest_wait_seconds"):  # all points are restored before a query is sent again
        monkeypatch.setitem(QUICK, name, 0.2)
    assert not source.pull().words
    assert_equal(source, shop)
    assert shop.throttled <= 2, "only a query whose cost was not known"


def test_a_query_that_costs_too_much_is_made_smaller(source: PulledShop, shop: Shopify) -> None:
    shop.largest_page = 9
    assert not source.pull().words
    assert_equal(source, shop)
    assert max(one["variables"]["first"] for one in shop.queries[3:] if "first" in one["variables"]) <= 9


def test_fields_that_a_version_does_not_have_are_left_out(source: PulledShop, shop: Shopify) -> None:
    shop.absent = frozenset({"Refund.processedAt", "Customer.defaultEmailAddress", "Customer.defaultPhoneNumber"})
    shop.version = "2025-01"
    report = source.pull()
    assert report.words == ["shopify: Shopify answered by version 2025-01 instead of 2026-04: set `version`"]
    assert_equal(source, shop)


def test_what_changes_while_pages_are_read_is_in_this_pull_or_the_next(source: PulledShop, shop: Shopify) -> None:
    def edit() -> None:
        shop.now += timedelta(minutes=1)
        for number in (3, 100, 9000):
            shop.put("orders", number, note="b")
        del shop.stored["orders"][5]
        shop.now += timedelta(seconds=1)

    shop.on_request = at({3: edit})
    source.pull()
    shop.on_request = at({})
    shop.now += timedelta(days=1)
    source.pull()
    found = last(source, "orders")
    found.pop("gid://shopify/Order/5")  # was read before it was deleted
    assert found == shop.rows("orders")


def test_several_changes_within_the_second_of_the_answer_are_not_lost(
    source: PulledShop, shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.pull()
    shop.now += timedelta(days=1)
    shop.put("orders", 2, note="first")

    def sleep(seconds: float) -> None:
        if seconds:
            shop.put("orders", 2, note="second")  # in the same second
            shop.now += timedelta(seconds=1)

    monkeypatch.setattr(time, "sleep", sleep)
    source.pull()
    assert [one["note"] for one in source.records("orders") if "note" in one] == ["second"]


def test_a_clock_that_was_wrong_loses_nothing(source: PulledShop, shop: Shopify) -> None:
    source.pull()
    for days, number in ((365, 8000), (-364, 8001)):
        shop.now += timedelta(days=days)
        shop.put("orders", number)
        shop.now += timedelta(seconds=1)
        source.pull()
    assert_equal(source, shop)


def test_a_token_that_expires_in_mid_read_is_renewed(
    source: PulledShop, shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOPIFY_ACCESS_TOKEN")
    monkeypatch.setenv("SHOPIFY_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("SHOPIFY_CLIENT_SECRET", CLIENT_SECRET)
    shop.on_request = at({2: "token", 4: "token"})
    assert not source.pull().words
    assert_equal(source, shop)


def test_wrong_credentials_are_named_without_them(
    source: PulledShop, shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPIFY_ACCESS_TOKEN", "not-the-token")
    with pytest.raises(PullError, match="does not accept the token") as caught:
        source.pull()
    assert "not-the-token" not in f"{caught.value.message}{caught.value.hint}"
    monkeypatch.delenv("SHOPIFY_ACCESS_TOKEN")
    with pytest.raises(ConfigError, match="not set in the environment: SHOPIFY_CLIENT_ID, SHOPIFY_CLIENT_SECRET"):
        source.pull()


def test_an_app_that_may_not_read_old_orders_is_named(source: PulledShop, shop: Shopify) -> None:
    shop.scopes = ("read_orders",)
    (words,) = source.pull().words
    assert "does not have the scope read_all_orders" in words


def test_a_stopped_pull_continues_at_its_page(source: PulledShop, shop: Shopify) -> None:
    shop.on_request = lambda number: "500" if number > 2 else None
    assert [one.is_temporary for one in source.pull(objects=("orders",)).failed] == [True]
    shop.on_request = at({})
    report = source.pull(objects=("orders",))
    assert report.objects[0].resumed_pages == 2
    assert len(source.records("orders")) == 120


def test_a_server_that_repeats_a_page_for_ever_is_named(source: PulledShop, shop: Shopify) -> None:
    shop.on_request = lambda number: "repeat" if number > 1 else None
    (failed,) = source.pull(objects=("orders",)).failed
    assert "orders are not given in the order of `id`" in failed.problem


@pytest.mark.parametrize("fault", ["empty", "same"])
def test_a_page_that_leads_nowhere_is_asked_for_again_and_ends_the_pull(
    source: PulledShop, shop: Shopify, fault: str
) -> None:
    shop.on_request = lambda number: fault if number > 1 else None
    (failed,) = source.pull(objects=("orders",)).failed
    assert "the server repeats a page of orders" in failed.problem
    assert failed.is_temporary
    assert shop.number == 4, "three times"
    shop.on_request = at({5: fault})
    assert not source.pull().words
    assert_equal(source, shop)


@pytest.mark.parametrize("fault", ["empty", "same", "repeat", "overlap"])
def test_items_of_a_page_inside_an_order_that_is_wrong_come_once(source: PulledShop, shop: Shopify, fault: str) -> None:
    shop.stored["orders"].clear()
    items = [item(number, "CUP-1", 1, "1.0") for number in range(1, 401)]
    shop.put("orders", 500, lineItems=items, refunds=[])
    shop.now += timedelta(seconds=1)
    shop.on_request = at({3: fault, 4: fault})
    assert not source.pull(objects=("orders",)).words
    (order,) = source.records("orders")
    assert [one["id"] for one in order["lineItems"]["nodes"]] == [one["id"] for one in items]


@pytest.mark.parametrize("fault", ["empty", "same", "repeat"])
def test_pages_inside_an_order_that_never_end_are_named(source: PulledShop, shop: Shopify, fault: str) -> None:
    shop.stored["orders"].clear()
    shop.put("orders", 500, lineItems=[item(number, "CUP-1", 1, "1.0") for number in range(400)], refunds=[])
    shop.now += timedelta(seconds=1)
    shop.on_request = lambda number: fault if number > 2 else None
    (failed,) = source.pull(objects=("orders",)).failed
    assert "the server repeats a page of lineItems of gid://shopify/Order/500" in failed.problem
    assert failed.is_temporary
    assert not source.records("orders")


def test_an_order_lands_with_its_lines_and_its_refund_in_the_currency_of_the_shop(
    source: PulledShop, shop: Shopify
) -> None:
    """Three cups of 10.00 less 3.50, a tea of 20.00, 6.90 of shipping less 2.00: 30.00 - 3.50 + 20.00 + 4.90 = 51.40.

    The prices include 7.43 of tax, and so do shipping and discount: without their part, they are 4.90 and 3.50 times
    (51.40 - 7.43) / 51.40. The vendor's total of shipping is that before discounts.
    """
    for records in shop.stored.values():
        records.clear()
    shop.now -= timedelta(days=5)
    home = {"countryCodeV2": "DE", "city": "Berlin"}
    shop.put("customers", 7, firstName="Ada", lastName="Example", defaultAddress=home,
             defaultEmailAddress={"emailAddress": "ada@example.com", "marketingState": "SUBSCRIBED"})  # fmt: skip
    shop.put("products", 1, title="Cup", vendor="Acme", productType="Kitchen", variants=[{"id": "1", "sku": "CUP-1"}])
    paid = {"id": "gid://shopify/OrderTransaction/1", "kind": "REFUND", "status": "SUCCESS"}
    refund = {"id": "gid://shopify/Refund/901", "createdAt": "2024-04-29T08:00:00Z", "note": "broken",
              "totalRefundedSet": money("8.83", "9.50"), "refundLineItems": [],
              "transactions": [{**paid, "processedAt": "2024-04-30T10:00:00Z"}]}  # fmt: skip
    empty = {**refund, "id": "gid://shopify/Refund/902", "totalRefundedSet": money("0.0"), "transactions": []}
    shop.put("orders", 9007199254740993, email="ada@example.com", customer={"id": "gid://shopify/Customer/7"},
             displayFinancialStatus="PARTIALLY_REFUNDED", sourceName="web", test=False, discountCodes=["SPRING"],
             taxesIncluded=True, totalPriceSet=money("51.40", "55.00"), totalTaxSet=money("7.43"),
             totalDiscountsSet=money("5.50"), subtotalPriceSet=money("46.50"), totalShippingPriceSet=money("6.90"),
             refunds=[refund, empty], transactions=[], till={"value": "S1"},
             lineItems=[{**item(11, "CUP-1", 3, "10.00", "3.50"), "taxLines": [{"priceSet": money("4.23")}]},
                        {**item(12, "TEA", 1, "20.00"), "taxLines": []}])  # fmt: skip
    shop.now += timedelta(days=5)
    source.pull(order_fields=('till: metafield(namespace: "custom", key: "till") { value }',))
    assert "till: metafield" in shop.queries[0]["query"]
    own = "{orders: {columns: {store_id: till.value}}}"
    desk = source.land(f"extends: shopify_api\nfiles:\n  pulled_orders:\n    entities: {own}\n")
    order = "9007199254740993"
    columns = "order_id, customer_ref, email, ordered_at, status, total, tax, shipping, discount, currency"
    assert desk.rows("orders", f"{columns}, coupon_code, store_id") == [
        (*(order, "7", "ada@example.com", "2024-04-26 12:00:00", "partially_refunded", "51.40", "7.43", "4.19"),
         *("2.99", "EUR", "SPRING", "S1"))
    ]  # fmt: skip
    assert desk.rows(
        "order_lines", "order_id, line_id, product_id, quantity, unit_price, discount, total, tax", "2"
    ) == [
        (order, "11", "CUP-1", "3", "10.00", "2.94", "26.5000", "4.2300"),
        (order, "12", "TEA", "1", "20.00", None, "20.0000", "0.0000"),
    ]
    assert desk.rows("returns", "return_id, order_id, returned_at, amount, amount_basis, currency, reason") == [
        ("901", order, "2024-04-30 10:00:00", "8.83", "gross", "EUR", "broken")
    ]
    assert desk.rows("customers", "customer_ref, name, email, country, consent_email") == [
        ("7", "Ada Example", "ada@example.com", "DE", "true")
    ]
    assert desk.rows("products", "product_id, product_name, category, brand") == [("CUP-1", "Cup", "Kitchen", "Acme")]


def test_the_words_of_a_refusal_are_shown_without_the_token_and_addresses(
    source: PulledShop, shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"{TOKEN} of ada@example.com may not do this"
    monkeypatch.setattr(Shopify, "_reply", lambda *_: Reply(body={"errors": [{"message": said}]}))
    with pytest.raises(PullError) as caught:
        source.pull()
    assert "(secret) of (e-mail address) may not do this" in caught.value.message
    assert not any(word in caught.value.message for word in (TOKEN, "ada@"))
