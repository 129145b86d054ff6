"""Reads what is not a module: deleted records, and the members of campaigns."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pipelines.base.errors import PullError
from pipelines.connectors.connector import Page, Say
from pipelines.connectors.pages import Checkpoint
from pipelines.connectors.zoho.client import ZohoClient, ZohoError
from pipelines.connectors.zoho.lists import PER_PAGE, where
from pipelines.connectors.zoho.modules import MODIFIED, Module
from pipelines.connectors.zoho.records import RecordReader, Row, rows_of

_ROUNDS = 10
_UNKNOWN = {"INVALID_MODULE", "NOT_SUPPORTED", "FEATURE_NOT_SUPPORTED", "INVALID_URL_PATTERN"}
_MEMBER = "Full_Name,Email,Member_Status,Created_Time"
_CAMPAIGN = ("Campaign_Name", "Type", "Status", "Start_Date", "End_Date", "Created_Time", MODIFIED)


def deleted(client: ZohoClient, name: str, since: datetime | None, warn: Say) -> Iterator[Page]:
    """The deleted records of a module: `id`, `deleted_time`, `type`.

    A record that is restored meanwhile moves the others forward, so that a page may miss one. So several pages are read
    again until nothing new is found. A pull that was stopped begins again: there are few deletions.

    Raises:
        PullError: The server refuses it, or cannot be reached.
    """
    seen: set[tuple[str, str]] = set()
    for _ in range(_ROUNDS):
        pages, new = 0, 0
        try:
            for rows in _paged(client, f"/crm/v8/{name}/deleted", {"type": "all"}, name, since):
                unseen = [row for row in rows if (row["id"], str(row.get("deleted_time"))) not in seen]
                seen.update((row["id"], str(row.get("deleted_time"))) for row in unseen)
                pages, new = pages + 1, new + len(unseen)
                yield Page(unseen, {})
        except ZohoError as problem:
            if problem.code in _UNKNOWN:
                warn(f"Zoho does not list the deleted records of {name}, so they stay: {problem.message}")
                return
            raise
        if pages < 2 or not new:
            return
    raise PullError(
        f"the deleted records of {name} changed during each read", hint="pull again later", is_temporary=True
    )


def members(client: ZohoClient, campaigns: Module, warn: Say, checkpoint: Checkpoint | None) -> Iterator[Page]:
    """The contacts of all campaigns, each with the field `Campaign`, which has the fields of the campaign.

    A changed status of a member changes no time, so each pull reads all of them.

    Raises:
        PullError: The server refuses it, or cannot be reached.
    """
    done = int(checkpoint["campaign"]) if checkpoint else 0
    fields = ",".join(one for one in _CAMPAIGN if one in campaigns.kinds) or "id"
    reader = RecordReader(client, campaigns, warn)
    page, token = 1, None
    while True:
        order = {"fields": fields, "per_page": str(PER_PAGE), "sort_by": "id", "sort_order": "asc"}
        listed = reader.listed({**order, **where(page, token)})
        for campaign in listed.rows:
            if int(campaign["id"]) > done:
                path = f"/crm/v8/Campaigns/{campaign['id']}/Contacts"
                found: list[Row] = []
                for rows in _paged(client, path, {"fields": _MEMBER}, "the members of a campaign", None):
                    found += [row | {"Campaign": campaign} for row in rows]
                if found:
                    yield Page(found, {"campaign": campaign["id"]})
        if not listed.info.get("more_records"):
            return
        page, token = page + 1, listed.info.get("next_page_token")


def _paged(
    client: ZohoClient, path: str, params: dict[str, str], name: str, since: datetime | None
) -> Iterator[list[Row]]:
    page, token = 1, None
    while answer := client.get(path, {**params, "per_page": str(PER_PAGE), **where(page, token)}, since):
        rows = rows_of(answer, name)
        yield rows
        info: dict[str, Any] = answer.get("info") or {}
        if not info.get("more_records") or not rows:
            return
        page, token = page + 1, info.get("next_page_token")
