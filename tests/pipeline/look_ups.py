"""Entries of a mapping with a look-up: campaigns with their dates, and sends that have only the campaign."""

from typing import Any

CAMPAIGNS: dict[str, Any] = {
    "match": "campaigns*.csv",
    "lookups": {"campaigns": {"about": "other", "key": "id", "columns": {"sent_at": "sent", "name": "title"}}},
}
SENDS: dict[str, Any] = {
    "match": "sends*.csv",
    "look_up": {"campaigns": "campaign"},
    "entities": {
        "campaign_touches": {
            "columns": {
                "touch_id": "id",
                "customer_ref": "who",
                "campaign_id": "campaign",
                "campaign_kind": "campaigns.name",
                "touched_at": "campaigns.sent_at",
            }
        }
    },
}
