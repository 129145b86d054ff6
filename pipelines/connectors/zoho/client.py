"""Requests to Zoho CRM: tokens, and answers that are errors.

An access token lives for an hour and is kept in memory only. Zoho allows ten renewals in ten minutes.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from pipelines.base.errors import PullError
from pipelines.base.text import printable_name
from pipelines.config.credentials import read_credentials
from pipelines.config.pull_zoho import ZohoSettings
from pipelines.config.pulls import WebSettings
from pipelines.connectors.answers import NUMBER, Answer, Outcome, by_status, vendor_words
from pipelines.connectors.connector import Say
from pipelines.connectors.web import Web

_SECRETS = ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")
_TOKEN_MARGIN = 60.0  # seconds
_SCOPES = "ZohoCRM.modules.READ, ZohoCRM.settings.READ, ZohoCRM.users.READ and ZohoCRM.bulk.READ"
_HINTS = {
    "OAUTH_SCOPE_MISMATCH": f"create a refresh token with the scopes {_SCOPES}, and set it in the environment",
    "NO_PERMISSION": "allow the profile of the user to read it by the API, or remove it from `modules`",
    "AUTHORIZATION_FAILED": "allow the profile of the user to read it by the API, or remove it from `modules`",
    "INVALID_MODULE": "correct `modules`: `loyalty pull` needs API names, such as Sales_Orders",
}


class ZohoError(PullError):
    """The server refuses a request.

    Args:
        code: Zoho's code, such as INVALID_MODULE.
        message: What happened.
        hint: What to do.
    """

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.code = code


class ZohoClient:
    """The connection to one account.

    Args:
        settings: The addresses, and the names of the variables.
        web: How requests are sent.
        warn: Receives what the user should know.

    Raises:
        ConfigError: An environment variable is missing.
    """

    def __init__(self, settings: ZohoSettings, web: WebSettings, warn: Say) -> None:
        self._settings = settings
        names = [f"{settings.environment_prefix}_{name}" for name in _SECRETS]
        values = read_credentials(names, "Zoho CRM")
        self._secrets = {name.lower(): value for name, value in zip(_SECRETS, values, strict=True)}
        self._web = Web(web, token=self._headers, classify=_classify, warn=warn)
        self._accounts = Web(web, warn=warn)  # another server: its clock is not that of the CRM
        self._token = ""
        self._token_ends = 0.0

    def now(self) -> datetime:
        """The server's present time, UTC; it never runs ahead of the server.

        Raises:
            PullError: The server does not say it.
        """
        return self._web.required_time("pull.zoho.api_url")

    def get(
        self, path: str, params: Mapping[str, str] | None = None, since: datetime | None = None
    ) -> dict[str, Any] | None:
        """What is at a path; None if there is nothing (status 204), or nothing has changed (304).

        Args:
            path: The path below the address of the API.
            params: The query.
            since: Only what has changed since then.

        Raises:
            PullError: The server refuses it, or cannot be reached.
        """
        # the offset is written out: a time that ends in Z is refused
        headers = {"If-Modified-Since": since.astimezone(UTC).isoformat(timespec="seconds")} if since else None
        return _checked(self._web.request("GET", f"{self._settings.api}{path}", params=params, headers=headers))

    def post(self, path: str, body: JsonValue) -> dict[str, Any]:
        """The answer to a request with a body.

        Raises:
            PullError: The server refuses it, or cannot be reached.
        """
        return _checked(self._web.request("POST", f"{self._settings.api}{path}", body=body)) or {}

    def put(self, path: str, body: JsonValue) -> dict[str, Any]:
        """The answer to a change of records: `data` has an answer for each record, also if all of them are refused.

        Raises:
            PullError: The server refuses the request as a whole, or cannot be reached.
        """
        answer = self._web.request("PUT", f"{self._settings.api}{path}", body=body)
        if answer.status in (HTTPStatus.MULTI_STATUS, HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST):
            found = answer.json()
            if isinstance(found, dict) and isinstance(found.get("data"), list):
                return found
        return _checked(answer) or {}

    def download(self, path: str, to: Path) -> None:
        """Write what is at a path into a file.

        Raises:
            PullError: The server refuses it, or cannot be reached.
        """
        answer = self._web.request("GET", f"{self._settings.api}{path}", to=to)
        if answer.status != HTTPStatus.OK:
            _checked(answer)
            raise PullError(
                f"{answer.url} answered {answer.status} instead of a file", hint="pull again later", is_temporary=True
            )

    def close(self) -> None:
        """Close the connections."""
        self._web.close()
        self._accounts.close()

    def _headers(self, is_new: bool) -> Mapping[str, str]:
        if is_new or not self._token or time.monotonic() >= self._token_ends:
            self._renew()
        return {"Authorization": f"Zoho-oauthtoken {self._token}"}

    def _renew(self) -> None:
        form = {"grant_type": "refresh_token", **self._secrets}
        answer = self._accounts.request("POST", f"{self._settings.accounts}/oauth/v2/token", form=form)
        body = answer.json()
        fields = body if isinstance(body, dict) else {}
        token = fields.get("access_token")
        if not isinstance(token, str) or not token:
            # errors have the status 200 too
            code = vendor_words(str(fields.get("error", answer.status)), self._secrets.values())
            is_busy = "denied" in code.lower()
            raise PullError(
                f"{answer.url} returned no access token ({code})",
                hint="too many tokens were requested: wait ten minutes"
                if is_busy
                else f"check {self._settings.environment_prefix}_CLIENT_ID, …_CLIENT_SECRET, …_REFRESH_TOKEN, and that"
                " `data_center` is the one at which you sign in; docs/sources.md says how to create them",
                is_temporary=is_busy,
            )
        lifetime = fields.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, NUMBER) else 3_600.0
        self._token, self._token_ends = token, time.monotonic() + max(seconds - _TOKEN_MARGIN, 1.0)


def _classify(answer: Answer) -> Outcome:
    verdict = by_status(answer)
    if verdict is Outcome.RENEW and _code(answer) == "OAUTH_SCOPE_MISMATCH":
        return Outcome.USE  # a new token has the same scopes
    return verdict


def _code(answer: Answer) -> str:
    try:
        body = answer.json()
    except PullError:
        return ""
    return str(body.get("code", "")) if isinstance(body, dict) else ""


def _checked(answer: Answer) -> dict[str, Any] | None:
    """The body; None if there is none and this means that there is nothing."""
    if answer.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        return None
    body = answer.json()
    if (isinstance(body, dict) and body.get("status") == "error") or answer.status >= HTTPStatus.BAD_REQUEST:
        fields = body if isinstance(body, dict) else {}
        code = str(fields.get("code", answer.status))
        words = f"{answer.url} answered {answer.status}: {printable_name(code)}"
        if message := fields.get("message"):
            words += f" ({vendor_words(str(message), ())})"
        raise ZohoError(code, words, _HINTS.get(code, "docs/sources.md lists the errors of Zoho CRM"))
    if not isinstance(body, dict):
        raise PullError(
            f"{answer.url} answered {answer.status} without a JSON object",
            hint="check the address `pull.zoho.api_url`",
            is_temporary=True,
        )
    return body
