"""Reads the body of an answer, with limits of time and size."""

import time
from pathlib import Path

import requests

from pipelines.base.errors import PullError

_CHUNK = 1 << 16
_LARGEST_ANSWER = 256 << 20


def read_body(response: requests.Response, to: Path | None, deadline: float | None) -> bytes:
    """The body, as far as it is not written to a file.

    Args:
        response: The answer, of which only the headers were read.
        to: The file for the body.
        deadline: When the body must be complete, by `time.monotonic`.

    Raises:
        PullError: It is too large.
        ValueError: It takes too long, or is incomplete.
        requests.RequestException: The connection broke off.
    """
    parts: list[bytes] = []
    size = 0
    file = to.open("wb") if to else None
    try:
        # read1 returns what has arrived, so a connection that sends a byte now and then also meets the deadline
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if file:
                file.write(chunk)
            elif size > _LARGEST_ANSWER:
                raise PullError(
                    f"an answer has more than {_LARGEST_ANSWER:,} bytes", hint="check the address in `pull`"
                )
            else:
                parts.append(chunk)
            if deadline is not None and time.monotonic() > deadline:
                raise ValueError("too slow")
    finally:
        if file:
            file.close()
    expected = response.headers.get("Content-Length")
    if expected is not None and "Content-Encoding" not in response.headers and size != int(expected):
        raise ValueError("incomplete")
    return b"".join(parts)
