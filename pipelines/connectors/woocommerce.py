"""WooCommerce: orders, refunds, customers and products of a shop, by its interface wc/v3.

- Not every shop sorts by the time of change. So pages are read in the order of `id`, by `offset`.
- Between two pages a shop may add or remove records of the query, which moves all later ones. So a page begins with the
  last record of the page before it. If it does not, the page before is read again.
- A refund may not change the time of its order. So refunds are an object of their own. Shops before 9.0 do not list
  them; there they are read order by order.
- Customers have no filter by time, and there are few products: each pull reads all of them.
"""

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from pipelines.base.errors import PullError
from pipelines.config.credentials import read_credentials
from pipelines.config.pull_woocommerce import WooCommerceSettings
from pipelines.config.pulls import PullSettings, WebSettings
from pipelines.connectors.answers import Answer, Outcome, by_status, vendor_words
from pipelines.connectors.connector import Page, PulledObject, Say
from pipelines.connectors.pages import Checkpoint, Record
from pipelines.connectors.pulled_files import time_of, time_text
from pipelines.connectors.web import Web

_SNAPSHOTS = frozenset({"customers", "products"})
_SECRETS = ("CONSUMER_KEY", "CONSUMER_SECRET")
_FRUITLESS = 20  # requests without a new record in a row, besides those that go back over all pages


class _MissingError(PullError):
    """The shop does not have this part of the interface."""


class _ForbiddenError(PullError):
    """The key may not read this part of the interface."""


def connect(settings: PullSettings, warn: Say) -> "WooCommerce":
    """The connector.

    Raises:
        ConfigError: An environment variable with credentials is missing.
    """
    assert settings.woocommerce is not None
    return WooCommerce(settings.woocommerce, settings.web, warn)


