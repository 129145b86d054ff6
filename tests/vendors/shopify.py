"""A server on 127.0.0.1 that answers as the GraphQL Admin API of Shopify documents, with faults on request.

It keeps its records in memory, so that a test compares what was pulled with `Shopify.stored`. It knows the queries of
the connector by their names, and gives whole records. By hand: `python -m tests.vendors.shopify --orders 2001` prints
the address and the token.

Known from the vendor's documentation: the path with the version, the header with the token, cursors, `updated_at:>=`,
costs and errors in answers of status 200, tokens of client credentials, which are valid for a day.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.vendors.server import Reply, Request, demonstrate, serving

TOKEN, CLIENT_ID, CLIENT_SECRET = "shpat_of_tests", "client-of-tests", "secret-of-tests"
STATUSES = {"drop": 0, "204": 204, "429": 429, "500": 500, "502": 502}
NESTED = ("lineItems", "transactions", "refundLineItems", "variants")
KINDS = {"orders": "Order", "customers": "Customer", "products": "Product"}

Record = dict[str, Any]


@dataclass
class Shopify:
    """What the shop has, how it answers, and what it was asked.

    Attributes:
        on_request: Called before each query for a page, with its number from 1. It may change records. It returns a
            fault for this query, or None: a status, `"slow"`, `"drop"` (no answer), `"cut"` (half an answer),
            `"repeat"` (the answer before this one again), `"empty"` (a page without nodes that says that more follow),
            `"same"` (a page whose end is the cursor that was sent), `"overlap"` (a page inside a record begins one node
            earlier), `"token"` (all tokens expire), `"throttled"`.
        scopes: Those of the app. Without read_all_orders, orders older than 60 days are not given.
        absent: Fields that the version does not have, such as `Refund.processedAt`.
        points: The largest number of points; `rate` are restored per second.
        largest_page: A query for more records costs too much.
    """

    stored: dict[str, dict[int, Record]] = field(
        default_factory=lambda: {"orders": {}, "customers": {}, "products": {}}
    )
    on_request: Callable[[int], str | None] = lambda number: None
    now: datetime = datetime(2024, 5, 1, 12, tzinfo=UTC)
    scopes: Sequence[str] = ("read_orders", "read_all_orders", "read_customers", "read_products")
    absent: frozenset[str] = frozenset()
    points: float = 1_000_000
    rate: float = 1_000_000
    largest_page: int = 250
    version: str = "2026-04"
    url: str = ""
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    queries: list[Record] = field(default_factory=list)
    number: int = 0
    throttled: int = 0
    spent: float = 0
    since: float = 0
    before: Reply | None = None

    def put(self, name: str, number: int, /, **values: Any) -> Record:
        """Create or change a record."""
        new = {
            "id": f"gid://shopify/{KINDS[name]}/{number}",
            "createdAt": _text(self.now),
            "processedAt": _text(self.now),
        }
        record = {**(self.stored[name].get(number) or new), "updatedAt": _text(self.now), **values}
        self.stored[name][number] = record
        return record

    def __call__(self, request: Request) -> Reply:
        """The answer to a request, or the fault."""
        if request.path == "/admin/oauth/access_token":
            form = request.form()
            if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
                return Reply(400, {"error": "invalid_client"})
            self.tokens.add(f"token-{len(self.tokens)}-{self.number}")
            return Reply(body={"access_token": f"token-{len(self.tokens) - 1}-{self.number}", "expires_in": 86399})
        if request.headers.get("x-shopify-access-token") not in self.tokens:
            return Reply(
                401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
            )
        asked = request.json()
        if asked["query"].startswith("query about"):
            scopes = [{"handle": scope} for scope in self.scopes]
            return self._reply({"shop": {"id": "1"}, "currentAppInstallation": {"accessScopes": scopes}}, 1)
        self.queries.append(asked)
        self.number += 1
        fault = self.on_request(self.number)
        if fault in STATUSES:
            return Reply(STATUSES[fault])
        if fault == "token":
            self.tokens.clear()
            return Reply(401, {"errors": "expired"})
        if fault == "repeat" and self.before:
            return self.before
        reply = _error("THROTTLED", "Throttled") if fault == "throttled" else self._answer(_faulty(asked, fault))
        _spoil(reply, asked, fault)
        self.before = reply
        return Reply(
            reply.status,
            reply.body,
            reply.headers,
            cut=50 if fault == "cut" else None,
            seconds=1 if fault == "slow" else 0,
        )

    def _answer(self, asked: Record) -> Reply:
        query, variables = asked["query"], asked["variables"]
        for name in sorted(self.absent):
            kind, _, of = name.partition(".")
            if (
                kind in ("Refund", "Customer")
                and of in query
                and (of != "processedAt" or "refunds { id createdAt p" in query)
            ):
                return _error(
                    "undefinedField", f"Field '{of}' doesn't exist on type '{kind}'", typeName=kind, fieldName=of
                )
        sizes = {name: int(size) for name, size in re.findall(r"(\w+)\(first: (\d+)", query)}
        if query.startswith("query nested"):
            (name,) = sizes
            holder = self._holder(variables["id"])
            page = None if holder is None else {name: _page(holder.get(name, []), sizes[name], variables["after"])}
            return self._reply({"node": page}, 10)
        name = query.split()[1].partition("(")[0]
        if variables["first"] > self.largest_page:
            return _error("MAX_COST_EXCEEDED", "Query cost exceeds the single query max cost limit")
        least = (variables.get("query") or "").removeprefix("updated_at:>='").rstrip("'")
        oldest = "" if "read_all_orders" in self.scopes or name != "orders" else _text(self.now - timedelta(days=60))
        found = [self.stored[name][key] for key in sorted(self.stored[name])]
        found = [one for one in found if one["updatedAt"] >= least and one["createdAt"] >= oldest]
        after = int(variables["after"] or 0)
        found = [one for one in found if _number(one) > after]
        nodes = [self._shown(one, sizes) for one in found[: variables["first"]]]
        end = str(_number(nodes[-1])) if nodes else None
        info = {"hasNextPage": len(found) > len(nodes), "endCursor": end}
        return self._reply({name: {"nodes": nodes, "pageInfo": info}}, 10 + variables["first"])

    def _shown(self, record: Record, sizes: Mapping[str, int]) -> Record:
        """A record with the first pages of its connections. The transactions of an order are a plain list."""
        shown = dict(record)
        for name in NESTED:
            if name in shown and not (name == "transactions" and "/Order/" in record["id"]):
                shown[name] = _page(shown[name], sizes.get(name, 10), None)
        if "refunds" in shown:
            shown["refunds"] = [self._shown(refund, sizes) for refund in shown["refunds"]]
        return shown

    def _holder(self, key: str) -> Record | None:
        records = [one for of in self.stored.values() for one in of.values()]
        records += [refund for one in records for refund in one.get("refunds", [])]
        return next((one for one in records if one["id"] == key), None)

    def _reply(self, data: Record, cost: float) -> Reply:
        now = time.monotonic()
        self.spent = max(self.spent - (now - self.since) * self.rate, 0)
        self.since = now
        left = self.points - self.spent
        status = {"maximumAvailable": self.points, "currentlyAvailable": left, "restoreRate": self.rate}
        told = {"cost": {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": status}}
        if cost > left:
            self.throttled += 1
            return _error("THROTTLED", "Throttled", told)
        self.spent += cost
        status["currentlyAvailable"] = left - cost
        return Reply(body={"data": data, "extensions": told}, headers={"X-Shopify-API-Version": self.version})

    def rows(self, name: str) -> dict[str, Record]:
        """The records as they are pulled: with all nodes of their connections."""
        everything = dict.fromkeys(NESTED, 10_000)
        shown = [self._shown(one, everything) for one in self.stored[name].values()]
        return {one["id"]: _without_info(one) for one in shown}


def _faulty(asked: Record, fault: str | None) -> Record:
    if fault != "overlap":
        return asked
    return {**asked, "variables": {**asked["variables"], "after": str(int(asked["variables"]["after"]) - 1)}}


def _spoil(reply: Reply, asked: Record, fault: str | None) -> None:
    """Change the page of an answer by a fault."""
    if fault in ("empty", "same"):
        (page,) = reply.body["data"].values()
        if "pageInfo" not in page:
            (page,) = page.values()
        page["nodes"] = [] if fault == "empty" else page["nodes"]
        page["pageInfo"] = {
            "hasNextPage": True,
            "endCursor": asked["variables"]["after"] if fault == "same" else page["pageInfo"]["endCursor"],
        }


def _without_info(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_info(one) for name, one in value.items() if name != "pageInfo"}
    return [_without_info(one) for one in value] if isinstance(value, list) else value


def _page(nodes: list[Record], size: int, after: str | None) -> Record:
    start = int(after or 0)
    page = nodes[start : start + size]
    return {"nodes": page, "pageInfo": {"hasNextPage": start + size < len(nodes), "endCursor": str(start + len(page))}}


def _error(code: str, words: str, extensions: Record | None = None, **more: str) -> Reply:
    return Reply(
        body={"errors": [{"message": words, "extensions": {"code": code, **more}}], "extensions": extensions or {}}
    )


def _number(record: Record) -> int:
    return int(record["id"].rpartition("/")[2])


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: str, presented: str = "") -> Record:
    """A MoneyBag: in the currency of the shop, and in that of the customer."""
    return {
        "shopMoney": {"amount": amount, "currencyCode": "EUR"},
        "presentmentMoney": {"amount": presented or amount, "currencyCode": "USD" if presented else "EUR"},
    }


def item(number: int, sku: str, quantity: int, price: str, discount: str = "0.0") -> Record:
    """An item of an order."""
    return {
        **{"id": f"gid://shopify/LineItem/{number}", "sku": sku, "title": sku, "vendor": "Acme", "quantity": quantity},
        "originalUnitPriceSet": money(price),
        "discountAllocations": [{"allocatedAmountSet": money(discount)}] if discount != "0.0" else [],
    }


def fill(shop: Shopify, orders: int) -> Shopify:
    """Orders of the days before, seven at a time with one time of change, and customers."""
    end = shop.now
    for number in range(1, orders + 1):
        shop.now = end - timedelta(hours=2, minutes=(orders - number) // 7)
        items = [item(100 * number + place, "CUP-1", 1, "10.0") for place in range(12 if number % 100 == 0 else 1)]
        shop.put("orders", number, lineItems=items, refunds=[], transactions=[], totalPriceSet=money("10.0"))
        if number <= 60:
            shop.put("customers", number, firstName="Ada")
    shop.now = end
    return shop


@contextmanager
def serving_shopify(shop: Shopify, port: int = 0) -> Iterator[Shopify]:
    """The server for as long as the block lasts."""
    with serving(shop, now=lambda: shop.now, port=port) as shop.url:
        yield shop


@contextmanager
def demonstration(orders: int, port: int) -> Iterator[Sequence[str]]:
    """The server with orders, and what a user needs to read them."""
    with serving_shopify(fill(Shopify(now=datetime.now(UTC), points=2_000, rate=100), orders), port) as shop:
        yield [f"url: {shop.url}", f"export SHOPIFY_ACCESS_TOKEN={TOKEN}"]


if __name__ == "__main__":
    demonstrate(__doc__, "orders", demonstration)
