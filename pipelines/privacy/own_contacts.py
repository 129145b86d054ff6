"""Decides which e-mails and phones are only one person's: those are erased with the person, the others stay.

find.py finds the texts in the person's rows. A text is shared if somebody else has it in any spelling.
"""

from collections.abc import Collection
from dataclasses import dataclass

from pipelines.identity.contacts import Kind
from pipelines.identity.landed_contacts import GUEST, LandedContacts
from pipelines.identity.plain_contacts import email_of, phone_of
from pipelines.privacy.subject import Subject


@dataclass(frozen=True)
class OwnContacts:
    """The result for one kind of contact.

    Attributes:
        subject: The person's own contacts, in every landed spelling, and their normal forms.
        n_shared: How many of the given contacts are not the person's own.
    """

    subject: Subject
    n_shared: int


def own_contacts(
    contacts: LandedContacts, kind: Kind, texts: Collection[str], person: Subject, as_refs: Collection[str]
) -> OwnContacts:
    """The contacts that nobody else has.

    Args:
        contacts: All landed contacts.
        kind: The kind.
        texts: The contacts of this kind in the person's rows, as landed.
        person: The person. The forms and texts that they have already are theirs, even if others have them.
        as_refs: E-mails in lower case that are the reference of somebody else.
    """
    plain = email_of if kind == "email" else phone_of
    found = contacts.like(kind, texts)
    refs = {*person.refs, *((source, GUEST + form) for source, form in person.guests)}
    shared = {*as_refs} - {""}
    for contact in found:
        if contact.ref is not None and contact.ref not in refs:
            shared |= {value for value in (plain(contact.text), contacts.recognised_form(kind, contact.text)) if value}
    asked = person.forms | person.emails | person.phones
    own, not_own = set[str](), set[str]()
    for text in texts:
        form = contacts.recognised_form(kind, text)
        values = {value for value in (plain(text), form) if value}
        is_blocked = form is not None and contacts.rules.is_blocked(kind, form)
        if values & asked or not (values & shared or is_blocked):
            own.add(text)
        else:
            not_own.add(form or plain(text) or text)
    forms = {form for text in own if (form := contacts.recognised_form(kind, text)) is not None}
    spelled = own | {contact.text for contact in found if contacts.recognised_form(kind, contact.text) in forms}
    plains = frozenset({plain(text) for text in spelled} - {""})
    return OwnContacts(
        Subject(emails=plains, forms=frozenset(forms))
        if kind == "email"
        else Subject(phones=plains, words=frozenset(text.lower() for text in spelled), forms=frozenset(forms)),
        len(not_own),
    )
