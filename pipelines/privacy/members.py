"""How the references of a person, and the links between them, are shown: e-mails and phones are masked."""

from collections.abc import Collection, Iterable

from pydantic import BaseModel, ConfigDict

from pipelines.identity.contacts import kind_of
from pipelines.identity.landed_contacts import GUEST, Ref, is_guest
from pipelines.identity.linked import Member
from pipelines.identity.masked import masked_contact, masked_email, masked_ref


class ShownMember(BaseModel):
    """A reference as it is shown.

    Attributes:
        source: The source.
        ref: The reference; masked if it is an e-mail or a phone. Of a guest: `guest` and the masked e-mail.
        link: The kind of link by which it was found: `asked`, `person_ref`, `email`, `phone` or `decision`.
        contact: The masked e-mail or phone of the link; None for other kinds.
        is_erased: Whether it is erased, or only linked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    ref: str
    link: str
    contact: str | None
    is_erased: bool


def shown(members: Iterable[Member], erased: Collection[Ref]) -> tuple[ShownMember, ...]:
    """The members of a person as they are shown.

    Args:
        members: The members.
        erased: The references and guests that are erased.
    """
    return tuple(
        ShownMember(
            source=member.ref[0],
            ref=_shown_ref(member.ref[1]),
            link=member.kind,
            contact=masked_contact(kind_of(member.contact), member.contact) if member.contact else None,
            is_erased=member.ref in erased,
        )
        for member in members
    )


def _shown_ref(ref: str) -> str:
    return f"guest {masked_email(ref.removeprefix(GUEST))}" if is_guest(ref) else masked_ref(ref)
