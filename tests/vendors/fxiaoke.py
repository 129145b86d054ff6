"""A server on 127.0.0.1 that answers as the open interface of Fxiaoke (纷享销客) documents, with faults on request.

It keeps its records in memory, so that a test compares what was pulled or pushed with `Fxiaoke.objects`. By hand:
`python -m tests.vendors.fxiaoke --records 2001` prints the address and the credentials. It stops after an idle time.

Known from the vendor's documentation: paths, bodies, `limit` up to 100, `offset` a multiple of it and up to 10,000
(error 10013), operators, the same token in the first 11/12 of its lifetime, 100 calls in 20 s for each interface, and
the error codes below. Errors have the status 200. Not documented, so that tests run both ways: whether a query shows
void records (`hides`).
"""

import argparse
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from itertools import islice
from typing import Any

from tests.vendors.fxiaoke_store import BAD_PARAMETER, Answer, Record, Refused, Stored, shown
from tests.vendors.server import Reply, Request, serving

APP_ID, APP_SECRET, PERMANENT_CODE = "FSAID_1000001", "app-secret-of-tests", "permanent-code-of-tests"
USER, CORP = "FSUID_ADMIN", "FSCID_1"
TOKEN, QUERY, CUSTOM = "/cgi/corpAccessToken/get/V2", "/cgi/crm/v2/data/query", "/cgi/crm/custom/v2/data/query"
BUSY, BAD_SECRET, OFFSET_TOO_LARGE = -1, 10006, 10013
UNKNOWN_USER, NO_PERMISSION, BAD_TOKEN, NO_TOKEN = 20012, 20014, 20016, 20017
DAY_IS_USED_UP, NO_QUOTA, TOO_OFTEN = 30002, 30003, 30004
STATUSES = {"drop": 0, "html": 200, "500": 500, "502": 502, "429": 429}


