"""The answer of a vendor's server, and what to do after it."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

from pipelines.base.errors import PullError
from pipelines.base.text import printable_name

_LONGEST_WORDS = 10_000  # characters of an error; far more than are shown
_PART = r"[^\s@＠\"'`<>()\[\]{},;:=&?/|\\]+"
_EMAIL = re.compile(rf"(?:\"[^\"\s]*\"|{_PART})(?:@|＠|%40|&#64;){_PART}", re.IGNORECASE)


class Outcome(StrEnum):
    """What to do after an answer: use it, send the request again later, or send it again with a new token."""

    USE = "use"
    AGAIN = "again"
    RENEW = "renew"


@dataclass(frozen=True)
class Answer:
    """An answer of the server.

    Attributes:
        status: The HTTP status.
        headers: The headers; the case of their names does not matter.
        body: The bytes.
        url: The address without the query, for messages.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def server_time(self) -> datetime | None:
        """The time of the answer by the server's clock, UTC, in whole seconds; None if it has none."""
        try:
            stated = parsedate_to_datetime(self.headers.get("Date", ""))
            return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def json(self) -> Any:
        """The body as JSON; None if it is empty. Numbers keep all of their digits (`exact_number`).

        NaN, Infinity and -Infinity, which are not JSON, become texts.

        Raises:
            PullError: It is not JSON.
        """
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body, parse_float=exact_number, parse_constant=str)
        except (ValueError, ArithmeticError, RecursionError) as problem:
            raise PullError(
                f"{self.url} answered {self.status} with content that is not JSON ({problem})",
                hint="check the address of the server in `pull`: the answer may come from a proxy or a login page",
                is_temporary=self.status >= HTTPStatus.INTERNAL_SERVER_ERROR,
            ) from problem


def exact_number(text: str) -> float | Decimal:
    """A number with a fraction or an exponent: a float if a float has its value, otherwise a decimal.

    Raises:
        ValueError: It is not a number.
        ArithmeticError: Its exponent is too large for any number.
    """
    number, exact = float(text), Decimal(text)
    return number if Decimal(repr(number)) == exact else exact


NUMBER = (int, float, Decimal)
"""The types of numbers in an answer."""


Classify = Callable[[Answer], Outcome]


def by_status(answer: Answer) -> Outcome:
    """Classify an answer by its HTTP status."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return Outcome.RENEW
    is_again = answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT) or answer.status >= 500
    return Outcome.AGAIN if is_again else Outcome.USE


def retry_after(answer: Answer) -> float | None:
    """The seconds that the server asks to wait."""
    text = answer.headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        # by the server's own clock
        stated = parsedate_to_datetime(text) - parsedate_to_datetime(answer.headers.get("Date", ""))
        return max(stated.total_seconds(), 0)
    except (ValueError, TypeError, OverflowError):
        return None


def shown_address(url: str, base: str = "") -> str:
    """An address for messages: without user, password, query and fragment.

    Args:
        url: The address. If its port is not valid, its path is not shown either: both may be a part of a password.
        base: The address to which `url` is relative.
    """
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:
        return "an address that is not valid"
    try:
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return f"{parts.scheme}://{parts.hostname or ''} with a port that is not valid"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def vendor_words(text: str, secrets: Iterable[str]) -> str:
    """The text of a vendor's error for messages: on one line, cut, without secrets and e-mail addresses.

    Args:
        text: What the server answered.
        secrets: The credentials of the connection, as they were sent. Empty ones do not count.
    """
    forms = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    text = text[:_LONGEST_WORDS]
    if forms:
        longest_first = sorted(forms, key=len, reverse=True)  # one may be a part of another
        text = re.sub("|".join(map(re.escape, longest_first)), "(secret)", text)
    return printable_name(_EMAIL.sub("(e-mail address)", " ".join(text.split())))
