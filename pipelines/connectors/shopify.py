"""Shopify: orders with their items and refunds, customers and products, by the GraphQL Admin API.

- Pages are read in the order of `id`, so that a record that changes meanwhile stays where it is.
- Errors have the status 200. A query that is too expensive at the moment is sent again when its points are restored.
- Items, refunds and variants have pages of their own. Further ones are read before the record is kept.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from pydantic import JsonValue

from pipelines.base.errors import PullError
from pipelines.config.credentials import optional_credential, read_credentials
from pipelines.config.pull_shopify import ShopifySettings
from pipelines.config.pulls import PullSettings, WebSettings
from pipelines.connectors.answers import NUMBER, Answer, Outcome, by_status, vendor_words
from pipelines.connectors.connector import Page, PulledObject, Say
from pipelines.connectors.pages import Checkpoint, Record
from pipelines.connectors.pulled_files import time_of, time_text
from pipelines.connectors.shopify_queries import (
    ABOUT,
    OPTIONAL,
    TYPES,
    endless,
    ids,
    is_stuck,
    list_query,
    nested_query,
)
from pipelines.connectors.web import Web

_AGAIN = frozenset({"THROTTLED", "INTERNAL_SERVER_ERROR", "TIMEOUT"})
_LONGEST_WAIT = 60.0  # seconds for points of a query


class _RefusedError(PullError):
    """A query was refused. `errors` are those of the answer."""

    def __init__(self, message: str, hint: str, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message, hint)
        self.errors = errors


def connect(settings: PullSettings, warn: Say) -> "Shopify":
    """The connector.

    Raises:
        ConfigError: An environment variable with credentials is missing.
    """
    assert settings.shopify is not None
    return Shopify(settings.shopify, settings.web, warn)


class Shopify:
    """Reads one shop.

    Args:
        settings: What is pulled.
        web: How requests are sent.
        warn: Receives what the user should know.
    """

    def __init__(self, settings: ShopifySettings, web: WebSettings, warn: Say) -> None:
        self._settings = settings
        self._warn = warn
        prefix = settings.environment_prefix
        # an app of one shop has a token; other apps get one with their ID and secret
        self._token = optional_credential(f"{prefix}_ACCESS_TOKEN")
        names = [f"{prefix}_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET")]
        if self._token:
            self._client = [optional_credential(name) for name in names]
        else:
            self._client = read_credentials(names, f"Shopify (or {prefix}_ACCESS_TOKEN)")
        self._web = Web(web, token=self._headers, classify=_classify, warn=warn)
        self._absent: frozenset[str] = frozenset()
        self._size = settings.page_size
        self._ready_at = 0.0
        self._answered: str | None = None

    def objects(self) -> Sequence[PulledObject]:
        """The objects of the settings. Warns if the app may not read old orders."""
        of = self._settings
        data = self._ask(ABOUT, {})
        scopes = {one["handle"] for one in data["currentAppInstallation"]["accessScopes"]}
        if "orders" in of.objects and "read_all_orders" not in scopes:
            self._warn(
                "the app does not have the scope read_all_orders, so Shopify gives only orders of the last 60 days:"
                " customers seem newer and worth less than they are. Request the scope for the app"
            )
        if self._answered not in (None, of.version):
            self._warn(f"Shopify answered by version {self._answered} instead of {of.version}: set `version`")
        more = {"orders": of.order_fields, "customers": of.customer_fields, "products": of.product_fields}
        return [
            PulledObject(
                name, name, full_read_days=of.full_read_days, settings=f"{of.url} {of.version} {' '.join(more[name])}"
            )
            for name in of.objects
        ]

    def server_time(self) -> datetime:
        """The time in the header Date.

        Raises:
            PullError: The credentials are not accepted, or the shop cannot be reached.
        """
        self._ask(ABOUT, {})
        return self._web.required_time("pull.shopify.url")

    def until(self, one: PulledObject, now: datetime) -> str:
        """The server's time."""
        return time_text(now)

    def pages(self, one: PulledObject, since: str | None, until: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """The records of an object that changed after `since`, in the order of their ID.

        Raises:
            PullError: The object cannot be read.
        """
        search = None
        if since:
            start = time_of(since) - timedelta(minutes=self._settings.overlap_minutes)
            search = f"updated_at:>='{start:%Y-%m-%dT%H:%M:%SZ}'"
        done = checkpoint or {"after": None, "last": 0}
        after, last = done["after"], done["last"]
        has_next = True
        while has_next:
            records, info = self._page(one.name, search, after, last)
            has_next = bool(info["hasNextPage"])
            if records:
                last = _number(records[-1])
                after = info["endCursor"]
                yield Page([self._complete(record) for record in records], {"after": after, "last": last})

    def is_empty(self, one: PulledObject) -> bool:
        """Whether a query without a search finds nothing."""
        return not self._list(one.name, {"first": 1, "after": None, "query": None})["nodes"]

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _page(
        self, name: str, search: str | None, after: str | None, last: int
    ) -> tuple[Sequence[dict[str, Any]], Mapping[str, Any]]:
        """The records that follow a cursor."""
        for _ in range(3):
            found = self._list(name, {"after": after, "query": search})
            records, info = found["nodes"], found["pageInfo"]
            numbers = [last, *(_number(record) for record in records)]
            is_in_order = all(earlier < later for earlier, later in pairwise(numbers))
            if not is_in_order or is_stuck(found, after):
                continue  # a server may repeat a page
            if any(record.get("updatedAt") == self._moment for record in records):
                time.sleep(1)  # one of them could change again in this second
                continue
            return records, info
        if not is_in_order:
            raise PullError(f"{name} are not given in the order of `id`", hint="pull again later", is_temporary=True)
        if is_stuck(found, after):
            raise endless(name)
        return records, info

    def _list(self, name: str, variables: Mapping[str, JsonValue]) -> Mapping[str, Any]:
        """A page. The query is made smaller, or loses a field that the version does not have, if it is refused."""
        while True:
            try:
                query = list_query(name, self._settings, self._absent)
                return dict(self._ask(query, {"first": self._size, **variables})[name])
            except _RefusedError as problem:
                codes = [_code(error) for error in problem.errors]
                missing = {_field(error) for error in problem.errors} & (OPTIONAL - self._absent)
                if "MAX_COST_EXCEEDED" in codes and self._size > 1:
                    self._size //= 2
                elif missing and set(codes) == {"undefinedField"}:
                    self._absent |= missing
                else:
                    raise

    def _complete(self, record: Mapping[str, Any]) -> Record:
        """A record with all pages of its connections, and without their `pageInfo`."""
        found = dict(record)
        for name, value in record.items():
            if name == "refunds" and isinstance(value, list):
                found[name] = [self._complete(refund) for refund in value]
            elif name in TYPES and isinstance(value, dict) and "pageInfo" in value:
                found[name] = {"nodes": self._all_nodes(record["id"], name, value)}
        return found

    def _all_nodes(self, record: str, name: str, first: Mapping[str, Any]) -> Sequence[Record]:
        """The nodes of a connection of a record, each one once. Its first page is known."""
        nodes = {node["id"]: node for node in first["nodes"]}
        page = first
        while page["pageInfo"]["hasNextPage"]:
            after = page["pageInfo"]["endCursor"]
            for _ in range(3):
                data = self._ask(nested_query(name, self._settings), {"id": record, "after": after})
                if "node" in data and data["node"] is None:
                    return list(nodes.values())  # the record was deleted meanwhile
                page = (data.get("node") or {}).get(name) or {}
                if page and not is_stuck(page, after) and (not page["nodes"] or ids(page) - nodes.keys()):
                    break  # otherwise the server repeats a page
            else:
                raise endless(f"{name} of {record}")
            nodes |= {node["id"]: node for node in page["nodes"] if node["id"] not in nodes}
        return list(nodes.values())

    def _ask(self, query: str, variables: Mapping[str, JsonValue]) -> Mapping[str, Any]:
        """The data of an answer.

        Raises:
            PullError: The query is refused, or the shop cannot be reached.
        """
        time.sleep(max(self._ready_at - time.monotonic(), 0))
        url = f"{self._settings.url}/admin/api/{self._settings.version}/graphql.json"
        answer = self._web.request("POST", url, body={"query": query, "variables": dict(variables)})
        found = answer.json()
        moment = answer.server_time
        self._moment = f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""
        self._answered = answer.headers.get("X-Shopify-API-Version")
        if answer.status != 200 or not isinstance(found, dict):
            raise PullError(f"{answer.url} answered {answer.status}", hint=_hint("", answer.status))
        self._note_cost(found)
        errors = [one for one in found.get("errors") or [] if isinstance(one, dict)]
        if errors or not isinstance(found.get("data"), dict):
            first = errors[0] if errors else {"message": "no data"}
            words = vendor_words(f"{_code(first)} {first.get('message', '')}", [self._token, *self._client])
            raise _RefusedError(f"{answer.url} refused a query: {words}", _hint(_code(first)), errors)
        return dict(found["data"])

    def _note_cost(self, found: Mapping[str, Any]) -> None:
        """When the next query of this cost can be paid."""
        cost = (found.get("extensions") or {}).get("cost") or {}
        status = cost.get("throttleStatus") or {}
        available, rate = status.get("currentlyAvailable"), status.get("restoreRate")
        if isinstance(available, NUMBER) and isinstance(rate, NUMBER) and rate > 0:
            missing = float(cost.get("requestedQueryCost") or 0) - float(available)
            self._ready_at = time.monotonic() + min(max(missing / float(rate), 0), _LONGEST_WAIT)

    def _headers(self, is_renewed: bool) -> Mapping[str, str]:
        """The header with the token. A token of client credentials is valid for a day."""
        if all(self._client) and (is_renewed or not self._token):
            names = ("client_id", "client_secret")
            form = {"grant_type": "client_credentials", **dict(zip(names, self._client, strict=True))}
            url = f"{self._settings.url}/admin/oauth/access_token"
            answer = self._web.request("POST", url, form=form, with_token=False)
            found = answer.json() if answer.status == 200 else None
            if not isinstance(found, dict) or not found.get("access_token"):
                prefix = self._settings.environment_prefix
                raise PullError(
                    f"{answer.url} answered {answer.status} without a token",
                    hint=f"check {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET, and that the app is installed",
                )
            self._token = str(found["access_token"])
        return {"X-Shopify-Access-Token": self._token}


def _classify(answer: Answer) -> Outcome:
    verdict = by_status(answer)
    if answer.status == 204 or (answer.status == 200 and not answer.body.strip()):
        return Outcome.AGAIN
    if verdict is Outcome.USE and answer.status == 200:
        try:
            found = answer.json()
        except PullError:
            return verdict
        errors = found.get("errors") if isinstance(found, dict) else None
        if isinstance(errors, list) and any(_code(error) in _AGAIN for error in errors):
            return Outcome.AGAIN
    return verdict


def _code(error: object) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""


def _field(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions") or {}
    return f"{extensions.get('typeName')}.{extensions.get('fieldName')}"


def _number(record: Mapping[str, Any]) -> int:
    tail = str(record.get("id", "")).rpartition("/")[2]
    if not tail.isdigit():
        raise PullError("a record has no `id` of Shopify", hint="check the address `pull.shopify.url`")
    return int(tail)


def _hint(code: str, status: int = 200) -> str:
    if code == "ACCESS_DENIED" or status == 403:
        return "give the app the scopes read_orders, read_customers and read_products, and access to customer data"
    if code == "undefinedField":
        return "set another `version`, or correct the fields under `pull.shopify`"
    if status == 404:
        return "check the address `pull.shopify.url`: it is https://NAME.myshopify.com"
    return "check the settings of `pull.shopify`"