@dataclass
class Fxiaoke:
    """What the server has, how it answers, and what it was asked.

    Attributes:
        on_query: Called before each query is answered, with its number from 1. It may edit records. It returns a fault
            for this query, or None: `"500"`, `"502"` or `"429"` (a status), `"slow"`, `"drop"` (no answer), `"cut"`
            (half an answer), `"repeat"` (the answer before this one again), `"html"`, `"token"` (all tokens expire),
            `"busy"`.
        clock: The server's time in ms: the Date of its answers and `last_modified_time`.
        hides: Records with these values are shown only to a query that filters by one of these fields.
        calls: So many calls of an interface are allowed per `seconds`.
    """

    objects: dict[str, Stored] = field(default_factory=lambda: defaultdict(Stored))
    on_query: Callable[[int], str | None] = lambda number: None
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    hides: Mapping[str, Any] = field(default_factory=lambda: {"is_deleted": True})
    forbidden: set[str] = field(default_factory=set)  # objects without permission for the user
    token_s: float = 7200
    stated_s: float | None = None  # what answers say of the lifetime of a token instead
    calls: int = 1_000_000
    seconds: float = 20.0
    slow_s: float = 1.0
    largest_offset: int = 10_000
    total: int | None = None  # what answers say instead of the number of records
    url: str = ""
    requests: list[tuple[str, Answer]] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)  # until when each one is valid
    last_request: float = field(default_factory=time.monotonic)
    called: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    queries: int = 0
    before: Answer = field(default_factory=dict)

    # What people do in the screens

    def create(self, name: str, /, **values: Any) -> str:
        """A record of an object, by an `_id` that says nothing about when it was created."""
        now = self.clock()
        key = values.pop("_id", None) or md5(f"{name}{len(self.objects[name].records)}".encode()).hexdigest()
        usual = {"life_status": "normal", "is_deleted": False, "create_time": now, "last_modified_time": now}
        self.objects[name].put({"_id": key, **usual, **values})
        return str(key)

    def edit(self, name: str, key: str, /, **values: Any) -> None:
        if key not in self.objects[name].records:
            raise Refused(BAD_PARAMETER, f"数据不存在: {key}")
        self.objects[name].put({"_id": key, "last_modified_time": self.clock(), **values})

    def void(self, name: str, key: str) -> None:
        self.edit(name, key, life_status="invalid")

    def delete(self, name: str, key: str) -> None:
        self.edit(name, key, is_deleted=True)

    def purge(self, name: str) -> None:
        """Remove all records of an object without a trace."""
        stored = self.objects[name]
        self.objects[name] = Stored(types=stored.types, options=stored.options)

    def rows(self, name: str) -> dict[str, Record]:
        """The records of an object by `_id`, as a query gives them: without empty fields."""
        return {key: shown(record) for key, record in self.objects[name].records.items()}

    def count(self, path: str) -> int:
        return sum(1 for asked, _ in self.requests if asked == path)

    # The interface

    def __call__(self, request: Request) -> Reply:
        """The answer to a request, or the fault."""
        self.last_request, fault = time.monotonic(), None
        is_query = request.path in (QUERY, CUSTOM)
        if is_query:
            self.queries += 1
            fault = self.on_query(self.queries)
        if fault == "token":
            self.tokens = dict.fromkeys(self.tokens, 0.0)
        if fault in STATUSES:
            return Reply(STATUSES[fault], body=b"<html>error</html>")
        if fault == "repeat" and self.before:
            return Reply(body=self.before)
        try:
            if fault == "busy":
                raise Refused(BUSY, "系统繁忙")
            found = self._answer(request.path, request.json()) | {"errorCode": 0, "errorMessage": "OK"}
        except Refused as error:
            found = {"errorCode": error.code, "errorMessage": error.message}
        found["traceId"] = f"E-O.{len(self.requests)}"
        if is_query:
            self.before = found
        return Reply(body=found, cut=50 if fault == "cut" else None, seconds=self.slow_s if fault == "slow" else 0)

    def _answer(self, path: str, body: Answer) -> Answer:
        """Raises Refused."""
        self.requests.append((path, body))
        if path == TOKEN:
            return self._token(body)
        self._check_rate(path)
        self._check_caller(body)
        custom, data = "/custom/" in path, body.get("data") or {}
        if path in (QUERY, CUSTOM):
            return self._query(data, self._stored(data.get("dataObjectApiName"), custom))
        if path.endswith("/object/describe"):
            return self._describe(data.get("apiName") or body.get("apiName"))
        values = dict(data.get("object_data") or {})
        name = values.pop("dataObjectApiName", None)
        stored = self._stored(name, custom)
        if path.endswith("/v2/data/update"):
            self._check_written(stored, values)
            self.edit(name, str(values.get("_id")), **{key: value for key, value in values.items() if key != "_id"})
            return {}
        if path.endswith("/v2/data/create"):
            self._check_written(stored, values)
            return {"dataId": self.create(name, **values)}
        raise Refused(BAD_PARAMETER, f"unknown interface: {path}")

    def _token(self, body: Answer) -> Answer:
        given = (body.get("appId"), body.get("appSecret"), body.get("permanentCode"))
        if given != (APP_ID, APP_SECRET, PERMANENT_CODE):
            raise Refused(BAD_SECRET, "the parameter appSecret is missing or illegal")
        now = time.monotonic()
        valid = [token for token, until in self.tokens.items() if until > now + self.token_s / 12]
        token = valid[0] if valid else f"TOKEN_{len(self.tokens) + 1}"
        self.tokens.setdefault(token, now + self.token_s)
        seconds = int(self.tokens[token] - now) if self.stated_s is None else self.stated_s
        return {"corpAccessToken": token, "corpId": CORP, "expiresIn": seconds}

    def _check_rate(self, path: str) -> None:
        now, called = time.monotonic(), self.called[path]
        while called and called[0] <= now - self.seconds:
            called.popleft()
        if len(called) >= self.calls:
            raise Refused(TOO_OFTEN, "秒频次超限")
        called.append(now)

    def _check_caller(self, body: Answer) -> None:
        if not body.get("corpAccessToken"):
            raise Refused(NO_TOKEN, "corpAccessToken为必填项，不能为空")
        if self.tokens.get(body["corpAccessToken"], 0) <= time.monotonic() or body.get("corpId") != CORP:
            raise Refused(BAD_TOKEN, "the cropId,cropAccessToken or authorization is error")
        if body.get("currentOpenUserId") != USER:
            raise Refused(UNKNOWN_USER, "openUserId 未找到")

    def _stored(self, name: str | None, custom: bool) -> Stored:
        if name is None or name not in self.objects or name.endswith("__c") != custom:
            raise Refused(BAD_PARAMETER, f"对象 {name} 不存在")
        if name in self.forbidden:
            raise Refused(NO_PERMISSION, f"没有{name}权限")
        return self.objects[name]

    def _query(self, data: Answer, stored: Stored) -> Answer:
        search = data["search_query_info"]
        limit, offset, filters = search["limit"], search["offset"], search["filters"]
        if not 1 <= limit <= 100 or offset % limit:
            raise Refused(BAD_PARAMETER, f"limit {limit}, offset {offset}")
        if offset > self.largest_offset:
            raise Refused(OFFSET_TOO_LARGE, f"offset out of range {self.largest_offset}")
        for name in [one["field_name"] for one in filters] + [one["fieldName"] for one in search["orders"]]:
            if name not in stored.types:
                raise Refused(BAD_PARAMETER, f"字段 {name} 不存在")
        wanted, found = search.get("fieldProjection"), stored.found(filters, search["orders"], self.hides)
        about = {"offset": offset, "limit": limit, "total": 0}
        if data.get("find_explicit_total_num", True):
            listed = list(found)
            found, about["total"] = iter(listed), len(listed) if self.total is None else self.total
        page = [shown(record) for record in islice(found, offset, offset + limit)]
        if wanted:
            page = [{name: record[name] for name in wanted if name in record} for record in page]
        return {"data": {**about, "dataList": page}}

    def _describe(self, name: str | None) -> Answer:
        stored = self._stored(name, str(name).endswith("__c"))
        fields: dict[str, Answer] = {
            key: {"api_name": key, "label": key, "type": kind, "is_active": True} for key, kind in stored.types.items()
        }
        for key, options in stored.options.items():
            fields[key]["options"] = [{"label": one, "value": one} for one in options]
        for key in stored.read_only:
            fields[key]["is_readonly"] = True
        return {"data": {"describe": {"api_name": name, "fields": fields}}}

    def _check_written(self, stored: Stored, values: Record) -> None:
        for name, value in values.items():
            kind = stored.types.get(name)
            if kind is None:
                raise Refused(BAD_PARAMETER, f"字段 {name} 不存在")
            if name == "owner" and "_id" in values:
                raise Refused(BAD_PARAMETER, "负责人不能修改，请使用changeOwner")
            if kind in ("text", "number", "currency") and not isinstance(value, str | None):
                raise Refused(BAD_PARAMETER, f"字段 {name} 的值必须是字符串")
            if kind == "date_time" and not isinstance(value, int | None):
                raise Refused(BAD_PARAMETER, f"字段 {name} 的值必须是毫秒时间戳")
            if kind == "select_one" and value is not None and value not in stored.options[name]:
                raise Refused(BAD_PARAMETER, f"字段 {name} 没有选项 {value}")


@contextmanager
def serving_fxiaoke(service: Fxiaoke, port: int = 0) -> Iterator[Fxiaoke]:
    """The server for as long as the block lasts."""
    with serving(service, now=lambda: datetime.fromtimestamp(service.clock() / 1000, UTC), port=port) as service.url:
        yield service


def main() -> None:
    from tests.vendors.fxiaoke_shop import fill

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--records", type=int, default=2001, help="customers; other objects have as many as belong to them"
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--calls", type=int, default=100, help="allowed calls of an interface in 20 s")
    parser.add_argument("--idle", type=float, default=600, help="stop after so many seconds without a request")
    asked = parser.parse_args()
    service = fill(Fxiaoke(calls=asked.calls), asked.records)
    with serving_fxiaoke(service, asked.port):
        given = {"APP_ID": APP_ID, "APP_SECRET": APP_SECRET, "PERMANENT_CODE": PERMANENT_CODE, "OPEN_USER_ID": USER}
        lines = [f"base_url: {service.url}", *(f"export FXIAOKE_{name}={value}" for name, value in given.items())]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        while time.monotonic() - service.last_request < asked.idle:
            time.sleep(min(1.0, asked.idle))


if __name__ == "__main__":
    main()
