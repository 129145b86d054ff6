"""Notifying of a stale publication: once when it becomes stale, and once when that is over. No Dagster.

A run that fails notifies by itself. What is here is for days without any run; jobs.py has the sensor that asks.
"""

from datetime import datetime

from pipelines.notifications import current_again, stale
from pipelines.orchestration.freshness import publication_freshness
from pipelines.orchestration.lock import current_holder
from pipelines.orchestration.telling import send
from pipelines.settings import WEBHOOK_VARIABLE, Settings


def notify_of_staleness(settings: Settings, is_known: bool, now: datetime) -> tuple[bool, str]:
    """One look at the publication; a message if it has become stale, or is no longer.

    A message that certainly did not arrive is sent again at the next look.

    Args:
        settings: The settings in force.
        is_known: Whether the webhook was notified that the publication is stale.
        now: The time, with a zone.

    Returns:
        Whether the webhook knows now that it is stale, and what was found.
    """
    found = publication_freshness(settings, is_running=current_holder(settings.paths.lock) is not None)
    why = found.why_stale(now)
    if not settings.is_notifying:
        return False, f"{why}; nobody is notified: {WEBHOOK_VARIABLE} is not set" if why else str(found)
    # while a run goes on, the day that is due may be unknown: that is no recovery
    if bool(why) == is_known or (is_known and found.expected is None):
        return is_known, why or str(found)
    name = settings.installation
    message = stale(name, as_of=found.published, why=why) if why else current_again(name, as_of=found.published)
    delivery = send(settings, message)
    return (is_known if delivery.is_lost else bool(why)), why or str(found)