class WooCommerce:
    """Reads one shop.

    Args:
        settings: What is pulled.
        web: How requests are sent.
        warn: Receives what the user should know.
    """

    def __init__(self, settings: WooCommerceSettings, web: WebSettings, warn: Say) -> None:
        self._settings = settings
        self._warn = warn
        values = read_credentials((f"{settings.environment_prefix}_{name}" for name in _SECRETS), "WooCommerce")
        pair = ":".join(values)
        encoded = base64.b64encode(pair.encode()).decode()
        self._secrets = [*values, encoded]
        self._headers = {"Authorization": f"Basic {encoded}"}
        self._web = Web(web, classify=_classify, warn=warn)

    def objects(self) -> Sequence[PulledObject]:
        """The objects of the settings."""
        of, days = self._settings, self._settings.full_read_days
        decide = {"orders": of.statuses, "customers": of.roles}
        return [
            PulledObject(
                name,
                name,
                is_snapshot=name in _SNAPSHOTS,
                full_read_days=None if name in _SNAPSHOTS else days,
                settings=f"{of.url}{of.path} {' '.join(decide.get(name, ()))} {of.page_size}",
            )
            for name in of.objects
        ]

    def server_time(self) -> datetime:
        """The time in the header Date.

        Raises:
            PullError: The credentials are not accepted, none of the objects can be read, or the shop cannot be reached.
        """
        of = self._settings.objects
        refused: list[PullError] = []
        # refunds can be read by orders
        for name in dict.fromkeys([*of, *(["orders"] if "refunds" in of else [])]):
            try:
                self._get(name, {"per_page": "1", "_fields": "id"})
            except (_MissingError, _ForbiddenError) as problem:
                refused.append(problem)
            else:
                return self._web.required_time("pull.woocommerce.url")
        raise refused[0]

    def until(self, one: PulledObject, now: datetime) -> str:
        """The server's time."""
        return time_text(now)

    def pages(self, one: PulledObject, since: str | None, until: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """The records of an object that changed after `since`, in the order of their ID.

        Raises:
            PullError: The object cannot be read.
        """
        if one.name == "refunds":
            yield from self._refunds(since, checkpoint)
            return
        filters = {"orders": ("status", self._settings.statuses), "customers": ("role", self._settings.roles)}
        name, values = filters.get(one.name, ("", ("",)))
        changed = {} if one.is_snapshot else self._filter("modified_after", since)
        done = checkpoint or {}
        for value in values[values.index(done["read"]) if done else 0 :]:
            query = {**changed, **({name: value} if name else {})}
            at = done if done.get("read") == value else {}
            try:
                for records, place in self._read(one.name, query, at):
                    yield Page(records, {**place, "read": value})
            except PullError as problem:
                if problem.is_temporary or value == values[0]:
                    raise
                self._warn(f"{one.name}: those with {name} {value} cannot be read: {problem.message}")

    def is_empty(self, one: PulledObject) -> bool:
        """Whether a list without a filter by time has nothing. Unknown for refunds if the shop does not list them."""
        one_record = {"per_page": "1", "_fields": "id"}
        filters = [{"status": one} for one in self._settings.statuses] if one.name == "orders" else [{}]
        try:
            return not any(self._get(one.name, {**one_record, **each}).json() for each in filters)
        except _MissingError:
            return False

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _refunds(self, since: str | None, checkpoint: Checkpoint | None) -> Iterator[Page]:
        done = checkpoint or {}
        if not done.get("by_order"):
            try:
                for records, place in self._read("refunds", self._filter("modified_after", since), done):
                    yield Page(records, place)
            except _MissingError:
                done = {}
            else:
                return
        # a refund does not change the time of its order: all orders of a time are read
        query = {**self._filter("after", since, timedelta(days=self._settings.refund_days)), "status": "any"}
        for orders, place in self._read("orders", {**query, "_fields": "id,refunds"}, done):
            of_orders: list[Record] = []
            for order in orders:
                if order.get("refunds"):
                    for refunds, _ in self._read(f"orders/{order['id']}/refunds", {}, {}):
                        of_orders += [{**refund, "parent_id": order["id"]} for refund in refunds]
            yield Page(of_orders, {**place, "by_order": True})

    def _filter(self, name: str, since: str | None, before: timedelta = timedelta()) -> Mapping[str, str]:
        """What changed or was created after a time. Without `dates_are_gmt` the shop takes it as of its own zone."""
        if since is None:
            return {}
        start = time_of(since) - before - timedelta(minutes=self._settings.overlap_minutes)
        return {name: start.strftime("%Y-%m-%dT%H:%M:%S"), "dates_are_gmt": "true"}

    def _read(
        self, path: str, query: Mapping[str, str], at: Mapping[str, Any]
    ) -> Iterator[tuple[Sequence[Record], dict[str, Any]]]:
        """Pages in the order of `id`, each with the place after it. A record comes once."""
        size = self._settings.page_size
        place = {"last": at.get("last", 0), "offset": at.get("offset", 0)}
        fruitless, most = 0, _FRUITLESS + place["offset"] // size
        while fruitless < most:
            last, offset = place["last"], place["offset"]
            records, total = self._page(path, query, offset)
            new = [record for record in records if record["id"] > last]
            is_end = len(records) < size and (total is None or offset + len(records) >= total)
            fruitless += 1
            if offset and len(new) == len(records):
                place["offset"] = max(offset - size, 0)  # earlier records are gone, so that others moved here
            elif new:
                fruitless = 0
                place = {"last": new[-1]["id"], "offset": offset + len(records) - 1}
                most = _FRUITLESS + place["offset"] // size
                yield new, dict(place)
                if is_end and total is not None:
                    return
            elif is_end:
                return
            elif len(records) == size:
                place["offset"] = offset + size - 1  # records with lower IDs came into the query
        raise PullError(
            f"the shop repeats pages of {path}, or its records change faster than the pull can read them",
            hint="exclude the REST API from the cache of the shop, and pull again",
            is_temporary=True,
        )

    def _page(self, path: str, query: Mapping[str, str], offset: int) -> tuple[Sequence[Record], int | None]:
        """The records from a position on, and how many the query has if the shop says it."""
        size = self._settings.page_size
        sent = {"orderby": "id", "order": "asc", "per_page": str(size), "offset": str(offset), **query}
        for _ in range(3):
            answer = self._get(path, sent)
            records = answer.json()
            if not isinstance(records, list) or not all(_has_id(record) for record in records):
                raise PullError(
                    f"{answer.url} did not answer with a list of records with `id`",
                    hint="check the addresses `pull.woocommerce.url` and `path`",
                )
            if any(later["id"] <= earlier["id"] for earlier, later in pairwise(records)):
                raise PullError(
                    f"{answer.url} is not in the order of `id`", hint="a plugin of the shop may change the order"
                )
            moment = answer.server_time.strftime("%Y-%m-%dT%H:%M:%S") if answer.server_time else ""
            if not any(record.get("date_modified_gmt") == moment for record in records):
                break
            time.sleep(1)  # one of them could change again in this second
        total = answer.headers.get("X-WP-Total", "")
        return records, int(total) if total.isdigit() else None

    def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        url = f"{self._settings.url}{self._settings.path}/{path}"
        answer = self._web.request("GET", url, params=query, headers=self._headers)
        if answer.status == 200:
            return answer
        try:
            found = answer.json()
        except PullError:
            found = None
        said = found if isinstance(found, dict) else {}
        words = vendor_words(f"{said.get('code', '')} {said.get('message', '')}", self._secrets)
        message = f"{answer.url} answered {answer.status}: {words}"
        if answer.status in (401, 403):
            prefix = self._settings.environment_prefix
            kind = PullError if answer.status == 401 else _ForbiddenError
            raise kind(
                message,
                hint=f"check {prefix}_CONSUMER_KEY and {prefix}_CONSUMER_SECRET: the key needs the permission to read,"
                " and its user the role of a shop manager. Some servers remove the header Authorization",
            )
        if answer.status == 404:
            raise _MissingError(message, hint="check `pull.woocommerce.url` and `path`, and the permalinks of the shop")
        raise PullError(message, hint="check the settings of `pull.woocommerce`")


def _classify(answer: Answer) -> Outcome:
    verdict = by_status(answer)
    if answer.status == 204 or (answer.status == 200 and not answer.body.strip()):
        return Outcome.AGAIN  # a list without records is not an empty answer
    return Outcome.USE if verdict is Outcome.RENEW else verdict  # keys do not expire


def _has_id(record: object) -> bool:
    return isinstance(record, dict) and isinstance(record.get("id"), int)
