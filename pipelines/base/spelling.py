"""Suggestions for misspelt names. The caller writes the message about the name."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that is most similar to a word, regardless of case; None if none is similar."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], what_else: str) -> str:
    """The end of a message about an unknown name: the name that was probably meant, and the alternatives.

    Args:
        word: The unknown name.
        known: The known names.
        what_else: A clause such as `the known names are a, b`.
    """
    found = nearest(word, known)
    return f"; did you mean `{found}`? {what_else[0].upper()}{what_else[1:]}" if found else f"; {what_else}"
