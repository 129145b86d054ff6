"""Errors of PostgreSQL's ADBC driver, for messages: without statements, addresses, passwords and values of rows."""

import re
from typing import Any
from urllib.parse import unquote

from pydantic import SecretStr


def server_field(error: Any, name: str) -> str:
    """A field of the server's answer, on one line; empty if the server has not answered.

    Show the primary message only: details and contexts may quote values of rows.

    Args:
        error: An error of the driver.
        name: A field of the protocol, such as `MESSAGE_PRIMARY`.
    """
    fields = {_text(key): value for key, value in error.details}  # the driver gives names as bytes
    return _text(fields.get(f"PG_DIAG_{name}"))


def driver_message(error: BaseException, uri: SecretStr) -> str:
    """A message of the driver without its statement, its SQLSTATE, and what it quotes, which may be parts of the URI.

    Quotes in the URI make it unknown where a quoted part ends: then all from the first quote to the last one is left
    out.

    Args:
        error: An error of the driver.
        uri: The address of the connection.
    """
    words = " ".join(str(error).partition("Query was: ")[0].split())
    words = re.sub(r"^[A-Z_]+: |\[libpq\] |Failed to execute query '.*': (?=[A-Z]+: )| ?\. SQLSTATE: \w*$", "", words)
    words = words.removeprefix("[libpq] ")
    quoted = r'".*"' if '"' in unquote(uri.get_secret_value()) else r'"[^"]*"( \([^)]*\))?'
    return re.sub(quoted, '"…"', words)


def _text(value: object) -> str:
    found = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
    return " ".join(found.split())
