"""Messages about connections to PostgreSQL, without parts of the connection URI."""

import re
from urllib.parse import unquote

from pydantic import SecretStr


def without_quoted(words: str, uri: SecretStr) -> str:
    """A message of a driver without what it quotes, which may be parts of the URI.

    Quotes in the URI make it unknown where a quoted part ends: then all from the first quote to the last one is left
    out.

    Args:
        words: The message, on one line.
        uri: The address of the connection.
    """
    has_quotes = re.search(r"[\"']", unquote(uri.get_secret_value()))
    quoted = r"""["'].*["']""" if has_quotes else r"""(?:"[^"]*"|'[^']*')(?: \([^)]*\))?"""
    return re.sub(quoted, '"…"', words)
