"""Notifications to a webhook: of failed runs, of a stale publication, and of the recovery from each.

This package composes, records and sends messages. What happened in a run is decided elsewhere (orchestration). A
message has names, counts, days and codes only, and no free text of an error: such a text can quote data.
"""

from pipelines.runs.notifications.message import (
    Message,
    Stamp,
    Style,
    current_again,
    failed,
    probe,
    published,
    recovered,
    stale,
)
from pipelines.runs.notifications.sent import SentNotifications, read_sent, write_sent
from pipelines.runs.notifications.webhook import Delivery, deliver

__all__ = [
    "Delivery",
    "Message",
    "SentNotifications",
    "Stamp",
    "Style",
    "current_again",
    "deliver",
    "failed",
    "probe",
    "published",
    "read_sent",
    "recovered",
    "stale",
    "write_sent",
]
