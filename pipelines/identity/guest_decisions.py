"""The user's decisions about guests, for finding one person in landed rows.

A decision names a guest by a keyed hash, which cannot be reversed. So if a link or unlink names a guest of a source,
all guests of this source are hashed and compared.
"""

from collections.abc import Sequence

from pipelines.identity.decisions import Decision, Reference
from pipelines.identity.identifiers import guest_ref
from pipelines.identity.landed_contacts import GUEST, LandedContacts

_MARK = "@"


def with_guests(decisions: Sequence[Decision], contacts: LandedContacts, keys: Sequence[bytes]) -> list[Decision]:
    """All entries, also undone ones, in which each landed guest is named by the e-mail (see landed_contacts.py).

    Args:
        decisions: All entries.
        contacts: The landed contacts.
        keys: The secret keys.
    """
    sources = {source for entry in decisions for source, ref in entry.refs if ref.startswith(_MARK)}
    guests = {
        (source, hashed): f"{GUEST}{form}"
        for source in sources
        for text in contacts.guests(source)
        if (form := contacts.form("email", text)) is not None
        for key in keys
        if (hashed := guest_ref(key, contacts.rules, text)) is not None
    }

    def named(reference: Reference | None) -> Reference | None:
        if reference is None or reference.pair not in guests:
            return reference
        return Reference(source=reference.source, ref=guests[reference.pair])

    return [entry.model_copy(update={"one": named(entry.one), "other": named(entry.other)}) for entry in decisions]
