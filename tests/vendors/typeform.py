"""A server on 127.0.0.1 that answers as the API of Typeform documents, with faults on request.

It keeps its responses in memory, so that a test compares what was pulled with `Typeform.forms`. By hand:
`python -m tests.vendors.typeform --responses 2001` prints the address and the token.

Known from the vendor's documentation: `page_size` up to 1,000, `since` (included), `before` and `after` (the token
itself excluded), the order from the latest to the earliest, `response_type`, whose first type decides what `since`
means, and errors with `code` and `description`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.vendors.server import Reply, Request, demonstrate, serving

TOKEN = "tfp_of_tests"
STATUSES = {"drop": 0, "204": 204, "401": 401, "429": 429, "500": 500, "502": 502}
TIMES = {"completed": "submitted_at", "partial": "landed_at", "started": "landed_at"}

Record = dict[str, Any]


@dataclass
class Typeform:
    """What the account has, how it answers, and what it was asked.

    Attributes:
        on_request: Called before each request for responses, with its number from 1. It may add responses. It returns
            a fault for this request, or None: a status, `"slow"`, `"drop"` (no answer), `"cut"` (half an answer),
            `"repeat"` (the answer before this one again).
        forms: The responses of each form, by their token.
        refuses_unknown: Whether a token in `before` that does not exist is refused; otherwise the page is empty.
        delay: Responses of the last so many minutes are not shown.
    """

    forms: dict[str, dict[str, Record]] = field(default_factory=dict)
    on_request: Callable[[int], str | None] = lambda number: None
    now: datetime = datetime(2024, 5, 1, 12, tzinfo=UTC)
    delay: timedelta = timedelta(0)
    has_partial: bool = True
    refuses_unknown: bool = False
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    number: int = 0
    before: Reply | None = None

    def respond(self, form: str, token: str, score: int, /, **values: Any) -> Record:
        """Somebody answers a form."""
        nps = {"field": {"id": "q1", "ref": "recommend", "type": "nps"}, "type": "number", "number": score}
        record = {
            **{"landing_id": token, "token": token, "response_id": token, "landed_at": _text(self.now)},
            **{"submitted_at": _text(self.now), "response_type": "completed", "hidden": {}, "answers": [nps]},
            **values,
        }
        self.forms.setdefault(form, {})[token] = record
        return record

    def __call__(self, request: Request) -> Reply:
        """The answer to a request, or the fault."""
        self.requests.append(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refused(403, "AUTHENTICATION_FAILED", "Authentication credentials not found on the Request Headers")
        if request.path == "/forms":
            return self._listed(request.query)
        self.number += 1
        fault = self.on_request(self.number)
        if fault in STATUSES:
            return Reply(STATUSES[fault])
        if fault == "repeat" and self.before:
            return self.before
        reply = self._responses(request)
        self.before = reply
        return Reply(
            reply.status,
            reply.body,
            cut=50 if fault == "cut" else None,
            seconds=1 if fault == "slow" else 0,
        )

    def _listed(self, query: Mapping[str, str]) -> Reply:
        size, page = int(query.get("page_size", 10)), int(query.get("page", 1))
        if size > 200:
            return _refused(400, "VALIDATION_ERROR", "page_size")
        items = [{"id": form, "title": form} for form in self.forms]
        return Reply(body={"total_items": len(items), "items": items[(page - 1) * size : page * size]})

    def _responses(self, request: Request) -> Reply:
        _, _, form, _ = request.path.split("/")
        query = request.query
        size = int(query.get("page_size", 25))
        if form not in self.forms:
            return _refused(404, "FORM_NOT_FOUND", f"Form with ID {form} was not found")
        types = query.get("response_type", "completed").split(",")
        if size > 1000 or (types != ["completed"] and not self.has_partial):
            return _refused(400, "VALIDATION_ERROR", "invalid query parameter")
        time_field = TIMES[types[0]]
        shown = [
            one
            for one in self.forms[form].values()
            if one["response_type"] in types
            and query.get("since", "") <= str(one[time_field]).rstrip("Z")
            and one[time_field] <= _text(self.now - self.delay)
        ]
        shown.sort(key=lambda one: (one[time_field], one["token"]), reverse=True)
        if before := query.get("before"):
            tokens = [one["token"] for one in shown]
            if self.refuses_unknown and before not in tokens:
                return _refused(400, "VALIDATION_ERROR", "before")
            shown = shown[tokens.index(before) + 1 :] if before in tokens else []
        count = len(shown)
        return Reply(body={"total_items": count, "page_count": -(-count // size), "items": shown[:size]})


def _refused(status: int, code: str, words: str) -> Reply:
    return Reply(status, {"code": code, "description": words})


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def fill(account: Typeform, responses: int) -> Typeform:
    """Responses of the days before, seven at a time within one second."""
    end = account.now
    for number in range(responses):
        account.now = end - timedelta(hours=2, minutes=number // 7)
        email = {"email": f"c{number}@example.com", "order": f"A{number}"}
        account.respond("Fx1", f"t{number:05}", number % 11, hidden=email)
    account.now = end
    return account


@contextmanager
def serving_typeform(account: Typeform, port: int = 0) -> Iterator[Typeform]:
    """The server for as long as the block lasts."""
    with serving(account, now=lambda: account.now, port=port) as account.url:
        yield account


@contextmanager
def demonstration(responses: int, port: int) -> Iterator[Sequence[str]]:
    """The server with responses, and what a user needs to read them."""
    with serving_typeform(fill(Typeform(now=datetime.now(UTC)), responses), port) as account:
        yield [f"url: {account.url}", f"export TYPEFORM_TOKEN={TOKEN}"]


if __name__ == "__main__":
    demonstrate(__doc__, "responses", demonstration)
