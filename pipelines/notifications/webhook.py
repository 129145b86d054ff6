"""Sending a body to a webhook: briefly, seldom twice, and without ever showing the URL, which is a secret."""

import logging
import queue
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus

import requests
from pydantic import JsonValue, SecretStr
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

TRIES = 3
CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
BACKOFF_SECONDS = 0.5

_TRY_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, *(status for status in HTTPStatus if status >= 500)}


def deliver(
    url: SecretStr,
    body: Mapping[str, JsonValue],
    *,
    read_seconds: float = READ_SECONDS,
    backoff_seconds: float = BACKOFF_SECONDS,
) -> str:
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
        Empty where it was taken, else why not, in words without the URL.
    """
    # it logs paths, and the path of a webhook is its secret
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    problem = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(backoff_seconds * 2 ** (attempt - 1))
        problem, again = _try(url, body, read_seconds)
        if not again:
            break
    return problem


def _try(url: SecretStr, body: Mapping[str, JsonValue], read_seconds: float) -> tuple[str, bool]:
    """What went wrong, and whether to try again.

    In a thread that may be left behind: requests bounds each silence, and an answer that drips has none too long.
    """
    answers = queue.SimpleQueue[tuple[str, bool]]()
    threading.Thread(target=lambda: answers.put(_post(url, body, read_seconds)), daemon=True).start()
    try:
        return answers.get(timeout=CONNECT_SECONDS + read_seconds)
    except queue.Empty:
        return "no answer (it did not come to an end)", False


def _post(url: SecretStr, body: Mapping[str, JsonValue], read_seconds: float) -> tuple[str, bool]:
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
        return f"no answer ({type(problem).__name__})", _never_arrived(problem)
    if 200 <= status < 300:
        return "", False
    if 300 <= status < 400:
        return f"it answered {status}, and redirects are not followed", False
    return f"it answered {status}", status in _TRY_AGAIN


def _never_arrived(problem: Exception) -> bool:
    cause = problem.args[0] if problem.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))
