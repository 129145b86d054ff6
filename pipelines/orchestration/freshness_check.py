"""The freshness of the publication as an asset check. It only warns: an old publication is still complete."""

import dagster as dg

from pipelines.orchestration.names import PUBLISHED
from pipelines.runs.freshness import publication_freshness
from pipelines.runs.scope import RunScope

CHECK_NAME = "fresh"


def freshness_check() -> dg.AssetChecksDefinition:
    """The check; it runs at the end of every run that publishes."""

    @dg.asset_check(
        asset=PUBLISHED,
        name=CHECK_NAME,
        blocking=False,
        description="`current` has the day that the config expects (`as_of`).",
    )
    def fresh(run: dg.ResourceParam[RunScope]) -> dg.AssetCheckResult:
        found = publication_freshness(run.settings)
        return dg.AssetCheckResult(
            passed=found.is_fresh is True,
            severity=dg.AssetCheckSeverity.WARN,
            description=str(found),
            metadata={
                "published": str(found.published or ""),
                "expected": str(found.expected or ""),
                "days_behind": found.days_behind if found.days_behind is not None else -1,
            },
        )

    return fresh
