"""Fxiaoke (纷享销客): the records of objects, by its open interface (`/cgi/crm/v2/data/query`).

- Errors have the status 200 and an `errorCode` that is not 0.
- The offset of a query ends at 10,000. So pages are read as the vendor recommends for many records: in the order of
  `_id`, each one from the last `_id` of the page before it. Such a read has no upper limit of time. Therefore a record
  that is edited meanwhile stays in it, and any number of records may have one time of change.
- A read ends with a page without records. `total`, and pages that are not full, say nothing.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from pydantic import JsonValue

from pipelines.base.errors import PullError
from pipelines.base.text import printable_name
from pipelines.config.credentials import read_credentials
from pipelines.config.pull_fxiaoke import FxiaokeSettings
from pipelines.config.pulls import PullSettings, WebSettings
from pipelines.connectors.answers import NUMBER, Answer, Outcome, by_status
from pipelines.connectors.connector import Page, PulledObject, Say
from pipelines.connectors.pages import Checkpoint, Record
from pipelines.connectors.pulled_files import time_of, time_text
from pipelines.connectors.web import Web

_TOKEN = "/cgi/corpAccessToken/get/V2"
_QUERY, _CUSTOM_QUERY = "/cgi/crm/v2/data/query", "/cgi/crm/custom/v2/data/query"
_SECRETS = {"appId": "APP_ID", "appSecret": "APP_SECRET", "permanentCode": "PERMANENT_CODE"}
_USER = "OPEN_USER_ID"
_TOKEN_MARGIN = 0.95  # of its lifetime: within the first 11/12 the vendor gives the same one again

CALL_LIMITS = frozenset({14001, 30004})  # too many calls
_BUSY = frozenset({-2, -1, 50009, *CALL_LIMITS})  # system errors and time limits besides
_EXPIRED = frozenset({20005, 20016})
_WRONG_CREDENTIALS = frozenset({10001, 10002, 10006, 10012, 11001, 11002, 11013, 20006, 20015})
_UNKNOWN_USER = frozenset({10010, 11008, 20012, 30027})
_NOT_ALLOWED = frozenset({15003, 20014, 20020, 20021, 20022, 20023})
_DAY_IS_USED_UP, _NO_QUOTA = 30002, 30003
_ABOUT_ALL = _EXPIRED | _WRONG_CREDENTIALS | _UNKNOWN_USER | _NOT_ALLOWED | {_DAY_IS_USED_UP, _NO_QUOTA}


class FxiaokeBusyError(PullError):
    """The server was busy or failed for all attempts.

    Args:
        code: The vendor's `errorCode` of the last attempt.
        message: What happened.
        hint: What to do.
    """

    def __init__(self, code: int, message: str, hint: str) -> None:
        super().__init__(message, hint, is_temporary=True)
        self.code = code


class FxiaokeError(PullError):
    """The server refuses a request.

    Args:
        code: The vendor's `errorCode`.
        message: What happened.
        hint: What to do.
    """

    def __init__(self, code: int, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.code = code

    @property
    def is_about_all(self) -> bool:
        """Whether every other request would be refused too: for credentials, rights or a used up number of calls."""
        return self.code in _ABOUT_ALL

    @property
    def is_about_rights(self) -> bool:
        """Whether the app or its employee lacks a right."""
        return self.code in _NOT_ALLOWED


def connect(settings: PullSettings, warn: Say) -> "Fxiaoke":
    """The connector.

    Raises:
        ConfigError: An environment variable with credentials is missing.
    """
    assert settings.fxiaoke is not None
    return Fxiaoke(settings.fxiaoke, settings.web, warn)


class Fxiaoke:
    """Reads the objects of one company.

    Args:
        settings: What is pulled.
        web: How requests are sent.
        warn: Receives what the user should know.
    """

    def __init__(self, settings: FxiaokeSettings, web: WebSettings, warn: Say) -> None:
        self._settings = settings
        self._warn = warn
        names = [*_SECRETS.values(), _USER]
        values = read_credentials((f"{settings.environment_prefix}_{name}" for name in names), "Fxiaoke")
        self._secrets = dict(zip(names, values, strict=True))
        self._web = Web(web, classify=self._classify, warn=warn)
        self._token: Mapping[str, str] = {}
        self._token_ends = 0.0
        self._busy: tuple[int, str] | None = None

    def objects(self) -> Sequence[PulledObject]:
        """The objects of the settings. One that the company does not have is noticed when it is read."""
        same = f"{self._settings.url} {self._secrets[_USER]} {' '.join(self._settings.void)}"
        days = self._settings.full_read_days
        return [PulledObject(name, name, full_read_days=days, settings=same) for name in self._settings.objects]

    def server_time(self) -> datetime:
        """The time in the header Date.

        Raises:
            PullError: The credentials are not accepted, or the server cannot be reached.
        """
        self._caller()
        return self._web.required_time("pull.fxiaoke.url")

    def until(self, one: PulledObject, now: datetime) -> str:
        """The server's time."""
        return time_text(now)

    def pages(self, one: PulledObject, since: str | None, until: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """All records that changed after `since`, then void and deleted ones, each in the order of `_id`.

        Raises:
            PullError: The object does not exist, or may not be read.
        """
        reads = ["", *self._settings.void]
        begun, after = (checkpoint["read"], checkpoint["after"]) if checkpoint else ("", "")
        for read in reads[reads.index(begun) :]:
            try:
                yield from self._read(one.name, since, read, after if read == begun else "")
            except PullError as problem:
                if not read or problem.is_temporary:
                    raise
                self._warn(f"{one.name}: records with {read} cannot be read: {problem.message}. Correct `void`")

    def is_empty(self, one: PulledObject) -> bool:
        """Whether a query without a filter finds nothing. Void and deleted records do not count."""
        return not self._query(one.name, [], 1)

    def close(self) -> None:
        """Close its connections."""
        self._web.close()

    def _read(self, name: str, since: str | None, read: str, after: str) -> Iterator[Page]:
        field, _, value = read.partition("=")
        filters = [_filter(field, "IN", value)] if read else []
        if since:
            start = time_of(since) - timedelta(minutes=self._settings.overlap_minutes)
            filters.append(_filter("last_modified_time", "GTE", str(round(start.timestamp() * 1000))))
        while records := self._page(name, filters, after):
            after = records[-1]["_id"]
            yield Page(records, {"read": read, "after": after})

    def _page(self, name: str, filters: Sequence[JsonValue], after: str) -> Sequence[Record]:
        """The records that follow `after` in the order of `_id`."""
        follows = [_filter("_id", "GT", after)] if after else []
        for _ in range(3):  # a server may repeat a page
            records = self._query(name, [*filters, *follows], self._settings.page_size)
            pairs = pairwise([after, *(record["_id"] for record in records)])
            if all(earlier < later for earlier, later in pairs):
                return records
        raise PullError(
            f"{name} is not given in the order of `_id`",
            hint="call the command again; if this repeats, ask the vendor why this object ignores `orders` in a query",
            is_temporary=True,
        )

    def _query(self, name: str, filters: Sequence[JsonValue], limit: int) -> Sequence[Record]:
        order: JsonValue = [{"fieldName": "_id", "isAsc": True}]
        search: JsonValue = {"limit": limit, "offset": 0, "filters": list(filters), "orders": order}
        data: JsonValue = {"dataObjectApiName": name, "find_explicit_total_num": False, "search_query_info": search}
        path = _CUSTOM_QUERY if name.endswith("__c") else _QUERY
        answer = self.call(path, data, name)
        found = answer.get("data")
        records = found.get("dataList") if isinstance(found, dict) else None
        if not isinstance(records, list) or not all(isinstance(one, dict) and _has_id(one) for one in records):
            raise PullError(
                f"the answer for {name} has no list `data.dataList` of records with `_id`",
                hint="check the address `pull.fxiaoke.url`; an old private cloud may have another API",
            )
        return records

    def call(self, path: str, data: JsonValue, name: str, **beside: JsonValue) -> Mapping[str, Any]:
        """The answer to a request. The token is renewed once if it is refused.

        Args:
            path: The interface.
            data: What it is asked.
            name: The object, for messages.
            beside: Further parameters beside `data`.

        Raises:
            FxiaokeError: The server refuses.
            PullError: It cannot be reached.
        """
        answer = self._send(path, {**self._caller(), **beside, "data": data})
        if _code(answer) in _EXPIRED:
            self._token_ends = 0.0
            answer = self._send(path, {**self._caller(), **beside, "data": data})
        self._check(answer, name)
        return answer

    def _caller(self) -> Mapping[str, str]:
        """Who asks, with the token. It is kept for its lifetime: the vendor allows ten new ones a minute."""
        if time.monotonic() >= self._token_ends:
            asked = time.monotonic()
            answer = self._send(_TOKEN, {name: self._secrets[variable] for name, variable in _SECRETS.items()})
            self._check(answer, "the token")
            token, corp, seconds = (answer.get(name) for name in ("corpAccessToken", "corpId", "expiresIn"))
            if not token or not isinstance(seconds, NUMBER):
                raise PullError("the answer with the token is incomplete", hint="check `pull.fxiaoke.url`")
            self._token = {"corpAccessToken": str(token), "corpId": str(corp)}
            self._token_ends = asked + float(seconds) * _TOKEN_MARGIN
        return {**self._token, "currentOpenUserId": self._secrets[_USER]}

    def _send(self, path: str, body: Mapping[str, JsonValue]) -> Mapping[str, Any]:
        self._busy = None
        try:
            answer = self._web.request("POST", f"{self._settings.url}{path}", body=dict(body))
        except PullError as problem:
            if not self._busy:
                raise
            code, words = self._busy
            raise FxiaokeBusyError(code, f"{problem.message} ({words})", problem.hint) from problem
        found = answer.json()
        if answer.status != 200 or not isinstance(found, dict) or _code(found) is None:
            raise PullError(
                f"{answer.url} answered {answer.status}, without an errorCode",
                hint="check the address `pull.fxiaoke.url`",
            )
        return found

    def _classify(self, answer: Answer) -> Outcome:
        verdict = by_status(answer)
        self._busy = None
        if verdict is Outcome.USE and answer.status == 200:
            try:
                found = answer.json()
            except PullError:
                return verdict
            if isinstance(found, dict) and _code(found) in _BUSY:
                self._busy = (_code(found) or 0, self._words(found))
                return Outcome.AGAIN
        return verdict

    def _check(self, answer: Mapping[str, Any], name: str) -> None:
        code = _code(answer)
        if code != 0:
            hint = _hint(code, self._settings.environment_prefix)
            raise FxiaokeError(code or 0, f"{name} was refused with {self._words(answer)}", hint)

    def _words(self, answer: Mapping[str, Any]) -> str:
        """An error as the vendor words it. A secret that is quoted is removed."""
        words = " ".join(f"{answer.get('errorMessage') or ''} (trace {answer.get('traceId')})".split())
        for secret in [*self._secrets.values(), *self._token.values()]:
            words = words.replace(secret, "…")
        return f"error {_code(answer)}: {printable_name(words[:300])}"


def _filter(field: str, operator: str, value: str) -> JsonValue:
    return {"field_name": field, "operator": operator, "field_values": [value]}


def _has_id(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("_id"), str) and bool(record["_id"])


def _code(answer: Mapping[str, Any]) -> int | None:
    try:
        return int(answer["errorCode"])
    except (KeyError, TypeError, ValueError):
        return None


def _hint(code: int | None, prefix: str) -> str:
    if code in _WRONG_CREDENTIALS:
        return f"check {prefix}_APP_ID, {prefix}_APP_SECRET and {prefix}_PERMANENT_CODE"
    if code in _EXPIRED:
        return f"even a new token is refused: check that {prefix}_OPEN_USER_ID belongs to the same company"
    if code in _UNKNOWN_USER:
        return f"check {prefix}_OPEN_USER_ID: it must begin with FSUID_ and belong to an employee of this company"
    if code in _NOT_ALLOWED:
        return "ask an administrator of the CRM to give the app and its employee the right to read this object"
    if code == _DAY_IS_USED_UP:
        return "the daily limit of calls is reached; call the command again after midnight: it then continues"
    if code == _NO_QUOTA:
        return "the company has no API calls (OpenAPI 资源包): they are bought from the vendor"
    return "check that the company has this object and that the employee may list it, or remove it from `objects`"
