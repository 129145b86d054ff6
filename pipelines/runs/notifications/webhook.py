"""Sending a body to a webhook: briefly, seldom twice, and without ever showing the URL, which is a secret."""

import logging
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import requests
from pydantic import JsonValue, SecretStr
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

TRIES = 3
CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
BACKOFF_SECONDS = 0.5

_TRY_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, *(status for status in HTTPStatus if status >= 500)}


@dataclass(frozen=True)
class Delivery:
    """What became of a message.

    Attributes:
        status: The HTTP status of the answer; None without an answer.
        problem: Empty if the receiver took the message, else why it did not, in words without the URL.
        is_lost: Whether the receiver certainly did not take it, so that sending it again makes no second copy.
    """

    status: int | None = None
    problem: str = ""
    is_lost: bool = False


def deliver(
    url: SecretStr,
    body: Mapping[str, JsonValue],
    *,
    read_seconds: float = READ_SECONDS,
    backoff_seconds: float = BACKOFF_SECONDS,
) -> Delivery:
    """POST a body as JSON.

    It is sent again only where the receiver cannot have taken it: no connection, 429, or 5xx. Where it hangs or breaks
    off, it may have been taken, and a second copy would be worse than none. Redirects are not followed: the body would
    go where nobody sent it.

    Args:
        url: Where to.
        body: What.
        read_seconds: How long to wait for an answer.
        backoff_seconds: Before the second try; twice as long before the third.

    Returns:
        What became of it.
    """
    # it logs paths, and the path of a webhook is its secret
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    delivery = Delivery()
    for attempt in range(TRIES):
        if attempt:
            time.sleep(backoff_seconds * 2 ** (attempt - 1))
        delivery = _try(url, body, read_seconds)
        if not delivery.is_lost:
            break
    return delivery


def _try(url: SecretStr, body: Mapping[str, JsonValue], read_seconds: float) -> Delivery:
    """Send it once.

    In a thread that may be left behind: requests bounds each silence, and an answer that drips has none too long.
    """
    answers = queue.SimpleQueue[Delivery]()
    threading.Thread(target=lambda: answers.put(_post(url, body, read_seconds)), daemon=True).start()
    try:
        return answers.get(timeout=CONNECT_SECONDS + read_seconds)
    except queue.Empty:
        return Delivery(problem="no answer (it did not come to an end)")


def _post(url: SecretStr, body: Mapping[str, JsonValue], read_seconds: float) -> Delivery:
    try:
        # streamed and not read: only the status matters
        with requests.post(
            url.get_secret_value(),
            json=body,
            timeout=(CONNECT_SECONDS, read_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            status = response.status_code
    except (requests.RequestException, HTTPError, ValueError) as problem:
        # the exception's own words hold the URL; of one that it cannot parse, requests lets urllib3's through
        return Delivery(problem=f"no answer ({type(problem).__name__})", is_lost=_never_arrived(problem))
    if 200 <= status < 300:
        return Delivery(status)
    if 300 <= status < 400:
        return Delivery(status, f"it answered {status}, and redirects are not followed")
    return Delivery(status, f"it answered {status}", is_lost=status in _TRY_AGAIN)


def _never_arrived(problem: Exception) -> bool:
    cause = problem.args[0] if problem.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))
