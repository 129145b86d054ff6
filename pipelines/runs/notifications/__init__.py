"""Notifications: a webhook is told of failed runs, of a stale publication, and when each of them is over.

What is here composes, remembers and sends messages. What is not: how a run goes and what failed in it (orchestration).
A message holds names, counts, days and codes, and no free text of an error: an error's words can quote data.
"""

from pipelines.runs.notifications.message import Message, Stamp, Style, current_again, failed, probe, recovered, stale
from pipelines.runs.notifications.sent import Told, read_told, write_told
from pipelines.runs.notifications.webhook import Delivery, deliver

__all__ = [
    "Delivery",
    "Message",
    "Stamp",
    "Style",
    "Told",
    "current_again",
    "deliver",
    "failed",
    "probe",
    "read_told",
    "recovered",
    "stale",
    "write_told",
]
