"""Pulls from a shop of WooCommerce: after each fault, the files have what the shop has, and they land."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.base.errors import ConfigError, PullError
from pipelines.config.pull_woocommerce import WooCommerceSettings
from tests.connectors.pulled_shop import PulledShop, at
from tests.vendors.server import Reply
from tests.vendors.woocommerce import KEY, SECRET, Record, WooCommerce, fill, serving_woocommerce

ALL = ("orders", "refunds", "customers", "products")


@pytest.fixture
def shop() -> Iterator[WooCommerce]:
    with serving_woocommerce(fill(WooCommerce(), 250)) as shop:
        yield shop


@pytest.fixture
def source(tmp_path: Path, shop: WooCommerce, monkeypatch: pytest.MonkeyPatch) -> PulledShop:
    monkeypatch.setenv("WOOCOMMERCE_CONSUMER_KEY", KEY)
    monkeypatch.setenv("WOOCOMMERCE_CONSUMER_SECRET", SECRET)
    return PulledShop(tmp_path, "woocommerce", url=shop.url)


def last(source: PulledShop, name: str) -> dict[int, Record]:
    """The last version of each pulled record, by its ID."""
    return {one["id"]: one for one in sorted(source.records(name), key=lambda one: one["date_modified_gmt"])}


def assert_equal(source: PulledShop, shop: WooCommerce) -> None:
    for name in ALL:
        assert last(source, name) == shop.rows(name), name


@pytest.mark.parametrize("fault", ["204", "429", "500", "502", "slow", "drop", "cut", "repeat"])
def test_after_a_fault_in_mid_read_the_files_have_what_the_shop_has(
    source: PulledShop, shop: WooCommerce, fault: str
) -> None:
    shop.on_request = at({2: fault, 3: fault, 6: fault})
    assert not source.pull().words
    assert_equal(source, shop)
    assert len(source.records("orders")) == 250


def test_2001_orders_are_read_and_the_second_pull_reads_what_has_changed(source: PulledShop, shop: WooCommerce) -> None:
    fill(shop, 2001)
    source.pull()
    assert_equal(source, shop)
    shop.now += timedelta(days=1)
    shop.order(2, status="completed")
    shop.order(9000)
    shop.put("customers", 7, email="new@example.com")
    shop.now += timedelta(seconds=1)
    report = source.pull()
    assert [(one.name, one.new_records) for one in report.objects if one.new_records] == [
        *(("orders", 2), ("customers", 50), ("products", 3)),
    ]
    assert_equal(source, shop)


def test_what_is_deleted_while_pages_are_read_moves_no_order_out_of_them(source: PulledShop, shop: WooCommerce) -> None:
    def delete() -> None:
        for key in range(2, 62, 2):
            del shop.stored["orders"][key]

    shop.on_request = at({2: delete})
    source.pull()
    left = shop.rows("orders")
    assert {key: one for key, one in last(source, "orders").items() if key in left} == left


def test_what_changes_while_pages_are_read_is_in_this_pull_or_the_next(source: PulledShop, shop: WooCommerce) -> None:
    source.pull()
    shop.now += timedelta(days=1)
    for key in range(202, 502, 2):
        shop.order(key, note="a")

    def edit() -> None:
        shop.now += timedelta(minutes=1)
        for key in (*range(2, 202, 2), 300):
            shop.order(key, note="b")
        shop.order(9000)
        shop.now += timedelta(seconds=1)

    shop.now += timedelta(seconds=1)
    numbers = shop.number
    shop.on_request = at({numbers + 2: edit})
    source.pull()
    shop.now += timedelta(days=1)
    source.pull()
    assert_equal(source, shop)


def test_several_changes_within_the_second_of_the_answer_are_not_lost(
    source: PulledShop, shop: WooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.pull()
    shop.now += timedelta(days=1)
    shop.order(2, note="first")

    def sleep(_: float) -> None:
        shop.order(2, note="second")  # in the same second
        shop.now += timedelta(seconds=1)

    monkeypatch.setattr(time, "sleep", sleep)
    source.pull()
    assert [one["note"] for one in source.records("orders") if "note" in one] == ["second"]


def test_a_clock_that_was_wrong_loses_nothing(source: PulledShop, shop: WooCommerce) -> None:
    source.pull()
    shop.now += timedelta(days=365)
    shop.order(9000)
    shop.now += timedelta(seconds=1)
    source.pull()
    shop.now -= timedelta(days=364)
    shop.order(9002)
    shop.now += timedelta(seconds=1)
    source.pull()
    assert_equal(source, shop)


@pytest.mark.parametrize("has_refunds", [True, False], ids=["9.0", "before 9.0"])
def test_a_refund_that_does_not_change_its_order_is_pulled_with_its_date(
    source: PulledShop, shop: WooCommerce, has_refunds: bool
) -> None:
    shop.has_refunds = has_refunds
    source.pull()
    assert_equal(source, shop)
    shop.now += timedelta(days=3)
    shop.refund(9001, 2, "0.50", reason="late")
    shop.now += timedelta(seconds=1)
    report = source.pull()
    assert not report.words
    assert next(one.new_records for one in report.objects if one.name == "refunds") == 1
    assert last(source, "refunds")[9001]["parent_id"] == 2
    assert last(source, "refunds") == shop.rows("refunds")


def test_an_order_in_the_trash_is_pulled(source: PulledShop, shop: WooCommerce) -> None:
    source.pull()
    shop.now += timedelta(days=1)
    shop.order(2, status="trash")
    shop.now += timedelta(seconds=1)
    source.pull()
    assert_equal(source, shop)


def test_a_stopped_pull_continues_at_its_page(source: PulledShop, shop: WooCommerce) -> None:
    shop.on_request = lambda number: "500" if number > 2 else None
    failed = source.pull(objects=("orders",)).failed
    assert [one.is_temporary for one in failed] == [True]
    assert not source.records("orders")
    shop.on_request = at({})
    report = source.pull(objects=("orders",))
    assert report.objects[0].resumed_pages == 2
    assert len(source.records("orders")) == 250


def test_a_cache_that_repeats_a_page_for_ever_is_named(source: PulledShop, shop: WooCommerce) -> None:
    shop.on_request = lambda number: "repeat" if number > 1 else None
    (failed,) = source.pull(objects=("orders",)).failed
    assert "repeats pages of orders" in failed.problem


def test_an_empty_shop_writes_no_file(source: PulledShop, shop: WooCommerce) -> None:
    for records in shop.stored.values():
        records.clear()
    assert not source.pull().words
    assert not list(source.inbox.iterdir())


def test_wrong_credentials_are_named_without_the_secret(source: PulledShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WOOCOMMERCE_CONSUMER_SECRET", "not-the-secret")
    with pytest.raises(PullError, match="answered 401: woocommerce_rest_cannot_view") as caught:
        source.pull()
    assert "check WOOCOMMERCE_CONSUMER_KEY" in caught.value.hint
    assert "not-the-secret" not in f"{caught.value.message}{caught.value.hint}"
    monkeypatch.delenv("WOOCOMMERCE_CONSUMER_SECRET")
    with pytest.raises(ConfigError, match="not set in the environment: WOOCOMMERCE_CONSUMER_SECRET"):
        source.pull()


@pytest.mark.parametrize("objects", [("refunds", "orders"), ("refunds",)])
def test_refunds_may_be_the_first_object_of_a_shop_that_does_not_list_them(
    source: PulledShop, shop: WooCommerce, objects: tuple[str, ...]
) -> None:
    shop.has_refunds = False
    assert not source.pull(objects=objects).words
    assert last(source, "refunds") == shop.rows("refunds")


def test_a_first_object_that_the_key_may_not_read_does_not_hold_back_the_others(
    source: PulledShop, shop: WooCommerce
) -> None:
    shop.forbidden = frozenset({"customers"})
    (failed,) = source.pull(objects=("customers", "orders", "products")).failed
    assert failed.name == "customers"
    assert "answered 403: woocommerce_rest_cannot_view" in failed.problem
    assert last(source, "orders") == shop.rows("orders")
    shop.forbidden = frozenset(ALL)
    with pytest.raises(PullError, match="customers answered 403"):
        source.pull(objects=("customers", "orders"))


@pytest.mark.parametrize("url", ["http://shop.example.com", "https://key:secret@shop.example.com", "ftp://x"])
def test_credentials_are_only_sent_over_https_or_on_this_machine(url: str) -> None:
    with pytest.raises(ValidationError):
        WooCommerceSettings(url=url)
    assert WooCommerceSettings(url="https://shop.example.com/blog").url.endswith("/blog")
    assert WooCommerceSettings(url="http://localhost:8080").url


def test_an_order_lands_with_its_lines_its_coupon_and_its_refund(source: PulledShop, shop: WooCommerce) -> None:
    """Two cups of 15.00 less 3.00, 19 % tax, 4.00 of shipping: 27.00 + 5.13 + 4.00 = 36.13; one cup comes back."""
    for records in shop.stored.values():
        records.clear()
    billing = {"email": "ada@example.com", "phone": "+4930123456", "country": "DE", "city": "Berlin"}
    shop.now -= timedelta(days=3)
    shop.put("customers", 26, email="ada@example.com", first_name="Ada", last_name="Example", role="customer",
             billing=billing)  # fmt: skip
    shop.put("products", 93, sku="CUP-1", name="Cup", categories=[{"id": 1, "name": "Kitchen"}])
    line = {"id": 315, "name": "Cup", "product_id": 93, "quantity": 2, "sku": "CUP-1", "subtotal": "30.00",
            "total": "27.00", "total_tax": "5.13", "price": 13.5}  # fmt: skip
    shop.order(727, status="completed", customer_id=26, billing=billing, line_items=[line], total="36.13",
               total_tax="5.13", shipping_total="4.00", discount_total="3.00", created_via="checkout",
               coupon_lines=[{"id": 1, "code": "spring"}])  # fmt: skip
    shop.now += timedelta(days=2)
    shop.refund(801, 727, "16.07", reason="broken")
    shop.now += timedelta(days=1)
    source.pull()
    desk = source.land("extends: woocommerce\n")
    columns = "order_id, customer_ref, email, ordered_at, status, total, tax, shipping, discount, coupon_code"
    assert desk.rows("orders", columns) == [
        ("727", "26", "ada@example.com", "2024-04-28 12:00:00", "completed", "36.13", "5.13", "4.00", "3.00", "spring")
    ]
    assert desk.rows("order_lines", "order_id, line_id, product_id, quantity, total, tax, discount") == [
        ("727", "315", "CUP-1", "2", "32.13", "5.13", "3.00")
    ]
    assert desk.rows("returns", "return_id, order_id, returned_at, amount, amount_basis, reason") == [
        ("801", "727", "2024-04-30 12:00:00", "16.07", "gross", "broken")
    ]
    assert desk.rows("customers", "customer_ref, name, email, country, signed_up_at") == [
        ("26", "Ada Example", "ada@example.com", "DE", "2024-04-28 12:00:00")
    ]
    assert desk.rows("products", "product_id, product_name, category") == [("CUP-1", "Cup", "Kitchen")]


def test_a_pulled_refund_states_what_of_it_is_tax_and_shipping(source: PulledShop, shop: WooCommerce) -> None:
    """Goods of 100.00 and shipping of 5.00, both with 19 % of tax: a refund of all goods, of the shipping, of 20.00."""
    for records in shop.stored.values():
        records.clear()
    shop.order(727, status="completed", total="124.95", total_tax="19.95", shipping_total="5.00")
    goods = {"id": 1, "quantity": -2, "subtotal": "-100.00", "total": "-100.00", "total_tax": "-19.00"}
    shipping = {"id": 2, "method_id": "flat_rate", "total": "-5.00", "total_tax": "-0.95"}
    fee = {"id": 3, "name": "Box", "total": "-1.00", "total_tax": "-0.19"}
    shop.refund(801, 727, "119.00", line_items=[goods], shipping_lines=[], fee_lines=[])
    shop.refund(802, 727, "5.95", line_items=[], shipping_lines=[shipping], fee_lines=[])
    shop.refund(803, 727, "126.14", line_items=[goods], shipping_lines=[shipping], fee_lines=[fee])
    # only an amount; items whose number comes back, but another amount of money
    shop.refund(804, 727, "20.00", line_items=[], shipping_lines=[], fee_lines=[])
    shop.refund(805, 727, "20.00", line_items=[goods], shipping_lines=[], fee_lines=[])
    # the totals are rounded: three items of 0.333 with 0.063 of tax
    third = {"id": 4, "quantity": -1, "total": "-0.33", "total_tax": "-0.06"}
    shop.refund(806, 727, "1.19", line_items=[third] * 3, shipping_lines=[], fee_lines=[])
    source.pull()
    desk = source.land("extends: woocommerce\n")
    assert desk.rows("returns", "return_id, amount, tax, shipping, amount_basis", "1") == [
        ("801", "119.00", "19.00", "0.00", "gross"),
        ("802", "5.95", "0.95", "5.00", "gross"),
        ("803", "126.14", "20.14", "5.00", "gross"),
        ("804", "20.00", None, None, "gross"),
        ("805", "20.00", None, None, "gross"),
        ("806", "1.19", "0.18", "0.00", "gross"),
    ]


def test_the_words_of_a_refusal_are_shown_without_the_token_and_addresses(
    source: PulledShop, shop: WooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"{SECRET} of ada@example.com may not do this"
    monkeypatch.setattr(WooCommerce, "_answer", lambda *_: Reply(400, {"code": "x", "message": said}))
    with pytest.raises(PullError) as caught:
        source.pull()
    assert "(secret) of (e-mail address) may not do this" in caught.value.message
    assert not any(word in caught.value.message for word in (SECRET, "ada@"))
