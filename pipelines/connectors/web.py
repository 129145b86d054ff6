"""Requests to a vendor's server: limits of time and size, retries, renewal of the token, and the server's clock.

Requests are sent by requests, and repeated by tenacity. A vendor whose errors are inside an answer of status 200
passes a function that classifies each answer.
"""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import requests
import tenacity
from pydantic import JsonValue
from urllib3.exceptions import HTTPError

from pipelines.base.errors import PullError
from pipelines.config.pulls import WebSettings
from pipelines.connectors.answer_body import read_body
from pipelines.connectors.answers import Answer, Classify, Outcome, by_status, retry_after, shown_address

_MOST_REPETITIONS = 1_000

Token = Callable[[bool], Mapping[str, str]]
"""Gives the headers with the token; it gets a new token first if the argument is True."""


class _AgainError(Exception):
    """A request that may succeed later."""

    def __init__(self, words: str, wait: float | None = None) -> None:
        super().__init__(words)
        self.wait = wait


class _Session(requests.Session):
    """Sends what it is given and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        # requests would otherwise send the credentials that ~/.netrc has for the host, instead of those of the source
        self.auth = lambda request: request

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere: requests would otherwise read the answer to see where a redirect leads."""
        return None


class Web:
    """The connection to one server. It sends one request at a time.

    Args:
        settings: Limits and waits.
        token: The headers with the token; none by default.
        classify: Classifys each answer; by its status by default.
        warn: Notified of a pause of more than a few seconds.
    """

    def __init__(
        self,
        settings: WebSettings,
        *,
        token: Token | None = None,
        classify: Classify = by_status,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._token = token
        self._classify = classify
        self._warn = warn
        self._session = _Session()
        self._answers: Counter[bytes] = Counter()
        self._clock: tuple[datetime, float] | None = None
        self._sent: list[float] = []
        # urllib3 logs paths and queries, and these may have secrets or references of customers
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)

    def server_time(self) -> datetime | None:
        """The server's present time by its last answer, UTC; None if no answer has it."""
        if self._clock is None:
            return None
        stated, at = self._clock
        return datetime.fromtimestamp(stated.timestamp() + time.monotonic() - at, UTC)

    def required_time(self, setting: str) -> datetime:
        """Like `server_time`, for a server that was asked already.

        Args:
            setting: The setting with its address, for the error.

        Raises:
            PullError: Its answer had no time.
        """
        now = self.server_time()
        if now is None:
            raise PullError(
                "the answer of the server has no valid header `Date`; a pull needs it",
                hint=f"check the address `{setting}`: a proxy may remove headers",
            )
        return now

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: JsonValue = None,
        form: Mapping[str, str] | None = None,
        with_token: bool = True,
        to: Path | None = None,
    ) -> Answer:
        """Send a request, and again as long as it may succeed later.

        Args:
            method: GET, POST, PUT.
            url: The address.
            params: The query.
            headers: Headers besides the token.
            body: Sent as JSON.
            form: Sent as a form.
            with_token: Whether the headers with the token are added.
            to: A file that receives the body of a successful answer, for large answers.

        Returns:
            The last answer; its status may be that of an error that no repetition changes.

        Raises:
            PullError: The server could not be reached, or kept refusing; the message has no query, body or secret.
        """
        shown = shown_address(url)
        renewed = False

        def once() -> Answer:
            nonlocal renewed
            sent = dict(headers or {})
            if self._token and with_token:
                sent |= self._token(False)
            answer = self._send(method, url, params, sent, body, form, to, shown)
            verdict = self._classify(answer)
            if verdict is Outcome.RENEW and self._token and with_token and not renewed:
                renewed = True
                sent |= self._token(True)
                answer = self._send(method, url, params, sent, body, form, to, shown)
                verdict = self._classify(answer)
            if verdict is Outcome.AGAIN:
                raise _AgainError(f"it answered {answer.status}", retry_after(answer))
            if verdict is Outcome.RENEW:
                raise PullError(
                    f"{shown} does not accept the token ({answer.status}), not even a new one",
                    hint="create new credentials, and check that their user may use the API",
                )
            return answer

        try:
            return self._retrying()(once)
        except _AgainError as problem:
            raise PullError(
                f"{shown} could not be read: {problem} ({self._settings.attempts} attempts)",
                hint="call the command again later: it continues where it stopped; if this repeats, ask the operator",
                is_temporary=True,
            ) from problem

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _retrying(self) -> tenacity.Retrying:
        spread = tenacity.wait_random_exponential(
            multiplier=self._settings.wait_seconds, max=self._settings.longest_wait_seconds
        )

        def wait(state: tenacity.RetryCallState) -> float:
            problem = state.outcome.exception() if state.outcome else None
            asked = problem.wait if isinstance(problem, _AgainError) else None
            # never less than a part of the wait, so that many retries are not sent at once, also if the server asks
            # for no wait
            return min(
                max(asked or 0, spread(state), self._settings.wait_seconds / 2), self._settings.longest_wait_seconds
            )

        def announce(state: tenacity.RetryCallState) -> None:
            if state.upcoming_sleep >= 5:
                problem = state.outcome.exception() if state.outcome else None
                self._warn(f"the server could not answer ({problem}); waited {state.upcoming_sleep:.0f} s")

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_AgainError),
            stop=tenacity.stop_after_attempt(self._settings.attempts),
            wait=wait,
            before_sleep=announce,
            reraise=True,
        )

    def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        body: JsonValue,
        form: Mapping[str, str] | None,
        to: Path | None,
        shown: str,
    ) -> Answer:
        self._keep_rate()
        # a file may be of any size, so only silence ends it
        deadline = None if to else time.monotonic() + self._settings.answer_timeout_seconds
        try:
            with self._session.request(
                method,
                url,
                params=params,
                headers=dict(headers),
                json=body,
                data=form,
                timeout=(self._settings.connect_timeout_seconds, self._settings.read_timeout_seconds),
                allow_redirects=False,  # a redirect would send the token to another place
                stream=True,
            ) as response:
                found = read_body(response, to if response.status_code == HTTPStatus.OK else None, deadline)
                answer = Answer(response.status_code, response.headers, found, shown)
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError) as problem:
            raise PullError(
                f"the credentials for {shown} contain a line break or another character that is not allowed",
                hint="correct the environment variables with the credentials",
            ) from problem
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as problem:
            raise PullError(f"{shown} is not an address", hint="correct the address in `pull`") from problem
        except requests.exceptions.SSLError as problem:
            raise PullError(
                f"{shown} has no valid certificate", hint="check the address; a pull always verifies the certificate"
            ) from problem
        except (requests.RequestException, HTTPError, OSError, ValueError) as problem:
            # the text of the exception has the query, so only its type is shown
            raise _AgainError(f"no complete answer ({type(problem).__name__})") from problem
        self._note_clock(answer)
        self._refuse_repetition(answer)
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST and answer.status != 304:
            to_where = shown_address(answer.headers.get("Location", ""), url)
            raise PullError(
                f"{shown} answered {answer.status}, a redirect to {to_where}",
                hint="redirects are not followed; write the final address, which answers without a redirect",
            )
        return answer

    def _refuse_repetition(self, answer: Answer) -> None:
        """End a read that would not end by itself: a server that gives the same page again and again."""
        if answer.body:
            key = hashlib.blake2b(answer.url.encode() + b"\0" + answer.body, digest_size=16).digest()
            self._answers[key] += 1
            if self._answers[key] > _MOST_REPETITIONS:
                raise PullError(
                    f"{answer.url} gave the same answer {_MOST_REPETITIONS:,} times",
                    hint="call the command again; if this repeats, report the object to the vendor",
                )

    def _note_clock(self, answer: Answer) -> None:
        if stated := answer.server_time:
            self._clock = (stated, time.monotonic())

    def _keep_rate(self) -> None:
        """Wait until one more request is within `requests` per `per_seconds`."""
        limit, period = self._settings.requests, self._settings.per_seconds
        now = time.monotonic()
        self._sent = [at for at in self._sent if at > now - period]
        if len(self._sent) >= limit:
            time.sleep(max(self._sent[-limit] + period - now, 0))
        self._sent.append(time.monotonic())
