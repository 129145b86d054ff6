"""A Zoho CRM with its API v8 on 127.0.0.1, with records in memory: for tests and for a demonstration.

It follows Zoho's public OpenAPI files (github.com/zoho/crm-oas, v8.0) and its published limits. A test changes the
records between requests, asks for faults, and compares what was pulled with what the server has.

By hand: `python -m tests.vendors.zoho --records 2001`. It stops after 30 minutes without a request.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from tests.vendors.server import Reply, Request, serving
from tests.vendors.zoho_bulk import BulkRead
from tests.vendors.zoho_modules import Module, Record, error, sample_modules, stamp, time_of

CLIENT = {"client_id": "1000.CLIENT", "client_secret": "planted-secret", "refresh_token": "1000.refresh"}
"""The credentials that the server accepts."""
PAGED_BY_NUMBER = 2_000
MOST_FIELDS = 50
MOST_PER_PAGE = 200
MOST_UPSERTED = 100


@dataclass
class Fault:
    """An answer that takes the place of the right one.

    Attributes:
        part: Requests whose path and query contain this text get it.
        reply: The answer; None: as usual.
        times: How often.
        skip: How many such requests are answered as usual before.
        change: Is called before the answer.
        seconds: A wait before the answer.
        is_repeated: Whether the last list is answered once more.
    """

    part: str
    reply: Reply | None = None
    times: int = 1
    skip: int = 0
    change: Callable[[], None] = lambda: None
    seconds: float = 0
    is_repeated: bool = False


@dataclass
class Zoho:
    """The state of the server.

    Attributes:
        modules: The modules by their API names.
        members: The status of the members of campaigns, by campaign and contact.
        clock: The server's clock is ahead of ours by this.
        date_behind: The header Date is behind the server's clock by this.
        token_requests: How many requests a token is valid for.
        list_limit: A list ends after this number of records.
        is_limit_told: Whether a list that ends there is an error, or ends as if it were complete.
        page_token_hours: How long a page token is valid.
        missing_scopes: Modules that the token may not read.
        faults: What goes wrong.
        sent: The requests so far: method, path and query.
        credits: The number of requests of the API.
        triggers: What each update of records may start.
    """

    modules: dict[str, Module] = field(default_factory=sample_modules)
    members: dict[str, dict[str, str]] = field(default_factory=dict)
    users: dict[str, Record] = field(default_factory=dict)
    clock: timedelta = timedelta()
    date_behind: timedelta = timedelta()
    token_requests: int = 1_000_000
    list_limit: int = 100_000
    is_limit_told: bool = True
    page_token_hours: float = 24
    missing_scopes: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    credits: int = 0
    triggers: list[Any] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)
    last_request: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.bulk = BulkRead(self.modules, self.now)
        self._listed: Reply | None = None

    def now(self) -> datetime:
        """The server's time, UTC."""
        return datetime.now(UTC) + self.clock

    def put(self, module: str, identity: str, *, is_touched: bool = True, **values: Any) -> Record:
        """Add or change a record; a formula changes its value without a change of Modified_Time."""
        return self.modules[module].put(identity, values, self.now() if is_touched else None)

    def delete(self, module: str, identity: str) -> None:
        """Delete a record."""
        self.modules[module].delete(identity, self.now())

    def contents(self, module: str) -> dict[str, Record]:
        """The records of a module by ID."""
        return {one["id"]: dict(one) for one in self.modules[module].records.values()}

    def answer(self, request: Request) -> Reply:
        """Answer a request."""
        query = "&".join(f"{name}={quote(value, safe=',$')}" for name, value in request.query.items())
        line = f"{request.method} {request.path}?{query}"
        self.sent.append(line)
        self.last_request = time.monotonic()
        seconds = 0.0
        for fault in self.faults:
            if fault.part in line and fault.times > 0:
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                fault.change()
                seconds += fault.seconds
                if reply := self._listed if fault.is_repeated else fault.reply:
                    return reply
        return replace(self._answer(request), seconds=seconds)

    def _answer(self, request: Request) -> Reply:
        if request.path == "/oauth/v2/token":
            return self._token(request)
        self.credits += 1
        return self._unauthorized(request) or self._route(request)

    def _token(self, request: Request) -> Reply:
        form = request.form()
        if form.get("grant_type") != "refresh_token":
            return Reply(200, {"error": "unsupported_grant_type"})
        if form.get("client_id") != CLIENT["client_id"] or form.get("client_secret") != CLIENT["client_secret"]:
            return Reply(200, {"error": "invalid_client"})  # Zoho's accounts say this with status 200
        if form.get("refresh_token") != CLIENT["refresh_token"]:
            return Reply(200, {"error": "invalid_code"})
        token = f"1000.access.{len(self.tokens)}"
        self.tokens[token] = self.token_requests
        body = {"access_token": token, "scope": "ZohoCRM.modules.READ", "token_type": "Bearer", "expires_in": 3600}
        return Reply(200, body)

    def _unauthorized(self, request: Request) -> Reply | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Zoho-oauthtoken" or self.tokens.get(token, 0) <= 0:
            return error(401, "INVALID_TOKEN", "invalid oauth token")
        self.tokens[token] -= 1
        return None

    def _route(self, request: Request) -> Reply:
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        match (request.method, parts):
            case ("GET", ["crm", "v8", "settings", "modules"]):
                return Reply(200, {"modules": [one.about() for one in self.modules.values()]})
            case ("GET", ["crm", "v8", "settings", "fields"]):
                return self._fields(request.query.get("module"))
            case ("GET", ["crm", "v8", "users"]):
                users = [{"id": i, "full_name": u["name"], "email": u["email"]} for i, u in self.users.items()]
                return _page(request, users, "users") if users else Reply(204)
            case (_, ["crm", "bulk", "v8", "read", *rest]):
                return self.bulk.answer(request, rest)
            case ("GET", ["crm", "v8", name, "actions", "count"]):
                return self._refused(name) or Reply(200, {"count": len(self.modules[name].records)})
            case ("GET", ["crm", "v8", name, "deleted"]):
                return self._refused(name) or self._deleted(request, self.modules[name])
            case ("POST", ["crm", "v8", name, "upsert"]):
                return self._refused(name) or self._upsert(request, self.modules[name])
            case ("PUT", ["crm", "v8", name]):
                return self._refused(name) or self._update(request, self.modules[name])
            case ("GET", ["crm", "v8", "Campaigns", campaign, "Contacts"]):
                return self._refused("Campaigns") or self._members(request, campaign)
            case ("GET", ["crm", "v8", name]):
                return self._refused(name) or self._list(request, self.modules[name])
        return error(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def _refused(self, name: str) -> Reply | None:
        if name in self.missing_scopes:
            return error(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        if name not in self.modules:
            return error(400, "INVALID_MODULE", "the module name given seems to be invalid", resource_path_index=0)
        return None

    def _fields(self, name: str | None) -> Reply:
        if name is None:
            return error(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", param_name="module")
        return self._refused(name) or Reply(200, {"fields": self.modules[name].about_fields()})

    def _list(self, request: Request, module: Module) -> Reply:
        query = request.query
        fields = [one for one in query.get("fields", "").split(",") if one]
        if not fields:
            return error(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", param_name="fields")
        if len(fields) > MOST_FIELDS:
            return error(400, "LIMIT_EXCEEDED", "the limit of the fields is exceeded", limit=MOST_FIELDS)
        if "page" in query and "page_token" in query:
            return error(400, "AMBIGUITY_DURING_PROCESSING", "page and page_token cannot be used together")
        per_page = int(query.get("per_page", MOST_PER_PAGE))
        if not 0 < per_page <= MOST_PER_PAGE:
            return error(400, "INVALID_DATA", "the value of per_page is invalid", param_name="per_page")
        since, problem = _since(request)
        if problem:
            return problem
        if since is not None and "Modified_Time" not in module.fields:
            return error(400, "INVALID_DATA", "If-Modified-Since is not supported for the module")
        shape = "|".join([module.name, query.get("sort_by", "id"), query.get("sort_order", "desc"), str(since)])
        start = (int(query.get("page", 1)) - 1) * per_page
        if token := query.get("page_token"):
            text, _, until = token.partition("@")
            kept, _, at = text.rpartition(":")
            if kept != shape or float(until) < self.now().timestamp():
                return error(400, "INVALID_DATA", "the page_token is invalid or has expired", param_name="page_token")
            start = int(at)
        elif start + per_page > PAGED_BY_NUMBER:
            return error(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "use page_token after 2000 records")
        if start >= self.list_limit and self.is_limit_told:
            return error(400, "PAGINATION_LIMIT_EXCEEDED", "more than the limit of records cannot be read")
        found = module.found(query, since)
        if not found:
            return Reply(304 if since is not None and module.records else 204)
        page = found[start : min(start + per_page, self.list_limit)]
        end = start + len(page)
        is_more = end < len(found) and not (end >= self.list_limit and not self.is_limit_told)
        expiry = self.now() + timedelta(hours=self.page_token_hours)
        info = {
            "per_page": per_page,
            "count": len(page),
            "page": start // per_page + 1,
            "sort_by": query.get("sort_by", "id"),
            "sort_order": query.get("sort_order", "desc"),
            "more_records": is_more,
            "next_page_token": f"{shape}:{end}@{expiry.timestamp()}" if is_more else None,
            "previous_page_token": None,
            "page_token_expiry": stamp(expiry) if is_more else None,
        }
        self._listed = Reply(200, {"data": [module.shown(one, fields) for one in page], "info": info})
        return self._listed

    def _deleted(self, request: Request, module: Module) -> Reply:
        since, problem = _since(request)
        if problem:
            return problem
        kind = request.query.get("type", "all")
        found = [
            one
            for one in reversed(module.deleted)  # the latest first
            if kind in ("all", one["type"]) and (since is None or time_of(one["deleted_time"]) >= since)
        ]
        if not found:
            return Reply(204 if since is None or not module.deleted else 304)
        return _page(request, found, "data")

    def _members(self, request: Request, campaign: str) -> Reply:
        fields = [one for one in request.query.get("fields", "").split(",") if one]
        if not fields:
            return error(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", param_name="fields")
        contacts = self.modules["Contacts"]
        found = [
            {**contacts.shown(contacts.records[one], fields), "Member_Status": status}
            for one, status in self.members.get(campaign, {}).items()
            if one in contacts.records
        ]
        return _page(request, found, "data") if found else Reply(204)

    def _upsert(self, request: Request, module: Module) -> Reply:
        body = request.json()
        data, by = body.get("data", []), body.get("duplicate_check_fields", [])
        if not 0 < len(data) <= MOST_UPSERTED:
            return error(400, "INVALID_DATA", "between 1 and 100 records can be sent", expected_data_type="jsonarray")
        return Reply(200, {"data": [self._upserted(module, one, by) for one in data]})

    def _update(self, request: Request, module: Module) -> Reply:
        """Change records by ID, with an answer for each: 207 if some are refused, 400 if all are."""
        body = request.json()
        if not 0 < len(body.get("data", [])) <= MOST_UPSERTED:
            return error(400, "INVALID_DATA", "between 1 and 100 records can be sent", expected_data_type="jsonarray")
        self.triggers.append(body.get("trigger"))
        answers = [self._updated(module, one) for one in body["data"]]
        good = sum(one["code"] == "SUCCESS" for one in answers)
        return Reply(200 if good == len(answers) else 207 if good else 400, {"data": answers})

    def _updated(self, module: Module, values: Record) -> Record:
        if values.get("id") not in module.records:
            refused: Record = error(400, "INVALID_DATA", "the id given seems to be invalid", api_name="id").body
            return refused
        for name, value in values.items():
            options = module.options.get(name)
            of_number = module.fields.get(name) in ("integer", "double", "currency")
            fits = options is None or value is None or value in options
            if not fits or (of_number and not isinstance(value, int | float | None)):
                invalid: Record = error(400, "INVALID_DATA", "invalid data", api_name=name).body
                return invalid
        return self._upserted(module, values, [])

    def _upserted(self, module: Module, values: Record, by: list[str]) -> Record:
        unknown = next((name for name in values if name != "id" and name not in module.fields), None)
        if unknown:
            body: Record = error(400, "INVALID_DATA", "invalid data", api_name=unknown).body
            return body
        existing = values.get("id") if values.get("id") in module.records else None
        same = None
        for name in by:
            if existing is None and values.get(name):
                rows = module.records.values()
                existing = next((one["id"] for one in rows if one.get(name) == values[name]), None)
                same = name if existing else None
        if existing is None and "id" in values:
            refused: Record = error(400, "INVALID_DATA", "the id given seems to be invalid", api_name="id").body
            return refused
        identity = existing or module.next_id()
        row = module.put(identity, {name: v for name, v in values.items() if name != "id"}, self.now())
        details = {name: row[name] for name in ("id", "Modified_Time", "Created_Time") if name in row}
        action, words = ("update", "record updated") if existing else ("insert", "record added")
        found: Record = {"status": "success", "code": "SUCCESS", "message": words, "action": action, "details": details}
        return found | ({"duplicate_field": same} if same else {})


def _since(request: Request) -> tuple[datetime | None, Reply | None]:
    text = request.headers.get("if-modified-since")
    if text is None:
        return None, None
    if text.endswith("Z") or "T" not in text:
        return None, error(400, "INVALID_DATA", "If-Modified-Since needs an offset", param_name="If-Modified-Since")
    return time_of(text), None


def _page(request: Request, rows: list[Record], name: str) -> Reply:
    per_page, page = int(request.query.get("per_page", MOST_PER_PAGE)), int(request.query.get("page", 1))
    found = rows[(page - 1) * per_page : page * per_page]
    info = {"per_page": per_page, "count": len(found), "page": page, "more_records": page * per_page < len(rows)}
    return Reply(200, {name: found, "info": info})


@contextmanager
def serving_zoho(zoho: Zoho, port: int = 0) -> Iterator[str]:
    """Serve, and yield the address of both the API and the accounts."""
    with serving(zoho.answer, now=lambda: zoho.now() - zoho.date_behind, port=port) as address:
        yield address


def main() -> None:
    """Serve until nobody has sent a request for some time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=2_001, help="the number of contacts")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--idle-minutes", type=float, default=30)
    asked = parser.parse_args()
    zoho = Zoho()
    zoho.modules["Contacts"].fill(asked.records)
    with serving_zoho(zoho, asked.port) as address:
        credentials = ", ".join(f"{name}={value}" for name, value in CLIENT.items())
        sys.stdout.write(f"Zoho CRM: {address} ({credentials})\n")
        sys.stdout.flush()
        while time.monotonic() - zoho.last_request < asked.idle_minutes * 60:
            time.sleep(0.5)


if __name__ == "__main__":
    main()
