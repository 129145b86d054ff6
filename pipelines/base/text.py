"""Text from outside (names of files and columns, cells) as it may be shown: nothing in it acts on a terminal or a log.

What it means to whoever shows it (markup, tables) is that module's own business.
"""

import re

# Control characters, line and paragraph separators, marks that turn the direction of the text, halves of characters.
_ACTING = "\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff"
_ANY = re.compile(f"[{_ACTING}]")
_BUT_LINES = re.compile(f"(?![\\n\\t])[{_ACTING}]")
_SHOWN = 200


def printable_name(text: str) -> str:
    """A name on one line, its acting characters escaped (`\\n`, `\\x1b`), cut where it is very long."""
    shown = escaped(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def escaped(text: str) -> str:
    """A text on one line, its acting characters escaped."""
    return _ANY.sub(_escape, text)


def printable_lines(text: str) -> str:
    """A text of several lines, its acting characters but for line ends and tabs escaped."""
    return _BUT_LINES.sub(_escape, text)


def has_control_characters(text: str) -> bool:
    """Whether a text has a character that acts."""
    return _ANY.search(text) is not None


def printable_json(document: str) -> str:
    """A JSON document with its acting characters written as JSON escapes: the same document."""
    return _BUT_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
