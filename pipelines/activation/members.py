"""Who of an audience is contacted and who is held out, and why others are not: for exports and pushes.

Members come from the version that readers see, which can be an older one after a rollback. The last build knows who has
withdrawn consent or is suppressed since then, as it knows names and addresses.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import duckdb

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

LISTED, NO_ADDRESS, RECENT, NO_CONSENT = "listed", "no_address", "recently_contacted", "no_consent"
HELD_OUT, TREATED = "control", "treated"
_MEMBERS = """
    select customer_key, arm, suppressed_reason
    from customer_audience
    where audience = $audience
    order by customer_key
"""
_SINCE = """
    select
        customers.customer_key,
        case
            when not coalesce(customers.consent_{channel}, false) then $no_consent
            when customers.is_employee and list_contains($suppress::varchar[], 'employee') then 'employee'
            when actions.n_open_complaints > 0 and list_contains($suppress::varchar[], 'open_complaint')
                then 'open_complaint'
            else audiences.suppressed_reason
        end as reason
    from intermediate.int_customer as customers
    left join intermediate.int_customer_action as actions on customers.customer_key = actions.customer_key
    left join marts.customer_audience as audiences
        on customers.customer_key = audiences.customer_key and audiences.audience = $audience
    where list_contains($keys::varchar[], customers.customer_key) and reason is not null
"""


@dataclass(frozen=True)
class Members:
    """The members of an audience.

    Attributes:
        contacts: Each member with name and addresses, as far as the last build knows them, by key.
        reasons: Why a member is not contacted; empty if the member is, or is held out.
        arms: The group of each member without such a reason: `treated` or `control`.
        listed: What the lists of `suppress_files` name.
        n_since: How many members have a reason that the version does not know: it arose after the version.
    """

    contacts: Mapping[str, Contact]
    reasons: Mapping[str, str]
    arms: Mapping[str, str]
    listed: Listed
    n_since: int


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
        BuildError: The last build has no table of persons or of consents.
    """
    require_audiences(version)
    with version.duckdb() as connection:
        require_built(connection, version.id, name, audience)
        found = connection.execute(_MEMBERS, {"audience": name}).fetchall()
    lines = listed_lines(audience.suppress_files)
    contacts, since, listed = _contacts(settings, name, audience, [key for key, _, _ in found], lines)
    of_version = {key: reason or "" for key, _, reason in found}
    reasons = {}
    for key, one in contacts.items():
        known = [of_version[key], since.get(key, "")]
        if was_contacted(one):  # by this audience, with this export or push
            known = ["" if reason == RECENT else reason for reason in known]
        never = LISTED if key in listed.keys else _without_address(one, audience)
        reasons[key] = next(filter(None, [*known, never]), "")
    arms = {key: arm for key, arm, _ in found if not reasons[key]}
    n_since = sum(not of_version[key] and reasons[key] == reason for key, reason in since.items())
    return Members(contacts, reasons, arms, listed, n_since)


def _contacts(
    settings: Settings, name: str, audience: AudienceSettings, keys: Iterable[str], lines: list[ListLine]
) -> tuple[dict[str, Contact], dict[str, str], Listed]:
    """What the last build knows of each key: name and addresses, why not to contact it; and what the lists name."""
    paths, rules = settings.paths, ContactRules.of(settings.model.identity)
    found = {key: Contact(key, name) for key in keys}
    if not paths.warehouse.is_file():
        raise BuildError("the last build was removed, so no names are known", hint="call `loyalty run` first")
    with open_to_read(paths.warehouse) as connection:
        persons = find_persons(connection, paths.exchange, found)
        reasons = _reasons_since(connection, name, audience, {person.customer_key for person in persons})
        for person in persons:
            found[person.asked] = replace(
                found[person.asked],
                source=person.source,
                customer_ref=person.customer_ref,
                name=" ".join((person.name or "").split()),
                email=(rules.form("email", person.email) or "") if person.email else "",
                phone=(rules.form("phone", person.phone) or "") if person.phone else "",
            )
        since = {person.asked: reasons[person.customer_key] for person in persons if person.customer_key in reasons}
        return found, since, find_listed(connection, settings, lines, found)


def _reasons_since(
    connection: duckdb.DuckDBPyConnection, name: str, audience: AudienceSettings, keys: Iterable[str]
) -> dict[str, str]:
    """Why the last build would not contact customers, by key."""
    values = {"keys": list(keys), "audience": name, "suppress": list(audience.suppress), "no_consent": NO_CONSENT}
    try:
        return dict(connection.execute(_SINCE.format(channel=audience.channel), values).fetchall())
    except duckdb.CatalogException:
        raise BuildError(
            "the last build lacks the tables of audiences and consents", hint="call `loyalty run` first"
        ) from None


def _without_address(contact: Contact, audience: AudienceSettings) -> str:
    return "" if (contact.email if audience.channel == "email" else contact.phone) else NO_ADDRESS
