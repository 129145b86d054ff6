"""Who of an audience is contacted and who is held out, and why others are not: for exports and pushes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pipelines.activation.declared import require_built
from pipelines.activation.layouts import Contact
from pipelines.activation.listing import require_audiences
from pipelines.activation.never import Listed, ListLine, find_listed, listed_lines
from pipelines.base.database import open_to_read
from pipelines.base.errors import BuildError
from pipelines.config.audiences import AudienceSettings
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules
from pipelines.identity.person import find_persons
from pipelines.reading import OpenVersion

LISTED, NO_ADDRESS, RECENT = "listed", "no_address", "recently_contacted"
HELD_OUT, TREATED = "control", "treated"
_MEMBERS = """
    select customer_key, arm, suppressed_reason
    from customer_audience
    where audience = $audience
    order by customer_key
"""


@dataclass(frozen=True)
class Members:
    """The members of an audience.

    Attributes:
        contacts: Each member with name and addresses, as far as the last build knows them, by key.
        reasons: Why a member is not contacted; empty if the member is, or is held out.
        arms: The group of each member without such a reason: `treated` or `control`.
        listed: What the lists of `suppress_files` name.
    """

    contacts: Mapping[str, Contact]
    reasons: Mapping[str, str]
    arms: Mapping[str, str]
    listed: Listed


def members_of(
    settings: Settings,
    version: OpenVersion,
    name: str,
    audience: AudienceSettings,
    was_contacted: Callable[[Contact], bool],
) -> Members:
    """The members of an audience in a version.

    Args:
        settings: The settings.
        version: The version.
        name: The name of the audience.
        audience: Its declaration.
        was_contacted: Whether this audience already contacts a member; then `quiet_days` do not suppress them.

    Raises:
        ConfigError: A list of suppressed customers cannot be read.
        PublicationError: The version was built by an earlier program, or with another declaration of the audience.
        BuildError: The last build has no table of persons.
    """
    require_audiences(version)
    with version.duckdb() as connection:
        require_built(connection, version.id, name, audience)
        found = connection.execute(_MEMBERS, {"audience": name}).fetchall()
    contacts, listed = _contacts(settings, name, [key for key, _, _ in found], listed_lines(audience.suppress_files))
    reasons = {
        key: _reason(contacts[key], reason, audience, key in listed.keys, was_contacted=was_contacted(contacts[key]))
        for key, _, reason in found
    }
    return Members(contacts, reasons, {key: arm for key, arm, _ in found if not reasons[key]}, listed)


def _contacts(
    settings: Settings, audience: str, keys: Iterable[str], lines: list[ListLine]
) -> tuple[dict[str, Contact], Listed]:
    """Each key with name and addresses, as far as the last build knows them; and what the lists name."""
    paths, rules = settings.paths, ContactRules.of(settings.model.identity)
    found = {key: Contact(key, audience) for key in keys}
    if not paths.warehouse.is_file():
        raise BuildError("the last build was removed, so no names are known", hint="call `loyalty run` first")
    with open_to_read(paths.warehouse) as connection:
        for person in find_persons(connection, paths.exchange, found):
            found[person.asked] = replace(
                found[person.asked],
                source=person.source,
                customer_ref=person.customer_ref,
                name=" ".join((person.name or "").split()),
                email=(rules.form("email", person.email) or "") if person.email else "",
                phone=(rules.form("phone", person.phone) or "") if person.phone else "",
            )
        return found, find_listed(connection, settings, lines, found)


def _reason(
    contact: Contact, reason: str | None, audience: AudienceSettings, never: bool, *, was_contacted: bool
) -> str:
    """Why a member is not contacted; empty if the member is."""
    if reason == RECENT and was_contacted:
        reason = None  # contacted by this audience, with this export or push
    return reason or (LISTED if never else _without_address(contact, audience))


def _without_address(contact: Contact, audience: AudienceSettings) -> str:
    return "" if (contact.email if audience.channel == "email" else contact.phone) else NO_ADDRESS
