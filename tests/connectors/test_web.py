"""Requests of a pull: which answers are asked for again, and what an error says."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.base.errors import PullError
from pipelines.config.pulls import WebSettings
from pipelines.connectors import web
from pipelines.connectors.answers import Answer, Outcome, by_status, vendor_words
from pipelines.connectors.web import Web
from tests.vendors.server import Reply, Request, serving

QUICK = WebSettings(
    attempts=6, wait_seconds=0.001, longest_wait_seconds=0.05, read_timeout_seconds=0.4, answer_timeout_seconds=0.8
)


class Script:
    """Answers with the given replies in turn, and keeps the requests."""

    def __init__(self, *replies: Reply) -> None:
        self.replies: Iterator[Reply] = iter(replies)
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        return next(self.replies)


OK = Reply(body={"n": 1})


@pytest.mark.parametrize(
    "faults",
    [
        [Reply(429)] * 5,
        [Reply(500), Reply(502), Reply(503)],
        [Reply(0)],
        [Reply(body={"n": "x" * 100}, cut=20)],
        [Reply(body={"n": 1}, seconds=0.6)],
        [Reply(body={"n": "x" * 100}, pause=0.05)],
        [Reply(429, headers={"Retry-After": "0"})],
    ],
    ids=["busy", "failing", "dropped", "cut off", "silent", "slow", "asked to wait"],
)
def test_a_request_is_sent_again_until_it_is_answered(faults: list[Reply]) -> None:
    script = Script(*faults, OK)
    with serving(script) as url:
        client = Web(QUICK)
        assert client.request("GET", f"{url}/a").json() == {"n": 1}
        client.close()
    assert len(script.requests) == len(faults) + 1


@pytest.mark.parametrize("status", [400, 403, 404, 204, 304])
def test_an_answer_that_no_repetition_changes_is_returned_at_once(status: int) -> None:
    script = Script(Reply(status))
    with serving(script) as url:
        assert Web(QUICK).request("GET", url).status == status
    assert len(script.requests) == 1


def test_a_server_that_keeps_failing_is_named_without_the_query_or_the_token() -> None:
    script = Script(*[Reply(500)] * 6)
    with serving(script) as url, pytest.raises(PullError) as caught:
        client = Web(QUICK, token=lambda _: {"Authorization": "secret-token"})
        client.request("GET", f"{url}/crm/Contacts", params={"email": "ada@example.org"})
    assert "/crm/Contacts could not be read: it answered 500 (6 attempts)" in caught.value.message
    assert caught.value.is_temporary
    assert not any(word in f"{caught.value.message}{caught.value.hint}" for word in ("ada", "secret"))


def test_a_server_that_cannot_be_reached_is_named() -> None:
    with serving(Script()) as url:
        pass
    with pytest.raises(PullError, match="could not be read: no complete answer"):
        Web(QUICK).request("GET", url)


def test_the_token_is_renewed_once() -> None:
    tokens = {"now": "old"}

    def token(renew: bool) -> dict[str, str]:
        if renew:
            tokens["now"] = "new"
        return {"Authorization": tokens["now"]}

    def answer(request: Request) -> Reply:
        return OK if request.headers["authorization"] == "new" else Reply(401)

    with serving(answer) as url:
        assert Web(QUICK, token=token).request("GET", url).json() == {"n": 1}
    with serving(lambda _: Reply(401)) as url, pytest.raises(PullError, match="not even a new one") as caught:
        Web(QUICK, token=token).request("GET", url)
    assert not caught.value.is_temporary


def test_an_error_inside_an_answer_of_status_200_is_classifyd_by_the_vendors_rule() -> None:
    def classify(answer: Answer) -> Outcome:
        return Outcome.AGAIN if answer.json()["errorCode"] else by_status(answer)

    script = Script(Reply(body={"errorCode": 5}), Reply(body={"errorCode": 0, "n": 2}))
    with serving(script) as url:
        assert Web(QUICK, classify=classify).request("POST", url, body={"a": 1}).json()["n"] == 2


def test_credentials_of_netrc_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    script = Script(OK, OK)
    with serving(script) as url:
        Web(QUICK, token=lambda _: {"Authorization": "Bearer ours"}).request("GET", url)
        Web(QUICK).request("GET", url)
    assert [one.headers.get("authorization") for one in script.requests] == ["Bearer ours", None]


def test_a_token_that_no_header_can_have_is_named_at_once() -> None:
    script = Script()
    with serving(script) as url, pytest.raises(PullError, match="the credentials for") as caught:
        Web(QUICK, token=lambda _: {"Authorization": "Bearer a\nb"}).request("GET", url)
    assert not caught.value.is_temporary
    assert not script.requests


def test_a_read_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_MOST_REPETITIONS", 20)
    with serving(lambda _: OK) as url, pytest.raises(PullError, match="gave the same answer 20 times"):
        client = Web(QUICK)
        while True:
            client.request("GET", url)


def test_a_redirect_is_refused_because_it_would_get_the_token() -> None:
    script = Script(Reply(302, headers={"Location": "http://elsewhere.example/login?next=x"}))
    with serving(script) as url, pytest.raises(PullError, match=r"a redirect to http://elsewhere.example/login"):
        Web(QUICK).request("GET", url)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://elsewhere.example:99999/login", "https://elsewhere.example with a port that is not valid"),
        ("https://user:pass/word@elsewhere.example/", "https://user with a port that is not valid"),
        ("https://[elsewhere/", "an address that is not valid"),
        ("//user:password@elsewhere.example:0/login?token=x#y", "http://elsewhere.example:0/login"),
    ],
)
def test_a_redirect_to_an_address_that_is_not_valid_is_refused_too(location: str, shown: str) -> None:
    with (
        serving(Script(Reply(302, b"<html>", headers={"Location": location}))) as url,
        pytest.raises(PullError) as caught,
    ):
        Web(QUICK).request("GET", url)
    assert caught.value.message.endswith(f"a redirect to {shown}")


@pytest.mark.parametrize("url", ["https://shop.example:99999/", "https://[shop/"])
def test_an_address_that_is_not_valid_is_named(url: str) -> None:
    with pytest.raises(PullError, match="is not an address"):
        Web(QUICK).request("GET", url)


@pytest.mark.parametrize(("asked", "least", "most"), [("0", 1, 60), ("", 1, 60), ("30", 30, 60), ("900", 60, 60)])
def test_the_wait_is_that_of_the_server_but_never_none(
    monkeypatch: pytest.MonkeyPatch, asked: str, least: float, most: float
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    faults = [Reply(503, headers={"Retry-After": asked} if asked else {})] * 5
    with serving(Script(*faults, OK)) as url:
        Web(WebSettings(attempts=6, wait_seconds=2, longest_wait_seconds=60)).request("GET", url)
    assert len(waits) == 5
    assert all(least <= wait <= most for wait in waits)


def test_an_answer_that_is_not_json_is_an_error_with_its_address() -> None:
    with serving(Script(Reply(body=b"<html>"))) as url, pytest.raises(PullError, match="not JSON"):
        Web(QUICK).request("GET", f"{url}/login").json()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no right for key ck_1/2 and cs+3", "no right for key (secret) and (secret)"),
        ("?key=ck_1%2F2&secret=cs%2B3&page=1", "?key=(secret)&secret=(secret)&page=1"),
        ("ck_1/2:more", "(secret)"),
        ("qq cs+3", "(secret) (secret)"),
        ("The customer ada.b+x@mail.example.com has no right.", "The customer (e-mail address) has no right."),
        ('"email":"ada@example.com", <ÄDA@bücher.example>', '"email":"(e-mail address)", <(e-mail address)>'),
        ("email=ada%40example.com&x=1 and ada＠example.com", "email=(e-mail address)&x=1 and (e-mail address)"),
        ("two\nlines\twith \x1b", "two lines with \\x1b"),
        ("Field '@skip' and a @b are no addresses", "Field '@skip' and a @b are no addresses"),
        ("y" * 100_000, "y" * 200 + "…"),
    ],
)
def test_the_words_of_a_vendor_are_shown_without_secrets_and_addresses(text: str, shown: str) -> None:
    assert vendor_words(text, ["", "ck_1/2", "cs+3", "ck_1/2:more", "qq", "cr"]) == shown


def test_long_words_of_a_vendor_are_cut_after_secrets_are_removed() -> None:
    assert vendor_words("y" * 196 + "secret-token", ["secret-token"]) == "y" * 196 + "(sec…"


def test_the_clock_is_that_of_the_server() -> None:
    wrong = datetime(2031, 5, 1, 12, tzinfo=UTC)
    with serving(lambda _: OK, now=lambda: wrong) as url:
        client = Web(QUICK)
        assert client.server_time() is None
        client.request("GET", url)
        found = client.server_time()
    assert found is not None
    assert abs(found - wrong) < timedelta(seconds=5)


def test_no_more_requests_are_sent_per_period_than_allowed() -> None:
    arrived: list[datetime] = []

    def answer(_: Request) -> Reply:
        arrived.append(datetime.now(UTC))
        return OK

    with serving(answer) as url:
        client = Web(WebSettings(requests=3, per_seconds=0.3))
        for _ in range(7):
            client.request("GET", url)
    assert all(later - earlier > timedelta(seconds=0.25) for earlier, later in zip(arrived, arrived[3:], strict=False))
