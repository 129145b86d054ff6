"""Notifications: a webhook is told when a run has failed, and when the marts are published again after that.

What is here composes, remembers and sends messages. What is not: how a run goes and what failed in it (orchestration).
A message holds names, counts, days and codes, and no free text of an error: an error's words can quote data.
"""

from pipelines.notifications.message import Message, failed, recovered
from pipelines.notifications.told import Told, read_told, write_told
from pipelines.notifications.webhook import deliver

__all__ = [
    "Message",
    "Told",
    "deliver",
    "failed",
    "read_told",
    "recovered",
    "write_told",
]
