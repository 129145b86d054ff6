"""An object that had records and has none is named by the next pull, also if only changes are read."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.pulled_fxiaoke import pulling_fxiaoke
from tests.connectors.pulled_shop import PulledShop
from tests.connectors.pulled_sql import Pulled
from tests.connectors.pulled_zoho import pulling_zoho
from tests.vendors import shopify, typeform, woocommerce
from tests.vendors.fxiaoke import Fxiaoke
from tests.vendors.zoho import Zoho

DAY = timedelta(days=1)
Do = Callable[[], object]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def zoho(stack: ExitStack, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Do, Do]:
    server = Zoho()
    server.modules["Contacts"].fill(3)

    def wait() -> None:
        server.clock += DAY

    return stack.enter_context(pulling_zoho(folder, server, patch)), wait, server.modules["Contacts"].records.clear


def fxiaoke(stack: ExitStack, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Do, Do]:
    now = [1_714_730_400_000]
    service = Fxiaoke(clock=lambda: now[0])
    service.create("AccountObj", name="Ada")
    source = stack.enter_context(pulling_fxiaoke(folder, service, patch))
    return source, lambda: now.append(now.pop() + 86_400_000), lambda: service.purge("AccountObj")


def shop_of(name: str, folder: Path, server: Any, stored: dict[Any, Any], **given: Any) -> tuple[Any, Do, Do]:
    def wait() -> None:
        server.now += DAY

    return PulledShop(folder, name, url=server.url, **given), wait, stored.clear


def of_shopify(stack: ExitStack, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Do, Do]:
    server = stack.enter_context(shopify.serving_shopify(shopify.fill(shopify.Shopify(), 3)))
    patch.setenv("SHOPIFY_ACCESS_TOKEN", shopify.TOKEN)
    return shop_of("shopify", folder, server, server.stored["orders"])


def of_woocommerce(stack: ExitStack, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Do, Do]:
    server = stack.enter_context(woocommerce.serving_woocommerce(woocommerce.fill(woocommerce.WooCommerce(), 3)))
    patch.setenv("WOOCOMMERCE_CONSUMER_KEY", woocommerce.KEY)
    patch.setenv("WOOCOMMERCE_CONSUMER_SECRET", woocommerce.SECRET)
    return shop_of("woocommerce", folder, server, server.stored["orders"])


def of_typeform(stack: ExitStack, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Do, Do]:
    server = stack.enter_context(typeform.serving_typeform(typeform.fill(typeform.Typeform(), 3)))
    patch.setenv("TYPEFORM_TOKEN", typeform.TOKEN)
    return shop_of("typeform", folder, server, server.forms["Fx1"], overlap_minutes=60)


def sql(cursor: str) -> Callable[..., tuple[Any, Do, Do]]:
    def source(stack: ExitStack, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, Do, Do]:
        database = sqlite3.connect(folder / "shop.db", isolation_level=None)
        database.execute("create table orders (id integer primary key, updated_at text)")
        database.execute("insert into orders values (1, '2024-05-01'), (2, '2024-05-02')")
        patch.setenv("LOYALTY_SQL", f"sqlite:///{folder}/shop.db")
        pulled = Pulled(folder, {"orders": {"table": "orders", "cursor": cursor}})
        return pulled, lambda: None, lambda: database.execute("delete from orders")

    return source


SOURCES: dict[str, Callable[..., tuple[Any, Do, Do]]] = {
    "Contacts": zoho,
    "AccountObj": fxiaoke,
    "orders of Shopify": of_shopify,
    "orders of WooCommerce": of_woocommerce,
    "Fx1": of_typeform,
    "orders by a number": sql("id"),
    "orders by a text": sql("updated_at"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_an_object_that_is_empty_now_is_named_between_full_reads(
    stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    source, wait, clear = SOURCES[name](stack, tmp_path, monkeypatch)
    assert not source.pull().failed
    files = sorted(path.name for path in source.inbox.iterdir())
    for _ in range(2):
        wait()
        assert not source.pull().words, "nothing has changed, but the records are there"
    clear()
    words = f"{name.partition(' ')[0]} is unexpectedly empty: the server has no records, but had some before"
    for _ in range(2):
        wait()
        (warning,) = source.pull().words
        assert words in warning
    assert sorted(path.name for path in source.inbox.iterdir() if "customers" not in path.name) == [
        name for name in files if "customers" not in name
    ]
