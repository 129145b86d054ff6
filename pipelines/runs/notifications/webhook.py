"""Sends messages to a webhook. The time is limited, and the URL is never shown, because it is a secret."""

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
    """The result of sending a message.

    Attributes:
        status: The HTTP status of the answer; None without an answer.
        problem: Why the receiver did not accept the message, without the URL; empty if it did.
        is_lost: Whether the receiver certainly did not accept it, so that it can be sent again without a second copy.
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

    It is sent again only if the receiver cannot have accepted it: no connection, 429, or 5xx. If the answer does not
    come or breaks off, the receiver may have accepted it, and a second copy would be worse than none. Redirects are not
    followed: they would send the body to a place that the user did not choose.

    Args:
        url: The webhook.
        body: The body.
        read_seconds: How long to wait for an answer.
        backoff_seconds: The wait before the second try; it is doubled before the third.

    Returns:
        The result of the last try.
    """
    # urllib3 logs paths, and the path of a webhook is a secret
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
    """Send the body once.

    It is sent in a thread, which is abandoned after a time limit. The timeout of requests limits only the time between
    two parts of an answer, so a slow answer in many parts would never time out.
    """
    answers = queue.SimpleQueue[Delivery]()
    threading.Thread(target=lambda: answers.put(_post(url, body, read_seconds)), daemon=True).start()
    try:
        return answers.get(timeout=CONNECT_SECONDS + read_seconds)
    except queue.Empty:
        return Delivery(problem="no complete answer in time")


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
        # the text of the exception contains the URL, so only its type is shown; urllib3 raises HTTPError for a bad URL
        return Delivery(problem=f"no answer ({type(problem).__name__})", is_lost=_never_arrived(problem))
    if 200 <= status < 300:
        return Delivery(status)
    if 300 <= status < 400:
        return Delivery(status, f"it answered {status}, a redirect, and redirects are not followed")
    return Delivery(status, f"it answered {status}", is_lost=status in _TRY_AGAIN)


def _never_arrived(problem: Exception) -> bool:
    cause = problem.args[0] if problem.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))
