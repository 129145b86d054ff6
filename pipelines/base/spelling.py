"""Names that are almost right: what somebody probably meant. The words of a message are whoever reports the name's."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that is most like a word, regardless of case; None if none is like it."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], what_else: str) -> str:
    """The end of a message about an unknown name: the name that was probably meant, and what to do otherwise.

    Args:
        word: The unknown name.
        known: The names that there are.
        what_else: A clause such as `there are: a, b`.
    """
    found = nearest(word, known)
    return f"; did you mean `{found}`? {what_else[0].upper()}{what_else[1:]}" if found else f"; {what_else}"
