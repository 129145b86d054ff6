"""The audiences of a version with their counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.activation.declared import difference
from pipelines.activation.unmatched import audience_warnings
from pipelines.base.errors import PublicationError
from pipelines.config.audiences import AudienceSettings
from pipelines.reading import OpenVersion

MART = "customer_audience"
_COUNTS = """
    select
        audience,
        count(*) as members,
        count(*) filter (suppressed_reason is not null) as suppressed,
        count(*) filter (suppressed_reason is null and arm = 'control') as held_out,
        count(*) filter (suppressed_reason is null and arm = 'treated') as to_contact
    from customer_audience
    group by audience
"""


@dataclass(frozen=True)
class AudienceCount:
    """An audience of loyalty.yml, and how many customers of a version belong to it.

    Attributes:
        audience: Its name.
        channel: How it is contacted.
        members: The number of customers who meet its condition and gave consent for the channel.
        suppressed: How many of them are not contacted for now.
        held_out: How many of the others are in the holdout group.
        to_contact: How many remain.
        rule: Its rule.
        description: What it is for.
        problem: Why the counts are not those of this rule; empty if they are.
        warnings: That nobody belongs to it, or that no customer has a text of its condition.
    """

    audience: str
    channel: str
    members: int
    suppressed: int
    held_out: int
    to_contact: int
    rule: str
    description: str
    problem: str
    warnings: list[str]


def count_audiences(version: OpenVersion, audiences: Mapping[str, AudienceSettings]) -> list[AudienceCount]:
    """Each audience with its counts, in the order of loyalty.yml. An audience that is not built yet has no members.

    Raises:
        PublicationError: The version was published by an earlier program, without audiences.
    """
    require_audiences(version)
    with version.duckdb() as connection:
        counts = {name: numbers for name, *numbers in connection.execute(_COUNTS).fetchall()}
        problems = {name: difference(connection, name, one) for name, one in audiences.items()}
    warnings = audience_warnings(version, audiences)
    found = []
    for name, one in audiences.items():
        members, suppressed, held_out, to_contact = counts.get(name, (0, 0, 0, 0))
        found.append(
            AudienceCount(
                name,
                one.channel,
                members,
                suppressed,
                held_out,
                to_contact,
                one.rule,
                one.description,
                problems[name],
                warnings[name],
            )
        )
    return found


def require_audiences(version: OpenVersion) -> None:
    """Raise an error if a version has no mart of audiences.

    Raises:
        PublicationError: It has none.
    """
    if MART not in version.marts:
        raise PublicationError(f"the version {version.id} has no audiences", hint="call `loyalty run`")
