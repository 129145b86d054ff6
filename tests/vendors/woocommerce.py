"""A server on 127.0.0.1 that answers as the interface wc/v3 of WooCommerce documents, with faults on request.

It keeps its records in memory, so that a test compares what was pulled with `WooCommerce.stored`. By hand:
`python -m tests.vendors.woocommerce --orders 2001` prints the address and the credentials.

Known from the vendor's documentation and source: paths, `per_page` up to 100, `offset`, `orderby=id`, `modified_after`
(excluded itself; of the site's zone without `dates_are_gmt`), X-WP-Total, errors with `code` and `message`; `any` has
no orders of the trash; `/refunds` since 9.0.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.vendors.server import Reply, Request, demonstrate, serving

KEY, SECRET = "ck_of_tests", "cs_of_tests"
BASE = "/wp-json/wc/v3/"
STATUSES = {"drop": 0, "204": 204, "429": 429, "500": 500, "502": 502}
ZONE = timedelta(hours=8)  # the site's zone

Record = dict[str, Any]


@dataclass
class WooCommerce:
    """What the shop has, how it answers, and what it was asked.

    Attributes:
        on_request: Called before each request for a list, with its number from 1. It may change records. It returns a
            fault for this request, or None: a status, `"slow"`, `"drop"` (no answer), `"cut"` (half an answer),
            `"repeat"` (the answer before this one again).
        has_refunds: Whether the shop lists refunds, as from 9.0 on.
        forbidden: The objects that the key may not read.
        is_refund_a_change: Whether a refund changes the time of its order.
    """

    stored: dict[str, dict[int, Record]] = field(
        default_factory=lambda: {"orders": {}, "refunds": {}, "customers": {}, "products": {}}
    )
    on_request: Callable[[int], str | None] = lambda number: None
    now: datetime = datetime(2024, 5, 1, 12, tzinfo=UTC)
    has_refunds: bool = True
    forbidden: frozenset[str] = frozenset()
    is_refund_a_change: bool = False
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    number: int = 0
    before: Reply | None = None

    # What people do in the shop

    def put(self, name: str, key: int, /, **values: Any) -> Record:
        """Create or change a record."""
        times = {"date_modified_gmt": _text(self.now), "date_modified": _text(self.now + ZONE)}
        created = {"date_created_gmt": _text(self.now), "date_created": _text(self.now + ZONE)}
        record = {**created, **self.stored[name].get(key, {"id": key}), **times, **values}
        self.stored[name][key] = record
        return record

    def order(self, key: int, /, **values: Any) -> Record:
        usual = {"status": "processing", "currency": "EUR", "line_items": [], "coupon_lines": []}
        return self.put("orders", key, **{**({} if key in self.stored["orders"] else usual), **values})

    def refund(self, key: int, order: int, amount: str, **values: Any) -> None:
        self.put("refunds", key, parent_id=order, amount=amount, **values)
        if self.is_refund_a_change:
            self.put("orders", order)

    def rows(self, name: str) -> dict[int, Record]:
        """The records as the interface shows them."""
        return {key: self._shown(name, record) for key, record in self.stored[name].items()}

    # The interface

    def __call__(self, request: Request) -> Reply:
        """The answer to a request, or the fault."""
        self.requests.append(request)
        if request.headers.get("authorization") != basic():
            return _refused(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        if request.query.get("per_page") == "1":
            return self._answer(request)
        self.number += 1
        fault = self.on_request(self.number)
        if fault in STATUSES:
            return Reply(STATUSES[fault])
        if fault == "repeat" and self.before:
            return self.before
        reply = self._answer(request)
        self.before = reply
        return Reply(
            reply.status,
            reply.body,
            reply.headers,
            cut=50 if fault == "cut" else None,
            seconds=1 if fault == "slow" else 0,
        )

    def _answer(self, request: Request) -> Reply:
        path = request.path.removeprefix(BASE)
        name, _, parent = path.partition("/")
        if name in self.forbidden:
            return _refused(403, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        if parent.endswith("/refunds"):
            name, records = "refunds", [one for one in self._all("refunds") if one["parent_id"] == int(parent[:-8])]
            records = [{key: value for key, value in one.items() if key != "parent_id"} for one in records]
        elif name not in self.stored or (name == "refunds" and not self.has_refunds):
            return _refused(404, "rest_no_route", "No route was found matching the URL and request method.")
        else:
            records = self._all(name)
        query = request.query
        if query.get("orderby") not in (None, "id") or not 1 <= int(query.get("per_page", 10)) <= 100:
            return _refused(400, "rest_invalid_param", "Invalid parameter(s): orderby, per_page")
        found = sorted((one for one in records if _is_asked_for(name, one, query)), key=lambda one: int(one["id"]))
        start = int(query.get("offset", 0))
        page = found[start : start + int(query.get("per_page", 10))]
        if fields := query.get("_fields"):
            page = [{key: one[key] for key in fields.split(",") if key in one} for one in page]
        return Reply(body=page, headers={"X-WP-Total": str(len(found))})

    def _all(self, name: str) -> list[Record]:
        return [self._shown(name, one) for one in self.stored[name].values()]

    def _shown(self, name: str, record: Record) -> Record:
        if name != "orders":
            return record
        refunds = [one for one in self.stored["refunds"].values() if one["parent_id"] == record["id"]]
        return {
            **record,
            "refunds": [
                {"id": one["id"], "reason": one.get("reason", ""), "total": f"-{one['amount']}"} for one in refunds
            ],
        }


def _is_asked_for(name: str, record: Record, query: Mapping[str, str]) -> bool:
    of = "_gmt" if query.get("dates_are_gmt") == "true" else ""
    is_asked = record.get(f"date_modified{of}", "") > query.get("modified_after", "")
    is_asked &= record.get(f"date_created{of}", "") > query.get("after", "")
    if name == "orders":
        status = query.get("status", "any")
        is_asked &= record["status"] != "trash" if status == "any" else record["status"] == status
    if name == "customers":
        is_asked &= query.get("role", "customer") in (record.get("role", "customer"), "all")
    return bool(is_asked)


def _refused(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"code": code, "message": message, "data": {"status": status}})


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def basic() -> str:
    """The header Authorization of the credentials."""
    return f"Basic {base64.b64encode(f'{KEY}:{SECRET}'.encode()).decode()}"


def fill(shop: WooCommerce, orders: int) -> WooCommerce:
    """Orders of the days before, seven at a time with one time of change, a refund of every tenth, and customers."""
    end = shop.now
    for number in range(1, orders + 1):
        shop.now = end - timedelta(minutes=30 + 10 * ((orders - number) // 7))
        shop.order(
            2 * number, total=f"{number}.00", customer_id=number % 50, meta_data=[{"key": "_store", "value": "S"}]
        )
        if number % 10 == 0:
            shop.refund(2 * number + 1, 2 * number, "1.00")
        if number <= 50:
            shop.put("customers", number, email=f"c{number}@example.com", role="customer")
    for number in range(1, 4):
        shop.put("products", number, sku=f"P-{number}", name=f"Product {number}")
    shop.now = end
    return shop


@contextmanager
def serving_woocommerce(shop: WooCommerce, port: int = 0) -> Iterator[WooCommerce]:
    """The server for as long as the block lasts."""
    with serving(shop, now=lambda: shop.now, port=port) as shop.url:
        yield shop


@contextmanager
def demonstration(orders: int, port: int) -> Iterator[Sequence[str]]:
    """The server with orders, and what a user needs to read them."""
    with serving_woocommerce(fill(WooCommerce(now=datetime.now(UTC)), orders), port) as shop:
        yield [f"url: {shop.url}", f"export WOOCOMMERCE_CONSUMER_KEY={KEY} WOOCOMMERCE_CONSUMER_SECRET={SECRET}"]


if __name__ == "__main__":
    demonstrate(__doc__, "orders", demonstration)
