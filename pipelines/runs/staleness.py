"""Notifies of a stale publication: once when it becomes stale, and once when it is current again.

A run that fails sends its own message. This module is for days without any run; its sensor is in jobs.py.
"""

from datetime import datetime

from pipelines.config.settings import WEBHOOK_VARIABLE, Settings
from pipelines.runs.freshness import publication_freshness
from pipelines.runs.lock import current_holder
from pipelines.runs.notifications import current_again, stale
from pipelines.runs.notify import send


def notify_of_staleness(settings: Settings, is_known: bool, now: datetime) -> tuple[bool, str]:
    """Check the publication once. Send a message if it has become stale, or is current again.

    A message that certainly did not arrive is sent again by the next check.

    Args:
        settings: The settings in force.
        is_known: Whether the webhook was notified that the publication is stale.
        now: The time, with a zone.

    Returns:
        Whether the webhook has been notified that it is stale, and the state of the publication as text.
    """
    found = publication_freshness(settings, is_running=current_holder(settings.paths.lock) is not None)
    why = found.why_stale(now)
    if not settings.is_notifying:
        return False, f"{why}; the webhook is not notified: {WEBHOOK_VARIABLE} is not set" if why else str(found)
    # while a run is active, the day that is due may be unknown: this is not a recovery
    if bool(why) == is_known or (is_known and found.expected is None):
        return is_known, why or str(found)
    name = settings.installation
    message = stale(name, as_of=found.published, why=why) if why else current_again(name, as_of=found.published)
    delivery = send(settings, message)
    return (is_known if delivery.is_lost else bool(why)), why or str(found)
