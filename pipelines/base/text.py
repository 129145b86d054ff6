"""Makes external text (names of files and columns, cells) safe to show: it cannot control a terminal or a log. Counts
in messages have their plural from here.

Escaping for markup or tables is done by the module that shows the text.
"""

import re

# Control characters, line and paragraph separators, marks that change the text direction, and surrogates.
_CONTROL = "\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff"
_ANY = re.compile(f"[{_CONTROL}]")
_BUT_LINES = re.compile(f"(?![\\n\\t])[{_CONTROL}]")
_SHOWN = 200


def printable_name(text: str) -> str:
    """A name on one line: control characters are escaped (`\\n`, `\\x1b`), and a very long name is cut."""
    shown = escaped(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with the words for what it counts: `0 rows`, `1 row`, `1,200 rows`.

    Args:
        number: The number.
        one: The words after 1.
        many: The words after every other number. By default an s is added.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def without_values(words: str) -> str:
    """The message of a program about values, without what it quotes: it can be personal data."""
    named = re.sub(r'encoding "(\w+)"', r"encoding \1", words)
    return re.sub(r"\".*\"|'.*'", "…", named, flags=re.DOTALL)


def escaped(text: str) -> str:
    """A text on one line, with its control characters escaped."""
    return _ANY.sub(_escape, text)


def printable_lines(text: str) -> str:
    """A text of several lines, with its control characters escaped except line ends and tabs."""
    return _BUT_LINES.sub(_escape, text)


def has_control_characters(text: str) -> bool:
    """Whether a text has a control character."""
    return _ANY.search(text) is not None


def printable_json(document: str) -> str:
    """The same JSON document with its control characters written as JSON escapes."""
    return _BUT_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
