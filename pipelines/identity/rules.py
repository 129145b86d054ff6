"""The settings and decisions of an installation as the pure functions of this package take them."""

from collections.abc import Iterable

from pipelines.config.model_identity import IdentityModel
from pipelines.identity import resolve
from pipelines.identity.contacts import ContactRules
from pipelines.identity.decisions import Decision, in_force
from pipelines.identity.pseudonyms import customer_key


def contact_rules(model: IdentityModel) -> ContactRules:
    """How e-mails and phones are compared."""
    return ContactRules(
        phone_region=model.phone_region, keeps_email_tag=model.keeps_email_tag, blocked=frozenset(model.blocked)
    )


def link_limits(model: IdentityModel) -> resolve.LinkLimits:
    """How many references an e-mail or phone may link."""
    return resolve.LinkLimits(max_refs_of_email=model.max_refs_of_email, max_refs_of_phone=model.max_refs_of_phone)


def pseudonymised(decisions: Iterable[Decision], key: bytes) -> list[resolve.Decision]:
    """The decisions in force, with pseudonyms instead of references.

    Args:
        decisions: All entries of the file.
        key: The secret key.
    """
    return [
        resolve.Decision(entry.action.value, customer_key(key, *entry.one.pair), customer_key(key, *entry.other.pair))
        for entry in in_force(decisions)
        if entry.one and entry.other
    ]
