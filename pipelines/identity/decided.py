"""The user's decisions in the form that resolve.py reads: with pseudonyms instead of references."""

from collections.abc import Iterable

from pipelines.identity import resolve
from pipelines.identity.decisions import Action, Decision, in_force
from pipelines.identity.pseudonyms import customer_key


def pseudonymised(decisions: Iterable[Decision], key: bytes) -> list[resolve.Decision]:
    """The decisions in force, oldest first.

    Args:
        decisions: All entries of the file.
        key: The secret key.
    """
    return [
        resolve.Decision(
            "link" if entry.action is Action.LINK else "unlink",
            customer_key(key, *entry.one.pair),
            customer_key(key, *entry.other.pair),
        )
        for entry in in_force(decisions)
        if entry.one and entry.other
    ]
